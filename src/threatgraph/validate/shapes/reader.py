"""Reads what a shapes graph declares, and refuses one that breaks the rules for shapes."""

from __future__ import annotations

from threatgraph.validate.shapes.declared_components import Components
from threatgraph.validate.shapes.graph import ShapeGraph
from threatgraph.validate.shapes.parts import Parts
from threatgraph.validate.shapes.queries import refuse_malformed_queries, refuse_reaching
from threatgraph.validate.shapes.unevaluated import functions
from threatgraph.validate.shapes.wellformed import refuse_malformed


def read_shapes(graph: ShapeGraph, parts: Parts, *, advanced: bool) -> Components:
    """The constraint components that a shapes graph declares, once its shapes and queries are seen to be well-formed.

    Args:
        graph: the shapes graph.
        parts: its parts.
        advanced: whether queries may call functions that it declares.

    Raises:
        InvalidShape: where a shape, a query or a component breaks the rules.
        QueryRefused: where a query would reach beyond the data graph.
    """
    refuse_reaching(graph)
    refuse_malformed(graph, parts.shapes & parts.live)
    refuse_malformed_queries(graph, parts.live, functions(graph) if advanced else None)
    return Components(graph)
