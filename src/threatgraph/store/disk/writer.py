"""Writes a new snapshot of a directory store.

If much is replaced, the remaining graphs are copied and the new ones are added. Otherwise, the snapshot starts from
hard links to the published one, and the replaced graphs are deleted. Each triple is stored twice, as in memory: in the
default graph and in the graph of its file.
"""

from __future__ import annotations

import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain, groupby, islice
from pathlib import Path

import pyoxigraph as ox

from threatgraph.rdf.reading import Source
from threatgraph.rdf.skolem import skolemize
from threatgraph.store.disk.manifest import GraphEntry
from threatgraph.store.disk.snapshots import PendingSnapshot
from threatgraph.store.inputs import GraphSource
from threatgraph.store.integrity import reading_intact
from threatgraph.store.lexical_forms import NAME as FORMS
from threatgraph.store.lexical_forms import OwnForms
from threatgraph.store.oxigraph import derive
from threatgraph.store.plain import NotPlain, plain_blocks
from threatgraph.vocab import DERIVED_GRAPH

Progress = Callable[[int, int], None]
"""Called with the bytes read and the total, as far as it is known."""

_BATCH = 500_000
"""Quads per batch, which Oxigraph sorts in memory."""
_LARGE = 4 * 1024**2
"""Bytes from which a file is loaded by itself, since each load adds several files to the database."""
_PART = 64 * 1024**2
"""Bytes that are loaded at once."""
_THREADS = 2
"""The number of parts that are loaded at the same time."""
_MOST_REMOVED = 500_000
"""Maximum number of triples to delete, since Oxigraph keeps all of them in memory."""
_COST_OF_REMOVAL = 4
"""The number of triples that can be written in the time of one deletion."""

# Deletes from the default graph the triples of a graph that are in no other graph.
_FORGET = """
DELETE { ?s ?p ?o }
WHERE { GRAPH %s { ?s ?p ?o } FILTER NOT EXISTS { GRAPH ?other { ?s ?p ?o } FILTER(?other NOT IN (%s)) } }
"""


def write_snapshot(
    pending: PendingSnapshot,
    held: Mapping[str, GraphEntry],
    dropped: AbstractSet[str],
    new: Sequence[GraphSource],
    progress: Progress | None,
) -> dict[str, GraphEntry]:
    """Write the content of a new snapshot.

    Args:
        pending: the new snapshot.
        held: the graphs of the published snapshot, by IRI.
        dropped: the IRIs of graphs to remove or replace.
        new: the sources to load.
        progress: called with the bytes read and the total.

    Returns:
        The entries of the loaded sources, by the IRI of the graph.

    Raises:
        InvalidFile: if a source cannot be read or does not parse.
        OSError: if the disk is full or fails.
    """
    kept = sorted(held.keys() - dropped)
    leaving = sum(held[graph].triples for graph in dropped)
    staying = sum(held[graph].triples for graph in kept)
    copied: Iterable[ox.Quad] = ()
    if pending.previous is None or leaving > min(_MOST_REMOVED, staying / _COST_OF_REMOVAL):
        engine = ox.Store(pending.path)
        copied = _copied(pending.previous, kept)
    else:
        pending.link_previous()
        engine = ox.Store(pending.path)
        _forget(engine, [*sorted(dropped), DERIVED_GRAPH])
    loaded: dict[str, GraphEntry] = {}
    reading = _Reading(new, progress)
    with _noted_forms(pending, set(kept)) as note:
        _extend(engine, copied, note)
        for large, items in groupby(new, lambda item: (item.loaded.size or 0) >= _LARGE):
            for item in items if large else ():
                entry = _load_plain(engine, item, reading)
                if entry is not None:
                    loaded[item.graph] = entry
                else:
                    _extend(engine, reading.quads([item], loaded), note)
            if not large:
                _extend(engine, reading.quads(items, loaded), note)
    _derive(engine)
    engine.flush()
    return loaded


class _Reading:
    """Reads sources one after another and reports the progress."""

    def __init__(self, new: Sequence[GraphSource], progress: Progress | None) -> None:
        self._total = sum(item.loaded.size or 0 for item in new)
        self._before = 0
        self._progress = progress

    def report(self, source: Source) -> None:
        """Report how far the current source has been read."""
        if self._progress is not None:
            self._progress(self._before + source.position, self._total)

    def end(self, item: GraphSource, triples: int) -> GraphEntry:
        """Count a source as read, and return its entry."""
        self._before += item.loaded.size or 0
        return item.loaded._replace(triples=triples)

    def quads(self, items: Iterable[GraphSource], loaded: dict[str, GraphEntry]) -> Iterator[ox.Quad]:
        """Yield the quads of sources, for their named graph and for the default graph, and record the entries."""
        for item in items:
            graph, count = ox.NamedNode(item.graph), 0
            with item.open() as source:
                for subject, predicate, value in skolemize(source.quads(), item.graph):
                    yield ox.Quad(subject, predicate, value, graph)
                    yield ox.Quad(subject, predicate, value)
                    count += 1
                    if not count % 1024:
                        self.report(source)
            loaded[item.graph] = self.end(item, count)


