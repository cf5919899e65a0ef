"""Keeps the answers that were used last, compressed where that saves memory."""

from __future__ import annotations

import zlib
from collections import OrderedDict
from typing import NamedTuple

from threatgraph.service import Answer

_LEVEL = 5
_GZIP = 31
"""The window of zlib, with the header and trailer of gzip."""
_SMALLEST = 1_000
"""Smaller answers are not worth compressing."""
_OVERHEAD = 1_000
"""About the bytes that an entry takes besides its content."""
_TEXT = ("text/", "json", "xml", "application/n-", "trig")
"""Parts of the media types of texts."""


class Entry(NamedTuple):
    """An answer as it is kept."""

    answer: Answer
    """The answer; its content is compressed if ``is_compressed``."""
    is_compressed: bool

    def plain(self) -> bytes:
        """The content."""
        content = self.answer.content
        return zlib.decompress(content, _GZIP) if self.is_compressed else content


def compressed(answer: Answer) -> Entry:
    """Compress an answer with gzip, unless it is small or no text."""
    if len(answer.content) < _SMALLEST or not any(part in answer.media_type for part in _TEXT):
        return Entry(answer, is_compressed=False)
    packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
    content = packer.compress(answer.content) + packer.flush()
    return Entry(answer._replace(content=content), is_compressed=True)


class Cache:
    """The answers by key, the least recently used ones dropped first.

    Args:
        limit: the size of all answers in bytes.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self.size = 0
        """The bytes of all answers."""

    def get(self, key: str) -> Entry | None:
        """Return the entry of a key."""
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def put(self, key: str, entry: Entry) -> None:
        """Keep an entry, unless it would take most of the cache."""
        size = len(entry.answer.content)
        if size > self._limit // 4 or key in self._entries:
            return
        self._entries[key] = entry
        self.size += size + _OVERHEAD
        while self.size > self._limit:
            _, dropped = self._entries.popitem(last=False)
            self.size -= len(dropped.answer.content) + _OVERHEAD

    def clear(self) -> None:
        """Drop all entries."""
        self._entries.clear()
        self.size = 0
