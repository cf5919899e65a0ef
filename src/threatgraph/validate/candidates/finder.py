"""Finds the nodes that pyshacl judges: those that may break a check, by SPARQL queries over the whole graph."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from threatgraph.errors import InvalidQuery
from threatgraph.rdf.lexical import as_stored
from threatgraph.store import Store
from threatgraph.validate.candidates.compiler import Compiler
from threatgraph.validate.evaluation.subgraph import term_of
from threatgraph.validate.shapes.constraints import ShapeConstraint
from threatgraph.validate.shapes.declared_components import Components
from threatgraph.validate.shapes.graph import ShapeGraph, Target, Term, name_of, owners


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

    @cached_property
    def _owners(self) -> dict[str, str]:
        return owners(self._graph)

    def of(self, checks: Iterable[ShapeConstraint]) -> dict[ShapeConstraint, list[Term]]:
        """For each check the nodes that may break it, where there are any: the whole target if SPARQL cannot tell."""
        chosen: dict[ShapeConstraint, list[Term]] = {}
        for check in checks:
            if check.target.kind == "targetNode":
                # It costs no more to judge one node than to ask for it, and no statement need mention it.
                if not isinstance(check.target.term, BlankNode):
                    chosen[check] = [check.target.term]
                continue
            declared = check.constraint is None and self.components.among(check.shape) is not None
            found = None if declared else self._named_by(self._compiler.queries(check))
            if found is None:
                if not declared:
                    name = name_of(self._graph, check.constraint or check.shape, self._owners)
                    self.notes.append(f"{name} has no SPARQL form: pyshacl judges all that it is about.")
                found = self._named_by([f"SELECT DISTINCT ?this WHERE {{ {self._compiler.scope(check.target)} }}"])
            if found and check.target.kind == "targetObjectsOf":
                found = list(self._as_written(check.target, found))
            if found:
                chosen[check] = found
        return chosen

    def _named_by(self, queries: Iterable[str] | None) -> list[Term] | None:
        """The nodes that some queries name; ``None`` without queries, or if one does not parse: pyshacl says why."""
        try:
            if queries is None:
                return None
            rows = [row for query in queries for row in self._store.select(query).rows]
        except InvalidQuery:
            return None
        return list(dict.fromkeys(term_of(row[0]) for row in rows if row[0] is not None))

    def _as_written(self, target: Target, values: Iterable[Term]) -> Iterator[Term]:
        """Values of a property in all the forms in which the files write them."""
        prop = target.term
        if not isinstance(prop, NamedNode) or prop.value not in self._store.rewritten:
            yield from values
            return
        wanted = dict.fromkeys(values)
        rows = self._store.select(f"SELECT ?node ?value WHERE {{ ?node {prop} ?value FILTER(isLiteral(?value)) }}").rows
        written = self._store.as_written(Triple(node, prop, value) for node, value in rows)  # type: ignore[arg-type]
        forms: dict[Term, dict[Term, None]] = {}
        for value in (triple.object for triple in written):
            if isinstance(value, Literal):
                forms.setdefault(as_stored(value), {})[value] = None
        for value in wanted:
            yield from forms.get(value, (value,))
