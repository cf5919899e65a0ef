"""Tables of pages: cells with links, from tables of query results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from threatgraph.headings import heading
from threatgraph.table import Table
from threatgraph.vocab import KINDS, shorten
from threatgraph.web.links import Links
from threatgraph.web.view import Text

_LABELS = "_label"
_SEVERITIES = KINDS["severity"].namespace
_LONGEST_CODE = 16
"""The length of a text that is kept on one line, if it has no spaces."""


class Cell(NamedTuple):
    """A cell of a table."""

    text: Text
    is_header: bool = False
    rating: str = ""
    """The slug of a severity."""

    @property
    def is_short(self) -> bool:
        """Whether the cell is a code or date, which is not broken."""
        return len(self.text.text) <= _LONGEST_CODE and " " not in self.text.text


class Column(NamedTuple):
    """The heading of a column."""

    title: str
    url: str = ""
    """The URL of the list sorted by the column; empty if it cannot be sorted."""
    order: str = ""
    """``ascending`` or ``descending`` if the list is sorted by it."""


def cells(table: Table, links: Links) -> tuple[list[Column], list[list[Cell]]]:
    """Return the columns and rows of a table for a page: records by their labels, with links.

    Args:
        table: the table; a column of records has a column of labels after it.
        links: where documents are.
    """
    is_list = table.columns[-1:] == ("record",)
    columns = table.columns[:-1] if is_list and len(table.columns) > 1 else table.columns
    shown = [name for name in columns if not is_label(name, columns)]
    rows = []
    for row in table.to_dicts():
        line = [_cell(name, row, links) for name in shown]
        if is_list:
            position = shown.index("label") if "label" in shown else 0
            text = line[position].text.text or shorten(str(row["record"]))
            line[position] = Cell(Text(text, links.to(str(row["record"]))), is_header=True)
        rows.append(line)
    return [Column(heading("name" if name == "label" else name)) for name in shown], rows


def result_rows(table: Table, links: Links) -> list[list[Cell]]:
    """Return the rows of the answer to a SPARQL query for a page, with one cell for each column of the table."""
    return [[_cell(name, {name: value}, links) for name, value in row.items()] for row in table.to_dicts()]


def is_label(name: str, columns: Sequence[str]) -> bool:
    """Return whether a column has the labels of another one."""
    return name.endswith(_LABELS) and name.removesuffix(_LABELS) in columns


def _cell(name: str, row: Mapping[str, object], links: Links) -> Cell:
    text = _value_text(row[name])
    url = links.to(text) if text.startswith(("http://", "https://")) and "; " not in text else None
    label = row.get(f"{name}{_LABELS}")
    rating = text.removeprefix(_SEVERITIES) if text.startswith(_SEVERITIES) else ""
    return Cell(Text(str(label) if label else shorten(text) if url else text, url), rating=rating)


def _value_text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.3f}".rstrip("0").rstrip(".")
    return "" if value is None else str(value)
