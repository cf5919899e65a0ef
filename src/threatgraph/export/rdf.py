"""The line-based formats, TriG and RDF/XML: Oxigraph's writers, given triples in a settled order."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pyoxigraph as ox

from threatgraph.errors import ThreatGraphError
from threatgraph.turtle import BlankNodeRefused, write_turtle
from threatgraph.vocab import PREFIXES

# What XML 1.0 (section 2.2) cannot hold, even escaped.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def write(content: Iterable[ox.Triple] | Iterable[ox.Quad], form: ox.RdfFormat) -> bytes:
    """Write triples or quads in a format of Oxigraph.

    Raises:
        ThreatGraphError: where RDF/XML cannot hold a literal.
    """
    quads = [s if isinstance(s, ox.Quad) else ox.Quad(s.subject, s.predicate, s.object) for s in content]
    statements = sorted(set(quads), key=_key)
    if form == ox.RdfFormat.RDF_XML:
        for statement in statements:
            _refuse_control_characters(statement)
    with_prefixes = form in (ox.RdfFormat.TRIG, ox.RdfFormat.RDF_XML, ox.RdfFormat.TURTLE)
    prefixes = _used(statements) if with_prefixes else None
    return ox.serialize(statements, format=form, prefixes=prefixes) or b""


def write_named(content: Iterable[ox.Triple]) -> bytes:
    """Turtle in the project's own form, or in Oxigraph's where there are blank nodes."""
    triples = list(content)
    try:
        return write_turtle(triples).encode()
    except BlankNodeRefused:
        return write(triples, ox.RdfFormat.TURTLE)


def _key(statement: ox.Quad) -> tuple[str, ...]:
    return str(statement.graph_name), str(statement.subject), str(statement.predicate), str(statement.object)


def _used(statements: Iterable[ox.Quad]) -> dict[str, str]:
    """The prefixes that the statements need."""
    iris = {
        term.value
        for statement in statements
        for term in (statement.subject, statement.predicate, statement.object)
        if isinstance(term, ox.NamedNode)
    }
    return {prefix: space for prefix, space in PREFIXES.items() if any(iri.startswith(space) for iri in iris)}


def _refuse_control_characters(statement: ox.Quad) -> None:
    value = statement.object
    if isinstance(value, ox.Literal) and _NOT_XML.search(value.value):
        place = f"{statement.subject} {statement.predicate}"
        raise ThreatGraphError(f"{place}: RDF/XML cannot hold the control characters of this value: export as turtle.")
