"""Summaries of records: what each one is called, what it is about, and where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pyoxigraph import NamedNode

from threatgraph.sparql.values import batches, values_clause
from threatgraph.store import Store
from threatgraph.table import plain_text, to_text

_OF_RECORDS = """
SELECT ?record ?property ?value {
  %s
  {
    VALUES ?property {
      skos:prefLabel skos:notation dcterms:abstract skos:definition dcterms:description dcterms:source
      tg:curationStatus
    }
    ?record ?property ?value
  }
  UNION
  { ?record skos:inScheme/dcterms:source ?value BIND(skos:inScheme AS ?property) }
}
"""


class Summary(NamedTuple):
    """A record in a few words; a text is empty if the record does not state it."""

    label: str
    code: str
    text: str
    """Its abstract, or else its definition or description."""
    source: str
    """The URL of its first source, or else of its framework."""
    curation_status: str
    """The slug of its curation status, such as ``as-in-source``."""


def read_summaries(store: Store, iris: Sequence[str]) -> dict[str, Summary]:
    """Return the summary of each record.

    Args:
        store: the graph.
        iris: the IRIs of records.
    """
    found: dict[str, dict[str, list[str]]] = {iri: {} for iri in iris}
    for batch in batches([*found]):
        for record, prop, value in store.select(_OF_RECORDS % values_clause("record", map(NamedNode, batch))).rows:
            if record is not None and value is not None:
                found[plain_text(record)].setdefault(to_text(prop), []).append(plain_text(value))
    return {iri: _summary(values) for iri, values in found.items()}


def _summary(values: dict[str, list[str]]) -> Summary:
    def first(*properties: str) -> str:
        return next((min(values[name]) for name in properties if name in values), "")

    return Summary(
        first("skos:prefLabel"),
        first("skos:notation"),
        first("dcterms:abstract", "skos:definition", "dcterms:description"),
        first("dcterms:source", "skos:inScheme"),
        first("tg:curationStatus").rpartition("/")[2],
    )
