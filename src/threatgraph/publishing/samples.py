"""A record of each kind, as an example for those who write queries."""

from __future__ import annotations

from threatgraph.store import Store
from threatgraph.table import plain_text
from threatgraph.vocab import KINDS, shorten, tg

_FIRST = "SELECT ?class (MIN(STR(?record)) AS ?first) { ?record a ?class FILTER(isIRI(?record)) } GROUP BY ?class"


def samples(store: Store) -> dict[str, str]:
    """Return the prefixed name of one record of each kind that has any, by the name of the kind."""
    first = {
        plain_text(kind): plain_text(record)
        for kind, record in store.select(_FIRST).rows
        if kind is not None and record is not None
    }
    return {kind.name: shorten(first[iri]) for kind in KINDS.values() if (iri := tg(kind.class_name)) in first}
