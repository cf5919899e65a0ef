"""Recognizes plain N-Triples, which Oxigraph loads as they are, several times as fast as triple by triple.

A text is plain if threatgraph would change nothing in it: each line is one statement, without blank nodes, triple terms
and literals that Oxigraph stores in another lexical form. Any other text is read triple by triple, which also reports
errors; so a plain text may go unrecognized, but never the other way round.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator

import pyoxigraph as ox

from threatgraph.errors import InvalidFile
from threatgraph.rdf.lexical import all_kept
from threatgraph.rdf.reading import LONGEST, Source

_BLOCK = 1024**2
_LONGEST_BLOCK = LONGEST // 4
"""Lines up to this length are within the limit of the reader even with all characters escaped."""
_REMEMBERED = 100_000
"""The number of literals known to keep their form, to bound memory."""
# Negated classes of few characters, since Python matches these several times as fast. They admit more than the grammar,
# such as spaces in IRIs, which Oxigraph rejects; every token that it accepts ends where it ends here.
_LINES = re.compile(
    rb"""(?: <[^>]*+>\ <[^>]*+>\ (?: <[^>]*+> | "(?:[^"\\]++|\\.)*+"(?:@[^\ ]*+|\^\^<[^>]*+>)? )\ \.\n )*+""",
    re.VERBOSE,
)
_TYPED = re.compile(rb'"([^"\\]*+)"\^\^<([^>\\]*+)>')


class NotPlain(Exception):
    """A text is not recognized as plain N-Triples, or cannot be read; only reading it triple by triple shows which."""


class Blocks:
    """A readable stream, as Oxigraph takes it, of blocks of bytes.

    Args:
        blocks: the blocks, none of them empty.
    """

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self._blocks = iter(blocks)
        self._block, self._place = b"", 0

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; at most ``size``, unless it is negative."""
        if self._place >= len(self._block):
            self._block, self._place = next(self._blocks, b""), 0
        end = self._place + size if size >= 0 else len(self._block)
        content = self._block[self._place : end]
        self._place += len(content)
        return content


def plain_blocks(source: Source) -> Iterator[bytes]:
    """Read a source that is plain N-Triples, in blocks of whole lines; each line ends in `` .`` and a line feed.

    Oxigraph must still check the syntax, since only what matters here is recognized.

    Args:
        source: the source.

    Raises:
        NotPlain: if the source is not plain N-Triples, or cannot be read.
    """
    if not source.is_ntriples:
        raise NotPlain
    kept: set[tuple[bytes, bytes]] = set()
    try:
        for content in source.blocks(_BLOCK):
            block = content if content.endswith(b"\n") else content + b"\n"
            typed = _TYPED.findall(block) if len(block) <= _LONGEST_BLOCK and _LINES.fullmatch(block) else None
            if typed is None or len(typed) != block.count(b'"^^<'):  # the others have an escape
                raise NotPlain
            new = set(typed) - kept
            if not all_kept(ox.Literal(value.decode(), datatype=ox.NamedNode(kind.decode())) for value, kind in new):
                raise NotPlain
            kept = kept | new if len(kept) < _REMEMBERED else new
            yield block
    except (InvalidFile, OSError, EOFError, ValueError, zlib.error) as error:
        raise NotPlain from error
