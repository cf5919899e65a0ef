"""Fills the next generation of a directory store.

Where much is replaced, what stays is written anew beside what is read; else the published generation is taken over by
links, and what is replaced is removed from it. Every triple stands twice, as in memory: in the default graph and in the
graph of its file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path

import pyoxigraph as ox

from threatgraph.rdf.skolem import skolemize
from threatgraph.store.disk.snapshots import Draft
from threatgraph.store.inputs import GraphEntry, GraphSource
from threatgraph.store.integrity import unless_damaged
from threatgraph.store.lexical_forms import NAME as FORMS
from threatgraph.store.lexical_forms import OwnForms
from threatgraph.store.oxigraph import derive
from threatgraph.vocab import DERIVED_GRAPH

Progress = Callable[[int, int], None]
"""Told the bytes that have been read, and the bytes that there are as far as that is known."""

_BATCH = 500_000
"""Quads that the engine sorts at once, in memory."""
_MOST_REMOVED = 500_000
"""Triples that are removed at most: the engine keeps all of them in memory until it is done."""
_COST_OF_REMOVAL = 4
"""How many triples are written in the time that one is removed."""

# The triples of a graph that stand in no other graph leave the default graph.
_FORGET = """
DELETE { ?s ?p ?o }
WHERE { GRAPH %s { ?s ?p ?o } FILTER NOT EXISTS { GRAPH ?other { ?s ?p ?o } FILTER(?other NOT IN (%s)) } }
"""


def build(
    draft: Draft,
    held: Mapping[str, GraphEntry],
    dropped: AbstractSet[str],
    new: Sequence[GraphSource],
    progress: Progress | None,
) -> dict[str, GraphEntry]:
    """Fill the next generation.

    Args:
        draft: where it belongs.
        held: the graphs of the published generation.
        dropped: those of them that are to go, or to be replaced.
        new: what to read.
        progress: told how far the reading is.

    Returns:
        What was read, by the IRI of its graph.

    Raises:
        InvalidFile: where an input cannot be read or does not parse.
        OSError: where the disk is full, or fails.
    """
    kept = sorted(held.keys() - dropped)
    leaving = sum(held[graph].triples for graph in dropped)
    staying = sum(held[graph].triples for graph in kept)
    loaded: dict[str, GraphEntry] = {}
    quads = _read_all(new, loaded, progress)
    if draft.previous is None or leaving > min(_MOST_REMOVED, staying / _COST_OF_REMOVAL):
        engine = ox.Store(draft.path)
        quads = chain(_copied(draft.previous, kept), quads)
    else:
        draft.link_previous()
        engine = ox.Store(draft.path)
        _forget(engine, [*sorted(dropped), DERIVED_GRAPH])
    quads = _noting_forms(draft, set(kept), quads)
    for first in quads:  # in batches, so that memory is bounded whatever there is to load
        engine.bulk_extend(chain([first], islice(quads, _BATCH - 1)))
    derived = ox.NamedNode(DERIVED_GRAPH)
    engine.bulk_extend(ox.Quad(t.subject, t.predicate, t.object, derived) for t in derive(engine))
    engine.flush()
    return loaded


def _read_all(
    new: Sequence[GraphSource], loaded: dict[str, GraphEntry], progress: Progress | None
) -> Iterator[ox.Quad]:
    """The quads of all inputs, each for the graph of its input and for the default graph; notes what was read."""
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
        loaded[item.graph] = replace(item.loaded, triples=count)
        before += item.loaded.size or 0


def _noting_forms(draft: Draft, kept: AbstractSet[str], quads: Iterable[ox.Quad]) -> Iterator[ox.Quad]:
    """The quads, once it is noted beside the database which of them the engine keeps in another form."""
    file = draft.path / FORMS
    with file.open("wb") as noted:
        if draft.previous is not None and (draft.previous / FORMS).is_file():
            for quad in unless_damaged(ox.parse(path=str(draft.previous / FORMS), format=ox.RdfFormat.N_QUADS)):
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
    """The quads of graphs of the published generation, for the same graphs and for the default graph."""
    if previous is None or not kept:
        return
    engine = ox.Store.read_only(str(previous))
    for iri in kept:
        for quad in unless_damaged(engine.quads_for_pattern(None, None, None, ox.NamedNode(iri))):
            yield quad
            yield ox.Quad(quad.subject, quad.predicate, quad.object)


def _forget(engine: ox.Store, graphs: Sequence[str]) -> None:
    """Remove graphs, and from the default graph what stood in them alone."""
    names = [str(ox.NamedNode(iri)) for iri in graphs]
    for name in names:
        engine.update(_FORGET % (name, ", ".join(names)))
    for iri in graphs:
        engine.remove_graph(ox.NamedNode(iri))
