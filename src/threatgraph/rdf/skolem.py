"""Skolemization: gives each blank node an IRI that results and links can refer to (RDF 1.1 Concepts, section 3.5)."""

from __future__ import annotations

from collections.abc import Iterator

import pyoxigraph as ox

from threatgraph.rdf.terms import Term


def skolemize(quads: Iterator[ox.Quad], graph_iri: str) -> Iterator[ox.Triple]:
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
