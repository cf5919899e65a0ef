"""Faults that are planted in the bundled graph, which is loaded once: what a test plants is removed after it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pyoxigraph import NamedNode, Quad, RdfFormat, parse

from threatgraph import ThreatGraph
from threatgraph.rdf.files import read_quads
from threatgraph.rdf.skolem import skolemize
from threatgraph.store import MemoryStore
from threatgraph.store.oxigraph import derive
from threatgraph.vocab import DERIVED_GRAPH


class Ground:
    """The bundled graph before its rules are applied, with its named graphs filled."""

    def __init__(self) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("threatgraph.store.memory.derive", lambda _: ())
            self._store = MemoryStore.open()
        self._engine = self._store._with_graphs()
        self._size = len(self._engine)
        self._stated = frozenset(self._store.triples())

    @contextmanager
    def planted(self, file: Path) -> Iterator[ThreatGraph]:
        """The graph that :meth:`ThreatGraph.open` gives with a file of the user; it cannot be used afterward."""
        engine, name = self._engine, file.resolve().as_uri()
        store = MemoryStore()
        store._store, store._forms, store.files = engine, self._store._forms.copy(), dict(self._store.files)
        triples = set(skolemize(read_quads(file), name))
        store._load(file, name)
        contents = list(derive(engine))
        store._waiting[DERIVED_GRAPH] = [zlib.compress(content) for content in contents]
        derived = {quad.triple for content in contents for quad in parse(content, format=RdfFormat.N_TRIPLES)}
        try:
            yield ThreatGraph(store)
        finally:
            store._with_graphs()
            for graph in (name, DERIVED_GRAPH):
                engine.remove_graph(NamedNode(graph))
            for triple in (triples | derived) - self._stated:
                engine.remove(Quad(triple.subject, triple.predicate, triple.object))
            assert len(engine) == self._size
