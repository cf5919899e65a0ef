"""The view of causes: which causal factors each threat pattern has, and in how many incidents both occur."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from threatgraph.analytics.mappings import patterns_by_domain
from threatgraph.analytics.records import Named, named, pairs
from threatgraph.graph import ThreatGraph
from threatgraph.web.links import Links
from threatgraph.web.view import Text
from threatgraph.web.views.page import (
    Given,
    Page,
    View,
    counted,
    named_record,
    query,
    read,
    record_field,
    slug,
    to_table,
)

PATH = "causes"
TITLE = "Causes of threat patterns"
SUMMARY = (
    "Which causal factors each threat pattern has, and how many incidents with the pattern name the factor as well."
)
_EMPTY = "This graph has no threat patterns or no causal factors, so there is nothing to show yet."


class Cell(NamedTuple):
    """A pattern and a causal factor."""

    is_stated: bool
    """Whether the pattern names the factor."""
    incidents: int
    """Incidents that involve the pattern and name the factor."""
    url: str | None
    name: str
    """Both numbers in words."""


class Row(NamedTuple):
    """A row of the matrix: a pattern."""

    name: Text
    cells: tuple[Cell, ...]


def render(graph: ThreatGraph, path: str, links: Links, given: Given) -> Page | None:
    """Return the matrix of patterns and causal factors.

    Args:
        graph: the graph.
        path: empty; the view has no pages below it.
        links: where documents are.
        given: ``domain``.

    Raises:
        UnknownName: for a parameter or a domain that does not exist.
        AmbiguousName: if several domains have the name.
    """
    values = read(given, ("domain",))
    if path:
        return None
    domain = named_record(graph, values, "domain", "domain")
    causes = named(graph.store, "causal-factor")
    causes = dict(sorted(causes.items(), key=lambda item: (not item[1].code, item[1].code, item[1].label)))
    stated = set(pairs(graph.store, "pattern", "tg:causalFactor", "causal-factor"))
    together = _together(graph)
    groups, rows, kept = [], [], []
    for iri, called, patterns in patterns_by_domain(graph.store):
        if domain in ("", iri):
            lines = [_row(one, patterns[one], causes, stated, together, links) for one in patterns]
            groups.append((Text(called.label, links.to(iri) if iri else None), lines))
            kept += list(patterns)
            rows += [
                (
                    called.label,
                    patterns[one].label,
                    causes[cause].label,
                    "yes" if cell.is_stated else "no",
                    cell.incidents,
                    one,
                    cause,
                )
                for one, line in zip(patterns, lines, strict=True)
                for cause, cell in zip(causes, line.cells, strict=True)
                if cell.is_stated or cell.incidents
            ]
    columns = ("domain", "pattern_label", "cause_label", "stated", "incidents", "pattern", "cause")
    view = View(PATH, TITLE, SUMMARY, to_table(columns, rows), (("domain", slug(domain)),) if domain else ())
    return Page(
        view,
        links,
        "causes",
        empty="" if causes and rows else _EMPTY,
        groups=groups,
        columns=[Text(called.label, links.to(iri)) for iri, called in causes.items()],
        totals=[sum((pattern, cause) in stated for pattern in kept) for cause in causes],
        fields=[record_field(graph, "domain", "Domain", "domain", domain)],
    )


def _together(graph: ThreatGraph) -> Counter[tuple[str, str]]:
    """The number of incidents for each pattern and causal factor."""
    causes: dict[str, list[str]] = {}
    for incident, cause in pairs(graph.store, "incident", "tg:causalFactor", "causal-factor"):
        causes.setdefault(incident, []).append(cause)
    return Counter(
        (pattern, cause)
        for incident, pattern in pairs(graph.store, "incident", "tg:involvesPattern", "pattern")
        for cause in causes.get(incident, ())
    )


def _row(
    iri: str,
    called: Named,
    causes: Mapping[str, Named],
    stated: set[tuple[str, str]],
    together: Mapping[tuple[str, str], int],
    links: Links,
) -> Row:
    cells = []
    for cause, factor in causes.items():
        is_stated, incidents = (iri, cause) in stated, together.get((iri, cause), 0)
        found = (("cause", slug(cause)), ("involved_pattern", slug(iri)))
        url = links.page("incident") + query(found) if incidents and not links.is_static else None
        words = "is a cause" if is_stated else "is not stated as a cause"
        name = f"{factor.label} {words} of {called.label}; {counted(incidents, 'incident')} with both"
        cells.append(Cell(is_stated, incidents, url, name))
    return Row(Text(called.label, links.to(iri)), tuple(cells))
