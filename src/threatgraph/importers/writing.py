"""Writes the records of a result: into one file, or into a folder with the layout of the bundled data."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from pyoxigraph import Triple

from threatgraph.errors import ThreatGraphError
from threatgraph.rdf.turtle import write_turtle
from threatgraph.vocab import KINDS, kind_of


class _Draft(Protocol):
    iri: str
    class_name: str
    triples: list[Triple]


class _Result(Protocol):
    """A :class:`~threatgraph.importers.builder.ImportResult`, whose module imports this one."""

    @property
    def records(self) -> Mapping[str, _Draft]:
        """The records, by IRI."""


def as_turtle(result: _Result) -> str:
    """All records of a result as one text of canonical Turtle."""
    return _turtle(result.records.values())


def write_folder(result: _Result, folder: Path) -> None:
    """Write a file for each record (the provisions of a framework share one), all of them or none.

    Args:
        result: what to write.
        folder: where; it must be empty, or not be there yet.

    Raises:
        ThreatGraphError: where the folder holds something, or cannot be written.
    """
    if folder.is_dir() and any(folder.iterdir()):
        raise ThreatGraphError(f"{folder} is not empty: name a new folder, so that nothing old stays among the new.")
    files: dict[str, list[_Draft]] = {}
    for builder in result.records.values():
        files.setdefault(_place(builder), []).append(builder)
    try:
        with tempfile.TemporaryDirectory(dir=folder.resolve().parent, prefix=".threatgraph-") as beside:
            whole = Path(beside) / "whole"
            for name, records in files.items():
                file = whole / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(_turtle(records), encoding="utf-8")
            whole.replace(folder)
    except OSError as error:
        reason = f"{folder}: cannot be written ({error.strerror or error}); nothing was changed."
        raise ThreatGraphError(reason) from error


def _place(builder: _Draft) -> str:
    """Where the bundled data keep a record of this kind."""
    kind = kind_of(builder.iri)
    if kind is None:
        return "links.ttl" if builder.class_name == "Recommendation" else "publishers.ttl"
    slug = builder.iri.removeprefix(kind.namespace)
    if kind.name == "provision":
        return f"{KINDS['framework'].plural}/{slug.partition('/')[0]}/{kind.plural}.ttl"
    return f"{kind.plural}/{slug}/framework.ttl" if kind.name == "framework" else f"{kind.plural}/{slug}.ttl"


def _turtle(records: Iterable[_Draft]) -> str:
    return write_turtle(t for builder in records for t in builder.triples)
