"""The filters of a list: facets with their values, dates, and a link that removes each filter."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from threatgraph.facets import Facet, read_facets
from threatgraph.graph import ThreatGraph
from threatgraph.headings import heading
from threatgraph.listed_properties import DATES as DATED

DATES = ("since", "until")
"""Parameters that limit the dates of records."""
SORT = "sort"
"""The parameter of the order."""
NOT_FILTERS = (SORT, "columns")
"""Parameters that change how records are shown, not which ones."""

#: The facets that the page of a list offers, by kind of record.
_FACETS: Mapping[str, tuple[str, ...]] = {
    "pattern": ("domain", "severity", "likelihood", "evidence_level", "framework", "cause", "group"),
    "incident": (
        *("domain", "severity", "year", "sector", "harm", "group", "cause", "region", "framework"),
        *("failure_stage", "incident_status"),
    ),
    "provision": ("framework", "level", "obliges", "risk_tier"),
    "glossary-term": ("broader",),
    "group": ("broader",),
    "causal-factor": ("broader",),
}
_TITLES = {
    "likelihood": "Trend",
    "harm": "Type of harm",
    "group": "Affected group",
    "cause": "Cause",
    "obliges": "Who is obliged",
    "broader": "Category",
}


class Remover(NamedTuple):
    """A filter that is set, with the URL of the list without it."""

    title: str
    label: str
    url: str


class ShownFacet(NamedTuple):
    """A facet with its title."""

    title: str
    facet: Facet


class Filters(NamedTuple):
    """What the form of a list shows."""

    facets: tuple[ShownFacet, ...]
    dates: tuple[tuple[str, str, str], ...]
    """The name, title and value of each field for a date."""
    removers: tuple[Remover, ...]
    kept: tuple[tuple[str, str], ...]
    """Parameters without a field, which the form keeps."""


def read_filters(
    graph: ThreatGraph, kind: str, given: Sequence[tuple[str, str]], url: Callable[[Sequence[tuple[str, str]]], str]
) -> Filters:
    """Return the filters of a list.

    Args:
        graph: the graph.
        kind: the kind of the records.
        given: the parameters that are set, but for those of paging.
        url: returns the URL of the list with parameters.
    """
    where: dict[str, list[str]] = {}
    for name, value in given:
        if name not in (*DATES, *NOT_FILTERS):
            where.setdefault(name, []).append(value)
    single = dict(given)
    since, until = (single.get(name) for name in DATES)
    names = _FACETS.get(kind, ())
    facets = read_facets(graph.store, kind, names, where, since, until)
    dates = tuple((name, heading(name), single.get(name, "")) for name in DATES) if kind in DATED else ()
    with_field = {facet.name for facet in facets} | {name for name, _, _ in dates}
    return Filters(
        tuple(ShownFacet(title_of(facet.name), facet) for facet in facets),
        dates,
        tuple(_removers(given, facets, url)),
        tuple(pair for pair in given if pair[0] not in with_field),
    )


def title_of(name: str) -> str:
    """Return the title of a facet or filter."""
    return _TITLES.get(name) or heading(name)


def _removers(
    given: Sequence[tuple[str, str]],
    facets: Sequence[Facet],
    url: Callable[[Sequence[tuple[str, str]]], str],
) -> list[Remover]:
    labels = {(facet.name, choice.value): choice.label for facet in facets for choice in facet.choices}
    found = []
    for pair in dict.fromkeys(given):
        name, value = pair
        if name in NOT_FILTERS:
            continue
        rest = [other for other in given if other != pair]
        found.append(Remover(title_of(name), labels.get(pair, value), url(rest)))
    return found
