"""The answers to SELECT queries as files.

Values are written as they are. A spreadsheet may take one that begins with ``=``, ``+``, ``-`` or ``@`` for a formula:
where the data comes from others, import the columns as text.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping

from threatgraph.errors import UnknownName
from threatgraph.table import Table, Term


def _plain(term: Term | None) -> str:
    return "" if term is None else str(getattr(term, "value", term))


def _separated(table: Table, delimiter: str) -> bytes:
    """Comma- or tab-separated values (RFC 4180), with IRIs in full; an unbound value is an empty cell."""
    end = "\r\n" if delimiter == "," else "\n"
    lines = [_line(table.columns, delimiter), *(_line(map(_plain, row), delimiter) for row in table.rows)]
    return "".join(line + end for line in lines).encode()


def _line(cells: Iterable[str], delimiter: str) -> str:
    """One row, without its end: Python quotes only the characters of its own line end, so that must be both of them."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerow(cells)
    return text.getvalue().removesuffix("\r\n")


#: Name of each format for tables to its writer.
TABLE_FORMATS: Mapping[str, Callable[[Table], bytes]] = {
    "table": lambda table: (table.render() + "\n").encode(),
    "json": lambda table: (table.to_json() + "\n").encode(),
    "csv": lambda table: _separated(table, ","),
    "tsv": lambda table: _separated(table, "\t"),
    "markdown": lambda table: (table.render(style="github") + "\n").encode(),
}


def export_table(table: Table, format: str) -> bytes:
    """Write the rows of a table.

    Args:
        table: the rows.
        format: a name from :data:`TABLE_FORMATS`.

    Raises:
        UnknownName: for a format that does not exist.
    """
    if format not in TABLE_FORMATS:
        raise UnknownName("format for tables", format, TABLE_FORMATS, f"The formats are {', '.join(TABLE_FORMATS)}.")
    return TABLE_FORMATS[format](table)