def _load_plain(engine: ox.Store, item: GraphSource, reading: _Reading) -> GraphEntry | None:
    """Load a file that is plain N-Triples; ``None`` if it is not, and then some of its triples may be loaded."""
    count = 0

    def blocks(source: Source) -> Iterator[bytes]:
        nonlocal count
        for block in plain_blocks(source):
            count += block.count(b"\n")
            reading.report(source)
            yield block
            yield block.replace(b" .\n", in_graph)

    if item.loaded.path is None:  # a stream cannot be read again
        return None
    in_graph = f" {ox.NamedNode(item.graph)} .\n".encode()
    try:
        with item.open() as source:
            _bulk_load(engine, blocks(source), ox.RdfFormat.N_QUADS)
    except (NotPlain, SyntaxError):
        return None
    return reading.end(item, count)


def _bulk_load(
    engine: ox.Store, blocks: Iterable[bytes], form: ox.RdfFormat, graph: ox.NamedNode | None = None
) -> None:
    """Load blocks of whole lines in several threads, but in parts, since Oxigraph keeps a million quads a thread."""
    with ThreadPoolExecutor(_THREADS) as pool:
        running: deque[Future[None]] = deque()
        for part in _joined(blocks):
            if len(running) == _THREADS:
                running.popleft().result()
            running.append(pool.submit(engine.bulk_load, part, form, to_graph=graph))
        for future in running:
            future.result()


def _joined(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Join blocks to parts of at least :data:`_PART` bytes."""
    part: list[bytes] = []
    for block in blocks:
        part.append(block)
        if sum(map(len, part)) >= _PART:
            yield b"".join(part)
            part = []
    if part:
        yield b"".join(part)


def _extend(engine: ox.Store, quads: Iterable[ox.Quad], note: Callable[[ox.Quad], None]) -> None:
    """Add quads in batches, to bound memory, and note the lexical forms that Oxigraph does not preserve."""
    quads = _seen(quads, note)
    for first in quads:
        engine.bulk_extend(chain([first], islice(quads, _BATCH - 1)))


def _seen(quads: Iterable[ox.Quad], note: Callable[[ox.Quad], None]) -> Iterator[ox.Quad]:
    own = OwnForms(note)
    for quad in quads:
        if not isinstance(quad.graph_name, ox.DefaultGraph) and own.see(quad):
            note(quad)
        yield quad
    own.finish()


def _derive(engine: ox.Store) -> None:
    """Apply the rules, and fill the named graph of the derived triples."""
    derived = [zlib.compress(content, 1) for content in derive(engine)]
    # At the end, since each load adds files, which Oxigraph then merges.
    _bulk_load(engine, map(zlib.decompress, derived), ox.RdfFormat.N_TRIPLES, ox.NamedNode(DERIVED_GRAPH))


@contextmanager
def _noted_forms(pending: PendingSnapshot, kept: AbstractSet[str]) -> Iterator[Callable[[ox.Quad], None]]:
    """Keep the recorded lexical forms of the kept graphs, and give a function that records further ones."""
    file = pending.path / FORMS
    with file.open("wb") as noted:

        def note(quad: ox.Quad) -> None:
            noted.write(f"{quad} .\n".encode())

        if pending.previous is not None and (pending.previous / FORMS).is_file():
            for quad in reading_intact(ox.parse(path=str(pending.previous / FORMS), format=ox.RdfFormat.N_QUADS)):
                if isinstance(quad.graph_name, ox.NamedNode) and quad.graph_name.value in kept:
                    note(quad)
        yield note
    if not file.stat().st_size:
        file.unlink()


def _copied(previous: Path | None, kept: Sequence[str]) -> Iterator[ox.Quad]:
    """Yield the quads of graphs of the published snapshot, for the same graphs and for the default graph."""
    if previous is None or not kept:
        return
    engine = ox.Store.read_only(str(previous))
    for iri in kept:
        for quad in reading_intact(engine.quads_for_pattern(None, None, None, ox.NamedNode(iri))):
            yield quad
            yield ox.Quad(quad.subject, quad.predicate, quad.object)


def _forget(engine: ox.Store, graphs: Sequence[str]) -> None:
    """Delete graphs, and from the default graph the triples that are in no other graph."""
    names = [str(ox.NamedNode(iri)) for iri in graphs]
    for name in names:
        engine.update(_FORGET % (name, ", ".join(names)))
    for iri in graphs:
        engine.remove_graph(ox.NamedNode(iri))
