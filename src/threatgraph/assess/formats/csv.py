"""The register as CSV, with a guard against text that a spreadsheet would run as a formula."""

from __future__ import annotations

import re
from datetime import date, datetime
from typing import Any

from pyoxigraph import Literal, NamedNode

from threatgraph.assess.model import AssessmentData
from threatgraph.assess.register import Cell, Register
from threatgraph.export import export_table
from threatgraph.table import Table
from threatgraph.vocab import XSD

#: A number is not a formula, even if it begins with a sign.
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?")


def to_csv(data: AssessmentData, register: Register) -> bytes:
    """Write the register as CSV in UTF-8 with a byte order mark, which spreadsheets need to read it as UTF-8.

    Args:
        data: the assessment.
        register: its register.
    """
    rows: list[Any] = [tuple(map(_literal, row)) for row in register.rows]
    # The header goes through the guard as well: a column of the user can have any name.
    header = tuple(map(Literal, register.columns))
    names = [str(number) for number in range(len(header))]
    content = export_table(Table(names, [header, *rows]), "csv", guard_formulas=True)
    return b"\xef\xbb\xbf" + content.split(b"\r\n", 1)[1]


def _literal(cell: Cell) -> Literal | None:
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return Literal(str(cell).upper())
    if isinstance(cell, (int, float)):
        return Literal(str(cell), datatype=NamedNode(XSD + "decimal"))
    if isinstance(cell, datetime):
        return Literal(cell.isoformat(" "))
    if isinstance(cell, date):
        return Literal(cell.isoformat())
    return Literal(cell, datatype=NamedNode(XSD + "decimal")) if _NUMBER.fullmatch(cell) else Literal(cell)
