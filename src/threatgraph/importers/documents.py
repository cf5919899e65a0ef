"""Reads documents of others: YAML, with the line of each mapping and without what fills a memory; and JSON."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from threatgraph.errors import InvalidFile
from threatgraph.importers.drafts import tidy
from threatgraph.importers.sheets import read_text

#: A mapping of a document, with the line that it begins on below the key :data:`LINE`.
Entry = Mapping[Any, Any]
#: The key of the line: no document can have it.
LINE = object()
#: The most bytes that a YAML file may hold: as Python objects it needs a hundred times as many.
LARGEST_YAML = 16 * 2**20
_LONGEST_NUMBER = 256
#: How deep the values of a YAML file may be nested: the loader in C dies of some ten thousand.
DEEPEST = 100
_TOO_DEEP = "nesting depth"
#: How many values a document may hold once each alias is replaced by what it stands for.
MOST_VALUES = 5_000_000


def read_yaml(path: Path) -> Entry:
    """The mapping that a YAML file holds.

    Raises:
        ImportError: where PyYAML is not installed.
        InvalidFile: where the file cannot be read, does not parse, holds something else than a mapping, is nested too
            deep, refers to itself, or has aliases that stand for more than a memory should hold.
    """
    text = read_text(path, LARGEST_YAML)
    yaml, loader = _yaml()
    try:
        _sound_depth(path, yaml.parse(text, Loader=loader))
        document = yaml.load(text, Loader=loader)
        _measure(path, document)
    except InvalidFile:
        raise  # it is a ValueError, too, and says what is wrong itself
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        if _TOO_DEEP in str(error.problem):  # PyYAML 6.0.4 has a limit of its own, which its look-ahead meets first
            raise InvalidFile(str(path), "is nested too deep.", line) from error
        raise InvalidFile(str(path), f"is no YAML: {error.problem or error.context}.", line, column) from error
    except (yaml.YAMLError, ValueError) as error:
        raise InvalidFile(str(path), f"is no YAML: {error}.") from error
    if not isinstance(document, dict):
        raise InvalidFile(str(path), "holds no mapping, such as `key: value`, at its top.")
    return document


def read_json(path: Path) -> Entry:
    """The object that a JSON file holds.

    Raises:
        InvalidFile: where the file cannot be read, does not parse, or holds something else than an object.
    """
    text = read_text(path)
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidFile(str(path), f"is no JSON: {error.msg}.", error.lineno, error.colno) from error
    except ValueError as error:  # a number of thousands of digits
        raise InvalidFile(str(path), f"is no JSON: {error}.") from error
    except RecursionError as error:
        raise InvalidFile(str(path), "is nested too deep.") from error
    if not isinstance(document, dict):
        raise InvalidFile(str(path), "holds no JSON object at its top.")
    return document


@cache
def _yaml() -> tuple[Any, Any]:
    """PyYAML, and a safe loader of it that keeps the lines; written in C where PyYAML has that."""
    try:
        import yaml
    except ImportError as error:
        raise ImportError("PyYAML is not installed: pip install 'threatgraph[import]'") from error
    safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class Loader(safe):  # type: ignore[misc]
        """A safe loader that puts the line of each mapping into it."""

        def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
            return {**super().construct_mapping(node, deep=deep), LINE: node.start_mark.line + 1}

    return yaml, Loader


def _sound_depth(path: Path, events: Iterable[Any]) -> None:
    """Refuse a document that is nested too deep, before anything is built of it."""
    depth = 0
    for event in events:
        name = type(event).__name__
        depth += name.endswith("StartEvent") - name.endswith("EndEvent")
        if depth > DEEPEST:
            raise InvalidFile(str(path), "is nested too deep.", event.start_mark.line + 1)


def _measure(path: Path, document: object) -> None:
    """Refuse a document that refers to itself, or whose aliases stand for too many values."""
    sizes: dict[int, int] = {}

    def size(value: object) -> int:
        children = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
        if not children:
            return 1
        if sizes.setdefault(id(value), 0) == 0:
            sizes[id(value)] = -1  # until it is known
            sizes[id(value)] = 1 + sum(map(size, children))
        if sizes[id(value)] < 0:
            raise InvalidFile(str(path), "holds a value that is a part of itself.")
        return sizes[id(value)]

    if size(document) > MOST_VALUES:
        raise InvalidFile(str(path), f"holds more than {MOST_VALUES} values once its aliases are replaced.")


def line_of(entry: Entry) -> int:
    """The line that a mapping of a YAML file begins on, from 1; 0 for one of JSON."""
    return int(entry.get(LINE, 0))


def text_of(entry: Entry, *keys: str) -> str:
    """The first text, number or date that the keys have; empty where they have none."""
    for key in keys:
        value = entry.get(key)
        if text := _text(value):
            return text
    return ""


def _text(value: object) -> str:
    """A text, a number or a date as a tidy text; empty for anything else, a number of hundreds of digits too."""
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, bool) or (isinstance(value, int) and value.bit_length() > _LONGEST_NUMBER):
        return ""
    return tidy(str(value)) if isinstance(value, str | int | float) else ""


def texts_of(entry: Entry, *keys: str) -> Iterator[str]:
    """The texts in the lists that the keys have; a text alone counts as a list of one."""
    for key in keys:
        value = entry.get(key)
        for item in value if isinstance(value, list) else [value]:
            if text := _text(item):
                yield text


def entries_of(entry: Entry, key: str) -> list[Entry]:
    """The mappings in a list; anything else in it, or in its place, is left out."""
    value = entry.get(key)
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
