"""Finds out that the files of a store are not what they were, before or while the engine reads them.

The engine checks each block that it reads, but it may then meet the same fault for ever, and collect the errors until
memory ends. So the files are looked at when a store is opened: their sizes, and in a small store the
content.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from threatgraph.errors import ThreatGraphError

T = TypeVar("T")

MOST_READ = 64 * 1024**2
"""Bytes of a store up to which its content is checked each time it is opened: that takes a millisecond a MiB."""
_CHANGING = ("LOCK", "LOG")
_CHUNK = 1024**2

ENGINE_ERRORS = (OSError, RuntimeError, ValueError, SyntaxError, MemoryError)
"""What the engine raises for a database that it cannot read or write."""


def unless_damaged(items: Iterable[T]) -> Iterator[T]:
    """The items of a store, one by one.

    Raises:
        ThreatGraphError: where the store cannot be read any further.
    """
    iterator = iter(items)
    while True:
        try:
            item = next(iterator)
        except StopIteration:
            return
        except ENGINE_ERRORS as error:
            if isinstance(error, ThreatGraphError):
                raise
            raise ThreatGraphError(f"the store cannot be read: {reason_of(error)}; {ADVICE}") from error
        yield item


ADVICE = "it is damaged: delete the directory and load your files again (threatgraph load)."


def reason_of(error: Exception) -> str:
    """The engine's reason on one line."""
    return " ".join(str(getattr(error, "strerror", None) or error).split()) or type(error).__name__


def checksums(folder: Path) -> dict[str, tuple[int, int]]:
    """The size and checksum of each file of a database."""
    return {file.name: (file.stat().st_size, _checksum(file)) for file in sorted(folder.iterdir()) if _is_kept(file)}


def require_intact(folder: Path, files: Mapping[str, tuple[int, int]]) -> None:
    """Make sure that the files of a database are what was written.

    Args:
        folder: where they are.
        files: the size and checksum of each, by name.

    Raises:
        ThreatGraphError: where one is missing or another one.
    """
    whole = sum(size for size, _ in files.values()) <= MOST_READ
    for name, (size, checksum) in files.items():
        file = folder / name
        try:
            if file.stat().st_size != size or (whole and _checksum(file) != checksum):
                raise ThreatGraphError(f"{file}: is not what was written; the store {ADVICE[3:]}")
        except OSError as error:
            raise ThreatGraphError(f"{file}: cannot be read ({error.strerror}); the store {ADVICE[3:]}") from error


def _is_kept(file: Path) -> bool:
    """Whether the engine leaves a file of a database as it is when it reads."""
    return not file.name.startswith(_CHANGING)


def _checksum(file: Path) -> int:
    checksum = 0
    with file.open("rb") as stream:
        while chunk := stream.read(_CHUNK):
            checksum = zlib.crc32(chunk, checksum)
    return checksum
