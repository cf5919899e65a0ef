"""The risk register: one row per threat, with columns for the user, and merged with an earlier register.

The columns of threatgraph are rewritten at each run. All other columns belong to the user and are kept. Rows are
matched by their ID, which is stable between runs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from threatgraph.assess.model import RegisterRow
from threatgraph.errors import InvalidFile

Cell = str | int | float | bool | date | datetime | None

ID, CHANGE = "ID", "Change"
#: The columns that threatgraph writes, each with the field of :class:`RegisterRow` that it shows.
FIELDS: Mapping[str, str] = {
    ID: "id",
    "Risk": "risk",
    "Cause": "cause",
    "Affected parties": "affected",
    "Severity": "severity",
    "Likelihood trend": "likelihood_trend",
    "Certainty": "certainty",
    "Existing obligations": "obligations",
    "Recommended controls": "controls",
    "Comparable incidents": "incidents",
    "References": "references",
}
#: The columns that the user fills in.
OWN = ("Owner", "Treatment", "Status", "Residual risk", "Due date", "Notes")
COLUMNS = (ID, CHANGE, *(name for name in FIELDS if name != ID), *OWN)

NEW, UNCHANGED, UPDATED, GONE, AGAIN = "new", "unchanged", "updated", "no longer listed", "listed again"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table of a file: an earlier register, or the header of a template."""

    path: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Register:
    """A risk register as a table."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]

    def dicts(self) -> list[dict[str, Cell]]:
        """The rows, each with its cells by column."""
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]

    def count(self, change: str) -> int:
        """The number of rows with a mark, such as :data:`NEW`; an update names its columns after the mark."""
        at = self.columns.index(CHANGE)
        return sum(str(row[at] or "").split(":")[0] == change for row in self.rows)


def build(rows: Sequence[RegisterRow], *, earlier: Sheet | None = None, template: Sheet | None = None) -> Register:
    """Build the register.

    Args:
        rows: the rows of the assessment.
        earlier: an earlier register. Its columns and rows are kept in their order; no row is lost, and new rows come
            last. A row that the user added has no mark in the column Change and is kept as it is.
        template: a table whose header names the columns to write. Columns that threatgraph does not know are blank.

    Returns:
        The register. The column Change says what is new, updated or no longer listed.

    Raises:
        InvalidFile: if the earlier register or the template is not a register of threatgraph.
    """
    columns = _template_columns(template) if template else COLUMNS
    if earlier is None:
        found = [{**_values(row), CHANGE: NEW} for row in rows]
    else:
        known = _known_columns(earlier)
        columns = (*columns, *known) if template else known
        found = _merged(rows, [dict(zip(known, row, strict=True)) for row in earlier.rows])
    columns = tuple(dict.fromkeys(columns))
    return Register(columns, tuple(tuple(row.get(name) for name in columns) for row in found))


def _merged(rows: Sequence[RegisterRow], earlier: Sequence[dict[str, Cell]]) -> list[dict[str, Cell]]:
    current = {row.id: _values(row) for row in rows}
    found = []
    for old in earlier:
        if all(value in (None, "") for value in old.values()):
            continue
        found.append(_carried(old, current.get(_text(old.get(ID)))))
    listed = {_text(old.get(ID)) for old in earlier}
    return found + [{**values, CHANGE: NEW} for name, values in current.items() if name not in listed]


def _carried(old: dict[str, Cell], values: Mapping[str, Cell] | None) -> dict[str, Cell]:
    """A row of the earlier register, with the values of the assessment if it lists the threat."""
    mark = _text(old.get(CHANGE)).split(":")[0]
    if values is None:
        return {**old, CHANGE: GONE} if mark else old
    if mark == GONE:
        change = AGAIN
    else:
        changed = [name for name, value in values.items() if name in old and _text(old[name]) != _text(value)]
        change = f"{UPDATED}: {', '.join(changed)}" if changed else UNCHANGED
    return {**old, **values, CHANGE: change}


def _values(row: RegisterRow) -> dict[str, Cell]:
    return {name: getattr(row, field) for name, field in FIELDS.items()}


def _text(value: Cell) -> str:
    """A cell as text, to compare it: spreadsheets change line ends and the white space around a text."""
    return " ".join(str("" if value is None else value).split())


def _known_columns(sheet: Sheet) -> tuple[str, ...]:
    """The columns of an earlier register, those of threatgraph by their exact names."""
    columns = _canonical(sheet)
    if missing := [name for name in (ID, CHANGE) if name not in columns]:
        raise InvalidFile(
            sheet.path,
            f"not a register that threatgraph assess wrote: it has no column {' and no column '.join(missing)}. "
            f"Import it by adding {'this column' if len(missing) == 1 else 'these columns'}; "
            f"Change can be empty, and ID matches threats by code.",
        )
    return columns


def _template_columns(sheet: Sheet) -> tuple[str, ...]:
    columns = _canonical(sheet)
    if not set(columns) & set(FIELDS):
        raise InvalidFile(sheet.path, f"not a template of a register: no column is one of {', '.join(FIELDS)}.", 1)
    return (*(name for name in (ID, CHANGE) if name not in columns), *columns)


def _canonical(sheet: Sheet) -> tuple[str, ...]:
    """The names of the columns, in the spelling of threatgraph if they differ only in case, spaces or underscores."""
    known = {_folded(name): name for name in COLUMNS}
    columns = tuple(known.get(_folded(name), name) for name in sheet.columns)
    twice = next((name for name in columns if columns.count(name) > 1), None)
    if twice is not None:
        raise InvalidFile(sheet.path, f"duplicate column {twice!r}: rename one of them.", 1)
    return columns


def _folded(name: str) -> str:
    return " ".join(re.split(r"[\s_]+", name.casefold().strip()))


def changes(register: Register) -> str:
    """A summary of the marks of a merged register, such as ``2 new, 5 unchanged``; empty if it has no marked row."""
    marks: Iterable[str] = (NEW, UPDATED, UNCHANGED, AGAIN, GONE)
    return ", ".join(f"{count} {mark}" for mark in marks if (count := register.count(mark)))
