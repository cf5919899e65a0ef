"""The filters of a search, as values of the index."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from threatgraph.errors import InvalidQuery
from threatgraph.lookup import kind_named, resolve
from threatgraph.search.vocabulary import Vocabulary
from threatgraph.search.words import tokens
from threatgraph.store import Store
from threatgraph.vocab import KINDS

Values = str | int | Sequence[str | int] | None
_YEAR = re.compile(r"\d{4}")


def read_filters(store: Store, vocabulary: Vocabulary, given: Mapping[str, Values]) -> dict[str, list[str]]:
    """Convert the filters that a user gives to values of the index.

    Args:
        store: the graph, which has the names of frameworks, sectors and severities.
        vocabulary: further names of frameworks.
        given: the value or values of each filter: ``kind``, ``framework``, ``sector``, ``severity``, ``year``.

    Raises:
        UnknownName: for a value that does not exist.
        AmbiguousName: if several records have the name of a value.
        InvalidQuery: for a year that is not valid.
    """
    found: dict[str, list[str]] = {}
    for name, values in given.items():
        if values is None:
            continue
        listed = [values] if isinstance(values, str | int) else list(values)
        if listed:
            found[name] = [value for text in listed for value in _read(store, vocabulary, name, str(text).strip())]
    return found


def _read(store: Store, vocabulary: Vocabulary, name: str, value: str) -> list[str]:
    if name == "kind":
        return [kind_named(value).name]
    if name == "year":
        if not _YEAR.fullmatch(value):
            raise InvalidQuery(f"{value!r} is not a valid year; write four digits, such as 2024.")
        return [value]
    if name == "framework" and (editions := vocabulary.frameworks.get(tuple(tokens(value)))):
        return [KINDS["framework"].namespace + edition for edition in editions]
    return [resolve(store, value, name)]
