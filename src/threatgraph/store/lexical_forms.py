"""Keeps how files write literals, where the engine keeps another form of the same value.

Oxigraph holds numbers, times and truth values by value: ``"0.50"^^xsd:decimal`` becomes ``0.5``, and the
``xsd:nonNegativeInteger`` of an OWL cardinality an ``xsd:integer``. Queries compare values, so that does them no harm;
but what leaves the store whole, such as an export, is to be what the files say, and so is what shapes see. So the forms
are noted beside the engine as the files are read, and put back there.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path

import pyoxigraph as ox

from threatgraph.rdf.lexical import as_stored, changed, may_change
from threatgraph.rdf.terms import Node
from threatgraph.store.integrity import unless_damaged

NAME = "written-forms.nq"
"""The file of a store on disk that holds them."""


class LexicalForms:
    """The triples of a store that the engine keeps in another form, by graph.

    Where the files of a store write one value in several forms for the same subject and property, all of them come
    back, that of the engine as well.
    """

    def __init__(self) -> None:
        self._written: dict[ox.Triple, dict[ox.Triple, set[str]]] = {}
        self._subjects: dict[str, set[Node]] = {}

    @property
    def subjects(self) -> Mapping[str, Collection[Node]]:
        """For each property, the subjects of the triples that the engine keeps in another form."""
        return self._subjects

    def note(self, triple: ox.Triple, graph: str) -> None:
        """Note a triple with a literal, as the file of a graph writes it."""
        if isinstance(triple.object, ox.Literal):
            stored = ox.Triple(triple.subject, triple.predicate, as_stored(triple.object))
            self._written.setdefault(stored, {}).setdefault(triple, set()).add(graph)
            if isinstance(triple.subject, Node):
                self._subjects.setdefault(triple.predicate.value, set()).add(triple.subject)

    def note_all(
        self, triples: Collection[ox.Triple], graph: str, graph_has: Callable[[ox.Triple], str | None]
    ) -> None:
        """Note what there is to note of some triples of a graph that are about to be added to the engine.

        Args:
            triples: the triples, as the file writes them.
            graph: the IRI of the graph.
            graph_has: the graph that a triple has been added for already, in the form of the engine: this one, or
                nothing for any other; ``None`` where the engine does not have it.
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
        """Triples as the files write them.

        Args:
            triples: those of the engine.
            graph: the graph that they are from; ``None`` for the merged graph.
            graphs_of: the graphs of the engine that have a triple, where those that have it in the form of the engine
                alone were not noted.
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


class OwnForms:
    """Finds which triples of a graph are written both in the form of the engine and in another.

    Args:
        note: is given those triples, in the form of the engine, each with its graph.

    It remembers half a million literals at most, so that memory is bounded.
    """

    _MOST = 500_000

    def __init__(self, note: Callable[[ox.Quad], None]) -> None:
        self._note = note
        self._graph: object = None
        self._own: array[int] = array("q")
        self._others: dict[int, ox.Quad] = {}

    def see(self, quad: ox.Quad) -> bool:
        """Take in the next quad of a named graph; those of one graph come together.

        Returns:
            Whether the engine keeps another form of its literal.
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
        """Give out what was found in the graph."""
        for number in self._own if self._others else ():
            if number in self._others:
                self._note(self._others.pop(number))
        self._own, self._others = array("q"), {}


def read_forms(folder: Path) -> LexicalForms:
    """The forms that a store on disk has beside its database; none where there is no such file."""
    forms, file = LexicalForms(), folder / NAME
    if file.is_file():
        for quad in unless_damaged(ox.parse(path=str(file), format=ox.RdfFormat.N_QUADS)):
            if isinstance(quad.graph_name, ox.NamedNode):
                forms.note(quad.triple, quad.graph_name.value)
    return forms
