"""Finds the candidates: the focus nodes that may violate a constraint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from pyoxigraph import BlankNode, Literal, NamedNode, Triple

from threatgraph.errors import InvalidQuery
from threatgraph.rdf.lexical import as_stored
from threatgraph.store import Store
from threatgraph.validate.candidates.compiler import Compiler, NoSparqlForm
from threatgraph.validate.shapes.constraints import ShapeConstraint
from threatgraph.validate.shapes.declared_components import Components
from threatgraph.validate.shapes.graph import ShapeGraph, Target, Term, name_of, owners, term_of


class CandidateFinder:
    """Finds the candidates of constraints.

    Args:
        store: the full graph.
        graph: the shapes graph.
        compiler: compiles constraints to SPARQL queries.
        components: the constraint components that the shapes graph declares.
    """

    def __init__(self, store: Store, graph: ShapeGraph, compiler: Compiler, components: Components) -> None:
        self._store, self._graph, self._compiler = store, graph, compiler
        self.components = components
        """The constraint components that the shapes graph declares."""
        self.notes: list[str] = []
        """The constraints without a SPARQL form."""

    @cached_property
    def _owners(self) -> dict[str, str]:
        return owners(self._graph)

    def find(self, constraints: Iterable[ShapeConstraint]) -> dict[ShapeConstraint, list[Term]]:
        """The candidates of each constraint that has any.

        All nodes of the target are candidates if the constraint has no SPARQL form.
        """
        found: dict[ShapeConstraint, list[Term]] = {}
        for constraint in constraints:
            target = constraint.target
            candidates: list[Term]
            if self._compiler.is_empty(target):
                candidates = []
            elif target.kind == "targetNode":
                # Evaluating a single node is as fast as a query, and the data may not mention the node.
                candidates = [] if isinstance(target.term, BlankNode) else [target.term]
            else:
                candidates = self._candidates(constraint)
            if candidates and target.kind == "targetObjectsOf":
                candidates = list(self._lexical_forms(target, candidates))
            if candidates:
                found[constraint] = candidates
        return found

    def _candidates(self, constraint: ShapeConstraint) -> list[Term]:
        if constraint.sparql is not None or self.components.relevant_to(constraint.shape) is None:
            try:
                return self._select(self._compiler.queries(constraint))
            except (NoSparqlForm, InvalidQuery):  # pyshacl reports an invalid query
                name = name_of(self._graph, constraint.sparql or constraint.shape, self._owners)
                self.notes.append(f"{name} has no SPARQL form: pyshacl evaluates all nodes of its target.")
        try:
            return self._select([f"SELECT DISTINCT ?this WHERE {{ {self._compiler.scope(constraint.target)} }}"])
        except InvalidQuery:
            return []

    def _select(self, queries: Iterable[str]) -> list[Term]:
        rows = [row for query in queries for row in self._store.select(query).rows]
        return list(dict.fromkeys(term_of(row[0]) for row in rows if row[0] is not None))

    def _lexical_forms(self, target: Target, values: Iterable[Term]) -> Iterator[Term]:
        """The values of a property in every lexical form that the files use."""
        prop = target.term
        if not isinstance(prop, NamedNode) or prop.value not in self._store.rewritten:
            yield from values
            return
        distinct = dict.fromkeys(values)
        rows = self._store.select(f"SELECT ?node ?value WHERE {{ ?node {prop} ?value FILTER(isLiteral(?value)) }}").rows
        original = self._store.as_written(Triple(node, prop, value) for node, value in rows)  # type: ignore[arg-type]
        forms: dict[Term, dict[Term, None]] = {}
        for value in (triple.object for triple in original):
            if isinstance(value, Literal):
                forms.setdefault(as_stored(value), {})[value] = None
        for value in distinct:
            yield from forms.get(value, (value,))
