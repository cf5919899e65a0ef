"""Counts incidents over time, with the precision of their dates.

If only the year of an incident is known, it counts in that year but in no month. For months and quarters, it is in a
separate row with the status ``too coarse``. Incidents without a date, or with an invalid date, have separate rows too.
The rows of a table without ``by`` sum to the number of incidents.
"""

from __future__ import annotations

import calendar
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from typing import NamedTuple

from pyoxigraph import Literal

from threatgraph.analytics.records import integer, kind_name, link, named, one_of, pairs, require_named, text
from threatgraph.errors import InvalidQuery
from threatgraph.rdf.terms import Term
from threatgraph.store import Store
from threatgraph.table import Table, to_value
from threatgraph.vocab import XSD

#: What incidents can be grouped by: the property path through all their patterns, and through the primary pattern.
DIMENSIONS = {
    "domain": ("tg:involvesPattern/tg:domain|tg:domain", "tg:primaryPattern/tg:domain"),
    "pattern": ("tg:involvesPattern", "tg:primaryPattern"),
    "harm-type": ("tg:harmType", ""),
    "causal-factor": ("tg:causalFactor", ""),
    "group": ("tg:affects", ""),
    "sector": ("tg:sector", ""),
    "region": ("tg:region", ""),
}
#: The status of the dates in a row, in the order of the rows.
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
    """A date, with the precision that is known."""

    year: int
    month: int | None = None


def _month(moment: Moment) -> str | None:
    return None if moment.month is None else f"{moment.year:04}-{moment.month:02}"


def _quarter(moment: Moment) -> str | None:
    return None if moment.month is None else f"{moment.year:04}-Q{(moment.month + 2) // 3}"


#: The name of the period of a date; ``None`` if the date is too coarse.
PERIODS: Mapping[str, Callable[[Moment], str | None]] = {
    "year": lambda moment: f"{moment.year:04}",
    "quarter": _quarter,
    "month": _month,
}


def trends(store: Store, *, by: str | None = None, period: str = "year", primary: bool = False) -> Table:
    """Count incidents over time.

    Args:
        store: the graph.
        by: what to group by, from :data:`DIMENSIONS`. An incident counts once in each of its groups; incidents without
            a group are in rows without a label. ``domain`` uses the domains of the patterns that an incident involves
            and its own domain.
        period: ``year``, ``quarter`` or ``month``.
        primary: for ``pattern`` and ``domain``: use only the primary pattern, so that each incident counts once.

    Returns:
        A row for each period that has incidents (and, with ``by``, each group), sorted by time: ``period`` (``2024``,
        ``2024-Q3``, ``2024-08``; the year for ``too coarse``; empty for the last two statuses), ``status`` (one of
        :data:`STATUSES`; ``unreadable`` means an invalid date, or several different dates), with ``by`` also ``label``
        and, at the end, ``record``; and ``incidents``, their number.

    Raises:
        UnknownName: for an unknown period or dimension.
        InvalidQuery: if ``primary`` is set without grouping by pattern or domain.
        ThreatGraphError: if the graph has no incidents.
    """
    name_of = PERIODS[one_of("period", period, PERIODS)]
    dimension = None if by is None else kind_name(by, DIMENSIONS)
    if primary and not (dimension and DIMENSIONS[dimension][1]):
        raise InvalidQuery('`primary=True` requires grouping by pattern or domain: `by="pattern"` or `by="domain"`.')
    require_named(store, "incident")
    slots = {incident: _slot(values, name_of) for incident, values in _dates(store).items()}
    if dimension is None:
        counts = Counter(slots.values())
        rows: list[tuple[Term | None, ...]] = [
            (text(slot.period), Literal(slot.status), integer(counts[slot])) for slot in sorted(counts)
        ]
        return Table(("period", "status", "incidents"), rows)
    return _grouped(store, slots, dimension, DIMENSIONS[dimension][primary])


class _Slot(NamedTuple):
    """The row in which an incident is counted; slots sort in the order of the rows."""

    rank: int
    year: int
    period: str

    @property
    def status(self) -> str:
        return STATUSES[self.rank]


def _grouped(store: Store, slots: Mapping[str, _Slot], dimension: str, prop: str) -> Table:
    groups = named(store, dimension)
    has: dict[str, list[str]] = defaultdict(list)
    for incident, group in pairs(store, "incident", prop, dimension):
        has[incident].append(group)
    counts = Counter((slot, group) for incident, slot in slots.items() for group in has.get(incident, [""]))
    rows = [
        (
            text(slot.period),
            Literal(slot.status),
            text(groups[group].label) if group else None,
            integer(counts[slot, group]),
            link(group) if group else None,
        )
        for slot, group in sorted(counts)
    ]
    return Table(("period", "status", "label", "incidents", "record"), rows)


def _slot(values: list[Term], name_of: Callable[[Moment], str | None]) -> _Slot:
    if not values:
        return _Slot(STATUSES.index("undated"), 0, "")
    moment = read_moment(values[0]) if len(values) == 1 else None
    if moment is None:
        return _Slot(STATUSES.index("unreadable"), 0, "")
    period = name_of(moment)
    if period is None:
        return _Slot(STATUSES.index("too coarse"), moment.year, f"{moment.year:04}")
    return _Slot(STATUSES.index("dated"), moment.year, period)


def read_moment(value: Term) -> Moment | None:
    """Read the date of a literal; ``None`` if it is not a valid date of a known datatype."""
    form = _FORMS.get(value.datatype.value) if isinstance(value, Literal) else None
    found = form.fullmatch(value.value.strip()) if form and isinstance(value, Literal) else None
    if found is None:
        return None
    year, month, day = (*map(int, found.groups()), 1, 1)[:3]
    # The calendar repeats every 400 years, and Python supports only years from 1.
    if not 1 <= month <= _MONTHS or not 1 <= day <= calendar.monthrange(year % 400 + 400, month)[1]:
        return None
    return Moment(year, month if len(found.groups()) > 1 else None)


def _dates(store: Store) -> dict[str, list[Term]]:
    """The dates of every incident; in valid data, at most one."""
    found: dict[str, list[Term]] = {}
    for incident, occurred in store.select(_DATES).rows:
        values = found.setdefault(str(to_value(incident)), [])
        if occurred is not None:
            values.append(occurred)
    return found
