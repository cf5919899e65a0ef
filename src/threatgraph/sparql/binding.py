"""Binds variables of a query to RDF terms before it runs.

The terms become a ``VALUES`` clause at the head of the query's WHERE group, written by the engine's own serialiser,
which escapes whatever a literal holds. Oxigraph's substitutions are not used: they reach only projected variables, and
in version 0.5 they do not reach into ``FILTER EXISTS``, so that a bound filter lets every row through.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyoxigraph import Literal, NamedNode

from threatgraph.errors import InvalidQuery
from threatgraph.sparql.tokens import tokens

Bindings = Mapping[str, NamedNode | Literal]


def bind_values(sparql: str, bindings: Bindings | None) -> str:
    """The query with its variables bound.

    Args:
        sparql: the text of a query; its first group, after ``WHERE`` where that word stands, is the one that is bound.
        bindings: name of each variable to its term.

    Raises:
        InvalidQuery: where the text has no group to bind.
    """
    if not bindings:
        return sparql
    found = list(tokens(sparql))
    where = next((position for word, position in found if word == "WHERE"), 0)
    brace = next((position for word, position in found if word == "{" and position >= where), None)
    if brace is None:
        raise InvalidQuery("the query has no { … } group whose variables could be bound.")
    names = " ".join(f"?{name}" for name in bindings)
    values = " ".join(map(str, bindings.values()))
    return f"{sparql[: brace + 1]} VALUES ({names}) {{ ({values}) }} {sparql[brace + 1 :]}"
