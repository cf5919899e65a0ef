"""Writes a new snapshot of a directory store.

If much is replaced, the remaining graphs are copied and the new ones are added. Otherwise, the snapshot starts from
hard links to the published one, and the replaced graphs are deleted. Each triple is stored twice, as in memory: in the
default graph and in the graph of its file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from itertools import chain, islice
from pathlib import Path

import pyoxigraph as ox

from threatgraph.rdf.skolem import skolemize
from threatgraph.store.disk.manifest import GraphEntry
from threatgraph.store.disk.snapshots import PendingSnapshot
from threatgraph.store.inputs import GraphSource
from threatgraph.store.integrity import reading_intact
from threatgraph.store.lexical_forms import NAME as FORMS
from threatgraph.store.lexical_forms import OwnForms
from threatgraph.store.oxigraph import derive
from threatgraph.vocab import DERIVED_GRAPH

Progress = Callable[[int, int], None]
"""Called with the bytes read and the total, as far as it is known."""

_BATCH = 500_000
"""Quads per batch, which Oxigraph sorts in memory."""
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
    loaded: dict[str, GraphEntry] = {}
    quads = _read_all(new, loaded, progress)
    if pending.previous is None or leaving > min(_MOST_REMOVED, staying / _COST_OF_REMOVAL):
        engine = ox.Store(pending.path)
        quads = chain(_copied(pending.previous, kept), quads)
    else:
        pending.link_previous()
        engine = ox.Store(pending.path)
        _forget(engine, [*sorted(dropped), DERIVED_GRAPH])
    quads = _noting_forms(pending, set(kept), quads)
    for first in quads:  # in batches, to bound memory
        engine.bulk_extend(chain([first], islice(quads, _BATCH - 1)))
    derived = ox.NamedNode(DERIVED_GRAPH)
    engine.bulk_extend(ox.Quad(t.subject, t.predicate, t.object, derived) for t in derive(engine))
    engine.flush()
    return loaded


def _read_all(
    new: Sequence[GraphSource], loaded: dict[str, GraphEntry], progress: Progress | None
) -> Iterator[ox.Quad]:
    """Yield the quads of all sources, for their named graph and for the default graph, and record the entries."""
    total = sum(item.loaded.size or 0 for item in new)
    before = 0
    for item in new:
        graph, count = ox.NamedNode(item.graph), 0
        with item.open() as source:
            for subject, predicate, value in skolemize(source.quads(), item.graph):
                yield ox.Quad(subject, predicate, value, graph)
                yield ox.Quad(subject, predicate, value)
                count += 1
                if progress is not None and not count % 1024:
                    progress(before + source.position, total)
        loaded[item.graph] = item.loaded._replace(triples=count)
        before += item.loaded.size or 0


def _noting_forms(pending: PendingSnapshot, kept: AbstractSet[str], quads: Iterable[ox.Quad]) -> Iterator[ox.Quad]:
    """Yield the quads, and record the lexical forms that Oxigraph does not preserve."""
    file = pending.path / FORMS
    with file.open("wb") as noted:
        if pending.previous is not None and (pending.previous / FORMS).is_file():
            for quad in reading_intact(ox.parse(path=str(pending.previous / FORMS), format=ox.RdfFormat.N_QUADS)):
                if isinstance(quad.graph_name, ox.NamedNode) and quad.graph_name.value in kept:
                    noted.write(f"{quad} .\n".encode())

        def note(quad: ox.Quad) -> None:
            noted.write(f"{quad} .\n".encode())

        own = OwnForms(note)
        for quad in quads:
            if not isinstance(quad.graph_name, ox.DefaultGraph) and own.see(quad):
                note(quad)
            yield quad
        own.finish()
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
