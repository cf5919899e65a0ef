"""Aligns the provisions of two frameworks: by the links that sources state, and by the patterns that both cover."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from threatgraph.analytics.mappings import provision_frameworks
from threatgraph.analytics.records import Named, named, pairs
from threatgraph.store import Store
from threatgraph.table import to_value
from threatgraph.vocab import SKOS

_IN_SETS = """
SELECT DISTINCT ?subject ?object ?relation ?source
WHERE {
  ?source tg:crosswalkMapping ?mapping .
  ?mapping sssom:subject_id ?subject ; sssom:object_id ?object ; sssom:predicate_id ?relation .
  FILTER NOT EXISTS { ?mapping sssom:predicate_modifier sssom:NegatedPredicate }
}
"""
_OWN = """
SELECT DISTINCT ?subject ?object ?relation ?source
WHERE {
  VALUES ?relation { skos:exactMatch skos:closeMatch skos:broadMatch skos:narrowMatch skos:relatedMatch }
  ?subject a tg:Provision ; ?relation ?object ; skos:inScheme ?source .
  ?object a tg:Provision .
}
"""
_TURNED = {f"{SKOS}broadMatch": f"{SKOS}narrowMatch", f"{SKOS}narrowMatch": f"{SKOS}broadMatch"}


class Stated(NamedTuple):
    """A link between two provisions that a source states."""

    relation: str
    """IRI of the relation, from the first provision to the second."""
    source: str
    """IRI of the crosswalk, or of the framework that publishes the link."""


class Alignment(NamedTuple):
    """Two provisions of different frameworks that correspond, with the reasons."""

    source: str
    target: str
    stated: tuple[Stated, ...]
    patterns: tuple[str, ...]
    """IRIs of the patterns that are mapped to both."""


def alignments(store: Store, source: str, target: str) -> list[Alignment]:
    """Align the provisions of two frameworks.

    Args:
        store: the graph.
        source: IRI of the framework whose provisions come first.
        target: IRI of the other framework.

    Returns:
        The pairs of provisions, by the code of the first. Those of one provision are in this order: stated links, then
        by the number of shared patterns.
    """
    within = provision_frameworks(store)
    provisions = named(store, "provision")
    of_source = {iri for iri in provisions if source in within.get(iri, ())}
    of_target = {iri for iri in provisions if target in within.get(iri, ())}
    stated = _stated(store, of_source, of_target)
    shared = _shared(store, of_source, of_target)
    found = [
        Alignment(*pair, tuple(sorted(stated.get(pair, ()))), tuple(sorted(shared.get(pair, ()))))
        for pair in stated.keys() | shared.keys()
    ]
    return sorted(found, key=lambda one: _order(one, provisions))


def _order(one: Alignment, provisions: Mapping[str, Named]) -> tuple[object, ...]:
    return by_code(one.source, provisions), not one.stated, -len(one.patterns), by_code(one.target, provisions)


def by_code(iri: str, names: Mapping[str, Named]) -> tuple[object, ...]:
    """Return a sort key in which *Article 9* is before *Article 10*; records without a code are last.

    Args:
        iri: the IRI of a record.
        names: the names of records.
    """
    called = names[iri]
    parts = re.split(r"([0-9]+)", called.code)
    numbers = tuple((not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts if part)
    return not called.code, numbers, called.label, iri


def _stated(store: Store, of_source: set[str], of_target: set[str]) -> dict[tuple[str, str], set[Stated]]:
    found: dict[tuple[str, str], set[Stated]] = defaultdict(set)
    for query in (_IN_SETS, _OWN):
        for row in store.select(query).rows:
            subject, other, relation, publisher = (str(to_value(term)) for term in row)
            if subject in of_source and other in of_target:
                found[subject, other].add(Stated(relation, publisher))
            if other in of_source and subject in of_target:
                found[other, subject].add(Stated(_TURNED.get(relation, relation), publisher))
    return found


def _shared(store: Store, of_source: set[str], of_target: set[str]) -> dict[tuple[str, str], set[str]]:
    mapped: dict[str, set[str]] = defaultdict(set)
    for pattern, provision in pairs(store, "pattern", "tg:mappedTo", "provision"):
        mapped[pattern].add(provision)
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    for pattern, targets in mapped.items():
        for first in targets & of_source:
            for second in targets & of_target:
                found[first, second].add(pattern)
    return found
