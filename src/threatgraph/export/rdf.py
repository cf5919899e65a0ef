"""Writes N-Triples, N-Quads, TriG and RDF/XML in a deterministic order."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import IO

import pyoxigraph as ox

from threatgraph.errors import NotRepresentable
from threatgraph.export.limits import refuse_control_characters, refuse_new_terms
from threatgraph.rdf.sorting import LineSorter
from threatgraph.rdf.turtle import BlankNodeRefused, write_turtle
from threatgraph.vocab import PREFIXES

_RDF = PREFIXES["rdf"]
# RDF 1.1 XML Syntax, section 5.1: reserved names, which no property can have.
_RESERVED = {
    _RDF + name
    for name in "about aboutEach aboutEachPrefix bagID datatype Description ID li nodeID parseType RDF resource".split()
}
# A property is written as an element, so its IRI must end in a valid XML name (XML 1.0, section 2.3).
_ENDS_IN_A_NAME = re.compile(r"[^\W\d][\w.\-]*\Z")


def write(content: Iterable[ox.Triple] | Iterable[ox.Quad], form: ox.RdfFormat) -> bytes:
    """Write triples or quads in a format of Oxigraph.

    Raises:
        ThreatGraphError: if RDF/XML cannot represent a literal or property.
    """
    quads = [s if isinstance(s, ox.Quad) else ox.Quad(s.subject, s.predicate, s.object) for s in content]
    statements = sorted(set(quads), key=_key)
    if form == ox.RdfFormat.RDF_XML:
        for statement in statements:
            _refuse_for_xml(statement)
    with_prefixes = form in (ox.RdfFormat.TRIG, ox.RdfFormat.RDF_XML, ox.RdfFormat.TURTLE)
    prefixes = _used(statements) if with_prefixes else None
    written = ox.serialize(statements, format=form, prefixes=prefixes) or b""
    # XML readers convert a carriage return to a line feed (XML 1.0, section 2.11), so it must be escaped.
    return written.replace(b"\r", b"&#13;") if form == ox.RdfFormat.RDF_XML else written


def write_ntriples(lines: LineSorter, target: IO[bytes]) -> None:
    """Write sorted lines."""
    for block in lines.blocks():
        target.write(b"\n".join([*block, b""]))


def write_nquads(lines: LineSorter, target: IO[bytes], graph: str) -> None:
    """Write sorted lines as the N-Quads of a named graph."""
    end = f" {ox.NamedNode(graph)} .\n".encode()
    for block in lines.blocks():
        target.write(b"".join([line[:-2] + end for line in block]))


def write_named(triples: Collection[ox.Triple]) -> bytes:
    """Write canonical Turtle, or Oxigraph's Turtle if there are blank nodes."""
    try:
        return write_turtle(triples).encode()
    except BlankNodeRefused:
        return write(triples, ox.RdfFormat.TURTLE)


def _key(statement: ox.Quad) -> tuple[str, ...]:
    return str(statement.graph_name), str(statement.subject), str(statement.predicate), str(statement.object)


def _used(statements: Iterable[ox.Quad]) -> dict[str, str]:
    """The prefixes that occur in the statements."""
    iris = {
        term.value
        for statement in statements
        for term in (statement.subject, statement.predicate, statement.object)
        if isinstance(term, ox.NamedNode)
    }
    return {prefix: space for prefix, space in PREFIXES.items() if any(iri.startswith(space) for iri in iris)}


def _refuse_for_xml(statement: ox.Quad) -> None:
    place = f"{statement.subject} {statement.predicate}"
    refuse_new_terms(statement, "RDF/XML")
    if isinstance(statement.object, ox.Literal):
        refuse_control_characters(statement.object.value, place, "RDF/XML")
    name = statement.predicate.value
    if name in _RESERVED or not _ENDS_IN_A_NAME.search(name):
        raise NotRepresentable(f"{place}: RDF/XML cannot represent the name of this property: export as turtle.")
