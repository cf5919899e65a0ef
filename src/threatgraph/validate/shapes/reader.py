"""Reads the declarations of a shapes graph and refuses ill-formed shapes and queries."""

from __future__ import annotations

from threatgraph.validate.shapes.declared_components import Components
from threatgraph.validate.shapes.graph import ShapeGraph
from threatgraph.validate.shapes.index import ShapesIndex
from threatgraph.validate.shapes.queries import refuse_external_access, refuse_malformed_queries
from threatgraph.validate.shapes.unevaluated import functions
from threatgraph.validate.shapes.wellformed import refuse_malformed


def read_shapes(graph: ShapeGraph, index: ShapesIndex, *, advanced: bool) -> Components:
    """Check that all shapes and queries are well-formed, and return the declared constraint components.

    Args:
        graph: the shapes graph.
        index: its index.
        advanced: allow queries to call the functions that the shapes graph declares.

    Raises:
        InvalidShape: if a shape, a query or a component is ill-formed.
        QueryRefused: if a query accesses anything other than the data graph.
    """
    refuse_external_access(graph)
    refuse_malformed(graph, index.shapes & index.active)
    refuse_malformed_queries(graph, index.active, functions(graph) if advanced else None)
    return Components(graph)
