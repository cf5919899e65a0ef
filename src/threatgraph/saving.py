"""Writes files whole or not at all."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from threatgraph.display import printable
from threatgraph.errors import ThreatGraphError

_TEMPORARY = ".threatgraph-"
# What a writer that was killed may leave; those of earlier versions have no ending.
_LEFT_OVER = re.compile(r"\.threatgraph-[a-z0-9_]{8}(?:\.tmp)?")
_tidied: set[Path] = set()
"""Folders in which this process has looked for what others have left."""


def save(content: bytes, path: Path) -> None:
    """Write a file beside its place and then rename it, so that nobody ever sees half of it.

    Where the system allows it, the new file gets its name only when it is complete; else, what a killed process has
    left is removed by the next one that writes in that folder.

    Args:
        content: what the file is to hold.
        path: where; a file that stands there is replaced, and one that a link points to is replaced in its own place.
            A pipe or a device is written to, since to replace it would destroy it.

    Raises:
        ThreatGraphError: where the file cannot be written, such as on a full disk; what stood there before still does.
    """
    try:
        if path.exists() and not path.is_file() and not path.is_dir():
            path.write_bytes(content)
            return
        path = path.resolve()
        if path.is_dir():
            raise IsADirectoryError(None, "it is a folder")
        _tidy(path.parent)
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        with _new_file(path.parent, mode) as (descriptor, temporary):
            view = memoryview(content)
            while view:
                view = view[os.write(descriptor, view) :]
            os.fsync(descriptor)
            _name(descriptor, temporary)
            if os.name == "nt":  # where an open file cannot be renamed
                os.close(descriptor)
            temporary.replace(path)
    except OSError as error:
        place = printable(str(path), line_ends=False)
        reason = f"{place}: cannot be written ({error.strerror or error}); nothing was changed."
        raise ThreatGraphError(reason) from error


@contextmanager
def _new_file(folder: Path, mode: int) -> Iterator[tuple[int, Path]]:
    """A descriptor of an empty file in a folder, and the name that it has or may get; in the end the name is gone."""
    temporary = folder / f"{_TEMPORARY}{secrets.token_hex(4)}.tmp"
    try:
        descriptor = os.open(folder, os.O_TMPFILE | os.O_WRONLY, mode)
    except (OSError, AttributeError):  # only Linux has files without a name, and not on each file system
        descriptor = os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0), mode)
    try:
        with suppress(OSError):
            os.chmod(descriptor if os.chmod in os.supports_fd else temporary, mode)  # noqa: PTH101 - of a descriptor
        _lock(descriptor)
        yield descriptor, temporary
    finally:
        with suppress(OSError):  # it is closed where it had to be
            os.close(descriptor)
        temporary.unlink(missing_ok=True)


def _name(descriptor: int, temporary: Path) -> None:
    """Give a complete file its name, where it has none yet."""
    if os.fstat(descriptor).st_nlink == 0:
        folder = os.open("/proc/self/fd", os.O_RDONLY)
        try:  # Python follows the link that stands for the descriptor only beside a folder
            os.link(str(descriptor), temporary, src_dir_fd=folder, follow_symlinks=True)
        finally:
            os.close(folder)


def _tidy(folder: Path) -> None:
    """Remove what a writer that was killed has left in a folder; what one is writing at the moment is locked."""
    if folder in _tidied:
        return
    _tidied.add(folder)
    for entry in os.scandir(folder):
        if _LEFT_OVER.fullmatch(entry.name) and entry.is_file(follow_symlinks=False):
            with suppress(OSError):
                descriptor = os.open(entry.path, os.O_RDONLY)
                try:
                    if _lock(descriptor):
                        Path(entry.path).unlink()
                finally:
                    os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Lock a file that nobody else has locked; ``False`` where that is not possible."""
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
