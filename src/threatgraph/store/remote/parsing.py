"""Parses a query before a remote server evaluates it, so that syntax errors are reported in the same way."""

from __future__ import annotations

from functools import cache

import pyoxigraph as ox

from threatgraph.errors import ThreatGraphError
from threatgraph.sparql.tokens import tokens
from threatgraph.store.memory import MemoryStore

_FORMS = {
    "SELECT": ox.QuerySolutions,
    "ASK": ox.QueryBoolean,
    "CONSTRUCT": ox.QueryTriples,
    "DESCRIBE": ox.QueryTriples,
}


def form_of(sparql: str, timeout: float | None, *, allow_service: bool = False) -> type:
    """Determine the result class of a query, as a class of pyoxigraph, without evaluating it on data.

    Oxigraph parses and evaluates in one step, so the query runs in a worker over an empty graph.

    Args:
        sparql: the text of the query.
        timeout: time limit in seconds; ``None`` for no limit.
        allow_service: permit ``SERVICE``.

    Raises:
        QueryRefused: for an update, or for ``SERVICE`` if it is not permitted.
        InvalidQuery: if the query does not parse; it has the position.
        QueryTimeout: after ``timeout`` seconds.
        QueryTooLarge: if it needs too much memory.
        EngineFailed: if the engine crashes.
    """
    try:
        _nothing().pool(graphs=False).query(sparql, timeout=timeout, allow_service=allow_service)
    except ThreatGraphError as error:
        if type(error) is not ThreatGraphError:
            raise
        # The query parses; only its evaluation failed, such as a call of SERVICE.
    return next((_FORMS[word] for word, _ in tokens(sparql) if word in _FORMS), ox.QuerySolutions)


@cache
def _nothing() -> MemoryStore:
    return MemoryStore()
