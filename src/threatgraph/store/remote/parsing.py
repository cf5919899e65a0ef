"""Has a query parsed that another engine will evaluate, so that its faults are reported as those of any query."""

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
    """The kind of answer that a query gives, without an answer: the class of pyoxigraph.

    The engine parses and evaluates in one step, so this too happens in a worker, over no triples.

    Args:
        sparql: the text.
        timeout: seconds that it may take; ``None`` for no limit.
        allow_service: let ``SERVICE`` through.

    Raises:
        QueryRefused: for an update, or ``SERVICE`` where it is not let through.
        InvalidQuery: where the text does not parse, with the position.
        QueryTimeout: after ``timeout`` seconds.
        QueryTooLarge: where it needs too much memory.
        EngineFailed: where the engine crashes.
    """
    try:
        _nothing().pool(graphs=False).query(sparql, timeout=timeout, allow_service=allow_service)
    except ThreatGraphError as error:
        if type(error) is not ThreatGraphError:
            raise
        # It parses, and what failed is its evaluation, such as a call of SERVICE, which has no place here.
    return next((_FORMS[word] for word, _ in tokens(sparql) if word in _FORMS), ox.QuerySolutions)


@cache
def _nothing() -> MemoryStore:
    return MemoryStore()
