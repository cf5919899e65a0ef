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


class Crosswalks:
    """The crosswalks between all frameworks of a graph, which is read once.

    Args:
        store: the graph.
    """

    def __init__(self, store: Store) -> None:
        self.provisions = named(store, "provision")
        self._of: dict[str, set[str]] = defaultdict(set)
        for provision, frameworks in provision_frameworks(store).items():
            for framework in frameworks:
                self._of[framework].add(provision)
        self._mapped: dict[str, set[str]] = defaultdict(set)
        for pattern, provision in pairs(store, "pattern", "tg:mappedTo", "provision"):
            self._mapped[pattern].add(provision)
        self._links = [
            tuple(str(to_value(term)) for term in row) for query in (_IN_SETS, _OWN) for row in store.select(query).rows
        ]

    def frameworks(self) -> set[str]:
        """Return the frameworks with provisions that patterns are mapped to."""
        mapped = {provision for provisions in self._mapped.values() for provision in provisions}
        return {framework for framework, provisions in self._of.items() if provisions & mapped}

    def align(self, source: str, target: str) -> list[Alignment]:
        """Align the provisions of two frameworks.

        Args:
            source: IRI of the framework whose provisions come first.
            target: IRI of the other framework.

        Returns:
            The pairs of provisions, by the code of the first. Those of one provision are in this order: stated links,
            then by the number of shared patterns.
        """
        of_source, of_target = self._of.get(source, set()), self._of.get(target, set())
        stated, shared = self._stated(of_source, of_target), self._shared(of_source, of_target)
        found = [
            Alignment(*pair, tuple(sorted(stated.get(pair, ()))), tuple(sorted(shared.get(pair, ()))))
            for pair in stated.keys() | shared.keys()
        ]
        order = {iri: by_code(iri, self.provisions) for iri in {*of_source, *of_target}}
        return sorted(found, key=lambda one: (order[one.source], not one.stated, -len(one.patterns), order[one.target]))

    def _stated(self, of_source: set[str], of_target: set[str]) -> dict[tuple[str, str], set[Stated]]:
        found: dict[tuple[str, str], set[Stated]] = defaultdict(set)
        for subject, other, relation, publisher in self._links:
            if subject in of_source and other in of_target:
                found[subject, other].add(Stated(relation, publisher))
            if other in of_source and subject in of_target:
                found[other, subject].add(Stated(_TURNED.get(relation, relation), publisher))
        return found

    def _shared(self, of_source: set[str], of_target: set[str]) -> dict[tuple[str, str], set[str]]:
        found: dict[tuple[str, str], set[str]] = defaultdict(set)
        for pattern, targets in self._mapped.items():
            for first in targets & of_source:
                for second in targets & of_target:
                    found[first, second].add(pattern)
        return found


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
