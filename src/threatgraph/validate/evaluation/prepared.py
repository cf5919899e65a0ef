"""The data graph that pyshacl is given: it parses a query once, and lets queries read the shapes graph.

pyshacl asks each constraint anew for each node, and has no ``$shapesGraph``.
"""

from __future__ import annotations

from functools import cached_property, lru_cache
from typing import Any

import rdflib
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query

from threatgraph.errors import QueryRefused
from threatgraph.validate.evaluation.shapes_subset import SHAPES_GRAPH

#: What the shapes graph is called in queries.
_SHAPES = rdflib.URIRef("urn:threatgraph:validation#shapes")
_prepare = lru_cache(maxsize=1024)(prepareQuery)


class PreparedGraph(rdflib.Graph):
    """The same triples as another graph; a query of the same text and prefixes is parsed at the first time only.

    Args:
        graph: the data graph.
        shapes: the shapes graph, where queries ask for it by the variable :data:`~.subset.SHAPES_GRAPH`.
    """

    def __init__(self, graph: rdflib.Graph, shapes: rdflib.Graph | None = None) -> None:
        super().__init__(store=graph.store, identifier=graph.identifier, bind_namespaces="none")
        self._shapes = shapes

    @cached_property
    def _both(self) -> rdflib.Dataset:
        """The data as default graph, and the shapes under their own name."""
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
        """Answer a query as :meth:`rdflib.Graph.query` does."""
        if isinstance(query_object, str):
            query_object = _prepare(query_object, initNs=_Spaces(initNs or dict(self.namespaces())))
        if self._shapes is None:
            return super().query(query_object, processor, result, initNs, initBindings, *args, **options)
        if getattr(query_object.algebra, "datasetClause", None):
            raise QueryRefused("FROM in a query of the shapes is refused: it may read the data graph only.")
        bindings = {**(initBindings or {}), SHAPES_GRAPH: _SHAPES}
        return self._both.query(query_object, processor, result, initNs, bindings, *args, **options)


class _Spaces(dict[str, Any]):
    """Prefixes that can be a key of a cache."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))
