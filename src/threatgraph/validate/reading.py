"""Reads what a shapes graph declares, and refuses one that breaks the rules for shapes."""

from __future__ import annotations

from threatgraph.validate.declared_components import Components
from threatgraph.validate.queries import refuse_malformed_queries, refuse_reaching
from threatgraph.validate.shapes import ShapeGraph
from threatgraph.validate.unevaluated import functions, live_nodes, shapes_among
from threatgraph.validate.wellformed import refuse_malformed


def read_shapes(graph: ShapeGraph, *, advanced: bool) -> Components:
    """The constraint components that a shapes graph declares, once its shapes and queries are seen to be well-formed.

    Args:
        graph: the shapes graph.
        advanced: whether queries may call functions that it declares.

    Raises:
        InvalidShape: where a shape, a query or a component breaks the rules.
        QueryRefused: where a query would reach beyond the data graph.
    """
    refuse_reaching(graph)
    live = live_nodes(graph)
    refuse_malformed(graph, shapes_among(graph) & live)
    refuse_malformed_queries(graph, live, functions(graph) if advanced else None)
    return Components(graph)
