"""Loads files into a directory store: atomically, and while other processes read it."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from threatgraph import resources
from threatgraph.errors import UnknownName
from threatgraph.store.disk.manifest import GraphEntry, Manifest
from threatgraph.store.disk.snapshots import pending_snapshot
from threatgraph.store.disk.writer import Progress, write_snapshot
from threatgraph.store.inputs import GraphSource, bundled_sources


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What a load did."""

    loaded: Mapping[str, GraphEntry]
    """The loaded sources, by the IRI of the graph."""
    removed: Sequence[str]
    """The IRIs of the removed graphs, sorted."""
    manifest: Manifest
    """The new manifest of the store."""
    seconds: float

    @property
    def triples(self) -> int:
        """The number of statements read."""
        return sum(loaded.triples for loaded in self.loaded.values())


def load(
    directory: Path,
    given: Sequence[GraphSource] = (),
    *,
    remove: Sequence[str] = (),
    bundled: bool = True,
    progress: Progress | None = None,
) -> LoadResult:
    """Load sources into a directory store, and create the store if it does not exist.

    A source replaces the previous content of its graph. The bundled files are loaded too, and reloaded if they have
    changed. Readers see the change only when it is complete; an error or a kill leaves the store unchanged.

    Args:
        directory: the folder of the store.
        given: the sources to load.
        remove: files or folders by path, or graphs by IRI, to remove from the store.
        bundled: whether the store includes the bundled ontology and data; if not, they are removed.
        progress: called with the bytes read and the total.

    Raises:
        InvalidFile: if a source cannot be read or does not parse, or the store is corrupt or too new.
        UnknownName: if something to remove is not in the store.
        ThreatGraphError: if another process is writing, or the directory is not writable.
    """
    began = time.monotonic()
    with pending_snapshot(directory) as pending:
        before = pending.manifest or Manifest(0, None, {}, {})
        gone = {graph for name in remove for graph in _named(name, before.graphs)}
        new = {item.graph: item for item in (_not_bundled(given) if bundled else given)}
        digest = resources.bundled_digest() if bundled else None
        if digest != before.bundled:
            gone |= {graph for graph, loaded in before.graphs.items() if loaded.bundled}
            new = ({item.graph: item for item in bundled_sources()} if bundled else {}) | new
        if pending.manifest is not None and not gone and not new:
            return LoadResult({}, (), pending.manifest, time.monotonic() - began)
        dropped = (gone | new.keys()) & before.graphs.keys()
        loaded = write_snapshot(pending, before.graphs, dropped, list(new.values()), progress)
        kept = {graph: noted for graph, noted in before.graphs.items() if graph not in dropped}
        manifest = Manifest(pending.number, digest, kept | loaded, {})
        pending.publish(manifest)
    return LoadResult(loaded, sorted(dropped - new.keys()), manifest, time.monotonic() - began)


def _not_bundled(given: Sequence[GraphSource]) -> list[GraphSource]:
    """The sources without the bundled files, which are loaded anyway."""
    root = resources.root()
    bundled = {root / str(item.loaded.path) for item in bundled_sources()} if given else set()
    return [item for item in given if item.loaded.file not in bundled]


def _named(name: str, held: Mapping[str, GraphEntry]) -> list[str]:
    """The graphs of a file, of the files below a folder, or with that IRI, except bundled graphs."""
    path = Path(name).resolve()
    own = {graph: loaded.file for graph, loaded in held.items() if not loaded.bundled}
    found = [graph for graph, file in own.items() if graph == name or file == path or (file and path in file.parents)]
    if not found:
        known = [graph if file is None else str(file) for graph, file in own.items()]
        hint = f"The store has {', '.join(sorted(known)[:5]) or 'no files of yours'}{' …' if len(known) > 5 else ''}."
        raise UnknownName("file of the store", name, known, hint)
    return found
