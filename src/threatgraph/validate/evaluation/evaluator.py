"""Has pyshacl judge the suspects, over no more of the graph than their shapes look at."""

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
from threatgraph.validate.evaluation.pyshacl_runner import REFUSED, EvaluationFailed, data_graph, judge, quiet
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

#: Nodes that are judged at once at most, which bounds the graph that is made for them.
_AT_ONCE = 5_000
#: Characters at most of what pyshacl says of a shape that it refuses.
_LONGEST = 300

Suspects = Mapping[ShapeConstraint, Sequence[Term]]
Progress = Callable[[Sequence[Node]], Iterable[Node]]
SuspectsOf = Callable[[Sequence[ShapeConstraint]], Suspects]


class Evaluator:
    """Judges nodes by the shapes of one graph.

    Args:
        store: the whole graph.
        graph: the shapes graph.
        statistics: the classes of the store.
        components: the constraint components that the shapes graph declares.
    """

    def __init__(self, store: Store, graph: ShapeGraph, statistics: Statistics, components: Components) -> None:
        self._store, self._graph, self._statistics, self._components = store, graph, statistics, components
        self._skolem = SkolemIris(store)
        self._unbounded: dict[Node, str] = {}
        for shape in graph:
            component = components.among(shape)
            if component is not None and isinstance(shape, Node):
                self._unbounded[shape] = f"the constraint component {component.node} may look anywhere"
        self._told: set[Node] = set()
        self.notes: list[str] = []
        """What was judged over the whole graph, and why."""

    def suspects(self, suspects: Suspects) -> list[ValidationResult]:
        """The results on some nodes, each under the checks that it may break."""
        results: list[ValidationResult] = []
        whole: list[Suspects] = []
        with quiet():
            for batch in _batches(suspects):
                subgraph = Subgraph(self._store, self._statistics)
                left = self._fenced(batch, subgraph)
                if left:
                    results += self._judged(data_graph(self._store.as_written(subgraph.triples), self._skolem), left)
                whole.append({check: focus for check, focus in batch.items() if check not in left})
                self._told.update(check.shape for check in whole[-1])
            for rest in filter(None, whole):
                results += self._judged(self._whole, rest)
        owned = owners(self._graph)
        self.notes += [
            f"{name_of(self._graph, shape, owned)} was judged over the whole graph, which takes time and memory: "
            f"{reason}."
            for shape, reason in sorted(self._unbounded.items(), key=str)
            if shape in self._told
        ]
        return results

    def all(self, progress: Progress, suspects_of: SuspectsOf, checks: Sequence[ShapeConstraint]) -> list[ValidationResult]:
        """The results on every node that the shapes name.

        Args:
            progress: is given the shapes with targets, and gives them back one by one as they are judged.
            suspects_of: gives the suspects of some checks, for a shape on which pyshacl fails at one node or other.
            checks: the checks of the shapes graph.
        """
        results: list[ValidationResult] = []
        targeted = [s for s in self._graph if isinstance(s, Node) and targets(self._graph, s)]
        with quiet():
            for shape in progress(sorted(targeted, key=str)):
                subset = ShapesSubset(self._graph, self._components)
                subset.add_whole(shape)
                try:
                    results += judge(self._whole, subset, self._skolem)
                except InvalidShape as error:
                    raise self._named(error, shape) from error
                except EvaluationFailed:
                    own, among = targets(self._graph, shape), [shape, *nodes(self._graph, shape, "property")]
                    failed = [check for check in checks if check.shape in among and check.target in own]
                    results += self._judged(self._whole, suspects_of(failed))
        return results

    def advanced(self, left_out: Container[Term]) -> tuple[list[ValidationResult], set[str]]:
        """The results of all shapes with SHACL Advanced Features, and the nodes that were judged, as text.

        Args:
            left_out: targets, rules and expressions that are not evaluated.
        """
        from threatgraph.validate.evaluation.advanced import counted_focus_nodes

        subset = ShapesSubset(self._graph, self._components)
        subset.add_all(left_out)
        # pyshacl prints what goes wrong in an expression before it raises it.
        with quiet(), counted_focus_nodes() as seen, redirect_stdout(io.StringIO()):
            try:
                results = judge(self._whole, subset, self._skolem, advanced=True)
            except InvalidShape as error:
                name = unreadable_query(self._graph)
                refused = REFUSED if name is None else f"pyshacl refuses the query of {name}: "
                raise InvalidShape(refused + _short(error)) from error
        return results, {self._skolem.labels.get(str(node), str(node)) for node in seen}

    def _named(self, error: InvalidShape, shape: Node) -> InvalidShape:
        """What pyshacl says of a shape, in one line that names it."""
        return InvalidShape(f"pyshacl refuses the shape {name_of(self._graph, shape)}: {_short(error)}")

    @cached_property
    def _whole(self) -> rdflib.Graph:
        return data_graph(self._store.triples(), self._skolem)

    def _fenced(self, batch: Suspects, subgraph: Subgraph) -> Suspects:
        """The part of a batch of which all that it looks at could be fetched."""
        while True:
            left = {check: focus for check, focus in batch.items() if check.shape not in self._unbounded}
            subset = self._excerpt(left)
            footprint = Footprint(subset.shapes, subgraph)
            known = len(self._unbounded)
            for shape, focus in subset.targets.items():
                try:
                    footprint.look(shape, focus)
                except UnboundedShape as error:
                    self._unbounded[shape] = str(error)
            if len(self._unbounded) == known:
                self._show_blank_nodes(subgraph, subset)
                return left

    def _show_blank_nodes(self, subgraph: Subgraph, subset: ShapesSubset) -> None:
        """Fetch what is said of blank nodes, and one statement at least for each: messages tell them by that."""

        def blank(terms: Iterable[object]) -> list[Term]:
            found = (term for term in terms if isinstance(term, NamedNode))
            return [node for node in dict.fromkeys(found) if self._skolem.label(node) is not None]

        waiting = blank(node for focus in subset.targets.values() for node in focus)
        subgraph.mention(waiting)
        subgraph.describe(waiting)
        seen = 0
        while seen < len(subgraph.triples):
            new = list(islice(subgraph.triples, seen, None))
            seen += len(new)
            subgraph.describe(blank(part for triple in new for part in (triple.subject, triple.object)))

    def _excerpt(self, suspects: Suspects) -> ShapesSubset:
        subset = ShapesSubset(self._graph, self._components)
        for check, focus in suspects.items():
            subset.add(check, focus)
        return subset

    def _judged(self, data: rdflib.Graph, suspects: Suspects) -> list[ValidationResult]:
        try:
            return judge(data, self._excerpt(suspects), self._skolem)
        except InvalidShape as error:
            if len(suspects) == 1:
                raise self._named(error, next(iter(suspects)).shape) from error
            for check, focus in suspects.items():  # the first that is refused by itself is named
                self._judged(data, {check: focus[:1]})
            raise
        except EvaluationFailed:
            return [found for check, focus in suspects.items() for found in self._judged_apart(data, check, focus)]

    def _judged_apart(self, data: rdflib.Graph, check: ShapeConstraint, focus: Sequence[Term]) -> Iterator[ValidationResult]:
        """The results of one check, by halves of its nodes: where pyshacl fails on one node, the others are judged."""
        try:
            yield from judge(data, self._excerpt({check: focus}), self._skolem)
        except EvaluationFailed as error:
            if len(focus) == 1 and isinstance(focus[0], NamedNode):
                rule = check.constraint or check.shape
                path, remedy = check.path[0] if check.path else None, first(self._graph, rule, "message")
                message = f"{remedy.value} ({error})" if remedy else str(error)
                yield ValidationResult("violation", focus[0].value, path, None, rule.value, "EvaluationFailed", message)
            elif len(focus) == 1:
                raise
            else:
                yield from self._judged_apart(data, check, focus[: len(focus) // 2])
                yield from self._judged_apart(data, check, focus[len(focus) // 2 :])


def _short(error: InvalidShape) -> str:
    text = " ".join(str(error).removeprefix(REFUSED).split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"


def _batches(suspects: Suspects) -> Iterator[dict[ShapeConstraint, list[Term]]]:
    """The suspects in groups of a bounded number of nodes."""
    batch: dict[ShapeConstraint, list[Term]] = {}
    room = _AT_ONCE
    for check, focus in suspects.items():
        rest = list(focus)
        while rest:
            batch[check], rest = rest[:room], rest[room:]
            room -= len(batch[check])
            if not room:
                yield batch
                batch, room = {}, _AT_ONCE
    if batch:
        yield batch
