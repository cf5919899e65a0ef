"""Keeps how files write literals, where the engine keeps another form of the same value.

Oxigraph holds numbers, times and truth values by value: ``"0.50"^^xsd:decimal`` becomes ``0.5``, and the
``xsd:nonNegativeInteger`` of an OWL cardinality an ``xsd:integer``. Queries compare values, so that does them no harm;
but what leaves the store whole, such as an export, is to be what the files say. So the forms are noted beside the
engine as the files are read, and put back there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

import pyoxigraph as ox

from threatgraph.store.damage import unless_damaged
from threatgraph.vocab import XSD

NAME = "written-forms.nq"
"""The file of a store on disk that holds them."""

_KEPT = frozenset(
    XSD + name
    for name in "string normalizedString token language Name NCName NMTOKEN anyURI hexBinary base64Binary".split()
)
_NODE = ox.NamedNode("urn:x")


@lru_cache(maxsize=4096)
def as_stored(literal: ox.Literal) -> ox.Literal:
    """The literal that the engine keeps for one: ``0.5`` for ``0.50``."""
    if not _may_change(literal):
        return literal
    engine = ox.Store()
    engine.add(ox.Quad(_NODE, _NODE, literal))
    return next(quad.object for quad in engine if isinstance(quad.object, ox.Literal))


@lru_cache(maxsize=4096)
def as_typed(literal: ox.Literal) -> ox.Literal:
    """The literal that the engine keeps for one, with the datatype that it was written with."""
    stored = as_stored(literal)
    return stored if literal.language else ox.Literal(stored.value, datatype=literal.datatype)


def is_retyped(literal: ox.Literal) -> bool:
    """Whether the engine keeps a literal with another datatype, such as ``xsd:integer`` for ``xsd:byte``."""
    return as_stored(literal).datatype != literal.datatype


def changed(triple: ox.Triple) -> bool:
    """Whether the engine keeps another form of the literal that a triple has for its object."""
    value = triple.object
    return isinstance(value, ox.Literal) and _may_change(value) and as_stored(value) != value


def _may_change(literal: ox.Literal) -> bool:
    datatype = literal.datatype.value
    return datatype.startswith(XSD) and datatype not in _KEPT


class Forms:
    """The triples of a store that the engine keeps in another form, by graph.

    Where the files of a store write one value in several forms for the same subject and property, all of them come
    back. (Where one of these forms is the engine's own, that one does not: the others say the same.)
    """

    def __init__(self) -> None:
        self._written: dict[ox.Triple, dict[ox.Triple, set[str]]] = {}
        self.retyped: set[str] = set()
        """The properties of triples of which the engine keeps another datatype."""

    def note(self, triple: ox.Triple, graph: str) -> None:
        """Note a triple with a literal, as the file of a graph writes it."""
        if isinstance(triple.object, ox.Literal):
            stored = ox.Triple(triple.subject, triple.predicate, as_stored(triple.object))
            self._written.setdefault(stored, {}).setdefault(triple, set()).add(graph)
            if is_retyped(triple.object):
                self.retyped.add(triple.predicate.value)

    def restore(self, triples: Iterable[ox.Triple], graph: str | None = None) -> Iterator[ox.Triple]:
        """Triples as the files write them.

        Args:
            triples: those of the engine.
            graph: the graph that they are from; ``None`` for the merged graph.
        """
        if not self._written:
            yield from triples
            return
        for triple in triples:
            written = self._written.get(triple, {})
            found = [form for form, graphs in written.items() if graph is None or graph in graphs]
            yield from found or (triple,)

    def restore_datatypes(self, triples: Iterable[ox.Triple]) -> Iterator[ox.Triple]:
        """Triples with the values that the engine keeps, in the datatypes that the files write."""
        for triple in self.restore(triples):
            value = triple.object
            changes = isinstance(value, ox.Literal) and changed(triple)
            yield ox.Triple(triple.subject, triple.predicate, as_typed(value)) if changes else triple


def read_forms(folder: Path) -> Forms:
    """The forms that a store on disk has beside its database; none where there is no such file."""
    forms, file = Forms(), folder / NAME
    if file.is_file():
        for quad in unless_damaged(ox.parse(path=str(file), format=ox.RdfFormat.N_QUADS)):
            if isinstance(quad.graph_name, ox.NamedNode):
                forms.note(quad.triple, quad.graph_name.value)
    return forms
