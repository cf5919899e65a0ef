"""The view of incidents over time: by year and, for one year, by month with the incidents themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from threatgraph.analytics.chronicle import Event, events
from threatgraph.analytics.records import Named, named
from threatgraph.errors import InvalidQuery
from threatgraph.graph import ThreatGraph
from threatgraph.labels import read_labels
from threatgraph.web.fields import Field
from threatgraph.web.links import Links
from threatgraph.web.view import Text
from threatgraph.web.views.bars import Bar, draw_bars
from threatgraph.web.views.page import (
    Given,
    Page,
    View,
    choice,
    counted,
    named_record,
    query,
    read,
    record_field,
    slug,
    to_table,
    word_field,
)

PATH = "timeline"
TITLE = "Timeline of incidents"
SUMMARY = "How many incidents happened in each year, by severity or domain; a year has its months and its incidents."
_EMPTY = "This graph has no incidents, so there is nothing to show yet."
_BY = {"severity": "Severity", "domain": "Domain"}
_FILTERS = ("domain", "severity", "pattern")
_LONGEST = 150
"""Years between the first and the last incident that are drawn."""
_MONTHS = "January February March April May June July August September October November December".split()


class Category(NamedTuple):
    """A severity or domain, with its incidents in each period."""

    iri: str
    label: str


class Line(NamedTuple):
    """A row of the table: a period with its numbers."""

    period: Text
    total: int
    counts: tuple[int, ...]


class Shown(NamedTuple):
    """An incident of a year, for a page."""

    date: str
    name: Text
    severity: Text | None
    patterns: tuple[Text, ...]


def render(graph: ThreatGraph, path: str, links: Links, given: Given) -> Page | None:
    """Return the timeline, or for the path of a year its months and incidents.

    Args:
        graph: the graph.
        path: empty, or a year.
        links: where documents are.
        given: ``domain``, ``severity`` and ``pattern``; ``by`` for the groups; ``year`` instead of a path.

    Returns:
        The page, or ``None`` if no incident is of the year of the path.

    Raises:
        UnknownName: for a parameter or a name that does not exist.
        AmbiguousName: if several records have a name.
        InvalidQuery: for a year without incidents.
    """
    values = read(given, (*_FILTERS, "by", "year"))
    by = choice(values, "by", tuple(_BY)) or "severity"
    chosen = {name: named_record(graph, values, name, name) for name in _FILTERS}
    whole = events(graph.store)
    found = [one for one in whole if _fits(one, chosen)]
    set_by = (("by", by),) if by != "severity" else ()
    pairs = (*((name, slug(chosen[name])) for name in _FILTERS if chosen[name]), *set_by)
    year = path or values.get("year", "")
    if not year:
        return _years(graph, found, by, chosen, pairs, links)
    known = {str(one.moment.year) for one in whole if one.moment}
    if year not in known:
        if path:
            return None
        raise InvalidQuery(
            f"the graph has no incident of {year[:40]!r}; it has some of {', '.join(sorted(known)) or 'no year'}."
        )
    return _year(graph, found, int(year), by, chosen, pairs, links)


def years_with_pages(graph: ThreatGraph) -> list[str]:
    """Return the years with incidents, each of which has a page."""
    return sorted({str(one.moment.year) for one in events(graph.store) if one.moment})


def _fits(one: Event, chosen: Mapping[str, str]) -> bool:
    has = {"domain": one.domains, "severity": one.severities, "pattern": one.patterns}
    return all(not iri or iri in has[name] for name, iri in chosen.items())


def _categories(graph: ThreatGraph, by: str, found: Sequence[Event]) -> list[Category]:
    """The groups that have incidents, and one for those without."""
    names = named(graph.store, by)
    order = sorted(names, key=lambda iri: _rank(graph, iri, names[iri]) if by == "severity" else (0, names[iri].code))
    used = {iri for one in found for iri in _groups(one, by)}
    known = [Category(iri, names[iri].label) for iri in order if iri in used]
    others = sorted(used - names.keys() - {""})
    labels = read_labels(graph.store, others)
    known += [Category(iri, labels.get(iri, iri)) for iri in others]
    return [*known, Category("", f"No {by}")] if "" in used else known


def _rank(graph: ThreatGraph, iri: str, called: Named) -> tuple[int, str]:
    """The place of a severity in the order of the graph."""
    rank = graph.record(iri).text("rank")
    return int(rank) if rank.isdecimal() else 0, called.label


def _groups(one: Event, by: str) -> frozenset[str]:
    return (one.severities if by == "severity" else one.domains) or frozenset(("",))


def _lines(
    periods: Mapping[str, Text], of: Mapping[str, Sequence[Event]], by: str, categories: Sequence[Category]
) -> list[Line]:
    return [
        Line(
            shown,
            len(of.get(period, ())),
            tuple(sum(category.iri in _groups(one, by) for one in of.get(period, ())) for category in categories),
        )
        for period, shown in periods.items()
    ]


def _charts(
    lines: Sequence[Line], by: str, categories: Sequence[Category], what: str, labels: Sequence[str]
) -> list[tuple[str, Markup]]:
    """One chart with segments by severity, or one for each domain, since an incident can have several."""
    if by == "severity":
        bars = [
            Bar(label, line.counts, _words(line, categories), line.period.url)
            for label, line in zip(labels, lines, strict=True)
        ]
        size = {"width": 480, "height": 220} if what == "month" else {}
        return [("", draw_bars(bars, f"Incidents by {what} and severity", **size))]
    most = max((max(line.counts, default=0) for line in lines), default=0)
    return [
        (
            f"{category.label} ({sum(line.counts[place] for line in lines):,})",
            draw_bars(
                [
                    Bar(label, (line.counts[place],), f"{line.period.text}: {line.counts[place]}", line.period.url)
                    for label, line in zip(labels, lines, strict=True)
                ],
                f"Incidents of {category.label} by {what}",
                width=370,
                height=150,
                most=most,
            ),
        )
        for place, category in enumerate(categories)
    ]


def _words(line: Line, categories: Sequence[Category]) -> str:
    parts = (f"{category.label.lower()} {n}" for category, n in zip(categories, line.counts, strict=True) if n)
    return f"{line.period.text}: {counted(line.total, 'incident')} ({', '.join(parts)})"


def _years(
    graph: ThreatGraph,
    found: Sequence[Event],
    by: str,
    chosen: Mapping[str, str],
    pairs: tuple[tuple[str, str], ...],
    links: Links,
) -> Page:
    of: dict[str, list[Event]] = {}
    for one in found:
        if one.moment:
            of.setdefault(str(one.moment.year), []).append(one)
    numbers = sorted(map(int, of))
    span = range(max(numbers[0], numbers[-1] - _LONGEST), numbers[-1] + 1) if numbers else range(0)
    every = [*(str(year) for year in numbers if year not in span), *map(str, span)]
    categories = _categories(graph, by, found)
    urls = {year: links.page(f"{PATH}/{year}") + query(pairs) for year in of}
    lines = _lines({year: Text(year, urls.get(year)) for year in every}, of, by, categories)
    drawn = [line for line in lines if int(line.period.text) in span]
    columns = ("year", "incidents", *(category.label for category in categories))
    view = View(
        PATH, TITLE, SUMMARY, to_table(columns, [(x.period.text, x.total, *x.counts) for x in lines if x.total]), pairs
    )
    undated = len(found) - sum(map(len, of.values()))
    return Page(
        view,
        links,
        "timeline",
        empty="" if found else _EMPTY if not any(chosen.values()) else "No incident fits the filters.",
        charts=_charts(drawn, by, categories, "year", [line.period.text for line in drawn]) if drawn else [],
        categories=categories,
        by=by,
        unit="Year",
        lines=[line for line in reversed(lines) if line.total],
        note=f"{counted(undated, 'incident')} without a date {'is' if undated == 1 else 'are'} left out."
        if undated
        else "",
        total=counted(len(found), "incident"),
        fields=_fields(graph, by, chosen, links),
        shown=[],
        others=[],
    )


def _year(
    graph: ThreatGraph,
    found: Sequence[Event],
    year: int,
    by: str,
    chosen: Mapping[str, str],
    pairs: tuple[tuple[str, str], ...],
    links: Links,
) -> Page:
    here = [one for one in found if one.moment and one.moment.year == year]
    of: dict[str, list[Event]] = {}
    for one in here:
        of.setdefault(str(one.moment.month or 0) if one.moment else "0", []).append(one)
    periods = {str(number): Text(name) for number, name in enumerate(_MONTHS, 1)}
    if "0" in of:
        periods["0"] = Text("Month not known")
    categories = _categories(graph, by, here)
    lines = _lines(periods, of, by, categories)
    labels = [name[:3] for name in _MONTHS] + (["?"] if "0" in of else [])
    names = named(graph.store, "pattern") | named(graph.store, "severity")
    shown = [_shown(one, names, links) for one in here]
    rows = [
        (
            one.date,
            one.names.label,
            each.severity.text if each.severity else "",
            "; ".join(p.text for p in each.patterns),
            one.iri,
        )
        for one, each in zip(here, shown, strict=True)
    ]
    view = View(
        f"{PATH}/{year}",
        f"Incidents of {year}",
        f"{counted(len(here), 'incident')} of {year} by month, and the incidents themselves.",
        to_table(("date", "label", "severity", "patterns", "incident"), rows),
        pairs,
        (Text("Timeline", links.page(PATH) + query(pairs)),),
    )
    years = sorted({one.moment.year for one in found if one.moment})
    return Page(
        view,
        links,
        "timeline",
        empty="" if here else "No incident of this year fits the filters.",
        charts=_charts(lines, by, categories, "month", labels) if here else [],
        categories=categories,
        by=by,
        unit="Month",
        lines=[line for line in lines if line.total],
        note="",
        total="",
        fields=_fields(graph, by, chosen, links),
        shown=shown,
        others=[Text(str(one), links.page(f"{PATH}/{one}") + query(pairs)) for one in years if one != year],
    )


def _shown(one: Event, names: Mapping[str, Named], links: Links) -> Shown:
    severity = min(one.severities, default="")
    return Shown(
        one.date,
        Text(one.names.label, links.to(one.iri)),
        Text(names[severity].label, links.to(severity)) if severity in names else None,
        tuple(Text(names[iri].label, links.to(iri)) for iri in sorted(one.patterns) if iri in names),
    )


def _fields(graph: ThreatGraph, by: str, chosen: Mapping[str, str], links: Links) -> list[Field]:
    if links.is_static:
        return []
    fields = [record_field(graph, name, name.capitalize(), name, chosen[name]) for name in _FILTERS]
    return [*fields, word_field("by", "Grouped by", by, _BY, required=True)]
