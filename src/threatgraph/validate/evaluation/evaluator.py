"""Evaluates candidates with pyshacl on the subgraph that their shapes read, or on the full graph if that is unknown."""

from __future__ import annotations

import io
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import redirect_stdout
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode

from threatgraph.errors import InvalidShape
from threatgraph.rdf.terms import Node
from threatgraph.store import Store
from threatgraph.validate.evaluation.footprint import Footprint
from threatgraph.validate.evaluation.pyshacl_runner import (
    REFUSED,
    EvaluationFailed,
    data_graph,
    evaluate_subset,
    quiet,
)
from threatgraph.validate.evaluation.shapes_subset import ShapesSubset
from threatgraph.validate.evaluation.skolem import SkolemIris
from threatgraph.validate.evaluation.subgraph import Subgraph, UnboundedShape
from threatgraph.validate.report import ValidationResult
from threatgraph.validate.shapes.constraints import ShapeConstraint
from threatgraph.validate.shapes.declared_components import Components
from threatgraph.validate.shapes.graph import ShapeGraph, Term, first, name_of, nodes, owners, targets
from threatgraph.validate.shapes.queries import unreadable_query
from threatgraph.validate.statistics import Statistics

if TYPE_CHECKING:
    import rdflib

#: The maximum number of nodes per run of pyshacl, which limits the size of the subgraph.
_BATCH_SIZE = 5_000
#: The maximum length of an error message of pyshacl.
_MAX_MESSAGE = 300

Candidates = Mapping[ShapeConstraint, Sequence[Term]]
Progress = Callable[[Sequence[Node]], Iterable[Node]]
CandidatesOf = Callable[[Sequence[ShapeConstraint]], Candidates]


