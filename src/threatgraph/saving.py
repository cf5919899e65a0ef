"""Writes files atomically."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from threatgraph.display import printable
from threatgraph.errors import ThreatGraphError

_TEMPORARY = ".threatgraph-"
_IN_MEMORY = 16 * 1024**2
"""Bytes of a spooled file that are kept in memory."""
# Temporary files of a killed process.
_LEFTOVER = r"\.threatgraph-[a-z0-9_]{8}(?:\.tmp)?"
_cleaned: set[Path] = set()
"""Folders in which this process has removed the temporary files of others."""


def save(content: bytes, path: Path, *, durable: bool = True) -> None:
    """Write a file atomically, as :func:`saving` does.

    Args:
        content: the content of the file.
        path: the path.
        durable: as in :func:`saving`.

    Raises:
        ThreatGraphError: if the file cannot be written.
    """
    with saving(path, durable=durable) as target:
        target.write(content)


@contextmanager
def saving(path: Path, *, durable: bool = True) -> Iterator[IO[bytes]]:
    """Open a file to write it atomically: other processes see the old content or the new content.

    The content goes to a temporary file in the same folder, which then gets the final name. On Linux the temporary file
    has no name, so a killed process leaves no file. Elsewhere, the next process that writes in the folder removes it.

    Args:
        path: the path. An existing file is replaced; a symbolic link is followed. A pipe or a device is written to,
            because replacing it would destroy it.
        durable: wait until the content is on the disk, so that it also survives a power failure; this takes a
            millisecond or more for each file.

    Raises:
        ThreatGraphError: if the file cannot be written, for example because the disk is full. An existing file is then
            unchanged.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            with path.open("wb") as device, spooled(device) as target:
                yield target
            return
        path = path.resolve()
        if path.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        _clean(path.parent)
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        with _new_file(path.parent, mode) as (descriptor, temporary):
            with open(descriptor, "wb", closefd=False) as target:
                yield target
            if durable:
                os.fsync(descriptor)
            _name(descriptor, temporary)
            if os.name == "nt":  # an open file cannot be renamed
                os.close(descriptor)
            temporary.replace(path)
    except OSError as error:
        shown = printable(str(path), line_ends=False)
        reason = f"{shown}: cannot be written ({error.strerror or error}); nothing was changed."
        raise ThreatGraphError(reason) from error


@contextmanager
def spooled(target: IO[bytes]) -> Iterator[IO[bytes]]:
    """Open a temporary file whose content is written to another file at the end, unless an error occurs.

    Args:
        target: the other file.

    Raises:
        ThreatGraphError: if the temporary file cannot be written.
    """
    import shutil
    import tempfile

    with tempfile.SpooledTemporaryFile(_IN_MEMORY) as spool:
        with writing_temporary():
            yield spool
        spool.seek(0)
        shutil.copyfileobj(spool, target)


@contextmanager
def writing_temporary() -> Iterator[None]:
    """Report errors of a temporary file.

    Raises:
        ThreatGraphError: with the folder, which TMPDIR can change.
    """
    try:
        yield
    except OSError as error:
        import tempfile

        reason = f"a temporary file cannot be written ({error.strerror or error}); TMPDIR can name another folder."
        raise ThreatGraphError(f"{tempfile.gettempdir()}: {reason}") from error


@contextmanager
def _new_file(folder: Path, mode: int) -> Iterator[tuple[int, Path]]:
    """Create a temporary file; yield its descriptor and its name, which it may not have yet. Remove it at the end."""
    temporary = folder / f"{_TEMPORARY}{os.urandom(4).hex()}.tmp"
    try:
        descriptor = os.open(folder, os.O_TMPFILE | os.O_WRONLY, mode)
    except (OSError, AttributeError):  # only Linux has files without a name, and not on every file system
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), mode)
    try:
        with suppress(OSError):
            os.chmod(descriptor if os.chmod in os.supports_fd else temporary, mode)  # noqa: PTH101 - of a descriptor
        _lock(descriptor)
        yield descriptor, temporary
    finally:
        with suppress(OSError):  # may be closed already
            os.close(descriptor)
        temporary.unlink(missing_ok=True)


def _name(descriptor: int, temporary: Path) -> None:
    """Give a complete file its name, if it has none yet."""
    if os.fstat(descriptor).st_nlink == 0:
        folder = os.open("/proc/self/fd", os.O_RDONLY)
        try:  # Python follows the symbolic link of the descriptor only with src_dir_fd
            os.link(str(descriptor), temporary, src_dir_fd=folder, follow_symlinks=True)
        finally:
            os.close(folder)


def _clean(folder: Path) -> None:
    """Remove the temporary files of killed processes from a folder; files of running processes are locked."""
    if folder in _cleaned:
        return
    _cleaned.add(folder)
    for entry in os.scandir(folder):
        if re.fullmatch(_LEFTOVER, entry.name) and entry.is_file(follow_symlinks=False):
            with suppress(OSError):
                descriptor = os.open(entry.path, os.O_RDONLY)
                try:
                    if _lock(descriptor):
                        Path(entry.path).unlink()
                finally:
                    os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Lock a file; return ``False`` if it is locked or the system has no locks."""
    try:
        import fcntl

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (ImportError, OSError):
        return False
    return True


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
