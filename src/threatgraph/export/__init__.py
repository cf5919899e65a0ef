"""Exports the graph, a record with its neighborhood, or the result of a query in formats of other tools.

Exports are deterministic and do not depend on the order in which files were loaded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Triple

from threatgraph.errors import UnknownName
from threatgraph.export import jsonld, network, rdf, sssom, stix
from threatgraph.export.neighborhood import neighborhood
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
    """An export format."""

    name: str
    extension: str
    description: str
    kind: str
    """``graph`` for triples, ``dataset`` for triples in named graphs, ``network`` for nodes and edges, ``mappings`` for
    a table of mappings, ``intelligence`` for threat intelligence."""
    write: Callable[[Store, str | None], bytes]


def _triples(store: Store, node: str | None) -> Iterable[Triple]:
    return store.triples() if node is None else neighborhood(store, node)


def _quads(store: Store, node: str | None) -> Iterable[Quad]:
    """The triples as quads, in the named graphs of their files."""
    wanted = None if node is None else set(map(_key, neighborhood(store, node)))
    for graph in store.graphs():
        for triple in store.graph_triples(graph):
            if wanted is None or _key(triple) in wanted:
                yield Quad(triple.subject, triple.predicate, triple.object, NamedNode(graph))


def _key(triple: Triple) -> tuple[object, ...]:
    """Identify a statement across named graphs, without its literal, whose lexical form may differ."""
    value = None if isinstance(triple.object, Literal) else triple.object
    return triple.subject, triple.predicate, value


FORMATS: Mapping[str, Format] = {
    form.name: form
    for form in (
        Format(
            "turtle",
            "ttl",
            "Turtle, one statement per line",
            "graph",
            lambda store, node: write_turtle(_triples(store, node)).encode(),
        ),
        Format(
            "jsonld",
            "jsonld",
            "Compact JSON-LD, with the parts nested in each record",
            "graph",
            lambda store, node: jsonld.write(_triples(store, node), main=node),
        ),
        Format(
            "ntriples",
            "nt",
            "N-Triples, sorted",
            "graph",
            lambda store, node: rdf.write(_triples(store, node), RdfFormat.N_TRIPLES),
        ),
        Format(
            "rdfxml",
            "rdf",
            "RDF/XML",
            "graph",
            lambda store, node: rdf.write(_triples(store, node), RdfFormat.RDF_XML),
        ),
        Format(
            "nquads",
            "nq",
            "N-Quads, with a named graph for each file",
            "dataset",
            lambda store, node: rdf.write(_quads(store, node), RdfFormat.N_QUADS),
        ),
        Format(
            "trig",
            "trig",
            "TriG, with a named graph for each file",
            "dataset",
            lambda store, node: rdf.write(_quads(store, node), RdfFormat.TRIG),
        ),
        Format(
            "graphml",
            "graphml",
            "GraphML, records as nodes and links as edges",
            "network",
            lambda store, node: network.write_graphml(network.to_networkx(store, node)),
        ),
        Format(
            "gexf",
            "gexf",
            "GEXF for Gephi, records as nodes and links as edges",
            "network",
            lambda store, node: network.write_gexf(network.to_networkx(store, node)),
        ),
        Format(
            "sssom",
            "sssom.tsv",
            "SSSOM/TSV, mappings to and between frameworks",
            "mappings",
            sssom.write,
        ),
        Format(
            "stix",
            "stix.json",
            "STIX 2.1 bundle of attack patterns and incidents",
            "intelligence",
            stix.write,
        ),
    )
}


def export(store: Store, format: str, *, node: str | None = None) -> bytes:
    """Export the graph of a store, or one record with its neighborhood.

    Args:
        store: the graph.
        format: a name from :data:`FORMATS`.
        node: the IRI of the record; by default the entire graph.

    Raises:
        UnknownName: if the format does not exist.
        ThreatGraphError: if the format cannot represent a value.
    """
    if format not in FORMATS:
        raise UnknownName("format", format, FORMATS, f"The formats are {', '.join(FORMATS)}.")
    return FORMATS[format].write(store, node)


#: The writer of each format for results of CONSTRUCT and DESCRIBE queries, by name.
TRIPLE_FORMATS: Mapping[str, Callable[[Iterable[Triple]], bytes]] = {
    "turtle": lambda content: rdf.write_named(content),
    "jsonld": lambda content: jsonld.write(content),
    "ntriples": lambda content: rdf.write(content, RdfFormat.N_TRIPLES),
    "rdfxml": lambda content: rdf.write(content, RdfFormat.RDF_XML),
}


def export_triples(triples: Iterable[Triple], format: str) -> bytes:
    """Export the result of a CONSTRUCT or DESCRIBE query.

    Raises:
        UnknownName: if the format does not exist or cannot represent triples.
        ThreatGraphError: if the format cannot represent a value.
    """
    if format not in TRIPLE_FORMATS:
        raise UnknownName("format for triples", format, TRIPLE_FORMATS, f"The formats are {', '.join(TRIPLE_FORMATS)}.")
    return TRIPLE_FORMATS[format](list(triples))