class Evaluator:
    """Evaluates the shapes of a graph on nodes of a store.

    Args:
        store: the full graph.
        graph: the shapes graph.
        statistics: the statistics of the store.
        components: the constraint components that the shapes graph declares.
    """

    def __init__(self, store: Store, graph: ShapeGraph, statistics: Statistics, components: Components) -> None:
        self._store, self._graph, self._statistics, self._components = store, graph, statistics, components
        self._skolem = SkolemIris(store)
        self._unbounded: dict[Node, str] = {}
        for shape in graph:
            component = components.relevant_to(shape)
            if component is not None and isinstance(shape, Node):
                self._unbounded[shape] = f"the constraint component {component.node} may read any statement"
        self._on_full_graph: set[Node] = set()
        self.notes: list[str] = []
        """The shapes that were evaluated on the full graph, and why."""

    def evaluate(self, candidates: Candidates) -> list[ValidationResult]:
        """The results of each constraint on its candidates."""
        results: list[ValidationResult] = []
        unbounded: list[Candidates] = []
        with quiet():
            for batch in _batches(candidates):
                subgraph = Subgraph(self._store, self._statistics)
                bounded = self._fetch(batch, subgraph)
                if bounded:
                    data = data_graph(self._store.as_written(subgraph.triples), self._skolem)
                    results += self._evaluate(data, bounded)
                unbounded.append(
                    {constraint: focus for constraint, focus in batch.items() if constraint not in bounded}
                )
                self._on_full_graph.update(constraint.shape for constraint in unbounded[-1])
            for rest in filter(None, unbounded):
                results += self._evaluate(self._full_graph, rest)
        owned = owners(self._graph)
        self.notes += [
            f"{name_of(self._graph, shape, owned)} was evaluated on the full graph, which is slow and needs more "
            f"memory: {reason}."
            for shape, reason in sorted(self._unbounded.items(), key=str)
            if shape in self._on_full_graph
        ]
        return results

    def evaluate_all(
        self, progress: Progress, candidates_of: CandidatesOf, constraints: Sequence[ShapeConstraint]
    ) -> list[ValidationResult]:
        """The results of all shapes on all nodes of their targets.

        Args:
            progress: wraps the iteration over the shapes.
            candidates_of: finds the candidates of constraints. It is used for a shape on which pyshacl fails, to find
                the node that causes it.
            constraints: the constraints of the shapes graph.
        """
        results: list[ValidationResult] = []
        targeted = [s for s in self._graph if isinstance(s, Node) and targets(self._graph, s)]
        with quiet():
            for shape in progress(sorted(targeted, key=str)):
                subset = ShapesSubset(self._graph, self._components)
                subset.add_with_targets(shape)
                try:
                    results += evaluate_subset(self._full_graph, subset, self._skolem)
                except InvalidShape as error:
                    raise self._named(error, shape) from error
                except EvaluationFailed:
                    own, members = targets(self._graph, shape), [shape, *nodes(self._graph, shape, "property")]
                    failed = [c for c in constraints if c.shape in members and c.target in own]
                    results += self._evaluate(self._full_graph, candidates_of(failed))
        return results

    def evaluate_advanced(self, excluded: Container[Term]) -> tuple[list[ValidationResult], set[str]]:
        """The results of all shapes with SHACL Advanced Features, and the IRIs or labels of the focus nodes.

        Args:
            excluded: targets, rules and expressions that are not evaluated.
        """
        from threatgraph.validate.evaluation.advanced import counted_focus_nodes

        subset = ShapesSubset(self._graph, self._components)
        subset.add_everything(excluded)
        # pyshacl prints the errors of an expression before it raises them.
        with quiet(), counted_focus_nodes() as seen, redirect_stdout(io.StringIO()):
            try:
                results = evaluate_subset(self._full_graph, subset, self._skolem, advanced=True)
            except InvalidShape as error:
                name = unreadable_query(self._graph)
                refused = REFUSED if name is None else f"pyshacl refuses the query of {name}: "
                raise InvalidShape(refused + _short(error)) from error
        return results, {self._skolem.labels.get(str(node), str(node)) for node in seen}

    def _named(self, error: InvalidShape, shape: Node) -> InvalidShape:
        """An error of pyshacl on a shape, in one line with the name of the shape."""
        return InvalidShape(f"pyshacl refuses the shape {name_of(self._graph, shape)}: {_short(error)}")

    @cached_property
    def _full_graph(self) -> rdflib.Graph:
        return data_graph(self._store.triples(), self._skolem)

    def _fetch(self, batch: Candidates, subgraph: Subgraph) -> Candidates:
        """Fetch the footprint of a batch, and return the part of it whose footprint is known."""
        while True:
            bounded = {c: focus for c, focus in batch.items() if c.shape not in self._unbounded}
            subset = self._subset(bounded)
            footprint = Footprint(subset.shapes, subgraph)
            known = len(self._unbounded)
            for shape, focus in subset.targets.items():
                try:
                    footprint.fetch(shape, focus)
                except UnboundedShape as error:
                    self._unbounded[shape] = str(error)
            if len(self._unbounded) == known:
                self._fetch_blank_nodes(subgraph, subset)
                return bounded

    def _fetch_blank_nodes(self, subgraph: Subgraph, subset: ShapesSubset) -> None:
        """Fetch the statements about blank nodes, which pyshacl includes in messages."""

        def blank(terms: Iterable[object]) -> list[Term]:
            found = (term for term in terms if isinstance(term, NamedNode))
            return [node for node in dict.fromkeys(found) if self._skolem.label(node) is not None]

        focus_nodes = blank(node for focus in subset.targets.values() for node in focus)
        subgraph.fetch_inbound(focus_nodes)
        subgraph.fetch_outbound(focus_nodes)
        seen = 0
        while seen < len(subgraph.triples):
            new = list(islice(subgraph.triples, seen, None))
            seen += len(new)
            subgraph.fetch_outbound(blank(part for triple in new for part in (triple.subject, triple.object)))

    def _subset(self, candidates: Candidates) -> ShapesSubset:
        subset = ShapesSubset(self._graph, self._components)
        for constraint, focus in candidates.items():
            subset.add(constraint, focus)
        return subset

    def _evaluate(self, data: rdflib.Graph, candidates: Candidates) -> list[ValidationResult]:
        try:
            return evaluate_subset(data, self._subset(candidates), self._skolem)
        except InvalidShape as error:
            if len(candidates) == 1:
                raise self._named(error, next(iter(candidates)).shape) from error
            for constraint, focus in candidates.items():  # raises an error that names the refused shape
                self._evaluate(data, {constraint: focus[:1]})
            raise
        except EvaluationFailed:
            return [found for c, focus in candidates.items() for found in self._evaluate_by_halves(data, c, focus)]

    def _evaluate_by_halves(
        self, data: rdflib.Graph, constraint: ShapeConstraint, focus: Sequence[Term]
    ) -> Iterator[ValidationResult]:
        """The results of one constraint. Bisection isolates a node on which pyshacl fails; it becomes a violation."""
        try:
            yield from evaluate_subset(data, self._subset({constraint: focus}), self._skolem)
        except EvaluationFailed as error:
            if len(focus) == 1 and isinstance(focus[0], NamedNode):
                yield self._failure(constraint, focus[0], error)
            elif len(focus) == 1:
                raise
            else:
                yield from self._evaluate_by_halves(data, constraint, focus[: len(focus) // 2])
                yield from self._evaluate_by_halves(data, constraint, focus[len(focus) // 2 :])

    def _failure(self, constraint: ShapeConstraint, node: NamedNode, error: EvaluationFailed) -> ValidationResult:
        rule = constraint.sparql or constraint.shape
        path, remedy = constraint.path[0] if constraint.path else None, first(self._graph, rule, "message")
        message = f"{remedy.value} ({error})" if remedy else str(error)
        return ValidationResult("violation", node.value, path, None, rule.value, "EvaluationFailed", message)


def _short(error: InvalidShape) -> str:
    text = " ".join(str(error).removeprefix(REFUSED).split())
    return text if len(text) <= _MAX_MESSAGE else f"{text[:_MAX_MESSAGE]} …"


def _batches(candidates: Candidates) -> Iterator[dict[ShapeConstraint, list[Term]]]:
    """Split candidates into groups with a limited number of nodes."""
    batch: dict[ShapeConstraint, list[Term]] = {}
    remaining = _BATCH_SIZE
    for constraint, focus in candidates.items():
        rest = list(focus)
        while rest:
            batch[constraint], rest = rest[:remaining], rest[remaining:]
            remaining -= len(batch[constraint])
            if not remaining:
                yield batch
                batch, remaining = {}, _BATCH_SIZE
    if batch:
        yield batch
