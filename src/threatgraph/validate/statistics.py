"""Counts what a store holds, so that a query can begin where there is least."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property

from pyoxigraph import Literal, NamedNode

from threatgraph.rdf.terms import Node
from threatgraph.store import Store
from threatgraph.vocab import PREFIXES

SUBCLASS = NamedNode(f"{PREFIXES['rdfs']}subClassOf")


class Census:
    """How many instances each class of a store has and how many statements each property, and the tree of classes.

    Args:
        store: the store; it is asked three times, when an answer is first needed.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.rewritten = store.rewritten
        """For each property, the subjects with literals that queries see in another form than the files write."""

    @cached_property
    def _instances(self) -> Mapping[str, int]:
        return self._counts("SELECT ?class (COUNT(?node) AS ?count) WHERE { ?node a ?class } GROUP BY ?class")

    @cached_property
    def _uses(self) -> Mapping[str, int]:
        return self._counts("SELECT ?property (COUNT(*) AS ?count) WHERE { ?s ?property ?o } GROUP BY ?property")

    def _counts(self, query: str) -> Mapping[str, int]:
        rows = self._store.select(query).rows
        return {str(term): int(count.value) for term, count in rows if isinstance(count, Literal)}

    @property
    def classes(self) -> Collection[str]:
        """The classes that nodes have, in N-Triples."""
        return self._instances.keys()

    def instances(self, *classes: str) -> int:
        """How many nodes have one of some classes, each in N-Triples; one that has several counts as often."""
        return sum(self._instances.get(cls, 0) for cls in classes)

    def uses(self, prop: str) -> int:
        """How many statements have a property, in N-Triples."""
        return self._uses.get(prop, 0)

    @cached_property
    def above(self) -> Mapping[Node, frozenset[Node]]:
        """For each class that is declared below others, those that it is declared below."""
        rows = self._store.select(f"SELECT ?below ?class WHERE {{ ?below {SUBCLASS} ?class }}").rows
        found: dict[Node, set[Node]] = {}
        for below, cls in rows:
            if isinstance(below, Node) and isinstance(cls, Node):
                found.setdefault(below, set()).add(cls)
        return {below: frozenset(classes) for below, classes in found.items()}

    @cached_property
    def _directly_below(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for below, classes in self.above.items():
            for cls in classes:
                found.setdefault(str(cls), set()).add(str(below))
        return {cls: frozenset(classes) for cls, classes in found.items()}

    def below(self, cls: str) -> list[str]:
        """A class and all classes below it, each in N-Triples; the class itself comes first, then in order."""
        found, waiting = {cls}, [cls]
        while waiting:
            new = self._directly_below.get(waiting.pop(), frozenset()) - found
            found |= new
            waiting += new
        return [cls, *sorted(found - {cls})]
