"""Splits a shapes graph into constraints: what one shape requires of the nodes of one target.

A property shape of a node shape becomes a constraint with the node shape's targets, so that it can be compiled and
evaluated by itself. This shape becomes three constraints on the same target::

    ex:Person a sh:NodeShape ; sh:targetClass ex:P ; sh:nodeKind sh:IRI ;     # (1) the node kind
        sh:property [ sh:path ex:name ; sh:minCount 1 ; sh:maxCount 1 ] ;     # (2) both counts of the name
        sh:sparql [ sh:select "SELECT $this WHERE { … }" ] .                  # (3) the SPARQL constraint
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
    refuse_recursion,
    targets,
)
from threatgraph.validate.shapes.paths import Path as PropertyPath
from threatgraph.validate.shapes.paths import read_path


@dataclass(frozen=True, eq=False)
class ShapeConstraint:
    """What one shape requires of the nodes of one target."""

    shape: Node
    target: Target
    path: tuple[str, bool] | None
    """The property, and whether it is inverse; ``None`` without a path, and for paths of several steps."""
    parameters: Mapping[str, Sequence[Term]]
    """The values of each parameter, by local name; parameters of declared components are keyed by IRI."""
    sparql: Node | None = None
    """The SPARQL constraint, if this is one; it has no parameters then."""
    path_term: Term | None = None
    """The value of ``sh:path``."""
    steps: PropertyPath | None = None
    """The parsed path; ``None`` without a path, and for paths that cannot be parsed, which pyshacl evaluates."""


#: The parameters of declared constraint components that a shape has, by IRI.
DeclaredParameters = Callable[[Term], Mapping[str, Sequence[Term]]]


def no_parameters(_: Term) -> Mapping[str, Sequence[Term]]:
    """The declared parameters of any shape if the shapes graph declares no components."""
    return {}


def read_constraints(
    graph: ShapeGraph, *, hints: bool, declared: DeclaredParameters = no_parameters
) -> list[ShapeConstraint]:
    """The constraints of a shapes graph, ordered by shape.

    Args:
        graph: the result of :func:`.graph.load`.
        hints: include shapes with severity ``sh:Info``.
        declared: returns the parameters of declared constraint components that a shape has, by IRI.

    Raises:
        InvalidShape: if shapes are recursive.
    """
    refuse_recursion(graph)
    found: list[ShapeConstraint] = []
    for shape in sorted((s for s in graph if isinstance(s, (NamedNode, BlankNode))), key=str):
        on_nodes = [] if first(graph, shape, "path") else nodes(graph, shape, "property")
        active = [] if is_true(graph, shape, "deactivated") else [shape, *on_nodes]
        for target in targets(graph, shape):
            for member in active:
                if not is_true(graph, member, "deactivated") and (hints or not is_hint(graph, member)):
                    found.extend(_constraints(graph, member, target, declared(member)))
    return found


def _constraints(
    graph: ShapeGraph, shape: Node, target: Target, declared: Mapping[str, Sequence[Term]]
) -> Iterator[ShapeConstraint]:
    term = first(graph, shape, "path")
    steps = read_path(graph, term)
    path = (steps.step[0].value, steps.step[1]) if steps is not None and steps.step else None
    found = parameters(graph, shape) | dict(declared)
    inner = nodes(graph, shape, "property")
    if inner and first(graph, shape, "path"):
        found["property"] = inner  # they apply to the values of the path, not to the nodes of the target
    if found:
        yield ShapeConstraint(shape, target, path, found, None, term, steps)
    for sparql in nodes(graph, shape, "sparql"):
        if not is_true(graph, sparql, "deactivated"):
            yield ShapeConstraint(shape, target, path, {}, sparql, term, steps)
