"""Binds query variables to RDF terms before the query runs.

The terms become a ``VALUES`` clause at the start of the query's WHERE group, serialized and escaped by pyoxigraph.
Oxigraph's own substitutions are not used: they apply to projected variables only, and in version 0.5 they do not apply
inside ``FILTER EXISTS``, so a filter on a bound variable passes every row.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from pyoxigraph import Literal, NamedNode

from threatgraph.errors import InvalidQuery
from threatgraph.sparql.tokens import tokens

Bindings = Mapping[str, NamedNode | Literal]


def bind_values(sparql: str, bindings: Bindings | None) -> str:
    """Bind the variables of a query.

    Args:
        sparql: the text of a query; its first group graph pattern gets the bindings.
        bindings: the term for each variable name.

    Raises:
        InvalidQuery: if the text has no group graph pattern.
    """
    if not bindings:
        return sparql
    brace = _first_group(sparql)
    names = " ".join(f"?{name}" for name in bindings)
    values = " ".join(map(str, bindings.values()))
    return f"{sparql[: brace + 1]} VALUES ({names}) {{ ({values}) }} {sparql[brace + 1 :]}"


@lru_cache(maxsize=256)  # a query that looks up a record is asked for one record after another
def _first_group(sparql: str) -> int:
    """The position of the brace that opens the first group graph pattern."""
    found = list(tokens(sparql))
    where = next((position for word, position in found if word == "WHERE"), 0)
    brace = next((position for word, position in found if word == "{" and position >= where), None)
    if brace is None:
        raise InvalidQuery("the query has no { … } group whose variables can be bound.")
    return brace
