"""Detects corrupt files of a store, before or while Oxigraph reads them.

Oxigraph verifies each block that it reads, but it may retry a corrupt block forever and collect errors until memory is
exhausted. So the files are checked when a store is opened: their sizes, and in a small store their content.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

from threatgraph.errors import ThreatGraphError

T = TypeVar("T")

MOST_READ = 64 * 1024**2
"""Stores up to this many bytes have their content checked at each opening, at about 0.2 ms per MiB."""
_CHANGING = ("LOCK", "LOG")
_CHUNK = 256 * 1024
"""Small enough for the caches of a processor."""

ENGINE_ERRORS = (OSError, RuntimeError, ValueError, SyntaxError, MemoryError)
"""What Oxigraph raises if it cannot read or write a database."""


def reading_intact(items: Iterable[T]) -> Iterator[T]:
    """Iterate over the items of a store.

    Raises:
        ThreatGraphError: if the store cannot be read further.
    """
    iterator = iter(items)
    while True:
        try:
            item = next(iterator)
        except StopIteration:
            return
        except ENGINE_ERRORS as error:
            raise _unreadable(error) from error
        yield item


@contextmanager
def reading_store() -> Iterator[None]:
    """Report errors of Oxigraph while it reads a store.

    Raises:
        ThreatGraphError: if the store cannot be read further.
    """
    try:
        yield
    except ENGINE_ERRORS as error:
        raise _unreadable(error) from error


def _unreadable(error: Exception) -> ThreatGraphError:
    if isinstance(error, ThreatGraphError):
        return error
    return ThreatGraphError(f"the store cannot be read: {reason_of(error)}; {ADVICE}")


ADVICE = "it is corrupt: delete the directory and load your files again (threatgraph load)."


def reason_of(error: Exception) -> str:
    """Oxigraph's reason on one line."""
    return " ".join(str(getattr(error, "strerror", None) or error).split()) or type(error).__name__


def checksums(folder: Path) -> dict[str, tuple[int, int]]:
    """Compute the size and checksum of each file of a database."""
    return {file.name: (file.stat().st_size, _checksum(file)) for file in sorted(folder.iterdir()) if _is_kept(file)}


def require_intact(folder: Path, files: Mapping[str, tuple[int, int]]) -> bool:
    """Check that the files of a database are unchanged since they were written.

    Args:
        folder: the folder of the database.
        files: the size and checksum of each, by name.

    Returns:
        Whether their content was checked, too, which is done in a small store.

    Raises:
        ThreatGraphError: if a file is missing or has changed.
    """
    whole = sum(size for size, _ in files.values()) <= MOST_READ
    for name, (size, checksum) in files.items():
        file = folder / name
        try:
            if file.stat().st_size != size or (whole and _checksum(file) != checksum):
                raise ThreatGraphError(f"{file}: changed since it was written; the store {ADVICE[3:]}")
        except OSError as error:
            raise ThreatGraphError(f"{file}: cannot be read ({error.strerror}); the store {ADVICE[3:]}") from error
    return whole and bool(files)


def _is_kept(file: Path) -> bool:
    """Whether Oxigraph leaves a file of the database unchanged when it reads."""
    return not file.name.startswith(_CHANGING)


def _checksum(file: Path) -> int:
    checksum, buffer = 0, memoryview(bytearray(_CHUNK))
    with file.open("rb", buffering=0) as stream:
        while size := stream.readinto(buffer):  # one buffer for all: new memory costs more than the checksum
            checksum = zlib.crc32(buffer[:size], checksum)
    return checksum
