"""Counts for VoID: triples, subjects, objects and terms of the graph, by class and by property."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from threatgraph.store import Store
from threatgraph.vocab import BASE

_TOTALS = """
SELECT (COUNT(*) AS ?triples) (COUNT(DISTINCT ?s) AS ?subjects) (COUNT(DISTINCT ?o) AS ?objects)
WHERE { ?s ?p ?o }
"""
_ENTITIES = 'SELECT (COUNT(DISTINCT ?s) AS ?entities) { ?s ?p ?o FILTER(STRSTARTS(STR(?s), "%s")) }' % BASE  # noqa: UP031
_CLASSES = "SELECT ?class (COUNT(DISTINCT ?s) AS ?entities) { ?s a ?class FILTER(isIRI(?class)) } GROUP BY ?class"
_PROPERTIES = """
SELECT ?property (COUNT(*) AS ?triples) (COUNT(DISTINCT ?s) AS ?subjects) (COUNT(DISTINCT ?o) AS ?objects)
WHERE { ?s ?property ?o }
GROUP BY ?property
"""
_PROPERTIES_OF_CLASSES = """
SELECT ?class ?property (COUNT(*) AS ?triples) (COUNT(DISTINCT ?s) AS ?subjects) (COUNT(DISTINCT ?o) AS ?objects)
WHERE { ?s a ?class ; ?property ?o FILTER(isIRI(?class)) }
GROUP BY ?class ?property
"""
_LINKS = """
SELECT ?property ?framework (COUNT(DISTINCT *) AS ?triples) {
  VALUES ?property { tg:mappedTo tg:notCoveredBy }
  ?record ?property ?provision .
  ?provision a tg:Provision ; skos:inScheme ?framework .
  ?framework a tg:Framework .
  FILTER(isIRI(?framework))
}
GROUP BY ?property ?framework
"""


class Counts(NamedTuple):
    """The counts of a set of triples."""

    triples: int
    subjects: int
    objects: int


class Statistics(NamedTuple):
    """The counts of a graph; keys are IRIs."""

    total: Counts
    entities: int
    """The resources in the namespace of threatgraph that the graph describes."""
    classes: Mapping[str, int]
    """The number of instances of each class."""
    properties: Mapping[str, Counts]
    by_class: Mapping[str, Mapping[str, Counts]]
    """For each class, the counts of the properties of its instances."""
    links: Mapping[tuple[str, str], int]
    """By property and framework: the number of links to provisions of the framework."""


def count(store: Store) -> Statistics:
    """Count the graph of a store, with one query for each kind of count."""
    [(triples, subjects, objects)] = _rows(store, _TOTALS)
    [(entities,)] = _rows(store, _ENTITIES)
    by_class: dict[str, dict[str, Counts]] = {}
    for kind, name, *counted in _rows(store, _PROPERTIES_OF_CLASSES):
        by_class.setdefault(kind, {})[name] = _counts(counted)
    return Statistics(
        total=_counts([triples, subjects, objects]),
        entities=int(entities),
        classes={kind: int(number) for kind, number in _rows(store, _CLASSES)},
        properties={name: _counts(counted) for name, *counted in _rows(store, _PROPERTIES)},
        by_class=by_class,
        links={(name, framework): int(number) for name, framework, number in _rows(store, _LINKS)},
    )


def _rows(store: Store, query: str) -> list[tuple[str, ...]]:
    return [tuple(str(getattr(term, "value", "")) for term in row) for row in store.select(query).rows]


def _counts(values: list[str]) -> Counts:
    triples, subjects, objects = map(int, values)
    return Counts(triples, subjects, objects)
