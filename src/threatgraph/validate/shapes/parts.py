"""Which nodes of a shapes graph count: its shapes, and what is not part of deactivated ones alone."""

from __future__ import annotations

from functools import cached_property

from pyoxigraph import BlankNode, Literal, NamedNode

from threatgraph.validate.shapes import terms
from threatgraph.validate.shapes.graph import (
    RDF,
    SH,
    ShapeGraph,
    Term,
    inner_shapes,
    is_instance,
    is_true,
    targets,
)

_SHAPES = frozenset(NamedNode(SH + name) for name in ("NodeShape", "PropertyShape"))


class Parts:
    """The nodes of a shapes graph that count, found when they are first asked for.

    Args:
        graph: the shapes graph; it must not change.
    """

    def __init__(self, graph: ShapeGraph) -> None:
        self._graph = graph

    @cached_property
    def live(self) -> frozenset[Term]:
        """The nodes without those that only deactivated shapes lead to."""
        return _live_nodes(self._graph)

    @cached_property
    def shapes(self) -> frozenset[Term]:
        """The nodes that are shapes (SHACL, section 2.1), in the graph or only referred to."""
        return _shapes_among(self._graph)


def _live_nodes(graph: ShapeGraph) -> frozenset[Term]:
    off = {node for node in graph if is_true(graph, node, "deactivated")}
    if not off:
        return frozenset(graph)
    below = _reached(graph, off, off, shapes_only=True) - off
    roots = {node for node in graph if node not in off and (node not in below or _has_target(graph, node))}
    return frozenset(_reached(graph, roots, off) - off)


def _reached(graph: ShapeGraph, start: set[Term], closed: set[Term], *, shapes_only: bool = False) -> set[Term]:
    """Some nodes and those that they lead to, not through closed ones; or as far as these are parts, or by SHACL."""
    found, waiting = set(start), list(start)
    while waiting:
        for predicate, values in graph[waiting.pop()].items():
            by_shacl = not shapes_only or predicate.startswith((SH, f"{RDF}first"))
            new = {value for value in values if value in graph and (by_shacl or isinstance(value, BlankNode))}
            new -= found | closed
            found |= new
            waiting += new
    return found


def _has_target(graph: ShapeGraph, node: Term) -> bool:
    return not isinstance(node, Literal) and bool(targets(graph, node))


def _shapes_among(graph: ShapeGraph) -> frozenset[Term]:
    """The nodes of a shapes graph that are shapes (SHACL, section 2.1), in the graph or only referred to."""
    marks = {SH + name for name in (terms.CORE_PARAMETERS | frozenset(terms.TARGETS) | {"sparql"})}
    found: set[Term] = set()
    for node, told in graph.items():
        if marks & told.keys() or is_instance(graph, node, _SHAPES):
            found.add(node)
        found.update(inner_shapes(graph, node))
    return frozenset(node for node in found if not isinstance(node, Literal))
