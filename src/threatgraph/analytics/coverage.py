"""Reports the coverage of frameworks by patterns, and coverage gaps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pyoxigraph import Literal

from threatgraph.analytics.records import Named, integer, link, named, one_of, pairs, require_named, text
from threatgraph.rdf.terms import Term
from threatgraph.store import Store
from threatgraph.table import Table, to_value
from threatgraph.vocab import EDITIONS, shorten

#: The kinds of gap, with their definitions.
GAPS = {
    "provision-not-covered": "no pattern is mapped to the provision or to a narrower one",
    "provision-covered-by-child": "no pattern is mapped to the provision itself, but one is mapped to a narrower one",
    "pattern-not-covered": "the provision was examined and does not cover the pattern; the reason says why",
    "pattern-without-incident": "no incident involves the pattern",
    "pattern-without-mapping": "the pattern is not mapped to the framework or to any of its provisions",
}

_COVERED = "covered"
_SHORT = {edition: prefix for prefix, edition in EDITIONS.items()}
_NOT_COVERED = """
SELECT ?pattern ?provision ?reason
WHERE {
  ?pattern a tg:ThreatPattern ; tg:mapping ?mapping .
  ?mapping sssom:predicate_modifier sssom:NegatedPredicate ; sssom:object_id ?provision .
  OPTIONAL { ?mapping tg:rationale ?reason }
}
ORDER BY STR(?pattern) STR(?provision) STR(?reason)
"""
_COVERED_BY_CHILD = """
SELECT DISTINCT ?provision
WHERE { ?provision a tg:Provision . ?below skos:broader+ ?provision . ?pattern tg:mappedTo ?below ; a tg:ThreatPattern }
"""


def coverage(store: Store) -> Table:
    """Count the mappings of each pattern to each framework.

    Args:
        store: the graph.

    Returns:
        A row for each pattern, by IRI: ``code``, ``label``; a column for each framework, named by its prefix
        (``eu-ai-act``) or the end of its IRI, with the number of its provisions that the pattern is mapped to;
        ``provisions`` (the sum), ``as_a_whole`` (number of frameworks that the pattern is mapped to as a whole),
        ``pattern``.

    Raises:
        ThreatGraphError: if the graph has no patterns or no frameworks.
    """
    patterns, frameworks = require_named(store, "pattern"), require_named(store, "framework")
    of_provision = _frameworks(store)
    counts = Counter(
        (pattern, framework)
        for pattern, provision in pairs(store, "pattern", "tg:mappedTo", "provision")
        for framework in of_provision.get(provision, ())
    )
    totals = Counter(pattern for pattern, _ in pairs(store, "pattern", "tg:mappedTo", "provision"))
    wholes = Counter(pattern for pattern, _ in pairs(store, "pattern", "tg:mappedTo", "framework"))
    rows: list[tuple[Term | None, ...]] = [
        (
            text(called.code),
            text(called.label),
            *(integer(counts[iri, framework]) for framework in frameworks),
            integer(totals[iri]),
            integer(wholes[iri]),
            link(iri),
        )
        for iri, called in patterns.items()
    ]
    return Table(("code", "label", *_headings(frameworks), "provisions", "as_a_whole", "pattern"), rows)


def framework_coverage(store: Store) -> Table:
    """Report how much of each framework the patterns cover.

    Args:
        store: the graph.

    Returns:
        A row for each framework, by IRI: ``label``; ``provisions`` (their number); of these ``covered`` (a pattern is
        mapped to the provision), ``covered_by_child`` (only to a narrower one) and ``not_covered`` (to neither);
        ``patterns`` (number of patterns mapped to the framework or to one of its provisions), ``excluded`` (number of
        links that say that a provision, or the framework, does not cover a pattern), ``framework``.

    Raises:
        ThreatGraphError: if the graph has no frameworks.
    """
    frameworks, of_provision = require_named(store, "framework"), _frameworks(store)
    states = _states(store)
    counts = Counter(
        (framework, states[provision]) for provision, within in of_provision.items() for framework in within
    )
    mapped = _mapped(store, of_provision)
    patterns = Counter(framework for _, framework in mapped)
    excluded = Counter(framework for row in _not_covered(store) for framework in of_provision.get(row[1], [row[1]]))
    rows = []
    for iri, called in frameworks.items():
        by_state = [counts[iri, state] for state in (_COVERED, "provision-covered-by-child", "provision-not-covered")]
        numbers = (sum(by_state), *by_state, patterns[iri], excluded[iri])
        rows.append((text(called.label), *map(integer, numbers), link(iri)))
    columns = ("label", "provisions", "covered", "covered_by_child", "not_covered", "patterns", "excluded", "framework")
    return Table(columns, rows)


def gaps(store: Store, *, gap: str | None = None, framework: str | None = None) -> Table:
    """List coverage gaps.

    Args:
        store: the graph.
        gap: a kind of gap from :data:`GAPS`; by default all.
        framework: IRI of a framework, to list only its gaps.

    Returns:
        A row for each gap, sorted by the order of :data:`GAPS`, the framework and the record: ``gap``, ``framework``
        (empty for a pattern without incidents), ``code``, ``label``, ``record``, and for a pattern that is not covered
        ``provision`` and ``reason``.

    Raises:
        UnknownName: for an unknown kind of gap.
        ThreatGraphError: if the graph has no patterns and no provisions.
    """
    if gap is not None:
        one_of("gap", gap, GAPS)
    patterns, provisions = named(store, "pattern"), named(store, "provision")
    if not patterns and not provisions:
        require_named(store, "pattern")  # raises the error
    of_provision = _frameworks(store)
    found = [*_provision_gaps(store, of_provision), *_pattern_gaps(store, list(patterns), of_provision)]
    found += [
        _Gap("pattern-not-covered", within, pattern, provision, reason)
        for pattern, provision, reason in _not_covered(store)
        for within in of_provision.get(provision, [provision])
    ]
    order = list(GAPS)
    called = patterns | provisions
    rows = [
        (
            Literal(kind),
            link(within) if within else None,
            text(called[iri].code),
            text(called[iri].label),
            link(iri),
            link(provision) if provision else None,
            text(reason),
        )
        for kind, within, iri, provision, reason in sorted(found, key=lambda row: (order.index(row.gap), *row[1:4]))
        if gap in (None, kind) and framework in (None, within)
    ]
    return Table(("gap", "framework", "code", "label", "record", "provision", "reason"), rows)


class _Gap(NamedTuple):
    gap: str
    framework: str
    record: str
    provision: str = ""
    reason: str = ""


def _provision_gaps(store: Store, of_provision: dict[str, list[str]]) -> Iterator[_Gap]:
    for provision, state in _states(store).items():
        if state in GAPS:
            yield from (_Gap(state, within, provision) for within in of_provision.get(provision, [""]))


def _pattern_gaps(store: Store, patterns: Sequence[str], of_provision: dict[str, list[str]]) -> Iterator[_Gap]:
    involved = {pattern for _, pattern in pairs(store, "incident", "tg:involvesPattern", "pattern")}
    yield from (_Gap("pattern-without-incident", "", pattern) for pattern in patterns if pattern not in involved)
    mapped = _mapped(store, of_provision)
    for within in named(store, "framework"):
        unmapped = (pattern for pattern in patterns if (pattern, within) not in mapped)
        yield from (_Gap("pattern-without-mapping", within, pattern) for pattern in unmapped)


def _not_covered(store: Store) -> list[tuple[str, str, str]]:
    """The negated mappings, each as its pattern, its provision or framework, and its reason."""
    values = [[to_value(term) for term in row] for row in store.select(_NOT_COVERED).rows]
    return [(str(pattern), str(target), str(reason or "")) for pattern, target, reason in values]


def _frameworks(store: Store) -> dict[str, list[str]]:
    """The frameworks of each provision; in valid data, each has one."""
    found: dict[str, list[str]] = {}
    for provision, framework in pairs(store, "provision", "skos:inScheme", "framework"):
        found.setdefault(provision, []).append(framework)
    return found


def _states(store: Store) -> dict[str, str]:
    """The state of each provision: :data:`_COVERED` or a kind of gap."""
    direct = {provision for _, provision in pairs(store, "pattern", "tg:mappedTo", "provision")}
    below = {to_value(provision) for (provision,) in store.select(_COVERED_BY_CHILD).rows}
    return {
        iri: _COVERED if iri in direct else "provision-covered-by-child" if iri in below else "provision-not-covered"
        for iri in named(store, "provision")
    }


def _mapped(store: Store, of_provision: dict[str, list[str]]) -> set[tuple[str, str]]:
    """Pairs of a pattern and a framework that it is mapped to, by a provision or as a whole."""
    found = set(pairs(store, "pattern", "tg:mappedTo", "framework"))
    for pattern, provision in pairs(store, "pattern", "tg:mappedTo", "provision"):
        found |= {(pattern, framework) for framework in of_provision.get(provision, ())}
    return found


def _headings(frameworks: dict[str, Named]) -> list[str]:
    """A short name for each framework: its prefix, or the end of its IRI; its full IRI if two would be the same."""
    ends = {iri: iri.replace("#", "/").rstrip("/").rpartition("/")[2] for iri in frameworks}
    short = {iri: _SHORT.get(end, end) for iri, end in ends.items()}
    taken = Counter([*short.values(), "code", "label", "provisions", "as_a_whole", "pattern"])
    return [name if taken[name] == 1 else shorten(iri) for iri, name in short.items()]
