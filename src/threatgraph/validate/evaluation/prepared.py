"""A data graph for pyshacl that parses each query once and gives queries access to the shapes graph.

pyshacl parses the query of a constraint again for each focus node, and does not support ``$shapesGraph``.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

import rdflib
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query

from threatgraph.errors import QueryRefused
from threatgraph.validate.evaluation.shapes_subset import SHAPES_GRAPH

#: The IRI of the shapes graph in queries.
_SHAPES = rdflib.URIRef("urn:threatgraph:validation#shapes")
_prepare = lru_cache(maxsize=1024)(prepareQuery)


class PreparedGraph(rdflib.Graph):
    """A view of a graph that caches parsed queries by text and prefixes.

    Args:
        graph: the data graph.
        shapes: the shapes graph, if queries read it by the variable :data:`.shapes_subset.SHAPES_GRAPH`.
    """

    def __init__(self, graph: rdflib.Graph, shapes: rdflib.Graph | None = None) -> None:
        super().__init__(store=graph.store, identifier=graph.identifier, bind_namespaces="none")
        self._shapes = shapes

    @cached_property
    def _both(self) -> rdflib.Dataset:
        """The data as the default graph, and the shapes as a named graph."""
        both = rdflib.Dataset()
        for triple in self:
            both.add(triple)
        for triple in self._shapes or ():
            both.graph(_SHAPES).add(triple)
        return both

    def query(
        self,
        query_object: str | Query,
        processor: Any = "sparql",
        result: Any = "sparql",
        initNs: Any = None,  # noqa: N803
        initBindings: Any = None,  # noqa: N803
        *args: Any,
        **options: Any,
    ) -> rdflib.query.Result:
        """Run a query like :meth:`rdflib.Graph.query`."""
        if isinstance(query_object, str):
            query_object = _prepare(query_object, initNs=_HashablePrefixes(initNs or dict(self.namespaces())))
        if self._shapes is None:
            return super().query(query_object, processor, result, initNs, initBindings, *args, **options)
        if getattr(query_object.algebra, "datasetClause", None):
            raise QueryRefused(
                "FROM is not allowed in queries of shapes: they may only read the data graph. Remove it."
            )
        bindings = {**(initBindings or {}), SHAPES_GRAPH: _SHAPES}
        return self._both.query(query_object, processor, result, initNs, bindings, *args, **options)


class _HashablePrefixes(dict[str, Any]):
    """Prefixes as a cache key."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))
