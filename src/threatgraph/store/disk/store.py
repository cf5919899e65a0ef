"""A store in a directory, for graphs that are large or used often.

It opens in milliseconds whatever its size, since nothing is parsed. An open store never changes: a later load is
visible to those that open the store afterwards.
"""

from __future__ import annotations

import os
import weakref
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

import pyoxigraph as ox

from threatgraph import resources
from threatgraph.errors import InvalidFile, ThreatGraphError
from threatgraph.store.disk.manifest import Manifest
from threatgraph.store.disk.snapshots import acquire
from threatgraph.store.lexical_forms import LexicalForms, read_forms
from threatgraph.store.oxigraph import OxigraphStore
from threatgraph.store.protocol import Dataset


class DirectoryStore(OxigraphStore):
    """A directory store, opened for reading with :meth:`open` and filled with ``threatgraph load``."""

    def __init__(self, path: Path, manifest: Manifest, directory: Path) -> None:
        super().__init__()
        self.path = path
        """The folder of the open snapshot."""
        self.directory = directory
        """The folder of the store."""
        self.manifest = manifest
        """The manifest of the store."""
        self.kept_in: Path | None = None
        """The folder for what is computed from the graph (:mod:`threatgraph.store.disk.kept`); ``None`` for none."""

    @classmethod
    def open(cls, directory: Path) -> DirectoryStore:
        """Open the published snapshot.

        Args:
            directory: the folder of the store.

        Raises:
            InvalidFile: if the store is corrupt, or written by another version of threatgraph.
            ThreatGraphError: if the directory has no store, or it cannot be read.
        """
        try:
            held = acquire(directory)
        except OSError as error:
            raise ThreatGraphError(f"{error.filename or directory}: cannot be read ({error.strerror}).") from error
        store = cls(held.path, held.manifest, directory)
        weakref.finalize(store, _release, held.lock, os.getpid())
        if not held.intact:
            store.open_engine()
        return store

    @cached_property
    def _store(self) -> ox.Store:  # type: ignore[override]  # opened at first use: most queries run in a worker
        try:
            return ox.Store.read_only(str(self.path))
        except (OSError, RuntimeError, ValueError) as error:
            raise ThreatGraphError(_damaged(self.directory, error)) from error

    def open_engine(self) -> None:
        """Open the database, if it is not open yet.

        Raises:
            ThreatGraphError: if it cannot be opened.
        """
        self._store  # noqa: B018 - a property that opens it

    def answer(self, sparql: str, dataset: Dataset | None = None, base: str | None = None) -> tuple[bytes, bytes]:
        """Evaluate a query in this process; see :meth:`OxigraphStore.answer`.

        Raises:
            ThreatGraphError: if the folder is gone. Oxigraph 0.5.13 reads missing files until memory runs out.
        """
        if not self.path.exists():
            raise ThreatGraphError(f"{self.directory}: the store is gone: load your files again.")
        return super().answer(sparql, dataset, base)

    @cached_property
    def files(self) -> dict[str, Path]:
        """The file of each named graph, if it still exists."""
        known = ((graph, loaded.file) for graph, loaded in self.manifest.graphs.items())
        exists = Path.is_file if self.kept_in is None else bool  # the files of the cache were found when it was opened
        return {graph: file for graph, file in known if file is not None and exists(file)}

    @property
    def location(self) -> str:
        """The folder of the store."""
        return f"in {self.directory}"

    @cached_property
    def _forms(self) -> LexicalForms:  # type: ignore[override]  # read at first use
        return read_forms(self.path)

    def _graphs_of(self, triple: ox.Triple) -> Iterable[str]:
        quads = self._store.quads_for_pattern(triple.subject, triple.predicate, triple.object, None)
        return (quad.graph_name.value for quad in quads if isinstance(quad.graph_name, ox.NamedNode))

    @property
    def outdated(self) -> bool:
        """Whether the bundled files have changed since they were loaded, as after an upgrade."""
        return self.kept_in is None and self.manifest.bundled not in (None, resources.bundled_digest())

    def require_loaded(self, paths: Iterable[Path]) -> None:
        """Make sure that the store holds the current version of files.

        Args:
            paths: files, and folders of them.

        Raises:
            InvalidFile: for a file that was not loaded, or that has changed since; and as in
                :func:`threatgraph.rdf.files.find_files`.
        """
        from threatgraph.rdf.files import find_files  # takes time to import

        loaded_files = {loaded.file: loaded for loaded in self.manifest.graphs.values()}
        for path in find_files(paths):
            loaded, status = loaded_files.get(path.resolve()), path.stat()
            command = f"`ThreatGraph.load({str(path)!r}, store={str(self.directory)!r})`"
            if loaded is None:
                raise InvalidFile(str(path), f"not in the store {self.directory}; {command} loads it.")
            if (loaded.size, loaded.modified) != (status.st_size, status.st_mtime_ns):
                reason = f"changed since it was loaded into {self.directory}; {command} loads it again."
                raise InvalidFile(str(path), reason)

    in_memory = False

    def in_worker(self) -> DirectoryStore:
        """The same store, reopened, since a worker does not have the threads of the database."""
        store = DirectoryStore(self.path, self.manifest, self.directory)
        store.open_engine()
        return store

    def __reduce__(self) -> tuple[object, ...]:
        """Support pickling: another process opens the store while this one keeps its lock."""
        return DirectoryStore, (self.path, self.manifest, self.directory)


def _release(lock: int, process: int) -> None:
    """Close the file of a lock, unless this is a forked process, where another file may have the same number."""
    if os.getpid() == process:
        os.close(lock)


def _damaged(directory: Path, error: Exception) -> str:
    return f"{directory}: the store cannot be opened ({error}): delete the directory and load your files again."
