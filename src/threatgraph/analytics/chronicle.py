"""Reads the incidents with what a timeline shows: date, severity, patterns and domains."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from threatgraph.analytics.records import Named, named, pairs
from threatgraph.analytics.trends import DIMENSIONS, Moment, read_moment
from threatgraph.store import Store
from threatgraph.table import to_text, to_value

_INCIDENTS = """
SELECT ?incident ?occurred ?severity
WHERE {
  ?incident a tg:Incident .
  OPTIONAL { ?incident tg:occurred ?occurred }
  OPTIONAL { ?incident tg:severity ?severity }
}
"""


class Event(NamedTuple):
    """An incident with its date."""

    iri: str
    names: Named
    date: str
    """The date as it is stated: ``2024``, ``2024-08`` or ``2024-08-01``; empty if it is not."""
    moment: Moment | None
    severities: frozenset[str]
    patterns: frozenset[str]
    domains: frozenset[str]
    """The domains of the patterns that it involves, and its own."""


def events(store: Store) -> list[Event]:
    """Read the incidents, by date; those without a date are last.

    Args:
        store: the graph.
    """
    rows: dict[str, list[tuple[str, Moment | None]]] = defaultdict(list)
    severities: dict[str, set[str]] = defaultdict(set)
    for incident, occurred, severity in store.select(_INCIDENTS).rows:
        iri = str(to_value(incident))
        rows[iri].append((to_text(occurred), None if occurred is None else read_moment(occurred)))
        if severity is not None:
            severities[iri].add(str(to_value(severity)))
    names, patterns = named(store, "incident"), _ends(store, "tg:involvesPattern", "pattern")
    domains = _ends(store, DIMENSIONS["domain"][0], "domain")
    found = [
        Event(
            iri,
            names[iri],
            *min(dates, key=lambda date: (date[1] is None, date[0])),
            frozenset(severities[iri]),
            frozenset(patterns[iri]),
            frozenset(domains[iri]),
        )
        for iri, dates in rows.items()
    ]
    return sorted(found, key=lambda one: (one.moment is None, one.moment and one.moment.year, one.date, one.iri))


def _ends(store: Store, path: str, kind: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for incident, end in pairs(store, "incident", path, kind):
        found[incident].add(end)
    return found
