"""Reads YAML with text scalars and unique keys, within limits on size and depth.

PyYAML parses the document; this module constructs the values. PyYAML implements YAML 1.1, which converts ``No`` into a
Boolean, ``12:30:45`` into a number and ``5.10`` into 5.1, and keeps the last of several equal keys. YAML 1.2 does
neither (sections 10.3.2 and 3.2.1.3). Callers that need a number convert the text.
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

#: The maximum size of a YAML file in bytes: as Python objects it needs about a hundred times as much memory.
LARGEST_YAML = 16 * 2**20
#: The maximum nesting depth of a YAML file: the C loader crashes at about ten thousand levels.
DEEPEST = 100
#: The maximum number of values in a document after alias expansion.
MOST_VALUES = 5_000_000
_TOO_DEEP = "nesting depth"
_TAG = "tag:yaml.org,2002:"
#: Supported scalar tags; those of numbers, Booleans and dates leave the text unchanged.
_SCALARS = frozenset(_TAG + name for name in ("str", "int", "float", "bool", "timestamp"))
_NULL, _MERGE = f"{_TAG}null", f"{_TAG}merge"
# Characters that YAML 1.2, section 5.1, does not allow.
_NOT_PRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def read_yaml(path: Path) -> Entry:
    """Read the mapping in a YAML file; its scalars are text, or ``None`` for ``null``, ``~`` and empty values.

    Raises:
        InvalidFile: if the file cannot be read, and as :func:`parse_yaml` raises it.
    """
    return parse_yaml(read_text(path, LARGEST_YAML), path)


def parse_yaml(text: str, path: Path, *, indent: int = 0) -> Entry:
    """Parse a YAML text that contains a mapping.

    Args:
        text: the text.
        path: the source file, for error messages.
        indent: the number of characters before the text in each line of the file.

    Returns:
        The mapping; it and each nested mapping have their line under the key ``LINE`` of :mod:`.documents`.

    Raises:
        InvalidFile: if the text does not parse, is not a mapping, has a duplicate key or an unsupported tag, is nested
            too deeply, contains itself, or has aliases that expand to too many values.
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
        if _TOO_DEEP in problem:  # PyYAML 6.0.4 has a depth limit, which its look-ahead may reach first
            raise InvalidFile(str(path), "is nested too deeply.", place[0]) from error
        if problem.startswith("but "):  # the context starts the sentence
            problem = f"{error.context}, {problem}"
        raise InvalidFile(str(path), f"is not valid YAML: {problem}.", *place) from error
    except yaml.YAMLError as error:
        raise InvalidFile(str(path), f"is not valid YAML: {' '.join(str(error).split())}.") from error
    document = _Builder(path, indent).build(node) if node is not None else None
    if not isinstance(document, dict):
        raise InvalidFile(str(path), "must contain a mapping, such as `key: value`, at the top level.")
    return document


@cache
def _yaml() -> tuple[Any, Any]:
    """PyYAML, and a loader that reads scalars as text, null or a merge key; uses the C parser if available."""
    import yaml  # imported here, since most commands read no YAML

    safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    null = (_NULL, re.compile(r"(?:~|null|Null|NULL|)$"))
    merge = (_MERGE, re.compile(r"<<$"))

    class Loader(safe):  # type: ignore[misc]
        """A loader without the implicit types of YAML 1.1."""

        # Maps the first character of a plain scalar to candidate types, in the format of PyYAML's resolver.
        yaml_implicit_resolvers = {"~": [null], "n": [null], "N": [null], "": [null], "<": [merge]}  # noqa: RUF012

    return yaml, Loader


def _check_depth(path: Path, events: Iterable[Any]) -> None:
    """Reject a document that is nested too deeply, before values are constructed."""
    depth = 0
    for event in events:
        name = type(event).__name__
        depth += name.endswith("StartEvent") - name.endswith("EndEvent")
        if depth > DEEPEST:
            raise InvalidFile(str(path), "is nested too deeply.", event.start_mark.line + 1)


class _Builder:
    """Constructs the values of one document from its nodes.

    Each node is constructed once; its size counts at each alias.
    """

    def __init__(self, path: Path, indent: int) -> None:
        self._path, self._indent = path, indent
        self._built: dict[int, tuple[object, int]] = {}
        self._building: set[int] = set()

    def build(self, node: Any) -> object:
        """The value of a node."""
        return self._sized(node)[0]

    def _sized(self, node: Any) -> tuple[object, int]:
        """The value of a node, and the number of values in it."""
        if id(node) in self._built:
            return self._built[id(node)]
        if id(node) in self._building:
            raise InvalidFile(str(self._path), "contains a value that includes itself.")
        self._building.add(id(node))
        make = {"ScalarNode": self._scalar, "SequenceNode": self._sequence, "MappingNode": self._mapping}
        value, size = make[type(node).__name__](node)
        if size > MOST_VALUES:
            raise InvalidFile(str(self._path), f"has more than {MOST_VALUES} values after alias expansion.")
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
                raise self._error(key, "a key must be text, not a list or mapping")
            if key.value in lines:
                first = lines[key.value]
                raise self._error(key, f"duplicate key {key.value!r}, first on line {first}: keep one")
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
        """The mappings of a merge key (``<<``), in order of precedence."""
        for mapping in built if isinstance(built, list) else [built]:
            if not isinstance(mapping, dict):
                raise self._error(node, "a merge key (<<) requires a mapping or a list of mappings")
            yield mapping

    def _error(self, node: Any, problem: str) -> InvalidFile:
        mark = node.start_mark
        column = mark.column + 1 + self._indent
        return InvalidFile(str(self._path), f"is not valid YAML: {problem}.", mark.line + 1, column)
