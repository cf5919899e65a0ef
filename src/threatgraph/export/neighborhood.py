"""The neighborhood of a record: its statements and its links."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from pyoxigraph import NamedNode, Triple

from threatgraph.rdf.terms import Term
from threatgraph.sparql.values import batches, values_clause
from threatgraph.store import Store
from threatgraph.vocab import RDF_TYPE, tg

# Each query is small: one query for all is ten times as slow, since the engine orders its joins poorly.
_OWN = """
CONSTRUCT { ?subject ?property ?value }
WHERE {
  ?record tg:hasPart? ?subject .
  ?subject ?property ?value .
}
"""
_INBOUND = "CONSTRUCT { ?subject ?property ?record } WHERE { ?subject ?property ?record }"
_OWNERS = "CONSTRUCT { ?owner tg:hasPart ?node } WHERE { %s ?owner tg:hasPart ?node }"
_LINKS_TO_PARTS = "CONSTRUCT { ?owner ?link ?node } WHERE { %s ?owner tg:hasPart ?node ; ?link ?node }"
_STATEMENTS = "CONSTRUCT { ?node ?property ?value } WHERE { %s ?node ?property ?value }"
_NAMES = """
CONSTRUCT { ?node ?naming ?name }
WHERE {
  %s
  ?node ?naming ?name .
  FILTER(?naming IN (rdf:type, skos:prefLabel, skos:notation))
}
"""
_TYPE, _HAS_PART = NamedNode(RDF_TYPE), NamedNode(tg("hasPart"))


def neighborhood(store: Store, iri: str) -> list[Triple]:
    """Collect the statements about a record and its parts, inbound links, and the labels of linked records.

    An inbound link of a part of another record comes with the part's statements and the label of that record.
    """
    record = NamedNode(iri)
    own = store.construct(_OWN, {"record": record})
    parts = {t.object for t in own if t.subject == record and t.predicate == _HAS_PART}
    inbound = [t for t in store.construct(_INBOUND, {"record": record}) if t.subject not in parts]
    linking = {triple.subject for triple in inbound}
    owners: dict[Term, set[Term]] = {}
    for triple in _about(store, _OWNERS, linking):
        if triple.subject != record:
            owners.setdefault(triple.subject, set()).add(triple.object)
    linked = {t.object for t in own if t.predicate != _TYPE and t.object not in parts}
    names: dict[Term, list[Triple]] = {}
    for triple in _about(store, _NAMES, linked | linking | owners.keys()):
        names.setdefault(triple.subject, []).append(triple)
    # What has no name is left out.
    named = {owner: parts for owner, parts in owners.items() if owner in names}
    foreign = set().union(*named.values())
    found = dict.fromkeys(own)
    found |= dict.fromkeys(triple for triple in inbound if triple.subject in names)
    found |= dict.fromkeys(triple for node in linked | linking | named.keys() for triple in names.get(node, ()))
    found |= dict.fromkeys(_about(store, _STATEMENTS, foreign))
    found |= dict.fromkeys(t for t in _about(store, _LINKS_TO_PARTS, foreign) if t.subject in named)
    return list(found)


def _about(store: Store, query: str, nodes: Collection[Term]) -> Iterator[Triple]:
    """The answers to a query about nodes."""
    iris = sorted(str(node) for node in nodes if isinstance(node, NamedNode))
    for batch in batches(iris):
        yield from store.construct(query % values_clause("node", batch))
