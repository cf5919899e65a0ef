"""Binds query variables to RDF terms before the query runs.

The terms become a ``VALUES`` clause at the start of the query's WHERE group, serialized and escaped by pyoxigraph.
Oxigraph's own substitutions are not used: they apply to projected variables only, and in version 0.5 they do not apply
inside ``FILTER EXISTS``, so a filter on a bound variable passes every row.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from pyoxigraph import Literal, NamedNode

from threatgraph.errors import InvalidQuery
from threatgraph.sparql.tokens import Token, scan

Bindings = Mapping[str, NamedNode | Literal]


def bind_values(sparql: str, bindings: Bindings | None) -> str:
    """Bind the variables of a query.

    Args:
        sparql: the text of a query; its first group graph pattern gets the bindings, and so do the sub-selects directly
            in it that project a variable, which engines evaluate on their own.
        bindings: the term for each variable name.

    Raises:
        InvalidQuery: if the text has no group graph pattern.
    """
    if not bindings:
        return sparql
    places = _places(sparql)
    if not places:
        raise InvalidQuery("the query has no { … } group whose variables can be bound.")
    for position, projected in reversed(places):
        terms = {name: term for name, term in bindings.items() if projected is None or name in projected}
        if terms:
            names = " ".join(f"?{name}" for name in terms)
            values = " ".join(map(str, terms.values()))
            sparql = f"{sparql[:position]} VALUES ({names}) {{ ({values}) }} {sparql[position:]}"
    return sparql


@lru_cache(maxsize=256)  # a query that looks up a record is asked for one record after another
def _places(sparql: str) -> tuple[tuple[int, set[str] | None], ...]:
    """The positions for bindings, each with the variables that may be bound there; ``None`` for all."""
    return tuple(_found_places(sparql))


def _found_places(sparql: str) -> Iterator[tuple[int, set[str] | None]]:
    found = list(scan(sparql))
    words = [token.text.upper() for token in found]
    where = words.index("WHERE") if "WHERE" in words else 0
    if "{" not in words[where:]:
        return
    first = words.index("{", where)
    yield found[first].end, None
    if {"LIMIT", "OFFSET"}.intersection(words):  # a sub-select of so many rows has other rows when it is restricted
        return
    depth = 0
    for i, word in enumerate(words[first + 1 :], first + 1):
        depth += (word == "{") - (word == "}")
        if depth == 1 and words[i - 1 : i + 1] == ["{", "SELECT"]:
            brace = words.index("{", i)
            yield found[brace].end, set(_projected(found[i:brace]))


def _projected(clause: Iterable[Token]) -> Iterator[str]:
    """The names of the variables that a SELECT clause projects as they are."""
    depth = 0
    for token in clause:
        depth += (token.text == "(") - (token.text == ")")
        if token.kind == "variable" and depth == 0:
            yield token.text[1:]
