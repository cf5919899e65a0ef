"""What the home page shows of the graph: its domains, the newest incidents, and the coverage of frameworks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from threatgraph.errors import UnknownName
from threatgraph.facets import Facet, read_facets
from threatgraph.graph import ThreatGraph
from threatgraph.listing import list_page
from threatgraph.vocab import KINDS
from threatgraph.web.links import Links
from threatgraph.web.lists import ORDERS
from threatgraph.web.tables import Cell, Column, cells
from threatgraph.web.view import Text
from threatgraph.web.views.bars import draw_years

_NEWEST = 6
_YEARS = 15
"""The years of the chart."""


class DomainCard(NamedTuple):
    """A domain with the numbers of its records."""

    text: Text
    patterns: int
    incidents: int


class Coverage(NamedTuple):
    """A framework with the number of patterns that are mapped to its provisions."""

    text: Text
    patterns: int


class Overview(NamedTuple):
    """What the home page shows of the graph."""

    domains: tuple[DomainCard, ...]
    columns: Sequence[Column]
    """The columns of the newest incidents."""
    newest: Sequence[Sequence[Cell]]
    chart: Markup | None
    """Incidents by year."""
    coverage: tuple[Coverage, ...]
    patterns: int
    """The number of all patterns."""


def read_overview(graph: ThreatGraph, links: Links, total: int) -> Overview:
    """Return the overview of a graph, of which each part can be empty.

    Args:
        graph: the graph.
        links: where documents are.
        total: the number of all patterns.
    """
    of_patterns = _facets(graph, "pattern", ("domain", "framework"))
    of_incidents = _facets(graph, "incident", ("domain", "year"))
    patterns = {one.value: one for one in of_patterns["domain"].choices}
    incidents = {one.value: one for one in of_incidents["domain"].choices}
    both = {**incidents, **patterns}
    domains = (
        DomainCard(
            Text(one.label, links.to(KINDS["domain"].namespace + slug)),
            patterns[slug].total if slug in patterns else 0,
            incidents[slug].total if slug in incidents else 0,
        )
        for slug, one in both.items()
    )
    coverage = (
        Coverage(Text(one.label, links.to(KINDS["framework"].namespace + one.value)), one.total)
        for one in of_patterns["framework"].choices
    )
    columns, newest = _newest(graph, links)
    years = {int(one.value): one.total for one in of_incidents["year"].choices if one.value.isdecimal()}
    return Overview(
        tuple(sorted(domains, key=lambda one: (-one.incidents, one.text.text))),
        columns,
        newest,
        draw_years({year: years[year] for year in years if year > max(years) - _YEARS}) if years else None,
        tuple(coverage),
        total,
    )


def _facets(graph: ThreatGraph, kind: str, names: Sequence[str]) -> dict[str, Facet]:
    empty = {name: Facet(name, ()) for name in names}
    return empty | {facet.name: facet for facet in read_facets(graph.store, kind, names, {})}


def _newest(graph: ThreatGraph, links: Links) -> tuple[Sequence[Column], Sequence[Sequence[Cell]]]:
    try:
        found = list_page(
            graph.store, "incident", columns=("occurred", "label", "severity"), sort=ORDERS["incident"], limit=_NEWEST
        )
    except UnknownName:  # a graph whose incidents have no dates
        return (), ()
    return cells(found.table, links)
