"""Finds the nodes that pyshacl judges: those that may break a check, by SPARQL queries over the whole graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pyoxigraph import Literal, NamedNode, Triple

from threatgraph.errors import InvalidQuery
from threatgraph.store import Store
from threatgraph.validate.compile import Compiler
from threatgraph.validate.declared_components import Components
from threatgraph.validate.shapes import Check, ShapeGraph, Term, name_of


class Candidates:
    """Chooses nodes for checks.

    Args:
        store: the whole graph.
        graph: the shapes graph.
        compiler: writes checks as SPARQL queries.
        components: the constraint components that the shapes graph declares.
    """

    def __init__(self, store: Store, graph: ShapeGraph, compiler: Compiler, components: Components) -> None:
        self._store, self._graph, self._compiler = store, graph, compiler
        self.components = components
        """The constraint components that the shapes graph declares."""
        self.notes: list[str] = []
        """For which checks SPARQL cannot choose."""

    def of(self, checks: Iterable[Check]) -> dict[Check, list[Term]]:
        """For each check the nodes that may break it, where there are any: the whole target if SPARQL cannot tell."""
        chosen: dict[Check, list[Term]] = {}
        for check in checks:
            found = None if self._is_pyshacls(check) else self._named_by(self._compiler.queries(check))
            if found is None:
                if not self._is_pyshacls(check):
                    name = name_of(self._graph, check.constraint or check.shape)
                    self.notes.append(f"{name} has no SPARQL form: pyshacl judges all that it is about.")
                found = self._named_by([f"SELECT DISTINCT ?this WHERE {{ {self._compiler.scope(check.target)} }}"])
            if found and check.target.kind == "targetObjectsOf" and check.target.term.value in self._store.retyped:
                found = list(self._as_written(check.target.term, found))
            if found:
                chosen[check] = found
        return chosen

    def _is_pyshacls(self, check: Check) -> bool:
        """Whether pyshacl judges all nodes of a check: with a declared component, or where a node may be absent.

        A target node may be in no statement; from there Oxigraph 0.5 does not follow a path of no step.
        """
        if check.constraint is not None:
            return check.target.kind == "targetNode"
        return self.components.among(check.shape) is not None

    def _named_by(self, queries: Iterable[str] | None) -> list[Term] | None:
        """The nodes that some queries name; ``None`` without queries, or if one does not parse: pyshacl says why."""
        try:
            if queries is None:
                return None
            rows = [row for query in queries for row in self._store.select(query).rows]
        except InvalidQuery:
            return None
        return list(dict.fromkeys(row[0] for row in rows if isinstance(row[0], Term)))

    def _as_written(self, prop: Term, values: Iterable[Term]) -> Iterator[Term]:
        """The values of a property, with the datatypes that the files write."""
        for value in values:
            told: dict[Term, None] = {}
            if isinstance(prop, NamedNode) and isinstance(value, Literal):
                nodes = self._store.select(f"SELECT ?node WHERE {{ ?node {prop} {value} }}").column("node")
                triples = self._store.with_datatypes(Triple(NamedNode(str(node)), prop, value) for node in nodes)
                told = {triple.object: None for triple in triples if isinstance(triple.object, Literal)}
            yield from told or (value,)
