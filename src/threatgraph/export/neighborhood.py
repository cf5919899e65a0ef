"""One record and what stands around it."""

from __future__ import annotations

from pyoxigraph import NamedNode, Triple

from threatgraph.store import Store

# The record and its parts; then names for what they point to; then what points at the record, with names for that.
_QUERIES = (
    """
    CONSTRUCT { ?subject ?property ?value }
    WHERE {
      ?subject ?property ?value .
      FILTER(?subject = ?record || STRSTARTS(STR(?subject), CONCAT(STR(?record), "#")))
    }
    """,
    """
    CONSTRUCT { ?value ?naming ?name }
    WHERE {
      ?subject ?property ?value .
      FILTER(?subject = ?record || STRSTARTS(STR(?subject), CONCAT(STR(?record), "#")))
      VALUES ?naming { rdf:type skos:prefLabel skos:notation }
      ?value ?naming ?name .
      FILTER(?property != rdf:type && !STRSTARTS(STR(?value), CONCAT(STR(?record), "#")))
    }
    """,
    """
    CONSTRUCT { ?subject ?property ?record ; ?naming ?name }
    WHERE {
      ?subject ?property ?record .
      VALUES ?naming { rdf:type skos:prefLabel skos:notation }
      ?subject ?naming ?name .
      FILTER(!STRSTARTS(STR(?subject), CONCAT(STR(?record), "#")))
    }
    """,
    """
    CONSTRUCT { ?part ?property ?value . ?owner ?link ?part ; ?naming ?name }
    WHERE {
      ?part ?any ?record ; ?property ?value .
      FILTER(CONTAINS(STR(?part), "#") && !STRSTARTS(STR(?part), CONCAT(STR(?record), "#")))
      ?owner ?link ?part .
      VALUES ?naming { rdf:type skos:prefLabel skos:notation }
      ?owner ?naming ?name .
    }
    """,
)


def neighbourhood(store: Store, iri: str) -> list[Triple]:
    """The statements about a record and its parts, and the names of the records that are linked with it, either way."""
    found: dict[Triple, None] = {}
    for query in _QUERIES:
        found |= dict.fromkeys(store.construct(query, {"record": NamedNode(iri)}))
    return list(found)
