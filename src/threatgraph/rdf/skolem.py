"""Skolemization: gives each blank node an IRI that results and links can refer to (RDF 1.1 Concepts, section 3.5)."""

from __future__ import annotations

from collections.abc import Iterator

import pyoxigraph as ox

from threatgraph.rdf.terms import Term


def skolemize(quads: Iterator[ox.Quad], graph_iri: str) -> Iterator[ox.Triple]:
    """Replace each blank node by a skolem IRI, so that results and links can refer to it.

    A skolem IRI consists of the graph's IRI and a number, in file order (RDF 1.1 Concepts, section 3.5). Named graphs
    in the file itself are ignored: all of its triples belong to the graph of the file.

    Args:
        quads: the quads of a file.
        graph_iri: the IRI of the file's named graph.

    Returns:
        The triples, without blank nodes.
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
