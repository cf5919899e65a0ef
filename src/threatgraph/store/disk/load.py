"""Loads files into a directory store, beside its readers and without harm to it whatever happens."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from threatgraph import resources
from threatgraph.errors import UnknownName
from threatgraph.store.disk.manifest import Manifest
from threatgraph.store.disk.snapshots import writing
from threatgraph.store.disk.writer import Progress, build
from threatgraph.store.inputs import GraphEntry, GraphSource, bundled_digest, bundled_sources


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a load did."""

    loaded: Mapping[str, GraphEntry]
    """What was read, by the IRI of its graph."""
    removed: Sequence[str]
    """The graphs that are gone, sorted."""
    manifest: Manifest
    """What the store holds now."""
    seconds: float

    @property
    def triples(self) -> int:
        """The statements that were read."""
        return sum(loaded.triples for loaded in self.loaded.values())


def load(
    directory: Path,
    given: Sequence[GraphSource] = (),
    *,
    remove: Sequence[str] = (),
    bundled: bool = True,
    progress: Progress | None = None,
) -> Outcome:
    """Load inputs into the store of a directory, which is made where it is missing.

    An input replaces what its graph held before. The bundled files come along, and are read again where they have
    changed since. Readers see nothing of this until it is complete; an error or a kill leaves the store as it was.

    Args:
        directory: the folder of the store.
        given: what to load.
        remove: what to take out: files or folders by their paths, or graphs by their IRIs.
        bundled: whether the bundled ontology and data are to be in the store; where not, they are taken out.
        progress: told how far the reading is.

    Raises:
        InvalidFile: where an input cannot be read or does not parse; where the store is damaged or too new.
        UnknownName: for something to remove that the store does not hold.
        ThreatGraphError: where another process is writing, or the directory cannot be written to.
    """
    began = time.monotonic()
    with writing(directory) as draft:
        before = draft.manifest or Manifest(0)
        gone = {graph for name in remove for graph in _named(name, before.graphs)}
        new = {item.graph: item for item in (_not_bundled(given) if bundled else given)}
        digest = bundled_digest() if bundled else None
        if digest != before.bundled:
            gone |= {graph for graph, loaded in before.graphs.items() if loaded.bundled}
            new = ({item.graph: item for item in bundled_sources()} if bundled else {}) | new
        if draft.manifest is not None and not gone and not new:
            return Outcome({}, (), draft.manifest, time.monotonic() - began)
        dropped = (gone | new.keys()) & before.graphs.keys()
        loaded = build(draft, before.graphs, dropped, list(new.values()), progress)
        kept = {graph: noted for graph, noted in before.graphs.items() if graph not in dropped}
        manifest = Manifest(draft.number, digest, kept | loaded)
        draft.publish(manifest)
    return Outcome(loaded, sorted(dropped - new.keys()), manifest, time.monotonic() - began)


def _not_bundled(given: Sequence[GraphSource]) -> list[GraphSource]:
    """The inputs without those that are bundled anyway, which need not be there twice."""
    root = resources.root()
    bundled = {root / str(item.loaded.path) for item in bundled_sources()} if given else set()
    return [item for item in given if item.loaded.file not in bundled]


def _named(name: str, held: Mapping[str, GraphEntry]) -> list[str]:
    """The graphs of a file, or of the files below a folder, or the graph of that name; bundled ones stay."""
    path = Path(name).resolve()
    own = {graph: loaded.file for graph, loaded in held.items() if not loaded.bundled}
    found = [graph for graph, file in own.items() if graph == name or file == path or (file and path in file.parents)]
    if not found:
        known = [graph if file is None else str(file) for graph, file in own.items()]
        hint = f"The store holds {', '.join(sorted(known)[:5]) or 'no file of yours'}{' …' if len(known) > 5 else ''}."
        raise UnknownName("file of the store", name, known, hint)
    return found
