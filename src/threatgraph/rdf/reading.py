"""Reads RDF as a stream in bounded memory; errors give the line and column."""

from __future__ import annotations

import codecs
import os
import re
import stat
import zlib
from collections.abc import Iterator
from types import TracebackType
from typing import IO

import pyoxigraph as ox

from threatgraph.errors import InvalidFile
from threatgraph.rdf.nesting import DEEPEST_TRIPLE, ChunkedCheck, JsonNesting, Refused, TurtleNesting, too_deep
from threatgraph.vocab import PREFIXES

LONGEST = 16 * 1024**2
"""Maximum bytes of a term or line: the parser's limit for line-based formats, and the limit here for RDF/XML."""
LONGEST_DOCUMENT = 256 * 1024**2
"""Maximum bytes of JSON-LD without a statement; if the context comes last, the parser buffers all text before it."""
MOST_WRITTEN_OUT = 50
"""Maximum ratio of the size of the statements to that of the text, since prefixes and entities expand."""
ALWAYS_WRITTEN_OUT = 64 * 1024**2
"""Bytes of statements below which that ratio is not checked."""
MOST_UNPACKED = 200
"""Maximum compression ratio: RDF typically compresses to a tenth, and hardly ever to a hundredth."""
ALWAYS_UNPACKED = 256 * 1024**2
"""Bytes below which that ratio is not checked."""

_BLOCK = 64 * 1024
_PATIENCE = {ox.RdfFormat.RDF_XML: LONGEST, ox.RdfFormat.JSON_LD: LONGEST_DOCUMENT}
_XML_LITERAL = f"{PREFIXES['rdf']}XMLLiteral"
# A JSON-LD document that refers to a remote context.
_REMOTE_CONTEXT = rb'"@(?:context|import)"\s*+:\s*+(?:\[(?:[^"{}\]]|\{[^{}]*+\}|"@[^"]*+")*+)?"(?P<address>[^"]++)"'


