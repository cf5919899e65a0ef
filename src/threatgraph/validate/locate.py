"""Finds the file, and the line in it, where a node is described."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pyoxigraph import NamedNode

from threatgraph.store import EmbeddedStore
from threatgraph.vocab import DERIVED_GRAPH

_PREFIX = re.compile(r"^\s*@?prefix\s+(?P<name>[\w.-]*):\s*<(?P<iri>[^>]*)>", re.IGNORECASE | re.MULTILINE)
_SUBJECT = re.compile(r"^(?:<(?P<iri>[^>\s]*)>|(?P<prefix>[\w.-]*):(?P<local>[\w.%-]*))(?=\s|$)")


class Locator:
    """Where the nodes of a store are written.

    Args:
        store: the store, which knows the file of each named graph.
    """

    def __init__(self, store: EmbeddedStore) -> None:
        self._store = store

    def files(self, node: str) -> list[Path]:
        """The files that make statements about a node, those that give it a class first."""
        query = """SELECT DISTINCT ?graph (EXISTS { GRAPH ?graph { ?node a ?class } } AS ?typed)
            WHERE { GRAPH ?graph { ?node ?property ?value } } ORDER BY DESC(?typed) ?graph"""
        graphs = map(str, self._store.select(query, {"node": NamedNode(node)}).column("graph"))
        return [self._store.files[graph] for graph in graphs if graph != DERIVED_GRAPH and graph in self._store.files]

    def place(self, node: str, prop: str | None = None) -> tuple[Path | None, int | None]:
        """The file of a node, and the line of its statement with a property, or else the line where the node begins."""
        files = self.files(node)
        return (files[0], line_of(files[0], node, prop)) if files else (None, None)


def line_of(file: Path, node: str, prop: str | None = None) -> int | None:
    """The line of a file where a node begins, or where it states a property.

    A line is known for Turtle that begins each subject at the start of a line, as the project's own form does.
    """
    lines = _subjects(file).get(node) if file.suffix in (".ttl", ".trig") else None
    if lines is None:
        return None
    return _property_line(file, *lines, prop) if prop else lines[0]


@cache
def _subjects(file: Path) -> dict[str, tuple[int, int]]:
    """For each subject of a Turtle file, the line where it begins and the line before which the next one does."""
    text = file.read_text(encoding="utf-8", errors="replace")
    prefixes = {match["name"]: match["iri"] for match in _PREFIX.finditer(text)}
    starts = list(_starts(text, prefixes))
    ends = [line for _, line in starts[1:]] + [text.count("\n") + 2]
    found: dict[str, tuple[int, int]] = {}
    for (iri, line), end in zip(starts, ends, strict=True):
        found.setdefault(iri, (line, end))
    return found


def _starts(text: str, prefixes: dict[str, str]) -> Iterator[tuple[str, int]]:
    for number, line in enumerate(text.splitlines(), 1):
        match = _SUBJECT.match(line)
        if match and match["iri"] is not None:
            yield match["iri"], number
        elif match and match["prefix"] in prefixes:
            yield prefixes[match["prefix"]] + match["local"], number


def _property_line(file: Path, start: int, end: int, prop: str) -> int:
    """The line between two lines that begins with a property; the first of them where none does."""
    text = file.read_text(encoding="utf-8", errors="replace")
    names = [f"<{prop}>"]
    names += [
        f"{match['name']}:{prop[len(match['iri']) :]}"
        for match in _PREFIX.finditer(text)
        if prop.startswith(match["iri"])
    ]
    for number, line in enumerate(text.splitlines()[start - 1 : end - 1], start):
        if line.lstrip().split(" ")[0] in names:
            return number
    return start
