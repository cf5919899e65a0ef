"""The store in a directory: as in memory, every triple in the default graph and in the graph of its file, but on disk.

It opens in a few milliseconds, whatever its size, since nothing is parsed. What is open never changes: a load that ends
meanwhile is seen by those that open the store after it.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import pyoxigraph as ox

from threatgraph.errors import InvalidFile, ThreatGraphError
from threatgraph.rdf.files import find_files
from threatgraph.store.disk.manifest import Manifest, read_manifest
from threatgraph.store.disk.snapshots import hold
from threatgraph.store.inputs import bundled_digest
from threatgraph.store.lexical_forms import LexicalForms, read_forms
from threatgraph.store.oxigraph import OxigraphStore


class DirectoryStore(OxigraphStore):
    """A store in a directory, open to be read. Make one with :meth:`open`; fill it by ``threatgraph load``."""

    def __init__(self, path: Path, manifest: Manifest) -> None:
        super().__init__(ox.Store.read_only(str(path)))
        self.path = path
        """Where the database is that is open."""
        self.manifest = manifest
        """What it holds."""

    @classmethod
    def open(cls, directory: Path) -> DirectoryStore:
        """Open what was last loaded.

        Args:
            directory: the folder of the store.

        Raises:
            InvalidFile: where the store is damaged, or made by a newer version of threatgraph.
            ThreatGraphError: where there is no store in the directory, or it cannot be read.
        """
        try:
            held = hold(directory)
        except OSError as error:
            raise ThreatGraphError(f"{error.filename or directory}: cannot be read ({error.strerror}).") from error
        try:
            store = cls(held.path, held.manifest)
        except (OSError, RuntimeError, ValueError) as error:
            os.close(held.lock)
            raise ThreatGraphError(_damaged(directory, error)) from error
        weakref.finalize(store, os.close, held.lock)
        return store

    @cached_property
    def files(self) -> dict[str, Path]:
        """The file behind each named graph, where there is one that is still there."""
        known = ((graph, loaded.file) for graph, loaded in self.manifest.graphs.items())
        return {graph: file for graph, file in known if file is not None and file.is_file()}

    @cached_property
    def _forms(self) -> LexicalForms:  # type: ignore[override]  # read when first asked for
        return read_forms(self.path)

    def _graphs_of(self, triple: ox.Triple) -> Iterable[str]:
        quads = self._store.quads_for_pattern(triple.subject, triple.predicate, triple.object, None)
        return (quad.graph_name.value for quad in quads if isinstance(quad.graph_name, ox.NamedNode))

    @property
    def outdated(self) -> bool:
        """Whether the bundled files that were loaded have changed since, as they do with a new version."""
        return self.manifest.bundled not in (None, bundled_digest())

    in_memory = False

    def in_worker(self) -> DirectoryStore:
        """The same store, opened anew: threads of the database that this one was opened by are not in a worker."""
        return DirectoryStore(self.path, self.manifest)

    def __reduce__(self) -> tuple[object, ...]:
        """The way to open it in another process, while this one keeps it from being removed."""
        return DirectoryStore, (self.path, self.manifest)


def require_loaded(directory: Path, paths: Iterable[Path]) -> None:
    """Make sure that a store holds files as they are now.

    Args:
        directory: the folder of the store.
        paths: files, and folders of them.

    Raises:
        InvalidFile: for a file that was not loaded, or that has changed since; and as in
            :func:`threatgraph.rdf.files.find_files`.
    """
    manifest = read_manifest(directory) or Manifest(0)
    held = {loaded.file: loaded for loaded in manifest.graphs.values()}
    for path in find_files(paths):
        loaded, status = held.get(path.resolve()), path.stat()
        command = f"`threatgraph load --store {directory} {path}`"
        if loaded is None:
            raise InvalidFile(str(path), f"not in the store {directory}: {command} loads it.")
        if (loaded.size, loaded.modified) != (status.st_size, status.st_mtime_ns):
            raise InvalidFile(str(path), f"has changed since it was loaded into {directory}: {command} loads it again.")


def _damaged(directory: Path, error: Exception) -> str:
    return f"{directory}: the store cannot be opened ({error}): delete the directory and load your files again."
