"""The catalog of named queries and cross-record checks, read from the headers of ``.rq`` files.

Each file is a complete SPARQL query that starts with a header of ``#:`` lines::

    #: title: Patterns by severity
    #: question: Which threat patterns have at least a given severity?
    #: param severity severity = high: minimum severity
    #: param domain domain = any: list only patterns of this domain
    #: column code: code of the pattern
    #: column severity severity: severity of the pattern
    PREFIX tg: <https://w3id.org/threatgraph/ontology#>
    SELECT …

The type of a parameter is a kind of record (``pattern``, ``domain``, ``severity`` …), ``string``, ``integer`` or
``date``. The variable with the name of the parameter is bound to its value as an RDF term. The default ``any`` leaves
the variable unbound. A parameter without a default is required.

A column of records can have a kind of record as its type. A column with the labels of the records then follows it, such
as ``severity_label`` after ``severity``.

The header of a check also has its severity, its rule and a remedy::

    #: severity: violation
    #: rule: A link must point to a record that exists.
    #: remedy: Correct the IRI of the target, or add the record.
"""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from threatgraph import notebook, resources
from threatgraph.errors import InvalidFile, UnknownName
from threatgraph.table import to_frame
from threatgraph.vocab import KINDS

if TYPE_CHECKING:
    import pandas

LITERAL_TYPES = ("string", "integer", "date")
ANY = "any"
#: Severities of checks, the most severe first.
SEVERITIES = ("violation", "warning", "info")
#: The columns of a check that become fields of a validation result; :data:`RECORD` is the first column.
RECORD, PROPERTY, VALUE, ISSUE = "record", "property", "value", "issue"

_LINE = r"#:\s*(?P<key>title|question|severity|rule|remedy|param|column)\b\s*(?P<rest>.*)"
_PARAM = r"(?P<name>\w+)\s+(?P<type>[\w-]+)(?:\s*=\s*(?P<default>[^:]*?))?\s*:\s*(?P<description>.+)"
_COLUMN = r"(?P<name>\w+)(?:\s+(?P<type>[\w-]+))?\s*:\s*(?P<description>.+)"


class Parameter(NamedTuple):
    """A parameter of a named query."""

    name: str
    type: str
    description: str
    default: str | None
    """``None`` if a value is required; :data:`ANY` if the parameter does not restrict the result by default."""


class NamedQuery(NamedTuple):
    """A query of the catalog, with its question, parameters and columns."""

    name: str
    title: str
    question: str
    parameters: tuple[Parameter, ...]
    columns: dict[str, str]
    """The name of each result column, and its description."""
    sparql: str
    path: Path
    labeled: tuple[str, ...] = ()
    """The columns of records that a column of labels follows."""

    def _repr_html_(self) -> str:
        """The query for a notebook: its question, parameters and columns."""
        parameters = [
            (
                notebook.escape(parameter.name),
                notebook.escape(parameter.type),
                notebook.escape("required" if parameter.default is None else f"default: {parameter.default}"),
                notebook.escape(parameter.description),
            )
            for parameter in self.parameters
        ]
        columns = [(notebook.escape(name), notebook.escape(text)) for name, text in self.columns.items()]
        html = f"<h4>{notebook.escape(self.title)}</h4><p>{notebook.escape(self.question)}</p>"
        if parameters:
            html += notebook.table(("parameter", "type", "", "description"), parameters)
        return html + notebook.table(("column", "description"), columns)


class Catalog(dict[str, NamedQuery]):
    """The named queries by name, which notebooks show as a table."""

    def to_pandas(self) -> pandas.DataFrame:
        """One row for each query, with the columns ``name``, ``question`` and ``parameters``.

        Raises:
            ImportError: if pandas is not installed.
        """
        rows = [
            {
                "name": query.name,
                "question": query.question,
                "parameters": ", ".join(parameter.name for parameter in query.parameters),
            }
            for query in self.values()
        ]
        return to_frame(rows, ("name", "question", "parameters"))

    def _repr_html_(self) -> str:
        """The catalog for a notebook: a row for each query."""
        rows = [
            (
                notebook.escape(query.name),
                notebook.escape(query.question),
                notebook.escape(", ".join(parameter.name for parameter in query.parameters)),
            )
            for query in self.values()
        ]
        return notebook.table(("name", "question", "parameters"), rows)


class CrossRecordCheck(NamedTuple):
    """A query that finds records that break a rule which no SHACL shape of a single record can express."""

    name: str
    title: str
    question: str
    severity: str
    """One of :data:`SEVERITIES`."""
    rule: str
    """What correct data look like."""
    remedy: str
    """How to correct a record that breaks the rule."""
    columns: dict[str, str]
    """The name of each result column, and its description; the first column is :data:`RECORD`."""
    sparql: str
    path: Path


class _Header:
    def __init__(self) -> None:
        self.single: dict[str, str] = {}
        self.parameters: list[Parameter] = []
        self.columns: dict[str, str] = {}
        self.labeled: list[str] = []


