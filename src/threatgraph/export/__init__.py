"""Writes the graph, a record with its neighbourhood, or the answer to a query in the formats that other tools read.

The same graph gives the same bytes, whatever the order in which it was loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Triple

from threatgraph.errors import UnknownName
from threatgraph.export import jsonld, network, rdf, sssom, stix
from threatgraph.export.neighborhood import neighbourhood
from threatgraph.export.tables import RESULT_FORMATS, TABLE_FORMATS, export_results, export_table
from threatgraph.rdf.turtle import write_turtle
from threatgraph.store import Store

__all__ = [
    "FORMATS",
    "RESULT_FORMATS",
    "TABLE_FORMATS",
    "TRIPLE_FORMATS",
    "Format",
    "export",
    "export_results",
    "export_table",
    "export_triples",
]


@dataclass(frozen=True, slots=True)
class Format:
    """A format of export."""

    name: str
    extension: str
    media_type: str
    description: str
    kind: str
    """``graph`` for triples, ``dataset`` for triples in the graphs of their files, ``network`` for Gephi,
    ``mappings`` for a table of mappings, ``intelligence`` for objects of threat intelligence."""
    write: Callable[[Store, str | None], bytes]


def _triples(store: Store, node: str | None) -> Iterable[Triple]:
    return store.triples() if node is None else neighbourhood(store, node)


def _quads(store: Store, node: str | None) -> Iterable[Quad]:
    """The triples, each in the graphs of the files that state it."""
    wanted = None if node is None else set(map(_stated, neighbourhood(store, node)))
    for graph in store.graphs():
        for triple in store.graph_triples(graph):
            if wanted is None or _stated(triple) in wanted:
                yield Quad(triple.subject, triple.predicate, triple.object, NamedNode(graph))


def _stated(triple: Triple) -> tuple[object, ...]:
    """What makes a statement the same in all graphs: these may write a literal in forms of their own."""
    value = None if isinstance(triple.object, Literal) else triple.object
    return triple.subject, triple.predicate, value


FORMATS: Mapping[str, Format] = {
    form.name: form
    for form in (
        Format(
            "turtle",
            "ttl",
            "text/turtle",
            "Turtle, one statement a line",
            "graph",
            lambda store, node: write_turtle(_triples(store, node)).encode(),
        ),
        Format(
            "jsonld",
            "jsonld",
            "application/ld+json",
            "JSON-LD, compact, each record with its parts inside it",
            "graph",
            lambda store, node: jsonld.write(_triples(store, node), main=node),
        ),
        Format(
            "ntriples",
            "nt",
            "application/n-triples",
            "N-Triples, sorted",
            "graph",
            lambda store, node: rdf.write(_triples(store, node), RdfFormat.N_TRIPLES),
        ),
        Format(
            "rdfxml",
            "rdf",
            "application/rdf+xml",
            "RDF/XML",
            "graph",
            lambda store, node: rdf.write(_triples(store, node), RdfFormat.RDF_XML),
        ),
        Format(
            "nquads",
            "nq",
            "application/n-quads",
            "N-Quads, a graph for each file",
            "dataset",
            lambda store, node: rdf.write(_quads(store, node), RdfFormat.N_QUADS),
        ),
        Format(
            "trig",
            "trig",
            "application/trig",
            "TriG, a graph for each file",
            "dataset",
            lambda store, node: rdf.write(_quads(store, node), RdfFormat.TRIG),
        ),
        Format(
            "graphml",
            "graphml",
            "application/graphml+xml",
            "GraphML, records as nodes and links as edges",
            "network",
            lambda store, node: network.write_graphml(network.to_networkx(store, node)),
        ),
        Format(
            "gexf",
            "gexf",
            "application/gexf+xml",
            "GEXF for Gephi, records as nodes and links as edges",
            "network",
            lambda store, node: network.write_gexf(network.to_networkx(store, node)),
        ),
        Format(
            "sssom",
            "sssom.tsv",
            "text/tab-separated-values",
            "SSSOM/TSV, the mappings to frameworks and between them",
            "mappings",
            sssom.write,
        ),
        Format(
            "stix",
            "stix.json",
            "application/stix+json;version=2.1",
            "STIX 2.1, a bundle of attack patterns and incidents",
            "intelligence",
            stix.write,
        ),
    )
}


def export(store: Store, format: str, *, node: str | None = None) -> bytes:
    """Write the graph of a store, or one record with its neighbourhood.

    Args:
        store: the graph.
        format: a name from :data:`FORMATS`.
        node: the IRI of the record; the whole graph by default.

    Raises:
        UnknownName: for a format that does not exist.
        ThreatGraphError: for a literal that the format cannot hold.
    """
    if format not in FORMATS:
        raise UnknownName("format", format, FORMATS, f"The formats are {', '.join(FORMATS)}.")
    return FORMATS[format].write(store, node)


#: Name of each format for the answer to a CONSTRUCT or DESCRIBE query to its writer.
TRIPLE_FORMATS: Mapping[str, Callable[[Iterable[Triple]], bytes]] = {
    "turtle": lambda content: rdf.write_named(content),
    "jsonld": lambda content: jsonld.write(content),
    "ntriples": lambda content: rdf.write(content, RdfFormat.N_TRIPLES),
    "rdfxml": lambda content: rdf.write(content, RdfFormat.RDF_XML),
}


def export_triples(triples: Iterable[Triple], format: str) -> bytes:
    """Write the answer to a CONSTRUCT or DESCRIBE query.

    Raises:
        UnknownName: for a format that does not exist or that is not one for triples.
        ThreatGraphError: for a literal that the format cannot hold.
    """
    if format not in TRIPLE_FORMATS:
        raise UnknownName("format for triples", format, TRIPLE_FORMATS, f"The formats are {', '.join(TRIPLE_FORMATS)}.")
    return TRIPLE_FORMATS[format](list(triples))