class Source:
    """A stream of RDF that checks its input before parsing and tracks the position.

    Args:
        stream: the bytes.
        name: the name for messages, such as the path of the file.
        form: the format.
        base: the base IRI for relative IRIs; ``None`` rejects relative IRIs.
        compressed: whether the bytes are gzip-compressed.
    """

    def __init__(
        self, stream: IO[bytes], name: str, form: ox.RdfFormat, base: str | None, *, compressed: bool = False
    ) -> None:
        self._raw, self._name, self._form, self._base = stream, name, form, base
        self._compressed, self._state = compressed, _state_of(stream)
        self._stream = _unpacked(stream) if compressed else stream
        self._checks = _checks_of(form)
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self._line = self._checked_line = 1
        self._since_statement = 0
        self._patience = _PATIENCE.get(form)
        self._ready, self._place, self._ended = b"", 0, False
        self._before = b""
        self._unpacked = self._given = 0

    def __enter__(self) -> Source:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._raw.close()

    @property
    def position(self) -> int:
        """The bytes read so far; for a compressed file, compressed bytes."""
        return self._raw.tell() if self._raw.seekable() else self._given

    @property
    def is_ntriples(self) -> bool:
        """Whether the text is N-Triples, which has one statement per line."""
        return self._form == ox.RdfFormat.N_TRIPLES

    def blocks(self, size: int) -> Iterator[bytes]:
        """Read the text in blocks of whole lines, without the checks of nesting.

        Args:
            size: the bytes to read at once; a longer line is not split.

        Raises:
            InvalidFile: if the text is not UTF-8, has a line longer than :data:`LONGEST` or expands too much, and if
                the file changes while it is read.
            OSError: if the file cannot be read.
            EOFError: if a compressed file is truncated.
            zlib.error: if a compressed file is corrupt.
        """
        rest = b""
        while content := self._read_text(size):
            end = content.rfind(b"\n") + 1
            if end:
                yield rest + content[:end]
                rest = content[end:]
            else:
                rest += content
            if len(rest) > LONGEST:
                raise self._too_long(LONGEST)
        if rest:
            yield rest
        self._require_unchanged()

    def quads(self) -> Iterator[ox.Quad]:
        """Read the quads one by one.

        Raises:
            InvalidFile: if the file cannot be read, is not UTF-8 or does not parse, with line and column; if a term or
                line has more than :data:`LONGEST` bytes; if the text is nested too deeply or expands too much; and if
                a compressed file is truncated or corrupt.
        """
        try:
            for quad in self._bounded(ox.parse(self, format=self._form, base_iri=self._base)):  # type: ignore[arg-type]
                self._since_statement = 0
                yield quad
            self._require_unchanged()
        except SyntaxError as error:
            raise self._unparsable(error) from error
        except MemoryError as error:
            raise self._too_long(LONGEST) from error
        except EOFError as error:
            raise InvalidFile(self._name, "the compressed file is truncated: copy it again.") from error
        except zlib.error as error:
            raise InvalidFile(self._name, f"the compressed file is corrupt ({error}): copy it again.") from error
        except OSError as error:
            raise InvalidFile(self._name, f"cannot be read: {error.strerror or error}.") from error

    def _require_unchanged(self) -> None:
        if _state_of(self._raw) != self._state:
            raise InvalidFile(self._name, "changed while it was being read: try again when no process writes to it.")

    def _bounded(self, quads: Iterator[ox.Quad]) -> Iterator[ox.Quad]:
        """Yield the quads, and stop with an error if they expand to much more than the text."""
        written = 0
        for parsed in quads:
            quad = self._checked(parsed) if self._form == ox.RdfFormat.RDF_XML else parsed
            line = str(quad)
            length = len(line)
            # With escaped line ends it may be longer than the source text.
            if length > LONGEST // 4 and len(line.encode()) > LONGEST - _BLOCK:
                raise InvalidFile(self._name, f"{_longer(LONGEST)} as a line of N-Triples: split it.", self._line)
            written += length
            if written > ALWAYS_WRITTEN_OUT and written > MOST_WRITTEN_OUT * self._given:
                reason = (
                    f"its statements expand to more than {MOST_WRITTEN_OUT} times the text, due to long prefixes or "
                    "entities: write it as N-Triples."
                )
                raise InvalidFile(self._name, reason, self._line)
            yield quad

    def _checked(self, quad: ox.Quad) -> ox.Quad:
        """A quad of RDF/XML whose XML literal is well-formed."""
        value, depth = quad.object, 0
        while isinstance(value, ox.Triple):
            value, depth = value.object, depth + 1
        if depth > DEEPEST_TRIPLE:
            raise InvalidFile(self._name, too_deep("triple terms", DEEPEST_TRIPLE), self._line)
        if depth or not isinstance(value, ox.Literal) or value.datatype.value != _XML_LITERAL:
            return quad
        from threatgraph.rdf.xml_literals import well_formed

        try:
            literal = ox.Literal(well_formed(value.value), datatype=value.datatype)
        except ValueError as error:
            reason = f"the XML literal of {quad.subject} {quad.predicate} is not well-formed XML ({error}): correct it."
            raise InvalidFile(self._name, reason, self._line) from error
        return ox.Quad(quad.subject, quad.predicate, literal, quad.graph_name)

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes; the parser calls this."""
        while self._place >= len(self._ready) and not self._ended:
            self._fetch()
        end = self._place + size if size >= 0 else len(self._ready)
        content = self._ready[self._place : end]
        self._place += len(content)
        self._given += len(content)
        self._line += content.count(b"\n")
        if self._patience is not None:
            self._since_statement += len(content)
            if self._since_statement > self._patience:
                raise self._too_long(self._patience)
        return content

    def _fetch(self) -> None:
        """Read the next block from the file and check it."""
        content = self._read_text(max(_BLOCK, self._checks.pending))  # even a long token is scanned only a few times
        self._ended = not content
        self._before, self._place = self._ready[-_BLOCK:], 0
        before = self._checks.expanded
        try:
            self._ready = self._checks.feed(content)
        except Refused as error:
            raise InvalidFile(self._name, error.reason, error.line) from None
        self._since_statement += self._checks.expanded - before
        if self._checks.pending > LONGEST:
            raise self._too_long(LONGEST)

    def _read_text(self, size: int) -> bytes:
        """Read the next block from the file, and check its encoding and how much it expands."""
        content = self._stream.read(size)
        while content and len(content) < self._checks.pending and (more := self._stream.read(size)):
            content += more
        if not self._unpacked:  # a byte order mark is not part of the text, and may be split across blocks
            while codecs.BOM_UTF8.startswith(content) and (more := self._stream.read(size)):
                content += more
            content = content.removeprefix(codecs.BOM_UTF8)
        self._unpacked += len(content)
        if self._compressed and self._unpacked > max(ALWAYS_UNPACKED, MOST_UNPACKED * self._raw.tell()):
            reason = (
                f"expands to more than {MOST_UNPACKED} times its size, as a decompression bomb does: if you trust it, "
                "unpack it first."
            )
            raise InvalidFile(self._name, reason)
        self._check_encoding(content)
        return content

    def _check_encoding(self, content: bytes) -> None:
        try:
            self._decoder.decode(content, final=not content)
        except UnicodeDecodeError as error:
            line = self._checked_line + error.object.count(b"\n", 0, error.start)
            reason = f"not UTF-8 (byte 0x{error.object[error.start]:02x}): save it as UTF-8."
            raise InvalidFile(self._name, reason, line) from error
        self._checked_line += content.count(b"\n")

    def _unparsable(self, error: SyntaxError) -> InvalidFile:
        message = str(error.msg)
        if "LoadDocumentCallback" in message:
            return self._remote_context()
        reason = f"does not parse: {message}"
        if self._base is None and "No scheme" in message:
            reason += ". Relative IRIs need a base IRI: set `graph=`."
        return InvalidFile(self._name, reason, error.lineno, error.offset)

    def _remote_context(self) -> InvalidFile:
        """The error for JSON-LD with a remote context, which is in the last blocks that were read."""
        text = self._before + self._ready
        found = re.search(_REMOTE_CONTEXT, text)
        address = f" {found['address'].decode('utf-8', 'replace')}" if found else ""
        line = self._checked_line - text.count(b"\n", found.start()) if found else None
        reason = (
            f"its context is remote{address}, and remote contexts are not fetched: put the context into the file "
            "instead of its URL."
        )
        return InvalidFile(self._name, reason, line)

    def _too_long(self, limit: int) -> InvalidFile:
        reason = f"{_longer(limit)}, the maximum that is read at once: split it."
        if self._checks.expanded:
            reason = f"a text here is longer than {limit // 1024**2} MiB with its entities expanded: split it."
        if self._form == ox.RdfFormat.JSON_LD and limit == LONGEST_DOCUMENT:
            reason = (
                f"more than {limit // 1024**2} MiB without a statement: put the context first, or use N-Triples, which "
                "needs no memory for what is read."
            )
        return InvalidFile(self._name, reason, self._line)


def _longer(limit: int) -> str:
    return f"a term, line or text here is longer than {limit // 1024**2} MiB"


def _checks_of(form: ox.RdfFormat) -> ChunkedCheck:
    if form == ox.RdfFormat.RDF_XML:
        from threatgraph.rdf.xml_checks import XmlChecks  # its patterns take time to compile

        return XmlChecks()
    return JsonNesting() if form == ox.RdfFormat.JSON_LD else TurtleNesting()


def _state_of(stream: IO[bytes]) -> tuple[int, int] | None:
    """The size and modification time of a file; ``None`` if the stream is not a file, such as standard input."""
    try:
        status = os.fstat(stream.fileno())
    except (OSError, AttributeError):
        return None
    return (status.st_size, status.st_mtime_ns) if stat.S_ISREG(status.st_mode) else None


def _unpacked(stream: IO[bytes]) -> IO[bytes]:
    import gzip

    return gzip.open(stream)  # type: ignore[return-value]
