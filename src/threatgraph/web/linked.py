"""The records that link to a record: tables of incidents, patterns and provisions, and a list of all others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup

from threatgraph.arrangement import by_heading
from threatgraph.listing import table_of
from threatgraph.records import Link
from threatgraph.store import Store
from threatgraph.vocab import KINDS, kind_of
from threatgraph.web.links import Links
from threatgraph.web.lists import ORDERS
from threatgraph.web.tables import Cell, Column, cells
from threatgraph.web.view import Text, anchor_of, plural
from threatgraph.web.views.bars import draw_years

_OPEN, _MOST = 12, 300
"""Rows that are visible at once, and rows that the page has."""
_COLUMNS = {
    "incident": ("occurred", "label", "severity"),
    "pattern": ("code", "label", "domain", "severity"),
    "provision": ("code", "label", "framework"),
}
_FEWEST_YEARS, _FEWEST = 3, 6
"""A chart needs at least these years and incidents."""


class LinkedTable(NamedTuple):
    """The records of one kind under a heading."""

    title: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    more: Sequence[Sequence[Cell]]
    """Rows behind a control."""
    total: int
    chart: Markup | None = None

    @property
    def hidden(self) -> int:
        """The number of records that the page leaves out."""
        return self.total - len(self.rows) - len(self.more)


class Linked(NamedTuple):
    """The records that link to a record in the same way."""

    title: str
    anchor: str
    tables: tuple[LinkedTable, ...]
    others: tuple[Text, ...]
    """Records of other kinds."""
    total: int


def read_linked(
    store: Store,
    inbound: Mapping[str, Sequence[Link]],
    links: Links,
    languages: Mapping[str, str],
    taken: Collection[str] = (),
) -> list[Linked]:
    """Return the records that link to a record, those with incidents first.

    Args:
        store: the store to read.
        inbound: the records that link to it, by property.
        links: where documents are.
        languages: the language of each text that is not English.
        taken: anchors that other elements of the page have.
    """
    found = []
    for title, linked in by_heading(inbound).items():
        of_kind: dict[str, list[str]] = {}
        others = []
        for link in linked:
            kind = kind_of(link.iri)
            if kind is not None and kind.name in _COLUMNS:
                of_kind.setdefault(kind.name, []).append(link.iri)
            else:
                others.append(Text(str(link), links.to(link.iri), languages.get(link.label)))
        tables = tuple(_table(store, kind, iris, links) for kind, iris in of_kind.items())
        found.append(Linked(title, anchor_of("from", title, taken), tables, tuple(others), len(linked)))
    return sorted(found, key=lambda one: not any(table.chart is not None for table in one.tables))


def _table(store: Store, kind: str, iris: Sequence[str], links: Links) -> LinkedTable:
    table = table_of(store, kind, iris, _COLUMNS[kind], sort=ORDERS.get(kind))
    columns, rows = cells(table[:_MOST], links)
    chart = _chart([str(date) for date in table.column("occurred") if date]) if kind == "incident" else None
    return LinkedTable(plural(KINDS[kind]), columns, rows[:_OPEN], rows[_OPEN:], len(table), chart)


def _chart(dates: Sequence[str]) -> Markup | None:
    years = Counter(int(date[:4]) for date in dates)
    if len(years) < _FEWEST_YEARS or len(dates) < _FEWEST:
        return None
    return draw_years(years)
