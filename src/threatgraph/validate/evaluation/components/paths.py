"""The values of a node along a path (SHACL, section 2.3.1) of any depth, including the inverse of any path."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import rdflib
from pyshacl.errors import ReportableRuntimeError
from rdflib.namespace import RDF, SH
from rdflib.term import Node

_MAX_DEPTH = 200


def value_nodes(
    sg: Any, focus: Node, path_val: Node, target_graph: rdflib.Graph, inverse: bool = False, recursion: int = 0
) -> set[Node]:
    """The nodes at the end of a path; replaces the function of pyshacl with these parameters.

    Args:
        sg: pyshacl's shapes graph.
        focus: the node at the start of the path.
        path_val: the path.
        target_graph: the data graph.
        inverse: follow the path in the opposite direction.
        recursion: the nesting depth of the path.

    Raises:
        ReportableRuntimeError: if the path is ill-formed.
    """
    return _follow(_Graphs(sg.graph, target_graph), path_val, {focus}, inverse, recursion)


class _Graphs:
    def __init__(self, shapes: rdflib.Graph, data: rdflib.Graph) -> None:
        self.shapes, self.data = shapes, data


def _follow(graphs: _Graphs, path: Node, nodes: set[Node], inverse: bool, depth: int) -> set[Node]:
    if isinstance(path, rdflib.URIRef):
        step = graphs.data.subjects if inverse else graphs.data.objects
        return {found for node in nodes for found in (step(path, node) if inverse else step(node, path))}
    if isinstance(path, rdflib.Literal):
        raise ReportableRuntimeError("a path is a literal")
    if depth > _MAX_DEPTH:
        raise ReportableRuntimeError("a path is recursive or nested too deep")
    if (path, RDF.first, None) in graphs.shapes:
        return _sequence(graphs, path, nodes, inverse, depth)
    for kind, follow in _KINDS.items():
        inner = next(graphs.shapes.objects(path, kind), None)
        if inner is not None:
            return follow(graphs, inner, nodes, inverse, depth + 1)
    raise ReportableRuntimeError("a path is neither an IRI nor a SHACL path")


def _sequence(graphs: _Graphs, path: Node, nodes: set[Node], inverse: bool, depth: int) -> set[Node]:
    steps = list(graphs.shapes.items(path))
    if len(steps) < 2 and not depth:
        raise ReportableRuntimeError("a sequence of paths must have at least two members")
    # In the opposite direction, the last step comes first.
    for step in reversed(steps) if inverse else steps:
        nodes = _follow(graphs, step, nodes, inverse, depth + 1)
    return nodes


def _alternative(graphs: _Graphs, head: Node, nodes: set[Node], inverse: bool, depth: int) -> set[Node]:
    paths = list(graphs.shapes.items(head))
    if len(paths) < 2:
        raise ReportableRuntimeError("an alternative path must have at least two members")
    return set().union(*(_follow(graphs, path, nodes, inverse, depth) for path in paths))


def _inverse(graphs: _Graphs, inner: Node, nodes: set[Node], inverse: bool, depth: int) -> set[Node]:
    return _follow(graphs, inner, nodes, not inverse, depth)


def _zero_or_more(graphs: _Graphs, inner: Node, nodes: set[Node], inverse: bool, depth: int) -> set[Node]:
    return nodes | _one_or_more(graphs, inner, nodes, inverse, depth)


def _one_or_more(graphs: _Graphs, inner: Node, nodes: set[Node], inverse: bool, depth: int) -> set[Node]:
    found: set[Node] = set()
    new = nodes
    while new := _follow(graphs, inner, new, inverse, depth) - found:
        found |= new
    return found


def _zero_or_one(graphs: _Graphs, inner: Node, nodes: set[Node], inverse: bool, depth: int) -> set[Node]:
    return nodes | _follow(graphs, inner, nodes, inverse, depth)


#: If a node describes several kinds of path, the first of these applies, as in pyshacl.
_KINDS: dict[Node, Callable[[_Graphs, Node, set[Node], bool, int], set[Node]]] = {
    SH.inversePath: _inverse,
    SH.alternativePath: _alternative,
    SH.zeroOrMorePath: _zero_or_more,
    SH.oneOrMorePath: _one_or_more,
    SH.zeroOrOnePath: _zero_or_one,
}


def to_sparql(_: Any, sg: Any, path_node: Node, prefixes: Any = None, recursion: int = 0) -> str:
    """A path in SPARQL syntax; replaces the function of pyshacl, which is the first argument.

    pyshacl abbreviates IRIs by prefix, so that an IRI with a slash becomes a sequence, and omits the brackets around
    repeated paths.
    """
    graph = sg.graph
    if isinstance(path_node, rdflib.URIRef):
        return path_node.n3()
    if isinstance(path_node, rdflib.Literal) or recursion > _MAX_DEPTH:
        raise ReportableRuntimeError("a path is a literal or nested too deep")
    if (path_node, RDF.first, None) in graph:
        return _joined(sg, path_node, "/", recursion)
    for kind, (prefix, suffix) in _SYNTAX.items():
        inner = graph.value(path_node, kind)
        if inner is not None:
            return f"({prefix}{to_sparql(_, sg, inner, prefixes, recursion + 1)}{suffix})"
    alternatives = graph.value(path_node, SH.alternativePath)
    if alternatives is None:
        raise ReportableRuntimeError("a path is neither an IRI nor a SHACL path")
    return _joined(sg, alternatives, "|", recursion)


def _joined(sg: Any, head: Node, sign: str, depth: int) -> str:
    return f"({sign.join(to_sparql(None, sg, part, None, depth + 1) for part in sg.graph.items(head))})"


_SYNTAX = {
    SH.inversePath: ("^", ""),
    SH.zeroOrMorePath: ("", "*"),
    SH.oneOrMorePath: ("", "+"),
    SH.zeroOrOnePath: ("", "?"),
}
