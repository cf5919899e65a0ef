"""Canonical Turtle: one statement per line, so that one added triple changes one line.

Only prefixes in use are declared, sorted. Subjects are sorted by IRI; ``a`` comes first, then predicates and objects by
IRI. A record's own fragment (``…/pattern/x#impact-y``) uses the empty prefix. Blank nodes are rejected: every node has
an IRI, so that a validation result, a link or a diff can refer to it.

The writer works on lines of N-Triples, which the engine writes many times faster than Python reads its terms.
"""

from __future__ import annotations

import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import IO, NoReturn

from pyoxigraph import Quad, Triple

from threatgraph.errors import ThreatGraphError
from threatgraph.rdf.ntriples import SUBJECT_END, Cache, by_subject, to_lines, unescape
from threatgraph.rdf.sorting import LineSorter
from threatgraph.saving import spooled
from threatgraph.vocab import PREFIXES, RDF_TYPE, XSD

# The part of Turtle's PN_LOCAL that needs no escaping; other IRIs are written in full. No namespace ends inside of it.
_NAME = re.compile(rb"<(.*[^A-Za-z0-9_.\-])([A-Za-z0-9_](?:[A-Za-z0-9_.\-]*[A-Za-z0-9_\-])?)>\Z", re.DOTALL)
_BARE = {
    f"<{XSD}integer>".encode(): re.compile(rb"[+-]?[0-9]+\Z"),
    f"<{XSD}boolean>".encode(): re.compile(rb"(?:true|false)\Z"),
}
_TYPE = SUBJECT_END + f"<{RDF_TYPE}> ".encode()
_FIRST = SUBJECT_END + SUBJECT_END + b" "
"""Replaces ``rdf:type``, so that it is sorted first."""
_ESCAPES = {b"\\": b"\\\\", b'"': b'\\"', b"\n": b"\\n", b"\r": b"\\r", b"\t": b"\\t"}


class BlankNodeRefused(ThreatGraphError, ValueError):
    """A blank node in data that must have only IRIs and literals."""


def write_turtle(
    triples: Iterable[Triple | Quad], prefixes: Mapping[str, str] = PREFIXES, *, declare: Collection[str] = ()
) -> str:
    """Write triples in the canonical form.

    Args:
        triples: triples or quads (a quad's graph is ignored), in any order; duplicates are removed.
        prefixes: prefix to namespace, which ends in a character such as ``/`` or ``#``; only prefixes in use are
            declared.
        declare: prefixes to declare even if unused; the empty one is that of the record's parts.

    Returns:
        The Turtle text, ending in a newline; the same text for the same set of triples.

    Raises:
        BlankNodeRefused: if a triple has a blank node or a quoted triple.
    """
    lines, content = LineSorter(turtle_order), io.BytesIO()
    lines.write(to_lines(triples))
    write_lines(lines, content, prefixes, declare=declare)
    return content.getvalue().decode()


def turtle_order(lines: list[bytes]) -> list[bytes]:
    """Change lines of N-Triples so that their order is that of canonical Turtle."""
    return [line.replace(_TYPE, _FIRST, 1) for line in by_subject(lines)]


def write_lines(
    lines: LineSorter,
    target: IO[bytes],
    prefixes: Mapping[str, str] = PREFIXES,
    *,
    declare: Collection[str] = (),
) -> None:
    """Write sorted lines in the canonical form.

    Args:
        lines: lines of N-Triples in :func:`turtle_order`.
        target: the file to write to.
        prefixes: as in :func:`write_turtle`.
        declare: as in :func:`write_turtle`.

    Raises:
        BlankNodeRefused: if a triple has a blank node or a quoted triple.
        ThreatGraphError: if a temporary file cannot be written.
    """
    namer = _Namer(prefixes, _own_fragment(lines, even_without_parts="" in declare))
    with spooled(target) as body:
        for block in _blocks(namer, lines):
            body.write(block)
        if body.tell():
            target.write(namer.header(declare))  # before the body is copied


