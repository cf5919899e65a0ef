"""Rejects SPARQL that would update the graph or access the network."""

from __future__ import annotations

from threatgraph.errors import QueryRefused
from threatgraph.sparql.tokens import may_say, tokens

_UPDATES = {"INSERT", "DELETE", "LOAD", "CLEAR", "DROP", "CREATE", "ADD", "MOVE", "COPY"}


def refuse_unsafe(sparql: str, *, allow_service: bool = False) -> None:
    """Reject a query that has an update operation or a ``SERVICE`` clause.

    Args:
        sparql: the text of a query.
        allow_service: permit ``SERVICE``, which sends parts of the query to other servers.

    Raises:
        QueryRefused: has the keyword, its line and column, and what to do.
    """
    text = sparql.upper()
    # Most queries have none of these words, and the first use of the tokenizer takes time.
    for word, position in tokens(sparql) if any(word in text for word in _UPDATES) else ():
        if word in _UPDATES:
            _refuse(sparql, position, word, "the graph is read-only here: change the data files and load them again.")
    if not allow_service and (at := may_say(sparql, "SERVICE")) is not None:
        reason = "federated queries are turned off: `allow_service=True` permits them."
        _refuse(sparql, at, "SERVICE", reason)


def _refuse(sparql: str, position: int, word: str, reason: str) -> None:
    line = sparql.count("\n", 0, position) + 1
    column = position - sparql.rfind("\n", 0, position)
    raise QueryRefused(f"{word} at line {line}, column {column} is refused: {reason}")
