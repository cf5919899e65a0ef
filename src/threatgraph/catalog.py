"""The named queries: the header of each ``.rq`` file says what it asks, with what, and what comes back.

A header is made of ``#:`` lines::

    #: title: Patterns by severity
    #: question: Which threat patterns are at least this severe?
    #: param severity severity = high: the lowest severity to list
    #: param domain domain = any: only patterns of this domain
    #: column code: code of the pattern

A parameter's type is a kind of record (``pattern``, ``domain``, ``severity`` …), ``string``, ``integer`` or ``date``.
It is bound to the variable of its name as an RDF term. The default ``any`` leaves the variable free; a parameter
without a default is required.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from threatgraph import resources
from threatgraph.errors import InvalidFile
from threatgraph.vocab import KINDS

LITERAL_TYPES = ("string", "integer", "date")
ANY = "any"

_LINE = re.compile(r"#:\s*(?P<key>title|question|param|column)\b\s*(?P<rest>.*)")
_PARAM = re.compile(r"(?P<name>\w+)\s+(?P<type>[\w-]+)(?:\s*=\s*(?P<default>[^:]*?))?\s*:\s*(?P<description>.+)")
_COLUMN = re.compile(r"(?P<name>\w+)\s*:\s*(?P<description>.+)")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a named query."""

    name: str
    type: str
    description: str
    default: str | None
    """``None`` where a value is required; :data:`ANY` where leaving it out means no restriction."""


@dataclass(frozen=True, slots=True)
class NamedQuery:
    """A query of the catalogue: what it asks, its parameters and its columns."""

    name: str
    title: str
    question: str
    parameters: tuple[Parameter, ...]
    columns: dict[str, str]
    """Name of each result column to what it holds."""
    sparql: str
    path: Path


def load_catalog(folder: Path | None = None) -> dict[str, NamedQuery]:
    """Return the named queries by name, sorted.

    Args:
        folder: the folder of the ``.rq`` files; the bundled ones by default.

    Raises:
        InvalidFile: if a header is incomplete or has a line that cannot be read.
    """
    return _queries_in(folder or resources.queries_dir())


@cache
def _queries_in(folder: Path) -> dict[str, NamedQuery]:
    return {file.stem: read_query(file) for file in sorted(folder.glob("*.rq"))}


def read_query(path: Path) -> NamedQuery:
    """Read one ``.rq`` file.

    Raises:
        InvalidFile: names the line of the header that is wrong, or the entry that is missing.
    """
    text = path.read_text(encoding="utf-8")
    single: dict[str, str] = {}
    parameters: list[Parameter] = []
    columns: dict[str, str] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if not line.startswith("#:"):
            continue
        match = _LINE.match(line)
        if not match:
            raise InvalidFile(str(path), "a header line begins with title:, question:, param or column.", number)
        key, rest = match["key"], match["rest"]
        if key == "param":
            parameters.append(_parameter(path, number, rest))
        elif key == "column":
            name, description = _fields(path, number, _COLUMN, rest, "column NAME: description")
            columns[name] = description
        else:
            single[key] = rest.lstrip(": ").strip()
    for key in ("title", "question"):
        if not single.get(key):
            raise InvalidFile(str(path), f"the header has no '#: {key}:' line.")
    if not columns:
        raise InvalidFile(str(path), "the header names no '#: column'.")
    return NamedQuery(path.stem, single["title"], single["question"], tuple(parameters), columns, text, path)


def _parameter(path: Path, number: int, rest: str) -> Parameter:
    form = "param NAME TYPE [= DEFAULT]: description"
    name, kind, default, description = _fields(path, number, _PARAM, rest, form)
    if kind not in LITERAL_TYPES and kind not in KINDS:
        raise InvalidFile(
            str(path), f"{kind!r} is no parameter type: take a kind of record or {', '.join(LITERAL_TYPES)}.", number
        )
    return Parameter(name, kind, description, default)


def _fields(path: Path, number: int, pattern: re.Pattern[str], rest: str, form: str) -> tuple[str, ...]:
    match = pattern.fullmatch(rest)
    if not match:
        raise InvalidFile(str(path), f"this header line must read '#: {form}'.", number)
    return match.groups()
