"""The generations of a directory store, by which readers and a writer do not meet and no accident does harm.

A directory store is a folder with

- ``generation-N/``, an Oxigraph database that never changes once it is published,
- ``threatgraph-store.json``, which names the published generation (:mod:`threatgraph.store.disk.manifest`),
- ``threatgraph-store.lock``, which the one writer holds.

A writer makes generation N+1 beside N, out of links to the same files, which the database never changes but only adds
to and deletes. It publishes by replacing the small file, in one step, after everything is on the disk. A writer that is
killed, or meets a full disk, leaves a half-made folder that the next writer removes. A reader holds a shared lock on
the generation that it reads; a writer removes the old ones that nobody holds.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from threatgraph.errors import ThreatGraphError
from threatgraph.store.disk.manifest import NAME, Manifest, read_manifest, write_manifest
from threatgraph.store.integrity import ADVICE, checksums, reason_of, require_intact

_PREFIX = "generation-"
_LOCK = "threatgraph-store.lock"
_TEMPORARY = ".threatgraph-"
_TRIES = 100


@dataclass(frozen=True, slots=True)
class Held:
    """A published generation that a reader holds."""

    manifest: Manifest
    path: Path
    lock: int
    """A file descriptor: no writer removes the generation while it is open."""


def hold(directory: Path) -> Held:
    """Find the published generation and keep it from being removed.

    Raises:
        ThreatGraphError: where there is no store in the directory, it is damaged, or it cannot be read.
    """
    for _ in range(_TRIES):  # a writer may publish, and the next one remove, while we look
        manifest = read_manifest(directory)
        if manifest is None:
            raise ThreatGraphError(_no_store(directory))
        path = _generation(directory, manifest.generation)
        lock = _lock(path, exclusive=False)
        if lock is not None:
            try:
                require_intact(path, manifest.files)
            except BaseException:
                os.close(lock)
                raise
            return Held(manifest, path, lock)
        if read_manifest(directory) == manifest:
            reason = f"the folder {path.name} is missing: delete the directory and load your files again."
            raise ThreatGraphError(f"{directory}: the store is damaged; {reason}")
    raise ThreatGraphError(f"{directory}: the store changes faster than it can be opened: try again.")


class Busy(ThreatGraphError):
    """Another process is writing to the store."""


class Draft:
    """The next generation while it is made."""

    def __init__(self, directory: Path, manifest: Manifest | None) -> None:
        self._directory, self.manifest = directory, manifest
        newest = max([0, *(number for number, _ in _generations(directory))])
        self.number = max(newest, manifest.generation if manifest else 0) + 1
        self.path = _generation(directory, self.number)
        """Where the next generation belongs; nothing is there yet."""
        self.published = False

    @property
    def previous(self) -> Path | None:
        """The published generation; ``None`` in a new store."""
        return _generation(self._directory, self.manifest.generation) if self.manifest else None

    def link_previous(self) -> None:
        """Begin with what the published generation holds, without copying more than its small files."""
        if self.previous is not None:
            shutil.copytree(self.previous, self.path, copy_function=_link_or_copy)

    def publish(self, manifest: Manifest) -> None:
        """Make this generation the one that readers open, once all of it is on the disk.

        The database in it must be closed.
        """
        for file in self.path.iterdir():
            _sync(file)
        _sync(self.path)
        _sync(self._directory)
        write_manifest(self._directory, replace(manifest, files=checksums(self.path)))
        self.published = True
        _sync(self._directory)


@contextmanager
def writing(directory: Path) -> Iterator[Draft]:
    """Make the next generation of the store in a directory, which is made where it is missing.

    What is in the draft counts only once :meth:`Draft.publish` has returned; until then any error, or the end of the
    process, leaves the store as it was.

    Raises:
        ThreatGraphError: where another process is writing, the folder is something else than a store, or it cannot be
            written to.
    """
    if directory.exists() and not directory.is_dir():
        raise ThreatGraphError(_no_store(directory))
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _refuse_others(directory)
        (directory / _LOCK).touch()
        lock = _lock(directory / _LOCK, exclusive=True)
    except OSError as error:
        raise ThreatGraphError(f"{directory}: no store can be written here ({error.strerror}).") from error
    if lock is None:
        raise Busy(f"{directory}: another process is loading into this store: try again when it is done.")
    try:
        manifest = read_manifest(directory)
        _tidy(directory, manifest)
        draft = Draft(directory, manifest)
        if manifest is not None and draft.previous is not None:
            require_intact(draft.previous, manifest.files)
        try:
            yield draft
        except ThreatGraphError:
            raise
        except OSError as error:
            # The database's own errors tell the whole way down to the reason.
            reason = f"cannot be written ({error.strerror or str(error).rpartition(': ')[2]}); the store is as it was."
            raise ThreatGraphError(f"{directory}: {reason}") from error
        except RuntimeError as error:
            raise ThreatGraphError(f"{directory}: cannot be read: {reason_of(error)}; {ADVICE}") from error
        finally:
            if not draft.published:
                shutil.rmtree(draft.path, ignore_errors=True)
        if draft.published:
            _tidy(directory, read_manifest(directory))
    finally:
        os.close(lock)


def discard(directory: Path) -> None:
    """Remove a whole store, unless somebody reads it or writes to it."""
    locks = [_lock(path, exclusive=True) for _, path in _generations(directory)]
    if (directory / _LOCK).exists():
        locks.append(_lock(directory / _LOCK, exclusive=True))
    if None not in locks:
        shutil.rmtree(directory, ignore_errors=True)
    for lock in locks:
        if lock is not None:
            os.close(lock)


def holds_store_alone(directory: Path) -> bool:
    """Whether a folder holds a store, be it half-made, and nothing else."""
    names = {path.name for path in directory.iterdir()}
    return _LOCK in names and all(name in (_LOCK, NAME) or name.startswith((_PREFIX, _TEMPORARY)) for name in names)


def _generation(directory: Path, number: int) -> Path:
    return directory / f"{_PREFIX}{number}"


def _generations(directory: Path) -> list[tuple[int, Path]]:
    """The generations that are there, published or not."""
    named = ((path.name.removeprefix(_PREFIX), path) for path in directory.glob(f"{_PREFIX}*"))
    return [(int(number), path) for number, path in named if number.isascii() and number.isdigit()]


def _tidy(directory: Path, manifest: Manifest | None) -> None:
    """Remove what writers left half-made, and the old generations that nobody reads."""
    for number, path in _generations(directory):
        if manifest is not None and number == manifest.generation:
            continue
        lock = _lock(path, exclusive=True)
        if lock is not None:
            shutil.rmtree(path, ignore_errors=True)
            os.close(lock)
    for path in directory.glob(f"{_TEMPORARY}*"):
        with suppress(OSError):
            path.unlink()


def _refuse_others(directory: Path) -> None:
    """Refuse a folder that holds something else: nothing of it may be mixed up with, or lost."""
    if (directory / NAME).exists():
        return
    begun = (directory / _LOCK).exists()  # a first load that was interrupted
    ours = (_PREFIX, _TEMPORARY, _LOCK)
    strange = sorted(path.name for path in directory.iterdir() if not (begun and path.name.startswith(ours)))
    if strange:
        reason = f"not a store, and not empty either (it holds {strange[0]}): name a new folder."
        raise ThreatGraphError(f"{directory}: {reason}")


def _no_store(directory: Path) -> str:
    make = f"`threatgraph load --store {directory}` makes one."
    if not directory.exists():
        return f"{directory}: no such folder; {make}"
    if not directory.is_dir():
        return f"{directory}: a file, and not the folder of a store: name a folder, such as one that `load` has made."
    return f"{directory}: there is no store in this folder; {make}"


def _lock(path: Path, *, exclusive: bool) -> int | None:
    """A descriptor that holds a lock; ``None`` where the path is gone, or for an exclusive one that others hold."""
    try:
        import fcntl
    except ImportError:
        raise ThreatGraphError("a store in a directory needs file locks, which this system does not have.") from None
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
    """Link what the database never changes; copy the rest, and all where the file system has no links."""
    if source.endswith(".sst"):
        with suppress(OSError):
            os.link(source, target)
            return
    if not source.endswith(("LOCK", "LOG")):
        shutil.copyfile(source, target)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
