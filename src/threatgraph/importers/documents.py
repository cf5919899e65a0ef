"""What the documents of others hold: mappings of YAML and objects of JSON, whose scalars are text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from threatgraph.importers.builder import tidy

#: A mapping of a document; one of YAML has the line that it begins on below the key :data:`LINE`.
Entry = Mapping[Any, Any]
#: The key of the line: no document can have it.
LINE = object()


def line_of(entry: Entry) -> int:
    """The line that a mapping of a YAML file begins on, from 1; 0 for one of JSON."""
    return int(entry.get(LINE, 0))


def text_of(entry: Entry, *keys: str) -> str:
    """The first text that the keys have, made tidy; empty where they have none."""
    for key in keys:
        value = entry.get(key)
        if isinstance(value, str) and (text := tidy(value)):
            return text
    return ""


def texts_of(entry: Entry, *keys: str) -> Iterator[str]:
    """The texts in the lists that the keys have; a text alone counts as a list of one."""
    for key in keys:
        value = entry.get(key)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str) and (text := tidy(item)):
                yield text


def entries_of(entry: Entry, key: str) -> list[Entry]:
    """The mappings in a list; anything else in it, or in its place, is left out."""
    value = entry.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def strays_of(entry: Entry, key: str) -> str:
    """What :func:`entries_of` leaves out, in words; empty where it leaves out nothing."""
    value = entry.get(key)
    if value is None:
        return ""
    if not isinstance(value, list):
        return f"{key!r} is not a list; left out."
    strays = sum(not isinstance(item, dict) for item in value)
    return f"{key!r} has {strays} entries that are not mappings; left out." if strays else ""
