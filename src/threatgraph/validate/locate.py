"""Finds the file and the line that describe a node."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from functools import cached_property
from pathlib import Path

from pyoxigraph import Literal, NamedNode

from threatgraph.rdf.files import ending, text_of
from threatgraph.sparql.values import batches, values_clause
from threatgraph.store import Store
from threatgraph.vocab import RDF_TYPE

_PREFIX = re.compile(r"^\s*@?prefix\s+(?P<name>[\w.-]*):\s*<(?P<iri>[^>]*)>", re.IGNORECASE | re.MULTILINE)
_SUBJECT = re.compile(r"^(?:<(?P<iri>[^>\s]*)>|(?P<prefix>[\w.-]*):(?P<local>[\w.%-]*))(?=\s|$)")
#: A string over several lines; no statement starts inside it.
_LONG_TEXT = re.compile(r'"{3}(?:[^\\]|\\.)*?"{3}|\'{3}(?:[^\\]|\\.)*?\'{3}', re.DOTALL)


class Locator:
    """The locations of the nodes of a store; each file is read once.

    Args:
        store: the store, which maps named graphs to files.
        preferred: resolved paths of files that take precedence if several files describe a node.
    """

    def __init__(self, store: Store, preferred: Collection[Path] = ()) -> None:
        self._store, self._preferred = store, preferred
        self._texts: dict[Path, _Text] = {}
        self._found: dict[tuple[str, NamedNode | Literal], list[str]] = {}
        self._fetched: dict[tuple[str, NamedNode | Literal], list[tuple[str, ...]]] = {}

    def prefetch(self, nodes: Iterable[NamedNode | Literal]) -> None:
        """Find the files of nodes that are about to be located; one query for many is faster than one for each.

        Args:
            nodes: the nodes; literals among them are looked up later, one by one.
        """
        named = [node for node in nodes if isinstance(node, NamedNode)]
        self._find("subject", named)
        self._find("value", (node for node in named if not self._found["subject", node]))

    def files(self, node: NamedNode | Literal, prop: str | None = None, value: str | None = None) -> list[Path]:
        """The files with statements about a node, or if there are none, the files that use it as a value.

        Files that state the property with that value come first, then files that state the property, then preferred
        files, then files that state a class of the node.
        """
        return [self._store.files[graph] for graph in self._graphs(node, prop, value)]

    def locate(
        self, node: NamedNode | Literal, prop: str | None = None, value: str | None = None
    ) -> tuple[Path | None, int | None]:
        """The file of a node, and the line of its statement with a property or the first line of its description."""
        graphs = self._graphs(node, prop, value)
        if not graphs:
            return None, None
        file = self._store.files[graphs[0]]
        subject = node.value
        if self._role(node) == "value":
            statements = self._statements("value", node)
            subject, prop, value = next((s, p, v) for graph, s, p, v in statements if graph == graphs[0])
        return file, self.line(file, subject, prop, value)

    def _graphs(self, node: NamedNode | Literal, prop: str | None, value: str | None) -> list[str]:
        role = self._role(node)
        graphs = self._graphs_with(role, node)
        if len(graphs) < 2:
            return graphs
        stated: dict[str, set[tuple[str, str]]] = {}
        for graph, _, name, text in self._statements(role, node):
            stated.setdefault(graph, set()).add((name, text))

        def key(graph: str) -> tuple[object, ...]:
            names = {name for name, _ in stated[graph]}
            preferred = self._store.files[graph].resolve() in self._preferred
            return (prop, value) not in stated[graph], prop not in names, not preferred, RDF_TYPE not in names, graph

        return sorted(stated, key=key)

    def _role(self, node: NamedNode | Literal) -> str:
        """Whether statements in files have the node as their subject or, if there are none, as their value."""
        return "subject" if isinstance(node, NamedNode) and self._graphs_with("subject", node) else "value"

    def _graphs_with(self, role: str, node: NamedNode | Literal) -> list[str]:
        """The graphs of files with statements that have a node in a role."""
        if (role, node) not in self._found:
            self._find(role, [node])
        return self._found[role, node]

    def _find(self, role: str, nodes: Iterable[NamedNode | Literal]) -> None:
        """Find the graphs of nodes, many in each query."""
        new = [node for node in dict.fromkeys(nodes) if (role, node) not in self._found]
        for batch in batches(new):
            self._found |= {(role, node): [] for node in batch}
            values = values_clause(role, batch)
            query = f"SELECT DISTINCT ?{role} ?graph {{ {values} GRAPH ?graph {{ ?subject ?property ?value }} }}"
            for found, graph in self._store.select(query).rows:
                # A store may give a literal another lexical form, so each literal has a query of its own.
                node = found if isinstance(found, NamedNode) else batch[0]
                if isinstance(graph, NamedNode) and graph.value in self._store.files:
                    self._found[role, node].append(graph.value)

    def _statements(self, role: str, node: NamedNode | Literal) -> list[tuple[str, ...]]:
        """Graph, subject, property and value of the statements in files that have a node in a role."""
        if (role, node) not in self._fetched:
            query = """SELECT ?graph ?subject ?property ?value
                WHERE { GRAPH ?graph { ?subject ?property ?value } }
                ORDER BY STR(?graph) STR(?subject) STR(?property) STR(?value)"""
            rows = self._store.select(query, {role: node}).rows
            texts = [tuple(str(getattr(term, "value", term)) for term in row) for row in rows]
            self._fetched[role, node] = [row for row in texts if row[0] in self._store.files]
        return self._fetched[role, node]

    def line(self, file: Path, node: str, prop: str | None = None, value: str | None = None) -> int | None:
        """The line of a file that states a property of a node, preferably with the value, or where the node starts.

        Returns:
            ``None`` if it is not a Turtle file whose subjects are at the start of a line, as in canonical Turtle.
        """
        if ending(file) not in (".ttl", ".trig"):
            return None
        if file not in self._texts:
            self._texts[file] = _Text(text_of(file))
        return self._texts[file].line(node, prop, value)


class _Text:
    """The lines of a Turtle file, with the contents of multi-line strings removed."""

    def __init__(self, text: str) -> None:
        text = _LONG_TEXT.sub(lambda match: '""' + "\n" * match[0].count("\n"), text)
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
        """For each subject, its first line and the first line after it."""
        starts = list(self._starts())
        ends = [number for _, number in starts[1:]] + [len(self._lines) + 1]
        found: dict[str, tuple[int, int]] = {}
        for (iri, number), end in zip(starts, ends, strict=False):  # without subjects, there is still one end
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
        """The spellings of an IRI in this file."""
        yield f"<{iri}>"
        if iri == RDF_TYPE:
            yield "a"
        for prefix, namespace in self._prefixes.items():
            if iri.startswith(namespace):
                yield f"{prefix}:{iri[len(namespace) :]}"

    def _names_value(self, line: str, value: str) -> bool:
        """Whether the line states a value: an IRI, or a literal with that lexical form."""
        written = line.split(maxsplit=1)[-1].rstrip(" ;.")
        text = value.translate(_ESCAPES)
        return written in (*self._names(value), text) or written.startswith((f'"{text}"', f"'{text}'"))


_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"})
