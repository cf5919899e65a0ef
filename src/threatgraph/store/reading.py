"""Reads RDF as a stream, in bounded memory, with errors that say where the fault is."""

from __future__ import annotations

import codecs
import re
import zlib
from collections.abc import Iterator
from types import TracebackType
from typing import IO

import pyoxigraph as ox

from threatgraph.errors import InvalidFile

Term = ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple

LONGEST = 16 * 1024**2
"""Bytes that a term or a line may have: the parser's own limit for the formats made of lines, and ours for RDF/XML."""
LONGEST_DOCUMENT = 256 * 1024**2
"""Bytes of JSON-LD that may pass without a statement: where a context comes last, all that is before it is kept."""

# An XML entity that is more than a short name for a namespace: a few of these can fill any memory.
_EXPANDING_ENTITY = re.compile(
    rb"""<!ENTITY\s+[^"'>]*(?:"[^"]*(?:&[^#]|[^"]{500})|'[^']*(?:&[^#]|[^']{500}))|<!ENTITY[^>]{1000}"""
)
_LONGEST_ENTITY = 4096
_PATIENCE = {ox.RdfFormat.RDF_XML: LONGEST, ox.RdfFormat.JSON_LD: LONGEST_DOCUMENT}


class Source:
    """A stream of RDF that checks what it hands to the parser, and knows where it is.

    Args:
        stream: the bytes.
        name: what to call them in a message, such as the path of the file.
        form: the format.
        base: the IRI that relative ones resolve against; ``None`` to refuse those.
        compressed: whether the bytes are compressed by gzip.
    """

    def __init__(
        self, stream: IO[bytes], name: str, form: ox.RdfFormat, base: str | None, *, compressed: bool = False
    ) -> None:
        self._raw, self._name, self._form, self._base = stream, name, form, base
        self._stream = _unpacked(stream) if compressed else stream
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._line = 1
        self._since_statement = 0
        self._patience = _PATIENCE.get(form)
        self._tail: bytes | None = b"" if form == ox.RdfFormat.RDF_XML else None
        self._given = 0

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._raw.close()

    @property
    def position(self) -> int:
        """The bytes that have been read so far; of a compressed file, those on the disk."""
        return self._raw.tell() if self._raw.seekable() else self._given

    def quads(self) -> Iterator[ox.Quad]:
        """The quads, one by one.

        Raises:
            InvalidFile: where the file cannot be read, is not UTF-8 or does not parse, with line and column; where a
                term or a line has more than :data:`LONGEST` bytes; and where a compressed file is cut off or damaged.
        """
        try:
            for quad in ox.parse(self, format=self._form, base_iri=self._base):  # type: ignore[arg-type]
                self._since_statement = 0
                yield quad
        except SyntaxError as error:
            reason = f"does not parse: {error.msg}"
            if self._base is None and "No scheme" in str(error.msg):
                reason += ". A relative IRI has nothing to resolve against here: name the graph with --graph IRI."
            raise InvalidFile(self._name, reason, error.lineno, error.offset) from error
        except MemoryError as error:
            raise self._too_long(LONGEST) from error
        except EOFError as error:
            raise InvalidFile(self._name, "the compressed file is cut off: copy it again.") from error
        except zlib.error as error:
            raise InvalidFile(self._name, f"the compressed file is damaged ({error}): copy it again.") from error
        except OSError as error:
            raise InvalidFile(self._name, f"cannot be read: {error.strerror or error}.") from error

    def read(self, size: int = -1) -> bytes:
        """The next bytes, as the parser asks for them."""
        content = self._stream.read(size)
        if not self._given:  # a byte order mark is not part of the text, and may come in pieces
            while codecs.BOM_UTF8.startswith(content) and (more := self._stream.read(size)):
                content += more
            content = content.removeprefix(codecs.BOM_UTF8)
        self._given += len(content)
        self._check_encoding(content)
        if self._patience is not None:
            self._since_statement += len(content)
            if self._since_statement > self._patience:
                raise self._too_long(self._patience)
        if self._tail is not None:
            self._tail = self._tail[-_LONGEST_ENTITY:] + content
            if _EXPANDING_ENTITY.search(self._tail):
                reason = (
                    "it declares an entity that is long or refers to other entities, which may expand without bound."
                )
                raise InvalidFile(self._name, reason)
        return content

    def _check_encoding(self, content: bytes) -> None:
        try:
            self._decoder.decode(content, final=not content)
        except UnicodeDecodeError as error:
            line = self._line + error.object.count(b"\n", 0, error.start)
            reason = f"not UTF-8 (byte 0x{error.object[error.start]:02x}): save it as UTF-8."
            raise InvalidFile(self._name, reason, line) from error
        self._line += content.count(b"\n")

    def _too_long(self, limit: int) -> InvalidFile:
        reason = (
            f"a term, line or text here is longer than {limit // 1024**2} MiB, the most that is read at once: split it."
        )
        if self._form == ox.RdfFormat.JSON_LD and limit == LONGEST_DOCUMENT:
            reason = (
                f"more than {limit // 1024**2} MiB without a statement: put the context first, or use N-Triples, which "
                "needs no memory for what is read."
            )
        return InvalidFile(self._name, reason, self._line)


def _unpacked(stream: IO[bytes]) -> IO[bytes]:
    import gzip

    return gzip.open(stream)  # type: ignore[return-value]


def name_blank_nodes(quads: Iterator[ox.Quad], graph_iri: str) -> Iterator[ox.Triple]:
    """The triples of quads, with a name for each blank node, so that a finding or a link can point at it.

    The names are made of the graph's IRI and a number, in the order of the file (RDF 1.1 Concepts, section 3.5). What
    the file itself says of graphs is left out: its triples stand in the graph of the file.
    """
    named: dict[ox.BlankNode, ox.NamedNode] = {}

    def name(term: Term) -> Term:
        if isinstance(term, ox.BlankNode):
            return named.setdefault(term, ox.NamedNode(f"{graph_iri}#_{len(named) + 1}"))
        if isinstance(term, ox.Triple):
            return ox.Triple(name(term.subject), term.predicate, name(term.object))  # type: ignore[arg-type]
        return term

    plain = ox.NamedNode, ox.Literal
    for quad in quads:
        subject, predicate, value, _ = quad
        if not (isinstance(subject, ox.NamedNode) and isinstance(value, plain)):
            subject, value = name(subject), name(value)
        yield ox.Triple(subject, predicate, value)
