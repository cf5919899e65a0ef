"""A small part of a graph, fetched step by step from some nodes by queries with a bounded number of terms each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import cast

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from threatgraph.rdf.lexical import as_stored
from threatgraph.rdf.terms import Node
from threatgraph.store import Store
from threatgraph.table import Table
from threatgraph.validate.shapes.graph import Term
from threatgraph.validate.shapes.paths import Path
from threatgraph.validate.statistics import SUBCLASS, Statistics
from threatgraph.vocab import RDF_TYPE

#: Terms in a query at most.
BATCH = 500
_TYPE = NamedNode(RDF_TYPE)


class UnboundedShape(Exception):
    """What a shape looks at cannot be told beforehand; the message says why."""


class Subgraph:
    """The statements that are fetched from a store.

    Args:
        store: the whole graph.
        statistics: the classes of the store.
    """

    def __init__(self, store: Store, statistics: Statistics) -> None:
        self._store, self._statistics = store, statistics
        self._values: dict[tuple[NamedNode, bool], dict[Term, list[Term]]] = {}
        self._described: set[Term] = set()
        self.triples: dict[Triple, None] = {}
        """What was fetched, in order."""

    def follow(self, path: Path, nodes: Iterable[Term]) -> list[Term]:
        """The values of some nodes along a path; the statements on the way are fetched."""
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
            return self.follow(turned(path.parts[0]), found)
        reached: dict[Term, None] = {} if path.kind == "oneOrMorePath" else dict(found)
        while found:
            new = [value for value in self.follow(path.parts[0], found) if value not in reached]
            reached |= dict.fromkeys(new)
            found = {} if path.kind == "zeroOrOnePath" else dict.fromkeys(new)
        return list(reached)

    def step(self, prop: NamedNode, nodes: Iterable[Term], *, inverse: bool = False) -> list[Term]:
        """The values that some nodes have for a property, or with ``inverse`` the nodes that have them for a value."""
        known = self._values.setdefault((prop, inverse), {})
        # A query tells a literal by its value: that is more than the files write, and what is fetched is made exact.
        stored = (as_stored(node) if isinstance(node, Literal) else node for node in nodes)
        wanted = list(dict.fromkeys(node for node in stored if inverse or isinstance(node, Node)))
        if any(isinstance(node, Triple) for node in wanted):
            raise UnboundedShape("a path goes backwards from a triple term")
        pattern = f"?value {prop} ?node" if inverse else f"?node {prop} ?value"
        for batch in batches([node for node in wanted if node not in known]):
            known.update((node, []) for node in batch)
            query = f"SELECT ?node ?value WHERE {{ {values_clause('node', batch)} {pattern} }}"
            for node, value in self._store.select(query).rows:
                self._keep(*((value, prop, node) if inverse else (node, prop, value)))
                known[term_of(node)].append(term_of(value))
        return list(dict.fromkeys(value for node in wanted for value in known[node]))

    def describe(self, nodes: Iterable[Term]) -> None:
        """Fetch all statements about some nodes."""
        new = [node for node in dict.fromkeys(nodes) if isinstance(node, Node) and node not in self._described]
        self._described.update(new)
        for batch in batches(new):
            query = f"SELECT ?node ?property ?value WHERE {{ {values_clause('node', batch)} ?node ?property ?value }}"
            self.keep(self._store.select(query).rows)

    def mention(self, nodes: Iterable[Term]) -> None:
        """Fetch the statements that have some nodes as their values."""
        for batch in batches(list(dict.fromkeys(nodes))):
            query = f"SELECT ?node ?property ?value WHERE {{ {values_clause('value', batch)} ?node ?property ?value }}"
            self.keep(self._store.select(query).rows)

    def classes(self, nodes: Iterable[Term]) -> None:
        """Fetch the classes of some nodes, and which classes are below which, as far as these go up."""
        waiting = self.step(_TYPE, nodes)
        seen: set[Term] = set()
        while waiting:
            cls = waiting.pop()
            if cls not in seen and isinstance(cls, Node):
                seen.add(cls)
                above = sorted(self._statistics.above.get(cls, ()), key=str)
                waiting += above
                self.triples.update(dict.fromkeys(Triple(cls, SUBCLASS, other) for other in above))

    def keep(self, rows: Iterable[Sequence[object]]) -> None:
        """Take in statements that were fetched elsewhere, each a subject, a property and a value."""
        for subject, prop, value in rows:
            self._keep(subject, prop, value)

    def rows(self, query: str) -> Table:
        """The answer to a SELECT query on the whole graph."""
        return self._store.select(query)

    def _keep(self, subject: object, prop: object, value: object) -> None:
        if isinstance(subject, Node) and isinstance(prop, NamedNode) and isinstance(value, Term | Triple):
            self.triples[Triple(subject, prop, value)] = None


def batches(nodes: Sequence[Term]) -> Iterator[Sequence[Term]]:
    """Nodes in groups that one query may name.

    Raises:
        UnboundedShape: where one of them has no name.
    """
    if any(isinstance(node, BlankNode) for node in nodes):
        raise UnboundedShape("a blank node cannot be asked for by name")
    for start in range(0, len(nodes), BATCH):
        yield nodes[start : start + BATCH]


def values_clause(variable: str, nodes: Iterable[Term]) -> str:
    """The VALUES clause that makes a variable each of some terms."""
    return f"VALUES ?{variable} {{ {' '.join(map(str, nodes))} }}"


def term_of(value: object) -> Term:
    """The term of a row that has one; a triple term passes for one, from which no statement goes on."""
    return cast(Term, value)


def turned(path: Path) -> Path:
    """The same path in the other direction."""
    if path.kind == "inversePath":
        return path.parts[0]
    if path.kind == "property":
        return Path("inversePath", (path,))
    parts = tuple(map(turned, path.parts))
    return Path(path.kind, parts[::-1] if path.kind == "sequence" else parts)
