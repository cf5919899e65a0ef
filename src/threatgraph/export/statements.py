"""Short descriptions as triples: what records are called, and what the graph states about a node."""

from __future__ import annotations

from collections.abc import Iterable

from pyoxigraph import NamedNode, Triple

from threatgraph.sparql.values import batches, values_clause
from threatgraph.store import Store

_SUMMARIES = """
CONSTRUCT { ?record ?property ?value }
WHERE {
  %s
  ?record ?property ?value .
  FILTER(?property IN (
    rdf:type, skos:prefLabel, skos:notation, skos:inScheme, skos:broader, skos:definition, dcterms:abstract, tg:domain,
    tg:severity, tg:occurred, owl:deprecated, dcterms:isReplacedBy
  ))
}
"""
_STATEMENTS = "CONSTRUCT { ?node ?property ?value } WHERE { ?node ?property ?value }"


def summarize(store: Store, iris: Iterable[str]) -> list[Triple]:
    """Return the names, classes and short texts of records, for lists.

    Args:
        store: the graph.
        iris: the IRIs of the records.
    """
    found: list[Triple] = []
    for batch in batches(list(map(NamedNode, iris))):
        found += store.as_written(store.construct(_SUMMARIES % values_clause("record", batch)))
    return found


def statements(store: Store, iri: str) -> list[Triple]:
    """Return the statements about a node alone, for nodes that very many records link to, such as agents.

    Args:
        store: the graph.
        iri: the IRI of the node.
    """
    return list(store.as_written(store.construct(_STATEMENTS, {"node": NamedNode(iri)})))
