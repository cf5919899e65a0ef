"""Reads JSON as RFC 8259 defines it: numbers remain text, and duplicate names are rejected."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NoReturn

from threatgraph.errors import InvalidFile
from threatgraph.importers.documents import Entry
from threatgraph.importers.sheets import read_text

# The tokens of a JSON text that locate objects, names and constants.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]|-?Infinity|NaN', re.DOTALL)


class _Refused(Exception):
    """Raised for input that the standard library accepts but RFC 8259 does not."""


def read_json(path: Path) -> Entry:
    """Read the object in a JSON file; its numbers remain text.

    Raises:
        InvalidFile: if the file cannot be read, does not parse, has a duplicate name in an object, or does not contain
            an object.
    """
    text = read_text(path)
    try:
        document = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse, parse_int=str, parse_float=str)
    except json.JSONDecodeError as error:
        raise InvalidFile(str(path), f"is not valid JSON: {error.msg}.", error.lineno, error.colno) from error
    except RecursionError as error:
        raise InvalidFile(str(path), "is nested too deeply.") from error
    except _Refused as error:
        at, reason = _first_refused(text)
        raise InvalidFile(str(path), f"is not valid JSON: {reason}.", *_place(text, at)) from error
    if not isinstance(document, dict):
        raise InvalidFile(str(path), "must contain a JSON object at the top level.")
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Refused
    return found


def _refuse(_: str) -> NoReturn:
    raise _Refused


def _first_refused(text: str) -> tuple[int, str]:
    """Find the first duplicate name or invalid constant in a text: its position and the problem."""
    # The names in each open object, with their positions; None for a list.
    open_objects: list[dict[str, int] | None] = []
    is_name = False
    for token in _TOKEN.finditer(text):
        found, inside = token[0], open_objects[-1] if open_objects else None
        if found in "{[":
            open_objects.append({} if found == "{" else None)
        elif found in "}]":
            open_objects.pop()
        elif found[0] == '"' and is_name and inside is not None:
            name = json.loads(found)
            if (first := inside.setdefault(name, token.start())) != token.start():
                line, _ = _place(text, first)
                return token.start(), f"duplicate name {name!r}, first on line {line}: keep one"
        elif found[0] in "-IN":
            return token.start(), f"{found} is not a valid JSON number"
        is_name = found in "{,"
    raise AssertionError("the parser rejected a valid text")


def _place(text: str, at: int) -> tuple[int, int]:
    """The line and column of a character, from 1."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
