"""The embedded store: the whole graph in memory, in an Oxigraph store.

Every triple stands twice: once in the default graph, merged and free of repetition, which queries ask; and once in the
named graph of the file that it comes from, so that ``GRAPH ?file { … }`` tells where a statement was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyoxigraph as ox

from threatgraph import resources
from threatgraph.store.files import find_files, read_quads
from threatgraph.store.forms import Forms, changed
from threatgraph.store.oxigraph import OxigraphStore, derive
from threatgraph.store.reading import name_blank_nodes
from threatgraph.vocab import FILE_GRAPHS


class EmbeddedStore(OxigraphStore):
    """A store in memory. Make one with :meth:`open`."""

    def __init__(self) -> None:
        super().__init__(ox.Store())
        self._forms = Forms()
        self._waiting: dict[str, bytes] = {}
        """Shipped files whose named graphs are not filled yet: most queries never ask for them."""
        self.files: dict[str, Path] = {}
        """The file behind each named graph."""

    @classmethod
    def open(cls, data: Sequence[Path] = (), *, shipped: bool = True) -> EmbeddedStore:
        """Load the shipped graph and the user's files, then derive the shortcuts.

        Args:
            data: files and folders of the user; a file that is shipped anyway is not loaded twice.
            shipped: whether to load the shipped ontology and data.

        Raises:
            InvalidFile: where a file is missing, is not RDF, or does not parse; nothing is loaded then.
        """
        store = cls()
        if shipped:
            root = resources.root()
            for file in resources.shipped_files():
                store._load_shipped(file, FILE_GRAPHS + file.relative_to(root).as_posix())
        own = find_files(data)
        known = {file.resolve() for file in store.files.values()} if own else set()
        for file in own:
            if file.resolve() not in known:
                store._load(file, file.resolve().as_uri())
        derive(store._store, store._store.extend)
        return store

    def _load_shipped(self, file: Path, graph_iri: str) -> None:
        """Load a file of ours, which has no blank nodes, without a detour through Python: twice as fast."""
        try:
            content = file.read_bytes()
            self._store.load(content, format=ox.RdfFormat.TURTLE)
        except (OSError, SyntaxError):
            self._load(file, graph_iri)  # which says what is wrong, and where
        self._waiting[graph_iri] = content
        self.files[graph_iri] = file

    def _with_graphs(self) -> ox.Store:
        while self._waiting:
            graph_iri, content = self._waiting.popitem()
            self._store.load(content, format=ox.RdfFormat.TURTLE, to_graph=ox.NamedNode(graph_iri))
        return self._store

    def _load(self, file: Path, graph_iri: str) -> None:
        graph = ox.NamedNode(graph_iri)
        triples = list(name_blank_nodes(read_quads(file), graph_iri))
        self._store.extend(ox.Quad(t.subject, t.predicate, t.object, graph) for t in triples)
        self._store.extend(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
        for triple in filter(changed, triples):
            self._forms.note(triple, graph_iri)
        self.files[graph_iri] = file
