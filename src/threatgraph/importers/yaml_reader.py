"""Reads YAML so that every scalar stays text, every key is unique, and no document can fill the memory.

PyYAML parses; this module builds the values itself. YAML 1.1, which PyYAML implements, turns ``No`` into a boolean,
``12:30:45`` into a number and ``5.10`` into 5.1, and lets the last of several equal keys win. YAML 1.2 does neither
for text (section 10.3.2) nor for keys (section 3.2.1.3). A caller that needs a number converts the text itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from threatgraph.errors import InvalidFile
from threatgraph.importers.documents import LINE, Entry
from threatgraph.importers.sheets import read_text

#: The most bytes that a YAML file may hold: as Python objects it needs a hundred times as many.
LARGEST_YAML = 16 * 2**20
#: How deep the values of a YAML file may be nested: the loader in C dies of some ten thousand.
DEEPEST = 100
#: How many values a document may hold once each alias is replaced by what it stands for.
MOST_VALUES = 5_000_000
_TOO_DEEP = "nesting depth"
_TAG = "tag:yaml.org,2002:"
#: Tags that a scalar may bear; those of numbers, booleans and dates leave its text as it is written.
_SCALARS = frozenset(_TAG + name for name in ("str", "int", "float", "bool", "timestamp"))
_NULL, _MERGE = f"{_TAG}null", f"{_TAG}merge"
# What section 5.1 of YAML 1.2 does not allow in a document.
_NOT_PRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_yaml(path: Path) -> Entry:
    """The mapping that a YAML file holds; its scalars are text, or ``None`` for ``null``, ``~`` and nothing.

    Raises:
        InvalidFile: where the file cannot be read or as :func:`parse_yaml`.
    """
    return parse_yaml(read_text(path, LARGEST_YAML), path)


def parse_yaml(text: str, path: Path, *, indent: int = 0) -> Entry:
    """The mapping that a YAML text holds.

    Args:
        text: the text.
        path: the file that it comes from, named in errors.
        indent: how many characters of each line of the file come before the text.

    Returns:
        The mapping; each mapping inside it has its line below the key ``LINE`` of :mod:`.documents`.

    Raises:
        InvalidFile: where the text does not parse, holds something else than a mapping, has a key twice in one mapping
            or a tag of its own, is nested too deep, refers to itself, or has aliases that stand for more than a memory
            should hold.
    """
    if found := _NOT_PRINTABLE.search(text):
        at = found.start()
        reason = f"is not valid YAML: the character U+{ord(found[0]):04X} is not allowed."
        raise InvalidFile(str(path), reason, text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at) + indent)
    yaml, loader_class = _yaml()
    try:
        _check_depth(path, yaml.parse(text, Loader=loader_class))
        loader = loader_class(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = (mark.line + 1, mark.column + 1 + indent) if mark else (None, None)
        problem = str(error.problem or error.context)
        if _TOO_DEEP in problem:  # PyYAML 6.0.4 has a limit of its own, which its look-ahead meets first
            raise InvalidFile(str(path), "is nested too deep.", place[0]) from error
        if problem.startswith("but "):  # the context is the first half of the sentence
            problem = f"{error.context}, {problem}"
        raise InvalidFile(str(path), f"is not valid YAML: {problem}.", *place) from error
    except yaml.YAMLError as error:
        raise InvalidFile(str(path), f"is not valid YAML: {' '.join(str(error).split())}.") from error
    document = _Builder(path, indent).build(node) if node is not None else None
    if not isinstance(document, dict):
        raise InvalidFile(str(path), "holds no mapping, such as `key: value`, at its top.")
    return document


@cache
def _yaml() -> tuple[Any, Any]:
    """PyYAML, and a loader of it that takes no scalar for anything but text, null or a merge; in C where it can be."""
    import yaml  # here, since most commands read no YAML

    safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    null = (_NULL, re.compile(r"(?:~|null|Null|NULL|)$"))
    merge = (_MERGE, re.compile(r"<<$"))

    class Loader(safe):  # type: ignore[misc]
        """A loader without the implicit types of YAML 1.1."""

        # First character of a plain scalar to what may be meant by it, as PyYAML's resolver has it.
        yaml_implicit_resolvers = {"~": [null], "n": [null], "N": [null], "": [null], "<": [merge]}  # noqa: RUF012

    return yaml, Loader


def _check_depth(path: Path, events: Iterable[Any]) -> None:
    """Refuse a document that is nested too deep, before anything is built of it."""
    depth = 0
    for event in events:
        name = type(event).__name__
        depth += name.endswith("StartEvent") - name.endswith("EndEvent")
        if depth > DEEPEST:
            raise InvalidFile(str(path), "is nested too deep.", event.start_mark.line + 1)


class _Builder:
    """Builds values of the nodes of one document.

    An alias is the node that it stands for, so that a node is built once; its size counts wherever it is named.
    """

    def __init__(self, path: Path, indent: int) -> None:
        self._path, self._indent = path, indent
        self._built: dict[int, tuple[object, int]] = {}
        self._building: set[int] = set()

    def build(self, node: Any) -> object:
        """The value of a node."""
        return self._sized(node)[0]

    def _sized(self, node: Any) -> tuple[object, int]:
        """The value of a node, and how many values it holds."""
        if id(node) in self._built:
            return self._built[id(node)]
        if id(node) in self._building:
            raise InvalidFile(str(self._path), "holds a value that is a part of itself.")
        self._building.add(id(node))
        make = {"ScalarNode": self._scalar, "SequenceNode": self._sequence, "MappingNode": self._mapping}
        value, size = make[type(node).__name__](node)
        if size > MOST_VALUES:
            raise InvalidFile(str(self._path), f"holds more than {MOST_VALUES} values once its aliases are replaced.")
        self._building.remove(id(node))
        self._built[id(node)] = value, size
        return value, size

    def _scalar(self, node: Any) -> tuple[object, int]:
        if node.tag == _NULL:
            return None, 1
        if node.tag not in _SCALARS and node.tag != _MERGE:
            raise self._error(node, f"the tag {node.tag!r} is not supported")
        return node.value, 1

    def _sequence(self, node: Any) -> tuple[object, int]:
        if node.tag != f"{_TAG}seq":
            raise self._error(node, f"the tag {node.tag!r} is not supported")
        items = [self._sized(item) for item in node.value]
        return [value for value, _ in items], 1 + sum(size for _, size in items)

    def _mapping(self, node: Any) -> tuple[object, int]:
        if node.tag != f"{_TAG}map":
            raise self._error(node, f"the tag {node.tag!r} is not supported")
        own: dict[object, object] = {}
        merged: dict[object, object] = {}
        lines: dict[str, int] = {}
        total = 1
        for key, value in node.value:
            if type(key).__name__ != "ScalarNode":
                raise self._error(key, "a key must be text, and not a list or a mapping")
            if key.value in lines:
                first = lines[key.value]
                raise self._error(key, f"the key {key.value!r} is already in this mapping, on line {first}: keep one")
            lines[key.value] = key.start_mark.line + 1
            built, size = self._sized(value)
            total += size
            if key.tag == _MERGE:
                for mapping in self._merged(value, built):
                    merged = {**mapping, **merged}
            else:
                own[key.value] = built
        return {**merged, **own, LINE: node.start_mark.line + 1}, total

    def _merged(self, node: Any, built: object) -> Iterator[dict[object, object]]:
        """The mappings that a merge key (``<<``) names, the first of which counts most."""
        for mapping in built if isinstance(built, list) else [built]:
            if not isinstance(mapping, dict):
                raise self._error(node, "a merge key (<<) must name a mapping, or a list of mappings")
            yield mapping

    def _error(self, node: Any, problem: str) -> InvalidFile:
        mark = node.start_mark
        column = mark.column + 1 + self._indent
        return InvalidFile(str(self._path), f"is not valid YAML: {problem}.", mark.line + 1, column)
