"""Reads the mappings of threat patterns to provisions one by one, and the patterns by domain."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from threatgraph.analytics.records import Named, named, pairs
from threatgraph.store import Store
from threatgraph.table import to_value
from threatgraph.vocab import EDITIONS, KINDS

_MAPPINGS = """
SELECT ?pattern ?target ?predicate ?meaning ?rationale ?justification ?review ?curation ?negated
WHERE {
  ?pattern a tg:ThreatPattern ; tg:mapping ?mapping .
  ?mapping sssom:object_id ?target .
  OPTIONAL { ?mapping sssom:predicate_id ?predicate }
  OPTIONAL { ?mapping tg:mappingRelation ?meaning }
  OPTIONAL { ?mapping tg:rationale ?rationale }
  OPTIONAL { ?mapping sssom:mapping_justification ?justification }
  OPTIONAL { ?mapping tg:reviewState ?review }
  OPTIONAL { ?mapping tg:curationStatus ?curation }
  OPTIONAL { ?mapping sssom:predicate_modifier ?negated }
}
"""
_NEGATED = "https://w3id.org/sssom/NegatedPredicate"
_SHORT = {edition: prefix for prefix, edition in EDITIONS.items()}


class PatternMapping(NamedTuple):
    """A link of a pattern to a provision, or to a framework as a whole; texts are empty if they are not stated."""

    pattern: str
    target: str
    predicate: str = ""
    """IRI of the SKOS relation."""
    meaning: str = ""
    """IRI of what the link means, such as *obliges mitigation*."""
    rationale: str = ""
    justification: str = ""
    """IRI of how the mapping was made."""
    review: str = ""
    curation: str = ""
    is_excluded: bool = False
    """Whether it states that the provision was examined and does not cover the pattern."""


def pattern_mappings(store: Store) -> list[PatternMapping]:
    """Read the mappings of all patterns, sorted; a link without a description is a mapping without details.

    Args:
        store: the graph.
    """
    found: dict[tuple[str, str, str], PatternMapping] = {}
    for row in store.select(_MAPPINGS).rows:
        values = [str(to_value(term) or "") for term in row]
        one = PatternMapping._make([*values[:-1], values[-1] == _NEGATED])
        key = one.pattern, one.target, one.meaning or one.predicate
        found[key] = min(found.get(key, one), one)
    described = {(one.pattern, one.target) for one in found.values()}
    plain = [
        PatternMapping(*pair)
        for kind in ("provision", "framework")
        for pair in pairs(store, "pattern", "tg:mappedTo", kind)
        if pair not in described
    ]
    return sorted([*found.values(), *plain])


def provision_frameworks(store: Store) -> dict[str, list[str]]:
    """Read the frameworks of each provision; in valid data, each has one.

    Args:
        store: the graph.
    """
    found: dict[str, list[str]] = defaultdict(list)
    for provision, framework in pairs(store, "provision", "skos:inScheme", "framework"):
        found[provision].append(framework)
    return dict(found)


def patterns_by_domain(store: Store) -> list[tuple[str, Named, dict[str, Named]]]:
    """Read the patterns of each domain.

    Args:
        store: the graph.

    Returns:
        For each domain with patterns, by code: its IRI, its names, and its patterns by code. Patterns without a domain
        are last, with an empty IRI.
    """
    domains, patterns = named(store, "domain"), named(store, "pattern")
    own: dict[str, str] = {}
    for pattern, domain in pairs(store, "pattern", "tg:domain", "domain"):
        own.setdefault(pattern, domain)
    groups: dict[str, dict[str, Named]] = defaultdict(dict)
    for iri, called in sorted(patterns.items(), key=lambda item: _order(*item)):
        groups[own.get(iri, "")][iri] = called
    order = sorted(groups, key=lambda iri: (not iri, _order(iri, domains[iri]) if iri else ()))
    return [(iri, domains[iri] if iri else Named("No domain", ""), groups[iri]) for iri in order]


def _order(iri: str, called: Named) -> tuple[bool, str, str, str]:
    return not called.code, called.code, called.label, iri


def brief_label(label: str) -> str:
    """Return the label of a framework without what follows its first comma: *EU AI Act*.

    Args:
        label: the label.
    """
    return label.partition(",")[0]


def short_name(framework: str) -> str:
    """Return a short name of a framework: its prefix (``eu-ai-act``), or the end of its IRI.

    Args:
        framework: the IRI of the framework.
    """
    slug = framework.removeprefix(KINDS["framework"].namespace)
    return _SHORT.get(slug, slug.rstrip("/#").replace("#", "/").rpartition("/")[2] or framework)
