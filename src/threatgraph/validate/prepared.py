"""A graph that parses the text of a query once, for pyshacl, which asks each constraint anew for each node."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import rdflib
from rdflib.plugins.sparql import prepareQuery
from rdflib.plugins.sparql.sparql import Query

_prepare = lru_cache(maxsize=1024)(prepareQuery)


class PreparedGraph(rdflib.Graph):
    """The same triples as another graph; a query of the same text and prefixes is parsed at the first time only."""

    def __init__(self, graph: rdflib.Graph) -> None:
        super().__init__(store=graph.store, identifier=graph.identifier, bind_namespaces="none")

    def query(self, query_object: str | Query, *args: Any, **options: Any) -> rdflib.query.Result:
        """Answer a query as :meth:`rdflib.Graph.query` does."""
        spaces = options.get("initNs") or dict(self.namespaces())
        if isinstance(query_object, str):
            query_object = _prepare(query_object, initNs=_Spaces(spaces))
        return super().query(query_object, *args, **options)


class _Spaces(dict[str, Any]):
    """Prefixes that can be a key of a cache."""

    def __hash__(self) -> int:  # type: ignore[override]
        return hash(frozenset(self.items()))
