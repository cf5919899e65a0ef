"""Incidents over time, no more exact than their dates are.

An incident that is known by its year alone is counted in a year, and never in a month of that year: where months are
asked for it has a row of its own, marked ``too coarse``. So have incidents without a date, and those whose date cannot
be read. The rows of a table without ``by`` add up to all incidents.
"""

from __future__ import annotations

import calendar
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import NamedTuple

from pyoxigraph import Literal

from threatgraph.analytics.records import integer, kind_name, link, named, named_or_refuse, one_of, pairs, text
from threatgraph.errors import InvalidQuery
from threatgraph.rdf.terms import Term
from threatgraph.store import Store
from threatgraph.table import Table, to_value
from threatgraph.vocab import XSD

#: What incidents may be told apart by, to the property that leads there: from all their patterns, or the primary one.
DIMENSIONS = {
    "domain": ("tg:involvesPattern/tg:domain|tg:domain", "tg:primaryPattern/tg:domain"),
    "pattern": ("tg:involvesPattern", "tg:primaryPattern"),
    "harm-type": ("tg:harmType", ""),
    "causal-factor": ("tg:causalFactor", ""),
    "group": ("tg:affects", ""),
    "sector": ("tg:sector", ""),
    "region": ("tg:region", ""),
}
#: What a row of the answer says of the dates of its incidents, in the order of the rows.
STATUSES = ("dated", "too coarse", "unreadable", "undated")

_DATES = """
SELECT DISTINCT ?incident ?occurred
WHERE { ?incident a tg:Incident . OPTIONAL { ?incident tg:occurred ?occurred } }
"""
_MONTHS = 12
_ZONE = r"(?:Z|[+-]\d\d:\d\d)?"
# The lexical forms of XML Schema 1.1 part 2, sections 3.3.7 to 3.3.11.
_FORMS = {
    XSD + "gYear": re.compile(rf"(-?\d{{4,}}){_ZONE}", re.ASCII),
    XSD + "gYearMonth": re.compile(rf"(-?\d{{4,}})-(\d\d){_ZONE}", re.ASCII),
    XSD + "date": re.compile(rf"(-?\d{{4,}})-(\d\d)-(\d\d){_ZONE}", re.ASCII),
    XSD + "dateTime": re.compile(rf"(-?\d{{4,}})-(\d\d)-(\d\d)T\d\d:\d\d:\d\d(?:\.\d+)?{_ZONE}", re.ASCII),
}


class Moment(NamedTuple):
    """A date as far as it is known."""

    year: int
    month: int | None = None


def _month(moment: Moment) -> str | None:
    return None if moment.month is None else f"{moment.year:04}-{moment.month:02}"


def _quarter(moment: Moment) -> str | None:
    return None if moment.month is None else f"{moment.year:04}-Q{(moment.month + 2) // 3}"


#: Name of each period to what a date is called by it: nothing, where the date is too coarse for it.
PERIODS: Mapping[str, Callable[[Moment], str | None]] = {
    "year": lambda moment: f"{moment.year:04}",
    "quarter": _quarter,
    "month": _month,
}


def trends(store: Store, *, by: str | None = None, period: str = "year", primary: bool = False) -> Table:
    """The number of incidents over time.

    Args:
        store: the graph.
        by: what to tell them apart by, from :data:`DIMENSIONS`; an incident counts once for each one that it has, and
            those that have none are in rows without a label. ``domain`` takes the domains of the patterns that an
            incident involves and the one that it states itself.
        period: ``year``, ``quarter`` or ``month``.
        primary: for ``pattern`` and ``domain``: go by the primary pattern alone, so that each incident counts once.

    Returns:
        A row for each period in which there are incidents (and, with ``by``, each thing that they have), by time:
        ``period`` (``2024``, ``2024-Q3``, ``2024-08``; for ``too coarse`` the year that is known; for the last two
        empty), ``status`` (one of :data:`STATUSES`; ``unreadable`` is a date that is no date, or several that differ),
        with ``by`` then ``label`` and, last, ``record``; and ``incidents``, their number.

    Raises:
        UnknownName: for a period or dimension that does not exist.
        InvalidQuery: for ``primary`` with a dimension that it does not fit.
        ThreatGraphError: where the graph holds no incidents.
    """
    call = PERIODS[one_of("period", period, PERIODS)]
    dimension = None if by is None else kind_name(by, DIMENSIONS)
    if primary and not (dimension and DIMENSIONS[dimension][1]):
        raise InvalidQuery("the primary pattern tells incidents apart by pattern or by domain: choose one of them.")
    named_or_refuse(store, "incident")
    places = {incident: _place(values, call) for incident, values in _dates(store).items()}
    if dimension is None:
        counts = Counter(places.values())
        rows: list[tuple[Term | None, ...]] = [
            (text(place.period), Literal(place.status), integer(counts[place])) for place in sorted(counts)
        ]
        return Table(("period", "status", "incidents"), rows)
    return _told_apart(store, places, dimension, DIMENSIONS[dimension][primary])


class _Place(NamedTuple):
    """Where in the table an incident is counted; the order of these is the order of the rows."""

    rank: int
    year: int
    period: str

    @property
    def status(self) -> str:
        return STATUSES[self.rank]


def _told_apart(store: Store, places: Mapping[str, _Place], dimension: str, prop: str) -> Table:
    things = named(store, dimension)
    has: dict[str, list[str]] = defaultdict(list)
    for incident, thing in pairs(store, "incident", prop, dimension):
        has[incident].append(thing)
    counts = Counter((place, thing) for incident, place in places.items() for thing in has.get(incident, [""]))
    rows = [
        (
            text(place.period),
            Literal(place.status),
            text(things[thing].label) if thing else None,
            integer(counts[place, thing]),
            link(thing) if thing else None,
        )
        for place, thing in sorted(counts)
    ]
    return Table(("period", "status", "label", "incidents", "record"), rows)


def _place(values: list[Term], call: Callable[[Moment], str | None]) -> _Place:
    if not values:
        return _Place(STATUSES.index("undated"), 0, "")
    moment = read_moment(values[0]) if len(values) == 1 else None
    if moment is None:
        return _Place(STATUSES.index("unreadable"), 0, "")
    period = call(moment)
    if period is None:
        return _Place(STATUSES.index("too coarse"), moment.year, f"{moment.year:04}")
    return _Place(STATUSES.index("dated"), moment.year, period)


def read_moment(value: Term) -> Moment | None:
    """The date that a literal tells, as far as it tells it; ``None`` where it is no date of one of the known types."""
    form = _FORMS.get(value.datatype.value) if isinstance(value, Literal) else None
    found = form.fullmatch(value.value.strip()) if form and isinstance(value, Literal) else None
    if found is None:
        return None
    year, month, day = (*map(int, found.groups()), 1, 1)[:3]
    # A year of 400 has the same calendar, and Python's own begins in the year 1.
    if not 1 <= month <= _MONTHS or not 1 <= day <= calendar.monthrange(year % 400 + 400, month)[1]:
        return None
    return Moment(year, month if len(found.groups()) > 1 else None)


def _dates(store: Store) -> dict[str, list[Term]]:
    """The dates of every incident: one, in data that keeps to the shapes."""
    found: dict[str, list[Term]] = {}
    for incident, occurred in store.select(_DATES).rows:
        values = found.setdefault(str(to_value(incident)), [])
        if occurred is not None:
            values.append(occurred)
    return found
