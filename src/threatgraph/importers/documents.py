"""Access to the content of YAML and JSON documents, whose scalars are text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from threatgraph.importers.builder import tidy

#: A YAML mapping or JSON object; a YAML mapping has its line under the key :data:`LINE`.
Entry = Mapping[Any, Any]
#: The key of the line number; no document can contain this key.
LINE = object()


def line_of(entry: Entry) -> int:
    """The first line of a YAML mapping, from 1; 0 for a JSON object."""
    return int(entry.get(LINE, 0))


def text_of(entry: Entry, *keys: str) -> str:
    """The first text among the values of the keys, normalized by ``tidy``; empty if there is none."""
    for key in keys:
        value = entry.get(key)
        if isinstance(value, str) and (text := tidy(value)):
            return text
    return ""


def texts_of(entry: Entry, *keys: str) -> Iterator[str]:
    """The texts in the lists under the keys; a single text counts as a list."""
    for key in keys:
        value = entry.get(key)
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, str) and (text := tidy(item)):
                yield text


def entries_of(entry: Entry, key: str) -> list[Entry]:
    """The mappings in a list; other items, and values that are not lists, are left out."""
    value = entry.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def strays_of(entry: Entry, key: str) -> str:
    """Describe what :func:`entries_of` leaves out; empty if it leaves out nothing."""
    value = entry.get(key)
    if value is None:
        return ""
    if not isinstance(value, list):
        return f"{key!r} is not a list; left out."
    strays = sum(not isinstance(item, dict) for item in value)
    return f"{key!r} has {strays} entries that are not mappings; left out." if strays else ""
