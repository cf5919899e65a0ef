"""Counts the incidents of each bar of a timeline, by date and category."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode

from threatgraph.errors import ThreatGraphError
from threatgraph.plots.queries import Named, read_links, read_named
from threatgraph.store import Store
from threatgraph.vocab import shorten

#: The separate bar of incidents without a date.
NO_DATE = "no date"
#: The maximum number of bars; more would be too thin to see.
MOST_BARS = 600
# XML Schema 1.1 part 2, sections 3.3.9 to 3.3.14: a year, optionally a month and a day; the rest is ignored.
_DATE = re.compile(r"(-?\d{4,})(?:-(\d\d))?(?:-\d\d)?(?:T.*|Z|[+-]\d\d:\d\d)?")
_OCCURRED = "SELECT ?incident ?occurred WHERE { ?incident a tg:Incident OPTIONAL { ?incident tg:occurred ?occurred } }"
_SEVERITY_RANKS = "SELECT ?severity ?rank WHERE { ?severity a tg:Severity ; tg:rank ?rank }"

#: A bar: a year, or a month counted from January of the year 0. If bars are months, a year as a string is the bar of
#: incidents of which only the year is known. :data:`NO_DATE` is the bar of incidents without a date.
Bar = int | str


@dataclass(frozen=True, slots=True)
class Timeline:
    """Numbers of incidents by bar and category."""

    bars: list[int]
    """Every year or month from the first to the last, including those without incidents."""
    years: list[str]
    """If bars are months: the years of incidents without a known month."""
    undated: bool
    """Whether there are incidents without a date."""
    categories: list[Named]
    """The segments of the bars, from bottom to top."""
    counts: Mapping[tuple[Bar, str], int]
    """The number of incidents by bar and by the IRI of the category."""

    def height(self, bar: Bar) -> int:
        """The number of incidents in a bar."""
        return sum(self.counts.get((bar, category.iri), 0) for category in self.categories)

    def total(self, category: Named | None = None) -> int:
        """The number of incidents in a category, or in all."""
        return sum(n for (_, iri), n in self.counts.items() if category is None or iri == category.iri)


def count_incidents(store: Store, by: str, period: str) -> Timeline:
    """Count the incidents of a store by time and category; each incident is counted once.

    Args:
        store: the graph.
        by: ``domain`` or ``severity``. The domain is that of the incident, otherwise of its primary pattern, otherwise
            of any pattern that it involves.
        period: ``year`` or ``month``.

    Raises:
        ThreatGraphError: if the graph has no incidents, a date is not valid, or there are too many bars.
    """
    categories_of = _categories_of(store, by)
    bar_of = {incident: _bar(*date, period) if date else NO_DATE for incident, date in _dates(store).items()}
    _check_range(bar_of, period)
    counts = Counter((bar, _category(categories_of.get(incident, []))) for incident, bar in bar_of.items())
    numbers = {number for bar in bar_of.values() for number in _span(bar)}
    bars = list(range(min(numbers), max(numbers) + 1)) if numbers else []
    years = sorted({int(bar) for bar in bar_of.values() if isinstance(bar, str) and bar != NO_DATE})
    categories = _used_categories(store, by, {iri for _, iri in counts})
    return Timeline(bars, [str(year) for year in years], NO_DATE in bar_of.values(), categories, counts)


_NONE, _SEVERAL = "none", "several"
_OTHERS = {_SEVERAL: "More than one {}", _NONE: "No {}"}


def _category(categories: Sequence[str]) -> str:
    return _NONE if not categories else categories[0] if len(categories) == 1 else _SEVERAL


def _dates(store: Store) -> dict[str, tuple[int, int | None] | None]:
    """The year and, if known, the month of each incident; of several dates the earliest."""
    found: dict[str, tuple[int, int | None] | None] = {}
    texts: dict[str, list[str]] = {}
    for incident, occurred in store.select(_OCCURRED).rows:
        if isinstance(incident, NamedNode):
            given = getattr(occurred, "value", None)
            texts.setdefault(incident.value, []).extend([given] if given else [])
    for iri in sorted(texts):
        dates = [_read(iri, text) for text in texts[iri]]
        found[iri] = min(dates, key=lambda date: (date[0], date[1] or 13)) if dates else None
    if not found:
        raise ThreatGraphError("the graph has no incidents: add some with `data=` or `bundled=True`.")
    return found


def _read(iri: str, text: str) -> tuple[int, int | None]:
    match = _DATE.fullmatch(text.strip())
    month = int(match[2]) if match and match[2] else None
    if not match or not (month is None or 1 <= month <= 12):
        remedy = "write 2024, 2024-08 or 2024-08-01"
        raise ThreatGraphError(f"{shorten(iri)}: tg:occurred is {text!r}, which is not a valid date: {remedy}.")
    return int(match[1]), month


def _bar(year: int, month: int | None, period: str) -> Bar:
    if period == "year":
        return year
    return str(year) if month is None else 12 * year + month - 1


def _span(bar: Bar) -> tuple[int, ...]:
    """The first and the last year or month of a bar."""
    if isinstance(bar, int):
        return (bar,)
    return () if bar == NO_DATE else (12 * int(bar), 12 * int(bar) + 11)


def _check_range(bar_of: Mapping[str, Bar], period: str) -> None:
    dated = sorted((number, iri) for iri, bar in bar_of.items() for number in _span(bar))
    if dated and dated[-1][0] - dated[0][0] >= MOST_BARS:
        first, last = (f"{shorten(iri)} in {name_bar(bar, period)}" for bar, iri in (dated[0], dated[-1]))
        remedy = "use `period=year`, or check these dates" if period == "month" else "check these dates"
        number = dated[-1][0] - dated[0][0] + 1
        message = f"a bar for each {period} from {first} to {last} makes {number}; the maximum is {MOST_BARS}"
        raise ThreatGraphError(f"{message}: {remedy}.")


def name_bar(bar: int, period: str) -> str:
    """Format a bar as ``2024`` or ``2024-08``."""
    return str(bar) if period == "year" else f"{bar // 12}-{bar % 12 + 1:02}"


def _categories_of(store: Store, by: str) -> dict[str, list[str]]:
    """The domains or severities of each incident."""
    if by == "severity":
        return read_links(store, "tg:severity", "Incident")
    involved = read_links(store, "tg:involvesPattern/tg:domain", "Incident")
    primary = read_links(store, "tg:primaryPattern/tg:domain", "Incident")
    return involved | primary | read_links(store, "tg:domain", "Incident")


def _used_categories(store: Store, by: str, used: set[str]) -> list[Named]:
    """The categories in use, in the order of the bars."""
    known = _known(store, by)
    unknown = sorted(used - known.keys() - {_NONE, _SEVERAL})
    return [
        *(record for iri, record in known.items() if iri in used),
        *(Named(iri, shorten(iri)) for iri in unknown),
        *(Named(iri, label.format(by)) for iri, label in _OTHERS.items() if iri in used),
    ]


def _known(store: Store, by: str) -> dict[str, Named]:
    """The categories in order: domains by code, severities by rank."""
    if by != "severity":
        return read_named(store, "Domain")
    ranks = {
        str(getattr(record, "value", "")): float(rank.value)
        for record, rank in store.select(_SEVERITY_RANKS).rows
        if isinstance(rank, Literal) and re.fullmatch(r"-?\d+(\.\d+)?", rank.value)
    }
    return dict(sorted(read_named(store, "Severity").items(), key=lambda item: (ranks.get(item[0], 0), item[0])))
