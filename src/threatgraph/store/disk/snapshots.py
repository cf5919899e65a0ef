"""Snapshots of a directory store, which isolate readers from the writer and make updates atomic.

A directory store is a folder with:

- ``snapshot-N/``, an Oxigraph database that never changes once it is published;
- ``threatgraph-store.json``, which names the published snapshot (:mod:`threatgraph.store.disk.manifest`);
- ``threatgraph-store.lock``, which the single writer locks;
- in the cached copy of the bundled graph, ``kept-*`` (:mod:`threatgraph.store.disk.kept`).

A writer creates snapshot N+1 beside N from hard links to the same files, since the database only adds and deletes
files and never modifies them. It publishes the snapshot by replacing the manifest atomically, after everything has been
synced to disk. A writer that is killed, or runs out of disk space, leaves an incomplete folder that the next writer
removes. A reader holds a shared lock on its snapshot; a writer removes old snapshots that are not locked.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from threatgraph.errors import ThreatGraphError
from threatgraph.store.disk.manifest import NAME, Manifest, read_manifest, write_manifest
from threatgraph.store.integrity import ADVICE, checksums, reason_of, require_intact

KEPT = "kept-"
"""The prefix of files that were computed from the bundled graph."""
_PREFIX = "snapshot-"
_LOCK = "threatgraph-store.lock"
_TEMPORARY = ".threatgraph-"
_TRIES = 100


class Lease(NamedTuple):
    """A shared lock on a published snapshot, for a reader."""

    manifest: Manifest
    path: Path
    lock: int
    """A file descriptor; no writer removes the snapshot while it is open."""
    intact: bool
    """Whether the content of all files was checked; of a large store only their sizes are."""


def acquire(directory: Path) -> Lease:
    """Find the published snapshot and lock it for reading.

    Raises:
        ThreatGraphError: if the directory has no store, or the store is corrupt or cannot be read.
    """
    for _ in range(_TRIES):  # writers may publish and remove snapshots meanwhile
        manifest = read_manifest(directory)
        if manifest is None:
            raise ThreatGraphError(_no_store(directory))
        path = _snapshot(directory, manifest.snapshot)
        lock = _lock(path, exclusive=False)
        if lock is not None:
            try:
                intact = require_intact(path, manifest.files)
            except BaseException:
                os.close(lock)
                raise
            return Lease(manifest, path, lock, intact)
        if read_manifest(directory) == manifest:
            reason = f"the folder {path.name} is missing: delete the directory and load your files again."
            raise ThreatGraphError(f"{directory}: the store is corrupt; {reason}")
    raise ThreatGraphError(f"{directory}: the store changes faster than it can be opened: try again.")


class StoreBusy(ThreatGraphError):
    """Another process is writing to the store."""


class PendingSnapshot:
    """A snapshot that is being written and is not yet published."""

    def __init__(self, directory: Path, manifest: Manifest | None) -> None:
        self._directory, self.manifest = directory, manifest
        newest = max([0, *(number for number, _ in _snapshots(directory))])
        self.number = max(newest, manifest.snapshot if manifest else 0) + 1
        self.path = _snapshot(directory, self.number)
        """The folder of the new snapshot, which does not exist yet."""
        self.published = False

    @property
    def previous(self) -> Path | None:
        """The published snapshot; ``None`` in a new store."""
        return _snapshot(self._directory, self.manifest.snapshot) if self.manifest else None

    def link_previous(self) -> None:
        """Start from the published snapshot, by hard links to its large files."""
        if self.previous is not None:
            import shutil

            shutil.copytree(self.previous, self.path, copy_function=_link_or_copy)

    def publish(self, manifest: Manifest) -> None:
        """Sync the snapshot to disk and make it the one that readers open.

        The database must be closed.
        """
        for file in self.path.iterdir():
            _sync(file)
        _sync(self.path)
        _sync(self._directory)
        write_manifest(self._directory, manifest._replace(files=checksums(self.path)))
        self.published = True
        _sync(self._directory)


@contextmanager
def pending_snapshot(directory: Path) -> Iterator[PendingSnapshot]:
    """Start a new snapshot of a directory store, and create the store if it does not exist.

    The snapshot takes effect when :meth:`PendingSnapshot.publish` returns. Until then, an error or the end of the
    process leaves the store unchanged.

    Raises:
        ThreatGraphError: if another process is writing, the folder is not a store, or it is not writable.
    """
    if directory.exists() and not directory.is_dir():
        raise ThreatGraphError(_no_store(directory))
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _refuse_others(directory)
        (directory / _LOCK).touch()
        lock = _lock(directory / _LOCK, exclusive=True)
    except OSError as error:
        raise ThreatGraphError(f"{directory}: cannot create a store here ({error.strerror}).") from error
    if lock is None:
        raise StoreBusy(f"{directory}: another process is loading into this store: try again when it is done.")
    try:
        manifest = read_manifest(directory)
        _tidy(directory, manifest)
        pending = PendingSnapshot(directory, manifest)
        if manifest is not None and pending.previous is not None:
            require_intact(pending.previous, manifest.files)
        try:
            yield pending
        except ThreatGraphError:
            raise
        except OSError as error:
            # The database's errors are chains that end with the cause.
            reason = f"cannot be written ({error.strerror or str(error).rpartition(': ')[2]}); the store is unchanged."
            raise ThreatGraphError(f"{directory}: {reason}") from error
        except RuntimeError as error:
            raise ThreatGraphError(f"{directory}: cannot be read: {reason_of(error)}; {ADVICE}") from error
        finally:
            if not pending.published:
                _remove(pending.path)
        if pending.published:
            _tidy(directory, read_manifest(directory))
    finally:
        os.close(lock)


def discard(directory: Path) -> None:
    """Remove a store, unless a process reads or writes it."""
    locks = [_lock(path, exclusive=True) for _, path in _snapshots(directory)]
    if (directory / _LOCK).exists():
        locks.append(_lock(directory / _LOCK, exclusive=True))
    if None not in locks:
        _remove(directory)
    for lock in locks:
        if lock is not None:
            os.close(lock)


def holds_only_a_store(directory: Path) -> bool:
    """Whether a folder has a store, complete or not, and nothing else."""
    names = {path.name for path in directory.iterdir()}
    ours = (_PREFIX, _TEMPORARY, KEPT)
    return _LOCK in names and all(name in (_LOCK, NAME) or name.startswith(ours) for name in names)


def _remove(folder: Path) -> None:
    import shutil  # takes time to import, and readers do without it

    shutil.rmtree(folder, ignore_errors=True)


def _snapshot(directory: Path, number: int) -> Path:
    return directory / f"{_PREFIX}{number}"


def _snapshots(directory: Path) -> list[tuple[int, Path]]:
    """The existing snapshots, published or not."""
    named = ((path.name.removeprefix(_PREFIX), path) for path in directory.glob(f"{_PREFIX}*"))
    return [(int(number), path) for number, path in named if number.isascii() and number.isdigit()]


def _tidy(directory: Path, manifest: Manifest | None) -> None:
    """Remove incomplete snapshots, and old snapshots without readers."""
    for number, path in _snapshots(directory):
        if manifest is not None and number == manifest.snapshot:
            continue
        lock = _lock(path, exclusive=True)
        if lock is not None:
            _remove(path)
            os.close(lock)
    for path in directory.glob(f"{_TEMPORARY}*"):
        with suppress(OSError):
            path.unlink()


def _refuse_others(directory: Path) -> None:
    """Reject a folder that has other files, so that none of them is overwritten."""
    if (directory / NAME).exists():
        return
    begun = (directory / _LOCK).exists()  # an interrupted first load
    ours = (_PREFIX, _TEMPORARY, _LOCK, KEPT)
    strange = sorted(path.name for path in directory.iterdir() if not (begun and path.name.startswith(ours)))
    if strange:
        reason = f"not a store and not empty (it contains {strange[0]}): choose a new folder."
        raise ThreatGraphError(f"{directory}: {reason}")


def _no_store(directory: Path) -> str:
    make = f"create one with `ThreatGraph.load(store={str(directory)!r})`."
    if not directory.exists():
        return f"{directory}: folder not found; {make}"
    if not directory.is_dir():
        return f"{directory}: not a folder: give the folder of a store, such as one created by `load`."
    return f"{directory}: no store found in this folder; {make}"


def _lock(path: Path, *, exclusive: bool) -> int | None:
    """Lock a path and return the descriptor; ``None`` if it does not exist or an exclusive lock is not available."""
    try:
        import fcntl
    except ImportError:
        raise ThreatGraphError("directory stores require file locks, which this system does not provide.") from None
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB if exclusive else fcntl.LOCK_SH)
        here, there = os.fstat(descriptor), path.stat()
        if (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino):
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None


def _link_or_copy(source: str, target: str) -> None:
    """Hard-link the files that the database never modifies, and copy the rest."""
    if source.endswith(".sst"):
        with suppress(OSError):
            os.link(source, target)
            return
    if not source.endswith(("LOCK", "LOG")):
        import shutil

        shutil.copyfile(source, target)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
