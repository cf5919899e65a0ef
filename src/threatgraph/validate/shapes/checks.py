"""Reads a shapes graph into checks: what each shape requires, and of which nodes.

A check is one shape's own requirements (its components, or one SPARQL constraint) with one target. A property shape of
a node shape becomes a check with the node shape's targets, so that each can be queried and evaluated by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pyoxigraph import BlankNode, NamedNode

from threatgraph.rdf.terms import Node
from threatgraph.validate.shapes.graph import (
    ShapeGraph,
    Target,
    Term,
    first,
    is_hint,
    is_true,
    nodes,
    parameters,
    refuse_circles,
    targets,
)
from threatgraph.validate.shapes.paths import Path as Steps
from threatgraph.validate.shapes.paths import read_path


@dataclass(frozen=True, eq=False)
class Check:
    """One shape's demands on one set of nodes."""

    shape: Node
    target: Target
    path: tuple[str, bool] | None
    """The property, and whether it is followed backwards; ``None`` for demands on the node itself."""
    parameters: Mapping[str, Sequence[Term]]
    """Local name of each SHACL parameter to its values; those of declared components by their IRIs."""
    constraint: Node | None = None
    """The SPARQL constraint, where this check is one."""
    path_term: Term | None = None
    """What the shape gives as its path."""
    steps: Steps | None = None
    """The path that this is; ``None`` without one, and for one that cannot be read: that is left to the referee."""


GivenParameters = Callable[[Term], Mapping[str, Sequence[Term]]]


def no_parameters(_: Term) -> Mapping[str, Sequence[Term]]:
    """The parameters of a shape where no component is declared."""
    return {}


def read_checks(graph: ShapeGraph, *, hints: bool, given: GivenParameters = no_parameters) -> list[Check]:
    """The checks of a shapes graph, in the order of its subjects.

    Args:
        graph: what :func:`load` gives.
        hints: take shapes of the severity ``sh:Info`` as well.
        given: for a shape, the parameters of declared constraint components that it has, by their IRIs.

    Raises:
        InvalidShape: where shapes refer to each other in a circle.
    """
    refuse_circles(graph)
    checks: list[Check] = []
    for shape in sorted((s for s in graph if isinstance(s, (NamedNode, BlankNode))), key=str):
        on_nodes = [] if first(graph, shape, "path") else nodes(graph, shape, "property")
        active = [] if is_true(graph, shape, "deactivated") else [shape, *on_nodes]
        for target in targets(graph, shape):
            for member in active:
                if not is_true(graph, member, "deactivated") and (hints or not is_hint(graph, member)):
                    checks.extend(_checks(graph, member, target, given(member)))
    return checks


def _checks(graph: ShapeGraph, shape: Node, target: Target, given: Mapping[str, Sequence[Term]]) -> Iterator[Check]:
    term = first(graph, shape, "path")
    steps = read_path(graph, term)
    path = (steps.step[0].value, steps.step[1]) if steps is not None and steps.step else None
    found = parameters(graph, shape) | dict(given)
    inner = nodes(graph, shape, "property")
    if inner and first(graph, shape, "path"):
        found["property"] = inner  # about the values of the path, not about the nodes of the target
    if found:
        yield Check(shape, target, path, found, None, term, steps)
    for constraint in nodes(graph, shape, "sparql"):
        if not is_true(graph, constraint, "deactivated"):
            yield Check(shape, target, path, {}, constraint, term, steps)
