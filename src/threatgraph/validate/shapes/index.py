"""Finds the nodes of a shapes graph that are shapes, and those that are not part of deactivated shapes only."""

from __future__ import annotations

from functools import cached_property

from pyoxigraph import BlankNode, Literal, NamedNode

from threatgraph.validate.shapes import terms
from threatgraph.validate.shapes.graph import (
    RDF,
    ShapeGraph,
    Term,
    inner_shapes,
    is_instance,
    is_true,
    targets,
)
from threatgraph.vocab import SH

_SHAPES = frozenset(NamedNode(SH + name) for name in ("NodeShape", "PropertyShape"))


class ShapesIndex:
    """The shapes and active nodes of a shapes graph, computed on first use.

    Args:
        graph: the shapes graph; it must not change.
    """

    def __init__(self, graph: ShapeGraph) -> None:
        self._graph = graph

    @cached_property
    def active(self) -> frozenset[Term]:
        """All nodes except those that are reachable only from deactivated shapes."""
        return _active_nodes(self._graph)

    @cached_property
    def shapes(self) -> frozenset[Term]:
        """The nodes that are shapes (SHACL, section 2.1), described in the graph or only referred to."""
        return _shapes_among(self._graph)


def _active_nodes(graph: ShapeGraph) -> frozenset[Term]:
    off = {node for node in graph if is_true(graph, node, "deactivated")}
    if not off:
        return frozenset(graph)
    parts = _reachable(graph, off, off, shapes_only=True) - off
    roots = {node for node in graph if node not in off and (node not in parts or _has_target(graph, node))}
    return frozenset(_reachable(graph, roots, off) - off)


def _reachable(graph: ShapeGraph, start: set[Term], excluded: set[Term], *, shapes_only: bool = False) -> set[Term]:
    """Some nodes and the nodes that they refer to, directly or indirectly.

    Args:
        graph: the shapes graph.
        start: the nodes to start from.
        excluded: the nodes that are not followed.
        shapes_only: follow other properties than those of SHACL and lists to blank nodes only.
    """
    found, pending = set(start), list(start)
    while pending:
        for predicate, values in graph[pending.pop()].items():
            is_shacl = not shapes_only or predicate.startswith((SH, f"{RDF}first"))
            new = {value for value in values if value in graph and (is_shacl or isinstance(value, BlankNode))}
            new -= found | excluded
            found |= new
            pending += new
    return found


def _has_target(graph: ShapeGraph, node: Term) -> bool:
    return not isinstance(node, Literal) and bool(targets(graph, node))


def _shapes_among(graph: ShapeGraph) -> frozenset[Term]:
    properties = {SH + name for name in (terms.CORE_PARAMETERS | frozenset(terms.TARGETS) | {"sparql"})}
    found: set[Term] = set()
    for node, own in graph.items():
        if properties & own.keys() or is_instance(graph, node, _SHAPES):
            found.add(node)
        found.update(inner_shapes(graph, node))
    return frozenset(node for node in found if not isinstance(node, Literal))
