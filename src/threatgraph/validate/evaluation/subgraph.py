"""A subgraph of the store that holds what the shapes read, fetched by queries with a bounded number of terms.

For the path ``( ex:author ex:name )`` from the node ``ex:book``, :meth:`Subgraph.follow` runs one query per step ::

    SELECT ?node ?value WHERE { VALUES ?node { ex:book } ?node ex:author ?value }      → ex:ann
    SELECT ?node ?value WHERE { VALUES ?node { ex:ann } ?node ex:name ?value }         → "Ann"

and adds the statements ``ex:book ex:author ex:ann`` and ``ex:ann ex:name "Ann"``. Values that were fetched once are
kept, so that a second shape with the same path runs no query.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from threatgraph.rdf.lexical import as_stored
from threatgraph.rdf.terms import Node
from threatgraph.sparql.values import batches, values_clause
from threatgraph.store import Store
from threatgraph.table import Table
from threatgraph.validate.shapes.graph import Term, term_of
from threatgraph.validate.shapes.paths import Path
from threatgraph.validate.statistics import SUBCLASS, Statistics
from threatgraph.vocab import RDF_TYPE

_TYPE = NamedNode(RDF_TYPE)
#: A property and whether it is followed from value to subject.
_Step = tuple[NamedNode, bool]


class UnboundedShape(Exception):
    """A shape whose footprint is unknown before it is evaluated; the message is the reason."""


class Subgraph:
    """The statements fetched from a store.

    Args:
        store: the full graph.
        statistics: the statistics of the store, for its class hierarchy.
    """

    def __init__(self, store: Store, statistics: Statistics) -> None:
        self._store, self._statistics = store, statistics
        self._values: dict[_Step, dict[Term, list[Term]]] = {}
        self._described: set[Term] = set()
        self.triples: dict[Triple, None] = {}
        """The fetched statements, in order."""

    def follow(self, path: Path, nodes: Iterable[Term]) -> list[Term]:
        """Fetch the statements along a path from some nodes, and return the values at its end."""
        found = dict.fromkeys(nodes)
        if path.step is not None:
            return self.step(path.step[0], found, inverse=path.step[1])
        if path.kind == "sequence":
            for part in path.parts:
                found = dict.fromkeys(self.follow(part, found))
            return list(found)
        if path.kind == "alternativePath":
            return list(dict.fromkeys(value for part in path.parts for value in self.follow(part, found)))
        if path.kind == "inversePath":
            return self.follow(path.parts[0].inverse(), found)
        reached: dict[Term, None] = {} if path.kind == "oneOrMorePath" else dict(found)
        while found:
            new = [value for value in self.follow(path.parts[0], found) if value not in reached]
            reached |= dict.fromkeys(new)
            found = {} if path.kind == "zeroOrOnePath" else dict.fromkeys(new)
        return list(reached)

    def step(self, prop: NamedNode, nodes: Iterable[Term], *, inverse: bool = False) -> list[Term]:
        """Fetch the statements with a property on some nodes, and return their values.

        Args:
            prop: the property.
            nodes: the subjects of the statements, or their values if ``inverse`` is true.
            inverse: follow the property from values to subjects.

        Raises:
            UnboundedShape: if a node cannot be named in a query.
        """
        # The store normalizes literals, so that a query matches more than one lexical form; the caller restores them.
        stored = (as_stored(node) if isinstance(node, Literal) else node for node in nodes)
        start = list(dict.fromkeys(node for node in stored if inverse or isinstance(node, Node)))
        if any(isinstance(node, Triple) for node in start):
            raise UnboundedShape("an inverse path starts from a triple term")
        known = self._values.setdefault((prop, inverse), {})
        self._fetch((prop, inverse), [node for node in start if node not in known])
        return list(dict.fromkeys(value for node in start for value in known[node]))

    def _fetch(self, step: _Step, nodes: Sequence[Term]) -> None:
        prop, inverse = step
        known = self._values[step]
        pattern = f"?value {prop} ?node" if inverse else f"?node {prop} ?value"
        for batch in named_batches(nodes):
            known.update((node, []) for node in batch)
            query = f"SELECT ?node ?value WHERE {{ {values_clause('node', batch)} {pattern} }}"
            for node, value in self._store.select(query).rows:
                self._add(*((value, prop, node) if inverse else (node, prop, value)))
                known[term_of(node)].append(term_of(value))

    def fetch_outbound(self, nodes: Iterable[Term]) -> None:
        """Fetch all statements with some nodes as their subjects."""
        new = [node for node in dict.fromkeys(nodes) if isinstance(node, Node) and node not in self._described]
        self._described.update(new)
        for batch in named_batches(new):
            query = f"SELECT ?node ?property ?value WHERE {{ {values_clause('node', batch)} ?node ?property ?value }}"
            self.add(self._store.select(query).rows)

    def fetch_inbound(self, nodes: Iterable[Term]) -> None:
        """Fetch all statements with some nodes as their values."""
        for batch in named_batches(list(dict.fromkeys(nodes))):
            query = f"SELECT ?node ?property ?value WHERE {{ {values_clause('value', batch)} ?node ?property ?value }}"
            self.add(self._store.select(query).rows)

    def fetch_classes(self, nodes: Iterable[Term]) -> None:
        """Fetch the classes of some nodes and all superclasses of these."""
        pending = self.step(_TYPE, nodes)
        seen: set[Term] = set()
        while pending:
            cls = pending.pop()
            if cls not in seen and isinstance(cls, Node):
                seen.add(cls)
                superclasses = sorted(self._statistics.superclasses.get(cls, ()), key=str)
                pending += superclasses
                self.triples.update(dict.fromkeys(Triple(cls, SUBCLASS, other) for other in superclasses))

    def add(self, rows: Iterable[Sequence[object]]) -> None:
        """Add statements from elsewhere, each a subject, a property and a value."""
        for subject, prop, value in rows:
            self._add(subject, prop, value)

    def select(self, query: str) -> Table:
        """Run a SELECT query on the full graph."""
        return self._store.select(query)

    def _add(self, subject: object, prop: object, value: object) -> None:
        if isinstance(subject, Node) and isinstance(prop, NamedNode) and isinstance(value, Term | Triple):
            self.triples[Triple(subject, prop, value)] = None


def named_batches(nodes: Sequence[Term]) -> Iterator[Sequence[Term]]:
    """Split nodes into groups that are small enough for one query.

    Raises:
        UnboundedShape: if one of them is a blank node, which queries cannot name.
    """
    if any(isinstance(node, BlankNode) for node in nodes):
        raise UnboundedShape("a query cannot name a blank node")
    yield from batches(nodes)
