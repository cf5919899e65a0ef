"""Reads JSON so that numbers keep their text, every name is unique, and only what RFC 8259 allows is JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NoReturn

from threatgraph.errors import InvalidFile
from threatgraph.importers.documents import Entry
from threatgraph.importers.sheets import read_text

# The parts of a text in JSON that tell where an object, a name in it, or a constant is.
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[{}\[\],]|-?Infinity|NaN', re.DOTALL)


class _Refused(Exception):
    """The parser has met something that the standard library accepts and JSON does not."""


def read_json(path: Path) -> Entry:
    """The object that a JSON file holds; its numbers are text, as they are written.

    Raises:
        InvalidFile: where the file cannot be read, does not parse, has a name twice in one object, or holds something
            else than an object.
    """
    text = read_text(path)
    try:
        document = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse, parse_int=str, parse_float=str)
    except json.JSONDecodeError as error:
        raise InvalidFile(str(path), f"is not valid JSON: {error.msg}.", error.lineno, error.colno) from error
    except RecursionError as error:
        raise InvalidFile(str(path), "is nested too deep.") from error
    except _Refused as error:
        at, reason = _first_refused(text)
        raise InvalidFile(str(path), f"is not valid JSON: {reason}.", *_place(text, at)) from error
    if not isinstance(document, dict):
        raise InvalidFile(str(path), "holds no JSON object at its top.")
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise _Refused
    return found


def _refuse(_: str) -> NoReturn:
    raise _Refused


def _first_refused(text: str) -> tuple[int, str]:
    """Where a text has its first repeated name or constant that is no JSON, and what is wrong there."""
    # The names of each object that is open, each with its place; None for a list.
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
                return token.start(), f"the name {name!r} is already in this object, on line {line}: keep one"
        elif found[0] in "-IN":
            return token.start(), f"{found} is not a number in JSON"
        is_name = found in "{,"
    raise AssertionError("the parser refused a text in which nothing is wrong")


def _place(text: str, at: int) -> tuple[int, int]:
    """Line and column of a character of a text, from 1."""
    return text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
