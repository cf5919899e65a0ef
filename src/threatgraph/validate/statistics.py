"""Counts the instances, statements and subclasses in a store, so that queries start from the smallest set."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property

from pyoxigraph import Literal, NamedNode

from threatgraph.rdf.terms import Node
from threatgraph.store import Store
from threatgraph.vocab import PREFIXES

SUBCLASS = NamedNode(f"{PREFIXES['rdfs']}subClassOf")


class Statistics:
    """The instances per class, the statements per property, and the class hierarchy of a store.

    Classes and properties are given and returned in N-Triples syntax, such as ``<https://example.org/C>``.

    Args:
        store: the store. It answers three queries, each when its result is first needed.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.rewritten = store.rewritten
        """For each property, the subjects whose literals the store normalizes: queries see another lexical form."""

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
        """The classes that have instances."""
        return self._instances.keys()

    def instances(self, *classes: str) -> int:
        """The number of instances of some classes; an instance of several of them counts several times."""
        return sum(self._instances.get(cls, 0) for cls in classes)

    def uses(self, prop: str) -> int:
        """The number of statements with a property."""
        return self._uses.get(prop, 0)

    @cached_property
    def superclasses(self) -> Mapping[Node, frozenset[Node]]:
        """The declared direct superclasses of each class that has any."""
        rows = self._store.select(f"SELECT ?subclass ?class WHERE {{ ?subclass {SUBCLASS} ?class }}").rows
        found: dict[Node, set[Node]] = {}
        for subclass, cls in rows:
            if isinstance(subclass, Node) and isinstance(cls, Node):
                found.setdefault(subclass, set()).add(cls)
        return {subclass: frozenset(classes) for subclass, classes in found.items()}

    @cached_property
    def _direct_subclasses(self) -> Mapping[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for subclass, classes in self.superclasses.items():
            for cls in classes:
                found.setdefault(str(cls), set()).add(str(subclass))
        return {cls: frozenset(classes) for cls, classes in found.items()}

    def subclasses(self, cls: str) -> list[str]:
        """A class and its direct and indirect subclasses; the class comes first, the others in order."""
        found, pending = {cls}, [cls]
        while pending:
            new = self._direct_subclasses.get(pending.pop(), frozenset()) - found
            found |= new
            pending += new
        return [cls, *sorted(found - {cls})]
