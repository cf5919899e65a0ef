"""Summaries of records as triples: what they are called, and what they are."""

from __future__ import annotations

from collections.abc import Iterable

from pyoxigraph import NamedNode, Triple

from threatgraph.sparql.values import batches, values_clause
from threatgraph.store import Store

_SUMMARIES = """
CONSTRUCT { ?record ?property ?value }
WHERE {
  %s
  VALUES ?property {
    rdf:type skos:prefLabel skos:notation skos:inScheme skos:broader skos:definition dcterms:abstract tg:domain
    tg:severity tg:occurred owl:deprecated dcterms:isReplacedBy
  }
  ?record ?property ?value .
}
"""


def summarize(store: Store, iris: Iterable[str]) -> list[Triple]:
    """Return the names, classes and short texts of records, for lists.

    Args:
        store: the graph.
        iris: the IRIs of the records.
    """
    nodes = list(map(NamedNode, iris))
    return [
        triple for batch in batches(nodes) for triple in store.construct(_SUMMARIES % values_clause("record", batch))
    ]
