"""Exports the graph, a record with its neighborhood, or the result of a query in formats of other tools.

Exports are deterministic and do not depend on the order in which files were loaded.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import IO

from pyoxigraph import Literal, NamedNode, Quad, RdfFormat, Triple

from threatgraph.errors import UnknownName
from threatgraph.export import jsonld, network, rdf, sssom, stix
from threatgraph.export.neighborhood import neighborhood
from threatgraph.export.tables import RESULT_FORMATS, TABLE_FORMATS, export_results, export_table
from threatgraph.rdf import turtle
from threatgraph.rdf.ntriples import by_subject, to_lines
from threatgraph.rdf.sorting import Encode, LineSorter
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
    "write",
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
    write: Callable[[Store, str | None, IO[bytes]], None]
    """Writes the graph of a store, or the record with an IRI, to a file."""


def _whole(serialize: Callable[[Store, str | None], bytes]) -> Callable[[Store, str | None, IO[bytes]], None]:
    """The writer of a format that is serialized as a whole."""

    def write(store: Store, node: str | None, target: IO[bytes]) -> None:
        target.write(serialize(store, node))

    return write


def _lines(store: Store, node: str | None, encode: Encode | None = None) -> LineSorter:
    """The triples as sorted lines of N-Triples."""
    lines = LineSorter(encode)
    if node is None:
        store.dump(lines)
    else:
        lines.write(to_lines(neighborhood(store, node)))
    return lines


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


def _write_nquads(store: Store, node: str | None, target: IO[bytes]) -> None:
    if node is not None:
        target.write(rdf.write(_quads(store, node), RdfFormat.N_QUADS))
        return
    for graph in sorted(store.graphs(), key=lambda iri: f"<{iri}>"):
        lines = LineSorter()
        store.dump(lines, graph)
        rdf.write_nquads(lines, target, graph)


FORMATS: Mapping[str, Format] = {
    form.name: form
    for form in (
        Format(
            "turtle",
            "ttl",
            "Turtle, one statement per line",
            "graph",
            lambda store, node, target: turtle.write_lines(_lines(store, node, turtle.turtle_order), target),
        ),
        Format(
            "jsonld",
            "jsonld",
            "Compact JSON-LD, with the parts nested in each record",
            "graph",
            lambda store, node, target: jsonld.write(_lines(store, node, by_subject), target, main=node),
        ),
        Format(
            "ntriples",
            "nt",
            "N-Triples, sorted",
            "graph",
            lambda store, node, target: rdf.write_ntriples(_lines(store, node), target),
        ),
        Format(
            "rdfxml",
            "rdf",
            "RDF/XML",
            "graph",
            _whole(lambda store, node: rdf.write(_triples(store, node), RdfFormat.RDF_XML)),
        ),
        Format(
            "nquads",
            "nq",
            "N-Quads, with a named graph for each file",
            "dataset",
            _write_nquads,
        ),
        Format(
            "trig",
            "trig",
            "TriG, with a named graph for each file",
            "dataset",
            _whole(lambda store, node: rdf.write(_quads(store, node), RdfFormat.TRIG)),
        ),
        Format(
            "graphml",
            "graphml",
            "GraphML, records as nodes and links as edges",
            "network",
            _whole(lambda store, node: network.write_graphml(network.to_networkx(store, node))),
        ),
        Format(
            "gexf",
            "gexf",
            "GEXF for Gephi, records as nodes and links as edges",
            "network",
            _whole(lambda store, node: network.write_gexf(network.to_networkx(store, node))),
        ),
        Format(
            "sssom",
            "sssom.tsv",
            "SSSOM/TSV, mappings to and between frameworks",
            "mappings",
            _whole(sssom.write),
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
    content = io.BytesIO()
    write(store, format, content, node=node)
    return content.getvalue()


def write(store: Store, format: str, target: IO[bytes], *, node: str | None = None) -> None:
    """Write an export to a file, with less memory than :func:`export` needs.

    Args:
        store: the graph.
        format: a name from :data:`FORMATS`.
        target: the binary file; after an error it has a part of the export.
        node: the IRI of the record; by default the entire graph.

    Raises:
        UnknownName: if the format does not exist.
        ThreatGraphError: if the format cannot represent a value, or a temporary file cannot be written.
    """
    if format not in FORMATS:
        raise UnknownName("format", format, FORMATS, f"The formats are {', '.join(FORMATS)}.")
    FORMATS[format].write(store, node, target)


def _jsonld(triples: Iterable[Triple]) -> bytes:
    lines, content = LineSorter(by_subject), io.BytesIO()
    lines.write(to_lines(triples))
    jsonld.write(lines, content)
    return content.getvalue()


#: The writer of each format for results of CONSTRUCT and DESCRIBE queries, by name.
TRIPLE_FORMATS: Mapping[str, Callable[[list[Triple]], bytes]] = {
    "turtle": rdf.write_named,
    "jsonld": _jsonld,
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