def load_catalog(folder: Path | None = None) -> Catalog:
    """Read the named queries of a folder.

    Args:
        folder: the folder of the ``.rq`` files; the bundled ones by default.

    Returns:
        The queries by name, in alphabetical order.

    Raises:
        InvalidFile: for an incomplete header, or a header line that cannot be read.
    """
    return _queries_in(folder or resources.queries_dir())


@cache
def _queries_in(folder: Path) -> Catalog:
    return Catalog((file.stem, read_query(file)) for file in sorted(folder.glob("*.rq")))


def find_query(name: str) -> NamedQuery:
    """Read a single named query of the bundled ones, which is faster than :func:`load_catalog`.

    Raises:
        UnknownName: for an unknown query; the message suggests similar names.
        InvalidFile: as in :func:`read_query`.
    """
    if not is_query(name):
        raise UnknownName("query", name, load_catalog(), "`graph.queries` lists them.")
    return _query_at(resources.queries_dir() / f"{name}.rq")


@cache
def _query_at(path: Path) -> NamedQuery:
    return read_query(path)


def is_query(name: str) -> bool:
    """Return whether one of the bundled named queries has a name."""
    with os.scandir(resources.queries_dir()) as entries:
        return any(entry.name == f"{name}.rq" for entry in entries)


def load_checks(folder: Path | None = None) -> dict[str, CrossRecordCheck]:
    """Read the cross-record checks of a folder.

    Args:
        folder: the folder of the ``.rq`` files; the bundled ones by default.

    Returns:
        The checks by name, in alphabetical order.

    Raises:
        InvalidFile: for an incomplete header, or a header line that cannot be read.
    """
    return _checks_in(folder or resources.queries_dir() / "checks")


@cache
def _checks_in(folder: Path) -> dict[str, CrossRecordCheck]:
    return {file.stem: read_check(file) for file in sorted(folder.glob("*.rq"))}


def read_query(path: Path) -> NamedQuery:
    """Read a named query from a ``.rq`` file.

    Raises:
        InvalidFile: names the wrong line of the header, or the entry that is missing.
    """
    text = path.read_text(encoding="utf-8")
    header = _read_header(path, text, ("title", "question"))
    title, question = header.single["title"], header.single["question"]
    parameters, labeled = tuple(header.parameters), tuple(header.labeled)
    return NamedQuery(path.stem, title, question, parameters, header.columns, text, path, labeled)


def read_check(path: Path) -> CrossRecordCheck:
    """Read a cross-record check from a ``.rq`` file.

    Raises:
        InvalidFile: names the wrong line of the header, or the entry that is missing.
    """
    text = path.read_text(encoding="utf-8")
    header = _read_header(path, text, ("title", "question", "severity", "rule", "remedy"))
    title, question, severity, rule, remedy = (
        header.single[key] for key in ("title", "question", "severity", "rule", "remedy")
    )
    if severity not in SEVERITIES:
        raise InvalidFile(str(path), f"unknown severity {severity!r}; use {', '.join(SEVERITIES)}.")
    if next(iter(header.columns)) != RECORD:
        raise InvalidFile(str(path), f"the first column of a check must be {RECORD!r}.")
    return CrossRecordCheck(path.stem, title, question, severity, rule, remedy, header.columns, text, path)


def _read_header(path: Path, text: str, required: tuple[str, ...]) -> _Header:
    header = _Header()
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#:"):
            _read_line(path, number, line, header)
    for key in required:
        if not header.single.get(key):
            raise InvalidFile(str(path), f"the header has no '#: {key}:' line.")
    if not header.columns:
        raise InvalidFile(str(path), "the header has no '#: column' line.")
    return header


def _read_line(path: Path, number: int, line: str, header: _Header) -> None:
    match = re.match(_LINE, line)
    if not match:
        keys = "title:, question:, severity:, rule:, remedy:, param or column"
        raise InvalidFile(str(path), f"a header line must start with {keys}.", number)
    key, rest = match["key"], match["rest"]
    if key == "param":
        header.parameters.append(_read_parameter(path, number, rest))
    elif key == "column":
        name, kind, description = _fields(path, number, _COLUMN, rest, "column NAME [KIND]: description")
        header.columns[name] = description
        if kind is not None:
            if kind not in KINDS:
                raise InvalidFile(str(path), f"unknown column type {kind!r}; use a kind of record.", number)
            header.columns[f"{name}_label"] = f"label of {name}"
            header.labeled.append(name)
    else:
        header.single[key] = rest.lstrip(": ").strip()


def _read_parameter(path: Path, number: int, rest: str) -> Parameter:
    form = "param NAME TYPE [= DEFAULT]: description"
    name, kind, default, description = _fields(path, number, _PARAM, rest, form)
    if kind not in LITERAL_TYPES and kind not in KINDS:
        types = ", ".join(LITERAL_TYPES)
        raise InvalidFile(str(path), f"unknown parameter type {kind!r}; use a kind of record, {types}.", number)
    return Parameter(name, kind, description, default)


def _fields(path: Path, number: int, pattern: str, rest: str, form: str) -> tuple[str, ...]:
    match = re.fullmatch(pattern, rest)
    if not match:
        raise InvalidFile(str(path), f"this header line must have the form '#: {form}'.", number)
    return match.groups()
