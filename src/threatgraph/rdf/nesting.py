"""Rejects text that is nested too deeply, before a parser runs out of stack or memory.

Turtle and JSON are scanned as a stream of brackets; strings, IRIs and comments are skipped. Each check takes the text
in chunks and buffers an incomplete token until the next chunk arrives.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from itertools import accumulate

DEEPEST = 1000
"""Maximum nesting of brackets in Turtle and TriG, and of elements in RDF/XML."""
DEEPEST_JSON = 200
"""Maximum nesting of arrays and objects in JSON-LD; memory grows with the square of the depth."""
DEEPEST_TRIPLE = 100
"""Maximum nesting of triple terms, that is, triples that are the object of a triple."""

# The terminals of the Turtle grammar (section 6.5) in which a bracket does not nest. A token that may continue in the
# next chunk does not match: quotes and brackets need two more bytes after them.
_TURTLE_TEXT = rb"""
    (?: [^<>"'#()\[\]{}\\]++
      | \\.
      | <[^<>"{}|^`\x00-\x20]*+>
      | \#[^\r\n]*+[\r\n]
      | "{3}(?:[^"\\]++|\\.|"(?!""))*+"{3}(?=..)
      | '{3}(?:[^'\\]++|\\.|'(?!''))*+'{3}(?=..)
      | "(?!"")(?:[^"\\\r\n]++|\\.)*+"(?=..)
      | '(?!'')(?:[^'\\\r\n]++|\\.)*+'(?=..)
    )*+
"""
_TURTLE_BRACKET = rb"(?:<<\(|\)>>|<<|>>|[\[\](){}])(?=..)"
_OPENING = frozenset((b"<<(", b"<<", b"[", b"(", b"{"))
_JSON_TEXT = rb'(?:[^"]++|"(?:[^"\\]++|\\.)*+")*+'
_JSON_STRING = rb'"(?:[^"\\]++|\\.)*+"'
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))


class Refused(Exception):
    """A check failed; carries the reason and the line."""

    def __init__(self, reason: str, line: int) -> None:
        super().__init__(reason)
        self.reason, self.line = reason, line


class ChunkedCheck(ABC):
    """A check that reads a text in chunks and keeps an incomplete token until the next chunk."""

    expanded = 0
    """Bytes that the entity references so far expand to, in a format that has entities."""

    def __init__(self) -> None:
        self._rest = b""
        self._line = 1
        self._depth = 0

    @property
    def pending(self) -> int:
        """Bytes of an incomplete token."""
        return len(self._rest)

    @abstractmethod
    def feed(self, content: bytes) -> bytes:
        """Check the next chunk of the text; an empty chunk marks the end.

        Returns:
            The bytes to pass to the parser.

        Raises:
            Refused: if the text is nested too deeply, or breaks another limit of the check.
        """


class TurtleNesting(ChunkedCheck):
    """Counts the nesting of brackets in Turtle, TriG, N-Triples or N-Quads."""

    def __init__(self) -> None:
        super().__init__()
        self._triples = 0
        self._text = re.compile(_TURTLE_TEXT, re.VERBOSE | re.DOTALL)
        self._bracket = re.compile(_TURTLE_BRACKET, re.DOTALL)

    def feed(self, content: bytes) -> bytes:
        """Check the next chunk; see :meth:`ChunkedCheck.feed`."""
        text = self._rest + (content or b"\n\n")
        place = 0
        while True:
            place = self._text.match(text, place).end()  # type: ignore[union-attr]  # the pattern also matches the empty string
            bracket = self._bracket.match(text, place)
            if bracket is None:
                break
            self._count(bracket[0], text, place)
            place = bracket.end()
        self._line += text.count(b"\n", 0, place)
        self._rest = text[place:]
        return content

    def _count(self, bracket: bytes, text: bytes, place: int) -> None:
        step = 1 if bracket in _OPENING else -1
        self._depth += step
        if bracket in (b"<<(", b")>>"):
            self._triples += step
        if self._triples > DEEPEST_TRIPLE:
            raise Refused(too_deep("triple terms", DEEPEST_TRIPLE), self._line + text.count(b"\n", 0, place))
        if self._depth > DEEPEST:
            raise Refused(too_deep("brackets", DEEPEST), self._line + text.count(b"\n", 0, place))


class JsonNesting(ChunkedCheck):
    """Counts the nesting of arrays and objects in JSON."""

    def feed(self, content: bytes) -> bytes:
        """Check the next chunk; see :meth:`ChunkedCheck.feed`."""
        text = self._rest + content
        place = re.match(_JSON_TEXT, text, re.DOTALL).end()  # type: ignore[union-attr]  # the pattern also matches the empty string
        done, self._rest = text[:place], text[place:]
        brackets = re.sub(_JSON_STRING, b"", done, flags=re.DOTALL).translate(None, _NO_BRACKET)
        for depth in accumulate((1 if bracket in b"[{" else -1 for bracket in brackets), initial=self._depth):
            if depth > DEEPEST_JSON:
                raise Refused(too_deep("brackets", DEEPEST_JSON), self._line)
            self._depth = depth
        self._line += done.count(b"\n")
        return content


def too_deep(what: str, most: int) -> str:
    """The reason for rejecting text that is nested too deeply."""
    return f"{what} are nested more than {most:,} levels deep: give the inner nodes IRIs and write them one by one."
