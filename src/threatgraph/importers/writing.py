"""Writes imported records to one file, or to a folder with the layout of the bundled data."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from pyoxigraph import Triple

from threatgraph.errors import ThreatGraphError
from threatgraph.rdf.turtle import write_turtle
from threatgraph.vocab import KINDS, kind_of


class _Record(Protocol):
    iri: str
    class_name: str
    triples: list[Triple]


class _Result(Protocol):
    """A :class:`~threatgraph.importers.builder.ImportResult`, whose module imports this one."""

    @property
    def records(self) -> Mapping[str, _Record]:
        """The records, by IRI."""


def as_turtle(result: _Result) -> str:
    """Serialize all records of a result as canonical Turtle."""
    return _turtle(result.records.values())


def write_folder(result: _Result, folder: Path) -> None:
    """Write one file for each record, atomically; the provisions of a framework share a file.

    Args:
        result: the records.
        folder: the output folder; it must be empty or not exist.

    Raises:
        ThreatGraphError: if the folder is not empty, or cannot be written.
    """
    if folder.is_dir() and any(folder.iterdir()):
        raise ThreatGraphError(f"{folder} is not empty: choose a new folder.")
    files: dict[str, list[_Record]] = {}
    for builder in result.records.values():
        files.setdefault(_file_of(builder), []).append(builder)
    try:
        with tempfile.TemporaryDirectory(dir=folder.resolve().parent, prefix=".threatgraph-") as beside:
            complete = Path(beside) / "complete"
            for name, records in files.items():
                file = complete / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(_turtle(records), encoding="utf-8")
            complete.replace(folder)
    except OSError as error:
        reason = f"{folder}: cannot be written ({error.strerror or error}); nothing was changed."
        raise ThreatGraphError(reason) from error


def _file_of(builder: _Record) -> str:
    """The path of a record in the layout of the bundled data."""
    kind = kind_of(builder.iri)
    if kind is None:
        return "links.ttl" if builder.class_name == "Recommendation" else "publishers.ttl"
    slug = builder.iri.removeprefix(kind.namespace)
    if kind.name == "provision":
        return f"{KINDS['framework'].plural}/{slug.partition('/')[0]}/{kind.plural}.ttl"
    return f"{kind.plural}/{slug}/framework.ttl" if kind.name == "framework" else f"{kind.plural}/{slug}.ttl"


def _turtle(records: Iterable[_Record]) -> str:
    return write_turtle(t for builder in records for t in builder.triples)
