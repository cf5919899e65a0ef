"""The neighborhood of a record: its statements and its links."""

from __future__ import annotations

from pyoxigraph import NamedNode, Triple

from threatgraph.store import Store

# The record and its parts; labels of linked records; inbound links with labels; inbound links via parts.
_QUERIES = (
    """
    CONSTRUCT { ?subject ?property ?value }
    WHERE {
      ?record tg:hasPart? ?subject .
      ?subject ?property ?value .
    }
    """,
    """
    CONSTRUCT { ?value ?naming ?name }
    WHERE {
      ?record tg:hasPart? ?subject .
      ?subject ?property ?value .
      VALUES ?naming { rdf:type skos:prefLabel skos:notation }
      ?value ?naming ?name .
      FILTER(?property != rdf:type && NOT EXISTS { ?record tg:hasPart ?value })
    }
    """,
    """
    CONSTRUCT { ?subject ?property ?record ; ?naming ?name }
    WHERE {
      ?subject ?property ?record .
      VALUES ?naming { rdf:type skos:prefLabel skos:notation }
      ?subject ?naming ?name .
      FILTER NOT EXISTS { ?record tg:hasPart ?subject }
    }
    """,
    """
    CONSTRUCT { ?part ?property ?value . ?owner ?link ?part ; ?naming ?name }
    WHERE {
      ?part ?any ?record ; ?property ?value .
      ?owner tg:hasPart ?part ; ?link ?part .
      FILTER(?owner != ?record)
      VALUES ?naming { rdf:type skos:prefLabel skos:notation }
      ?owner ?naming ?name .
    }
    """,
)


def neighborhood(store: Store, iri: str) -> list[Triple]:
    """Collect the statements about a record and its parts, inbound links, and the labels of linked records."""
    found: dict[Triple, None] = {}
    for query in _QUERIES:
        found |= dict.fromkeys(store.construct(query, {"record": NamedNode(iri)}))
    return list(found)
