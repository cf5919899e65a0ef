"""The in-memory store, in an Oxigraph store.

Each triple is stored twice: in the default graph, merged and without duplicates, and in the named graph of its file, so
that ``GRAPH ?file { … }`` gives the source of a statement. Named graphs are filled at the first query that uses them,
since the second copy of each triple makes other queries slower by half or more.
"""

from __future__ import annotations

import os
import threading
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import pyoxigraph as ox

from threatgraph import resources
from threatgraph.rdf.files import find_files, read_quads, source_of
from threatgraph.rdf.reading import Source
from threatgraph.rdf.skolem import skolemize
from threatgraph.store.lexical_forms import LexicalForms
from threatgraph.store.oxigraph import OxigraphStore, derive
from threatgraph.store.plain import Blocks, NotPlain, plain_blocks
from threatgraph.vocab import DERIVED_GRAPH, FILE_GRAPHS

_BATCH = 100_000
"""Triples per batch."""
_FILLING = threading.Lock()
"""Locked while the named graphs of a store are filled, so that other threads wait."""
if hasattr(os, "register_at_fork"):  # a fork waits too, since the filling thread does not exist in the child process
    os.register_at_fork(before=_FILLING.acquire, after_in_parent=_FILLING.release, after_in_child=_FILLING.release)


class MemoryStore(OxigraphStore):
    """A store in memory. Create one with :meth:`open`."""

    def __init__(self) -> None:
        super().__init__(ox.Store())
        self._forms = LexicalForms()
        self._waiting: dict[str, list[bytes]] = {}
        """The content of named graphs that are not filled yet, in N-Triples or Turtle, compressed."""
        self.files: dict[str, Path] = {}
        """The file of each named graph."""
        self.kept_in: Path | None = None
        """The folder for what is computed from the graph (:mod:`threatgraph.store.disk.kept`); ``None`` for none."""

    @classmethod
    def open(
        cls, data: Sequence[Path] = (), *, bundled: bool = True, graph_of: Callable[[Path], str] = Path.as_uri
    ) -> MemoryStore:
        """Load the bundled graph and the user's files, then apply the derivation rules.

        Args:
            data: files and folders of the user; a bundled file is not loaded twice.
            bundled: whether to load the bundled ontology and data.
            graph_of: returns the IRI of the named graph for an absolute path of the user, a different one for each.

        Raises:
            InvalidFile: if a file is missing, is not RDF, or does not parse; nothing is loaded then.
        """
        store = cls()
        if bundled:
            root = resources.root()
            for file in resources.bundled_files():
                store._load_bundled(file, FILE_GRAPHS + file.relative_to(root).as_posix())
        own = find_files(data)
        known = {file.resolve() for file in store.files.values()} if own else set()
        for file in own:
            if file.resolve() not in known:
                store._load(file, graph_of(file.resolve()))
        store._derive()
        return store

    def extended(self, triples: Iterable[ox.Triple], graph_iri: str, file: Path) -> MemoryStore:
        """Copy the store and add the content of a further file; derived triples are recomputed.

        Args:
            triples: the content, without blank nodes.
            graph_iri: the IRI of its named graph.
            file: the path of the file, which need not exist.
        """
        store = MemoryStore()
        with _FILLING:
            store._store.bulk_extend(self._store)
            store._forms, store._waiting, store.files = self._forms.copy(), dict(self._waiting), dict(self.files)
        store._add(triples, graph_iri, file)
        store._derive()
        return store

    def _derive(self) -> None:
        if derived := [_compressed(content) for content in derive(self._store)]:
            self._waiting[DERIVED_GRAPH] = derived

    @property
    def location(self) -> str:
        """The number of files in memory."""
        return f"in memory ({len(self.files)} file{'' if len(self.files) == 1 else 's'})"

    def contents(self) -> Iterator[tuple[str, bytes]]:
        """The content of each named graph as it was loaded, compressed, until the named graphs are filled."""
        with _FILLING:
            for graph_iri, parts in sorted(self._waiting.items()):
                yield graph_iri, b"".join(parts)

    def _load_bundled(self, file: Path, graph_iri: str) -> None:
        """Load a bundled file directly into Oxigraph, which is twice as fast; bundled files have no blank nodes."""
        try:
            content = file.read_bytes()
            self._store.load(content, format=ox.RdfFormat.TURTLE)
        except (OSError, SyntaxError):
            self._load(file, graph_iri)  # which accepts a byte order mark, and reports errors with their position
            return
        self._waiting[graph_iri] = [_compressed(content)]
        self.files[graph_iri] = file

    def _with_graphs(self) -> ox.Store:
        with _FILLING:
            while self._waiting:
                graph_iri, contents = self._waiting.popitem()
                for content in contents:
                    text = zlib.decompress(content)
                    self._store.load(text, format=ox.RdfFormat.TURTLE, to_graph=ox.NamedNode(graph_iri))
        return self._store

    def __reduce__(self) -> tuple[object, ...]:
        """Support pickling, to copy the store into another process."""
        with _FILLING:
            content = self._store.dump(format=ox.RdfFormat.N_QUADS)
            return _copied, (content, self._forms, self._waiting, self.files)

    def _load(self, file: Path, graph_iri: str) -> None:
        # Other forms of a literal of an earlier file are recorded triple by triple.
        if self._forms.subjects or not self._load_plain(file, graph_iri):
            self._add(skolemize(read_quads(file), graph_iri), graph_iri, file)

    def _load_plain(self, file: Path, graph_iri: str) -> bool:
        """Load a file that is plain N-Triples; if not, the store stays as it is and the result is false."""
        contents: list[bytes] = []

        def blocks(source: Source) -> Iterator[bytes]:
            for block in plain_blocks(source):
                contents.append(_compressed(block))
                yield block

        try:
            with source_of(file) as source:
                self._store.bulk_load(Blocks(blocks(source)), format=ox.RdfFormat.N_TRIPLES)  # type: ignore[arg-type]
        except (NotPlain, SyntaxError):
            return False
        self._waiting[graph_iri] = contents
        self.files[graph_iri] = file
        return True

    def _add(self, triples: Iterable[ox.Triple], graph_iri: str, file: Path) -> None:
        triples = iter(triples)
        self._waiting[graph_iri] = contents = []
        while batch := list(islice(triples, _BATCH)):
            self._forms.note_all(batch, graph_iri, lambda triple: self._graph_of(triple, graph_iri))
            self._store.extend(ox.Quad(t.subject, t.predicate, t.object) for t in batch)
            contents.append(ox.serialize(batch, format=ox.RdfFormat.N_TRIPLES) or b"")
        self._waiting[graph_iri] = [_compressed(content) for content in contents]
        self.files[graph_iri] = file

    def _graph_of(self, triple: ox.Triple, graph_iri: str) -> str | None:
        """The graph if it has a triple, the empty string if another graph has it, else ``None``."""
        if ox.Quad(triple.subject, triple.predicate, triple.object) not in self._store:
            return None
        line = f"{triple} .\n".encode()
        return graph_iri if any(line in content for content in self._waiting[graph_iri]) else ""


def _compressed(content: bytes) -> bytes:
    """Compress a text at the fastest level: RDF repeats its IRIs, so that it takes a tenth of the memory."""
    return zlib.compress(content, 1)


def _copied(
    content: bytes, forms: LexicalForms, waiting: dict[str, list[bytes]], files: dict[str, Path]
) -> MemoryStore:
    store = MemoryStore()
    store._store.load(content, format=ox.RdfFormat.N_QUADS)
    store._forms, store._waiting, store.files = forms, waiting, files
    return store
