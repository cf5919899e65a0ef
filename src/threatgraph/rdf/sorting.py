"""Sorts lines in bounded memory: sorted runs in temporary files, merged block by block."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator
from itertools import islice
from operator import eq
from typing import IO

from threatgraph.saving import writing_temporary

_RUN = 32 * 1024**2
"""Bytes that are sorted in memory at once; a smaller content needs no temporary file."""
_BLOCK = 1024**2
"""Bytes that are read at once from each run."""
_LINES = 8192
"""Lines in a block at most."""

Encode = Callable[[list[bytes]], list[bytes]]
"""Changes lines before they are sorted."""


class LineSorter:
    """Lines, sorted by their bytes and without duplicates.

    It is a target to write to, such as for the dump of a store. Reading begins when everything is written; the lines
    can be read several times.

    Args:
        encode: changes the lines before they are sorted.
    """

    def __init__(self, encode: Encode | None = None) -> None:
        self._encode = encode
        self._chunks: list[bytes] = []
        self._size = 0
        self._runs: list[IO[bytes]] = []
        self._sorted: list[bytes] | None = None

    def write(self, content: bytes) -> int:
        """Add content, which may end inside a line.

        Raises:
            ThreatGraphError: if a temporary file cannot be written.
        """
        self._chunks.append(content)
        self._size += len(content)
        if self._size >= _RUN:
            self._spill()
        return len(content)

    def flush(self) -> None:
        """Do nothing; Oxigraph expects this method of files."""

    def blocks(self) -> Iterator[list[bytes]]:
        """Yield all lines in order, without their line ends, in lists.

        Raises:
            ThreatGraphError: if a temporary file cannot be written.
        """
        if self._runs:
            self._spill()
            yield from _merged([_Run(file) for file in self._runs])
            return
        if self._sorted is None:
            self._sorted = self._take()
        yield from _cut(self._sorted)

    def _take(self) -> list[bytes]:
        """The complete lines so far, sorted; the beginning of an incomplete line stays."""
        lines = b"".join(self._chunks).split(b"\n")
        rest = lines.pop()
        self._chunks, self._size = [rest] if rest else [], len(rest)
        return _distinct(lines if self._encode is None else self._encode(lines))

    def _spill(self) -> None:
        if not (lines := self._take()):
            return
        with writing_temporary():
            import tempfile  # few graphs are so large

            file = tempfile.TemporaryFile()  # noqa: SIM115 - closed, and so removed, with the sorter
            for block in _cut(lines):
                file.write(b"\n".join([*block, b""]))
        self._runs.append(file)


class _Run:
    """A sorted run that is read block by block."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._position = 0
        self.lines: list[bytes] = []

    def fill(self) -> bool:
        """Read the next lines if there are none; return whether there are any."""
        if not self.lines:
            self._file.seek(self._position)
            self.lines = (self._file.read(_BLOCK) + self._file.readline()).split(b"\n")[:-1]
            self._position = self._file.tell()
        return bool(self.lines)

    def take(self, limit: bytes) -> list[bytes]:
        """Remove and return the lines up to a limit."""
        count = bisect_right(self.lines, limit)
        taken, self.lines = self.lines[:count], self.lines[count:]
        return taken


def _merged(runs: list[_Run]) -> Iterator[list[bytes]]:
    """Merge runs: what is read of them, up to the smallest of the last lines, comes before all that follows."""
    while runs := [run for run in runs if run.fill()]:
        limit = min(run.lines[-1] for run in runs)
        yield from _cut(_distinct([line for run in runs for line in run.take(limit)]))


def _distinct(lines: list[bytes]) -> list[bytes]:
    """Sort lines in place and return them without duplicates; there are seldom any."""
    lines.sort()
    return list(dict.fromkeys(lines)) if any(map(eq, lines, islice(lines, 1, None))) else lines


def _cut(lines: list[bytes]) -> Iterator[list[bytes]]:
    return (lines[start : start + _LINES] for start in range(0, len(lines), _LINES))