class _Namer:
    """Writes terms, shortens IRIs with the known prefixes and records which prefixes are used."""

    def __init__(self, prefixes: Mapping[str, str], own: str | None) -> None:
        by_length = sorted(prefixes.items(), key=lambda item: -len(item[1]))
        self._known = dict([("", own), *by_length] if own else by_length)
        self._prefixes = {iri.encode(): name.encode() for name, iri in reversed(self._known.items())}
        self._used: set[bytes] = set()
        self.names = Cache(self._name)
        """The name of each IRI."""
        self.objects = Cache(self._object)
        """The end of the line for each object, from that of N-Triples; for objects that recur."""

    def header(self, declare: Collection[str]) -> bytes:
        """The declarations of the prefixes that are used or to declare."""
        used = {name for name in self._known if name.encode() in self._used or name in declare}
        return ("\n".join(f"@prefix {name}: <{self._known[name]}> ." for name in sorted(used)) + "\n").encode()

    def _name(self, iri: bytes) -> bytes:
        if (split := _NAME.match(iri)) and (prefix := self._prefixes.get(split[1])) is not None:
            self._used.add(prefix)
            return b"%b:%b" % (prefix, split[2])
        if not iri.startswith(b"<<"):
            return iri
        raise BlankNodeRefused("quoted triples are not allowed in source files: use an IRI instead.")

    def _object(self, value: bytes) -> bytes:
        if value.startswith(b"<"):
            return b"%b ;\n" % self.names[value[:-2]]
        if value.startswith(b"_"):
            _refuse_blank_node()
        text, _, datatype = value[:-2].rpartition(b'"')
        if not datatype.startswith(b"^^"):
            return b'%b"%b ;\n' % (text, datatype)
        if (bare := _BARE.get(datatype[2:])) and bare.match(text, 1):
            return b"%b ;\n" % text[1:]
        return b'%b"^^%b ;\n' % (text, self.names[datatype[2:]])


def _blocks(namer: _Namer, lines: LineSorter) -> Iterator[bytes]:
    """The text without the header, in blocks."""
    names, objects = namer.names, namer.objects
    verbs = Cache(lambda predicate: b"    %b " % names[predicate])
    verbs[SUBJECT_END] = b"    a "
    start, length, end = b"\n", 0, b"\n"
    for block in lines.blocks():
        text = []
        for line in block:
            if not line.startswith(start):
                length = line.index(SUBJECT_END) + 1
                start = line[:length]
                if start.startswith(b"<_:"):
                    _refuse_blank_node()
                text.append(b"%b%b\n" % (end, names[start[:-1] + b">"]))
                end = b"    .\n\n"
            predicate, value = line[length:].split(b" ", 1)
            if b"\\" in value:
                value = unescape(value, lambda character: _ESCAPES.get(character, character))
            if value.startswith(b'"') and not value.endswith(b"> ."):
                text += verbs[predicate], value[:-1], b";\n"  # most literals are texts, which are seldom the same
            else:
                text += verbs[predicate], objects[value]
        yield b"".join(text)
    if length:
        yield b"    .\n"


def _refuse_blank_node() -> NoReturn:
    message = "blank nodes are not allowed in source files: give the node an IRI, such as <record#part-name>."
    raise BlankNodeRefused(message)


def _own_fragment(lines: LineSorter, *, even_without_parts: bool) -> str | None:
    """The ``record#`` namespace if all subjects are one record and its parts."""
    record, has_part = None, False
    for block in lines.blocks():
        for line in block:
            subject = line.partition(SUBJECT_END)[0]
            base, part, _ = subject.partition(b"#")
            if base != record and record is not None:
                return None
            record, has_part = base, has_part or bool(part)
    return f"{record[1:].decode()}#" if record and (has_part or even_without_parts) else None
