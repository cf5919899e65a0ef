"""Keeps the answers that were used last, compressed once a client accepts that."""

from __future__ import annotations

import zlib
from collections import OrderedDict

from threatgraph.service import Answer

_LEVEL = 6
_GZIP = 31
"""The window of zlib, with the header and trailer of gzip."""
SMALLEST = 1_000
"""Smaller answers are not worth compressing."""


class Entry:
    """An answer, either as it is or compressed."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._content: bytes | None = answer.content
        self._compressed: bytes | None = None

    @property
    def answer(self) -> Answer:
        """The answer; its content may be missing."""
        return self._answer

    @property
    def size(self) -> int:
        """The bytes that the entry keeps."""
        return len(self._content or b"") + len(self._compressed or b"")

    def plain(self) -> bytes:
        """The content."""
        return zlib.decompress(self._compressed or b"", _GZIP) if self._content is None else self._content

    def compressed(self) -> bytes:
        """The content in gzip, which is kept from now on instead of the content."""
        if self._compressed is None:
            packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
            self._compressed = packer.compress(self._content or b"") + packer.flush()
            self._content, self._answer = None, self._answer._replace(content=b"")
        return self._compressed


class Cache:
    """The answers by key, the least recently used ones dropped first.

    Args:
        limit: the size of all answers in bytes.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._size = 0

    @property
    def size(self) -> int:
        """The bytes of all entries."""
        return self._size

    def get(self, key: str) -> Entry | None:
        """Return the entry of a key."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def put(self, key: str, entry: Entry) -> None:
        """Keep an entry, unless it would take most of the cache."""
        if entry.size > self._limit // 4 or key in self._entries:
            return
        self._entries[key] = entry
        self._size += entry.size
        while self._size > self._limit:
            _, dropped = self._entries.popitem(last=False)
            self._size -= dropped.size

    def resized(self, key: str, before: int) -> None:
        """Note that the size of an entry has changed.

        Args:
            key: its key.
            before: its former size.
        """
        if (entry := self._entries.get(key)) is not None:
            self._size += entry.size - before

    def clear(self) -> None:
        """Drop all entries."""
        self._entries.clear()
        self._size = 0
