"""The SPARQL 1.1 Service Description of the query endpoint."""

from __future__ import annotations

from collections.abc import Sequence

from pyoxigraph import NamedNode

from threatgraph.counts import count_triples
from threatgraph.publishing.descriptions import Statements, number, term
from threatgraph.store import Store

#: The result formats of the endpoint, as terms of ``http://www.w3.org/ns/formats/``.
RESULT_FORMATS = (
    "SPARQL_Results_JSON",
    "SPARQL_Results_XML",
    "SPARQL_Results_CSV",
    "SPARQL_Results_TSV",
    "Turtle",
    "N-Triples",
    "RDF_XML",
    "JSON-LD",
)


def service_description(
    store: Store, *, base_url: str, format: str = "turtle", results: Sequence[str] = RESULT_FORMATS
) -> bytes:
    """Describe the SPARQL endpoint of a site.

    Args:
        store: the graph.
        base_url: the base URL of the site.
        format: a name from :data:`threatgraph.publishing.descriptions.FORMATS`.
        results: the local names of the result formats.

    Raises:
        UnknownName: if the format does not exist.
    """
    statements = Statements()
    add_service(statements, f"{base_url}/sparql", count_triples(store), results)
    return statements.serialize(format)


def add_service(statements: Statements, endpoint: str, triples: int, results: Sequence[str] = RESULT_FORMATS) -> None:
    """Add the description of a SPARQL endpoint.

    Args:
        statements: gets the description.
        endpoint: the URL of the endpoint.
        triples: the number of triples of its default graph.
        results: the local names of the result formats.
    """
    service, dataset, graph = (f"{endpoint}#{name}" for name in ("service", "dataset", "default-graph"))
    statements.add(
        service,
        "sd:Service",
        sd_endpoint=NamedNode(endpoint),
        sd_supportedLanguage=term("sd:SPARQL11Query"),
        # Each triple is in the default graph, and in the named graph of its file.
        sd_feature=term("sd:UnionDefaultGraph"),
        sd_resultFormat=[term(f"format:{name}") for name in results],
        sd_defaultDataset=NamedNode(dataset),
    )
    statements.add(dataset, "sd:Dataset", sd_defaultGraph=NamedNode(graph))
    statements.add(graph, "sd:Graph", void_triples=number(triples))
