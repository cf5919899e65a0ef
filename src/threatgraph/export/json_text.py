"""Writes JSON with an indent of one space, many times faster than ``json.dumps``, which does that in Python."""

from __future__ import annotations

from collections.abc import Mapping
from json.encoder import encode_basestring


def dumps(value: object, line: str = "\n") -> str:
    """Serialize a value as ``json.dumps(value, ensure_ascii=False, indent=1)`` does.

    Args:
        value: a string, an integer, a mapping with strings as keys, or a list.
        line: begins the line that the value is in: a line feed and its indent.
    """
    if isinstance(value, str):
        return encode_basestring(value)
    if not value or isinstance(value, int):
        return str(value)
    below = line + " "
    if isinstance(value, Mapping):
        items = [f"{encode_basestring(key)}: {dumps(item, below)}" for key, item in value.items()]
        return f"{{{below}{f',{below}'.join(items)}{line}}}"
    if not isinstance(value, list):
        raise TypeError(f"{type(value).__name__} has no JSON form here.")
    return f"[{below}{f',{below}'.join([dumps(item, below) for item in value])}{line}]"
