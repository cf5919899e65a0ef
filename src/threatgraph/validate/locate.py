"""Finds the file, and the line in it, where a node is described."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cached_property
from pathlib import Path

from pyoxigraph import Literal, NamedNode

from threatgraph.rdf.files import ending, text_of
from threatgraph.store import Store
from threatgraph.vocab import RDF_TYPE

_PREFIX = re.compile(r"^\s*@?prefix\s+(?P<name>[\w.-]*):\s*<(?P<iri>[^>]*)>", re.IGNORECASE | re.MULTILINE)
_SUBJECT = re.compile(r"^(?:<(?P<iri>[^>\s]*)>|(?P<prefix>[\w.-]*):(?P<local>[\w.%-]*))(?=\s|$)")
#: A text over several lines, in which nothing begins.
_LONG_TEXT = re.compile(r'"{3}(?:[^\\]|\\.)*?"{3}|\'{3}(?:[^\\]|\\.)*?\'{3}', re.DOTALL)


class Locator:
    """Where the nodes of a store are written; it reads each file once.

    Args:
        store: the store, which knows the file of each named graph.
        chosen: files, resolved, that come first where several describe a node.
    """

    def __init__(self, store: Store, chosen: Collection[Path] = ()) -> None:
        self._store, self._chosen = store, chosen
        self._texts: dict[Path, _Text] = {}
        self._asked: dict[tuple[str, NamedNode | Literal], list[tuple[str, ...]]] = {}

    def files(self, node: NamedNode | Literal, prop: str | None = None, value: str | None = None) -> list[Path]:
        """The files that make statements about a node, or else those that name it.

        Those that state the property, with that value, come first, then the chosen ones and those that give a class.
        """
        return [self._store.files[graph] for graph in self._graphs(node, prop, value)]

    def place(
        self, node: NamedNode | Literal, prop: str | None = None, value: str | None = None
    ) -> tuple[Path | None, int | None]:
        """The file of a node, and the line of its statement with a property, or else the line where the node begins."""
        graphs = self._graphs(node, prop, value)
        if not graphs:
            return None, None
        file = self._store.files[graphs[0]]
        subject = node.value
        if not self._about(node):
            subject, prop, value = next((s, p, v) for graph, s, p, v in self._naming(node) if graph == graphs[0])
        return file, self.line(file, subject, prop, value)

    def _graphs(self, node: NamedNode | Literal, prop: str | None, value: str | None) -> list[str]:
        stated: dict[str, set[tuple[str, str]]] = {}
        for graph, _, name, said in self._about(node) or self._naming(node):
            stated.setdefault(graph, set()).add((name, said))

        def key(graph: str) -> tuple[object, ...]:
            names = {name for name, _ in stated[graph]}
            chosen = self._store.files[graph].resolve() in self._chosen
            return (prop, value) not in stated[graph], prop not in names, not chosen, RDF_TYPE not in names, graph

        return sorted(stated, key=key)

    def _about(self, node: NamedNode | Literal) -> list[tuple[str, ...]]:
        return [] if isinstance(node, Literal) else self._statements("subject", node)

    def _naming(self, node: NamedNode | Literal) -> list[tuple[str, ...]]:
        return self._statements("value", node)

    def _statements(self, name: str, node: NamedNode | Literal) -> list[tuple[str, ...]]:
        """Graph, subject, property and value of the statements in files that have a node in that place."""
        if (name, node) not in self._asked:
            query = """SELECT ?graph ?subject ?property ?value
                WHERE { GRAPH ?graph { ?subject ?property ?value } }
                ORDER BY STR(?graph) STR(?subject) STR(?property) STR(?value)"""
            rows = self._store.select(query, {name: node}).rows
            texts = [tuple(str(getattr(term, "value", term)) for term in row) for row in rows]
            self._asked[name, node] = [row for row in texts if row[0] in self._store.files]
        return self._asked[name, node]

    def line(self, file: Path, node: str, prop: str | None = None, value: str | None = None) -> int | None:
        """The line of a file where a node begins, or where it states a property, if it can be, with that value.

        A line is known for Turtle that begins each subject at the start of a line, as the project's own form does.
        """
        if ending(file) not in (".ttl", ".trig"):
            return None
        if file not in self._texts:
            self._texts[file] = _Text(text_of(file))
        return self._texts[file].line(node, prop, value)


class _Text:
    """A Turtle file as lines; what its long texts hold is left out."""

    def __init__(self, text: str) -> None:
        text = _LONG_TEXT.sub(lambda long: '""' + "\n" * long[0].count("\n"), text)
        self._lines = text.split("\n")
        self._prefixes = {match["name"]: match["iri"] for match in _PREFIX.finditer(text)}

    def line(self, node: str, prop: str | None, value: str | None) -> int | None:
        if node not in self._subjects:
            return None
        start, end = self._subjects[node]
        verbs = set(self._names(prop)) if prop else set()
        stating = [n for n in range(start, end) if verbs & set(self._lines[n - 1].split(maxsplit=1)[:1])]
        naming = [n for n in stating if value is not None and self._names_value(self._lines[n - 1], value)]
        return next(iter([*naming, *stating, start]))

    @cached_property
    def _subjects(self) -> dict[str, tuple[int, int]]:
        """For each subject, the line where it begins and the line before which the next one does."""
        starts = list(self._starts())
        ends = [number for _, number in starts[1:]] + [len(self._lines) + 1]
        found: dict[str, tuple[int, int]] = {}
        for (iri, number), end in zip(starts, ends, strict=False):  # no start at all has an end, too
            found.setdefault(iri, (number, end))
        return found

    def _starts(self) -> Iterator[tuple[str, int]]:
        for number, line in enumerate(self._lines, 1):
            match = _SUBJECT.match(line)
            if match and match["iri"] is not None:
                yield match["iri"], number
            elif match and match["prefix"] in self._prefixes:
                yield self._prefixes[match["prefix"]] + match["local"], number

    def _names(self, iri: str) -> Iterator[str]:
        """The ways in which an IRI may be written."""
        yield f"<{iri}>"
        if iri == RDF_TYPE:
            yield "a"
        for prefix, namespace in self._prefixes.items():
            if iri.startswith(namespace):
                yield f"{prefix}:{iri[len(namespace) :]}"

    def _names_value(self, line: str, value: str) -> bool:
        """Whether the object of a line of one statement is an IRI, or a literal of that text."""
        written = line.split(maxsplit=1)[-1].rstrip(" ;.")
        text = value.translate(_ESCAPES)
        return written in (*self._names(value), text) or written.startswith((f'"{text}"', f"'{text}'"))


_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
