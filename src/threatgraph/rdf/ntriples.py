r"""Lines of canonical N-Triples, as the engine writes them.

The writers of large exports work on these lines, since one Python object for each term is slow and takes much memory.
A line has no control character except in escapes (``\u0001``), so control characters can mark positions in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from pyoxigraph import Quad, RdfFormat, Triple, serialize

from threatgraph.rdf.sorting import LineSorter

SUBJECT_END = b"\x01"
"""Ends the subject in lines that are sorted by subject."""
_ESCAPE = re.compile(rb"\\(?:u(....)|U(........)|(.))", re.DOTALL)
_CHARACTERS = {b"t": b"\t", b"b": b"\b", b"n": b"\n", b"r": b"\r", b"f": b"\f"}
_MOST_CACHED = 50_000

Record = dict[bytes, dict[bytes, list[bytes]]]
"""Values by subject, as :func:`by_subject` writes it, and predicate; all sorted."""


def to_lines(triples: Iterable[Triple | Quad]) -> bytes:
    """Write triples as N-Triples; the graph of a quad is ignored."""
    plain = (statement.triple if isinstance(statement, Quad) else statement for statement in triples)
    return serialize(plain, format=RdfFormat.N_TRIPLES) or b""


def by_subject(lines: list[bytes]) -> list[bytes]:
    """Change lines so that they are sorted by the subject's IRI, which may be the beginning of another one.

    The subject is written as ``<iri``, or ``<_:name`` for a blank node, and ends in :data:`SUBJECT_END`.
    """
    return [
        line.replace(b"> ", SUBJECT_END, 1) if line.startswith(b"<") else b"<" + line.replace(b" ", SUBJECT_END, 1)
        for line in lines
    ]


def term_of(subject: bytes) -> bytes:
    """The term of a subject in a line that :func:`by_subject` changed."""
    return subject[1:] if subject.startswith(b"<_:") else subject + b">"


def records(lines: LineSorter) -> Iterator[Record]:
    """Yield the statements of each record together with those of its parts (``record#part``).

    Args:
        lines: lines that :func:`by_subject` changed.
    """
    record: Record = {}
    beginnings: tuple[bytes, ...] = ()
    start, length = b"\n", 0
    statements: dict[bytes, list[bytes]] = {}
    for block in lines.blocks():
        for line in block:
            if not line.startswith(start):
                length = line.index(SUBJECT_END) + 1
                start, subject = line[:length], line[: length - 1]
                if record and not subject.startswith(beginnings):
                    yield record
                    record = {}
                if not record:
                    # other records can stand between: "!" is the only character of IRIs that is sorted before "#"
                    beginnings = b"%b#" % subject, b"%b!" % subject
                statements = record[subject] = {}
            predicate, value = line[length:-2].split(b" ", 1)
            statements.setdefault(predicate, []).append(value)
    if record:
        yield record


def unescape(literal: bytes, kept: Callable[[bytes], bytes]) -> bytes:
    r"""Replace the escapes in the text of a literal.

    Args:
        literal: text in UTF-8 with the escapes of N-Triples.
        kept: returns what replaces a character that was escaped.
    """

    def replaced(found: re.Match[bytes]) -> bytes:
        code, long_code, letter = found.groups()
        return kept(_CHARACTERS.get(letter, letter) if letter else chr(int(code or long_code, 16)).encode())

    return _ESCAPE.sub(replaced, literal)


class Cache(dict[bytes, bytes]):
    """A function of bytes that remembers its latest results, in bounded memory."""

    def __init__(self, compute: Callable[[bytes], bytes]) -> None:
        self._compute = compute

    def __missing__(self, key: bytes) -> bytes:
        """Compute the result for a new argument."""
        if len(self) >= _MOST_CACHED:
            self.clear()
        value = self[key] = self._compute(key)
        return value
