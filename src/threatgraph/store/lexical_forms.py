"""Preserves the lexical forms of literals where Oxigraph stores another form of the same value.

Oxigraph stores numbers, dates and Booleans by value: ``"0.50"^^xsd:decimal`` becomes ``0.5``, and the
``xsd:nonNegativeInteger`` of an OWL cardinality becomes an ``xsd:integer``. Queries compare values and are not
affected. Exports and shapes need the forms in the files, so these are recorded while files are read, and restored on
output.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from threatgraph.rdf.lexical import as_stored, changed, may_change
from threatgraph.rdf.ntriples import to_lines
from threatgraph.rdf.terms import Node
from threatgraph.store.integrity import reading_intact
from threatgraph.vocab import XSD

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

NAME = "written-forms.nq"
"""The file for lexical forms in a directory store."""
_DATATYPE = f'"^^<{XSD}'.encode()


class LexicalForms:
    """The triples of a store that Oxigraph stores in another lexical form, by graph.

    If files have one value in several forms for the same subject and property, all forms are restored, including the
    form that Oxigraph stores.
    """

    def __init__(self) -> None:
        self._written: dict[ox.Triple, dict[ox.Triple, set[str]]] = {}
        self._subjects: dict[str, set[Node]] = {}

    def copy(self) -> LexicalForms:
        """Copy the recorded forms."""
        copy = LexicalForms()
        copy._written = {
            triple: {form: set(graphs) for form, graphs in forms.items()} for triple, forms in self._written.items()
        }
        copy._subjects = {prop: set(subjects) for prop, subjects in self._subjects.items()}
        return copy

    @property
    def subjects(self) -> Mapping[str, Collection[Node]]:
        """For each property, the subjects of triples that Oxigraph stores in another lexical form."""
        return self._subjects

    def note(self, triple: ox.Triple, graph: str) -> None:
        """Record a triple whose object is a literal, as the file of a graph has it."""
        if isinstance(triple.object, ox.Literal):
            stored = ox.Triple(triple.subject, triple.predicate, as_stored(triple.object))
            self._written.setdefault(stored, {}).setdefault(triple, set()).add(graph)
            if isinstance(triple.subject, Node):
                self._subjects.setdefault(triple.predicate.value, set()).add(triple.subject)

    def note_all(
        self, triples: Collection[ox.Triple], graph: str, graph_has: Callable[[ox.Triple], str | None]
    ) -> None:
        """Record the lexical forms of triples that are about to be added to a graph.

        Args:
            triples: the triples, as in the file.
            graph: the IRI of the graph.
            graph_has: maps a triple, in the stored form, to the graph that it was already added for: this graph, or the
                empty string for another graph; ``None`` if the store does not have it.
        """
        for triple in filter(changed, triples):
            stored = ox.Triple(triple.subject, triple.predicate, as_stored(triple.object))
            if stored not in self._written and (before := graph_has(stored)) is not None:
                self.note(stored, before)
            self.note(triple, graph)
        if self._written:
            for triple in triples:
                if triple in self._written:
                    self.note(triple, graph)

    def restore(
        self,
        triples: Iterable[ox.Triple],
        graph: str | None = None,
        graphs_of: Callable[[ox.Triple], Iterable[str]] | None = None,
    ) -> Iterator[ox.Triple]:
        """Restore the lexical forms that the files have.

        Args:
            triples: triples in the stored form.
            graph: their graph; ``None`` for the merged graph.
            graphs_of: returns the graphs that have a triple, for graphs that have it only in the stored form and were
                not recorded.
        """
        if not self._written:
            yield from triples
            return
        for triple in triples:
            written = self._written.get(triple, {})
            found = [form for form, graphs in written.items() if graph is None or graph in graphs]
            if found and graph is None and graphs_of is not None and triple not in written:
                noted = set().union(*written.values())
                found += [triple] if any(name not in noted for name in graphs_of(triple)) else []
            yield from found or (triple,)


class RestoringWriter:
    """Restores the lexical forms in lines of N-Triples on the way to their target.

    Args:
        target: gets the lines.
        restore: returns the forms of a triple in the stored form, as :meth:`LexicalForms.restore` does.
    """

    def __init__(self, target: SupportsWrite[bytes], restore: Callable[[ox.Triple], Iterable[ox.Triple]]) -> None:
        self._target = target
        self._restore = restore
        self._rest = b""

    def write(self, content: bytes) -> int:
        """Take a part of the lines, which may end inside a line."""
        *lines, self._rest = (self._rest + content).split(b"\n")
        typed = [line for line in lines if _DATATYPE in line and not line.endswith(b")>> .")]
        found = ox.parse(b"\n".join(typed), format=ox.RdfFormat.N_TRIPLES)
        forms = {line: to_lines(self._restore(quad.triple)) for line, quad in zip(typed, found, strict=True)}
        self._target.write(b"".join([forms.get(line) or line + b"\n" for line in lines]))
        return len(content)

    def flush(self) -> None:
        """Do nothing; Oxigraph expects this method of files."""


class OwnForms:
    """Finds the triples of a graph that occur both in the stored form and in another form.

    Args:
        note: called with each such triple, in the stored form with its graph.

    It keeps at most half a million literals, to bound memory.
    """

    _MOST = 500_000

    def __init__(self, note: Callable[[ox.Quad], None]) -> None:
        self._note = note
        self._graph: object = None
        self._own: array[int] = array("q")
        self._others: dict[int, ox.Quad] = {}

    def see(self, quad: ox.Quad) -> bool:
        """Process the next quad of a named graph; quads must be grouped by graph.

        Returns:
            Whether Oxigraph stores another form of its literal.
        """
        if not isinstance(quad.object, ox.Literal) or not may_change(quad.object):
            return False
        if quad.graph_name != self._graph or len(self._own) + len(self._others) >= self._MOST:
            self.finish()
            self._graph = quad.graph_name
        stored = as_stored(quad.object)
        if stored == quad.object:
            self._own.append(hash(quad.triple))
            return False
        triple = ox.Triple(quad.subject, quad.predicate, stored)
        self._others[hash(triple)] = ox.Quad(quad.subject, quad.predicate, stored, quad.graph_name)
        return True

    def finish(self) -> None:
        """Report the triples that were found in the graph."""
        for number in self._own if self._others else ():
            if number in self._others:
                self._note(self._others.pop(number))
        self._own, self._others = array("q"), {}


def read_forms(folder: Path) -> LexicalForms:
    """Read the lexical forms of a directory store; empty if the file does not exist."""
    forms, file = LexicalForms(), folder / NAME
    if file.is_file():
        for quad in reading_intact(ox.parse(path=str(file), format=ox.RdfFormat.N_QUADS)):
            if isinstance(quad.graph_name, ox.NamedNode):
                forms.note(quad.triple, quad.graph_name.value)
    return forms
