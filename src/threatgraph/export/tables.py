"""The answers to SELECT queries as files.

In JSON, CSV and TSV values are written as they are. A spreadsheet may take a text that begins with ``=``, ``+``, ``-``
or ``@`` for a formula and run it (CWE-1236): where the data comes from others, ask for the guard, which puts an
apostrophe before it. Markdown is for people: there the guard is always on, and no value can act as markup.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping

from threatgraph.errors import UnknownName
from threatgraph.rdf.terms import Term
from threatgraph.table import Table, plain_text, to_value

# How a spreadsheet's formula begins, also in full-width signs.
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
# What Markdown or HTML inside of it would take for markup (GitHub Flavored Markdown 0.29, sections 2.4 and 6).
_MARKUP = re.compile(r"[\\`*_\[\]|~#$]")

#: Columns of Markdown are padded up to this width; a longer text would pad every other row to its own length.
_WIDEST = 1_000


def _plain(term: Term | None) -> str:
    return "" if term is None else plain_text(term)


def _guarded(text: str, term: Term | None) -> str:
    """A text that no spreadsheet takes for a formula; numbers stay numbers."""
    is_number = isinstance(to_value(term), (int, float))
    return f"'{text}" if _FORMULA.match(text) and not is_number else text


def _separated(table: Table, delimiter: str, *, guard: bool) -> bytes:
    """Comma- or tab-separated values (RFC 4180), with IRIs in full; an unbound value is an empty cell."""
    end = "\r\n" if delimiter == "," else "\n"
    rows = ([_guarded(_plain(term), term) if guard else _plain(term) for term in row] for row in table.rows)
    lines = [_line(table.columns, delimiter), *(_line(row, delimiter) for row in rows)]
    return "".join(line + end for line in lines).encode()


def _line(cells: Iterable[str], delimiter: str) -> str:
    """One row, without its end: Python quotes only the characters of its own line end, so that must be both of them."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerow(cells)
    return text.getvalue().removesuffix("\r\n")


def _markdown(table: Table) -> bytes:
    from tabulate import tabulate

    rows = [
        [_in_markdown(_guarded(text, term)) for text, term in zip(texts, row, strict=True)]
        for texts, row in zip(table.texts(), table.rows, strict=True)
    ]
    if any(len(cell) > _WIDEST for row in rows for cell in row):
        lines = [table.columns, ["---"] * len(table.columns), *rows]
        return "".join(f"| {' | '.join(cells)} |\n" for cells in lines).encode()
    return (tabulate(rows, table.columns, tablefmt="github", disable_numparse=True) + "\n").encode()


def _in_markdown(text: str) -> str:
    """A cell that is shown as it stands, on one line."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKUP.sub(r"\\\g<0>", text).replace("\n", "<br>")


#: Name of each format for tables to its writer, which may be asked to guard against formulas.
TABLE_FORMATS: Mapping[str, Callable[[Table, bool], bytes]] = {
    "table": lambda table, guard: (table.render() + "\n").encode(),
    "json": lambda table, guard: (table.to_json() + "\n").encode(),
    "csv": lambda table, guard: _separated(table, ",", guard=guard),
    "tsv": lambda table, guard: _separated(table, "\t", guard=guard),
    "markdown": lambda table, guard: _markdown(table),
}


def export_table(table: Table, format: str, *, guard_formulas: bool = False) -> bytes:
    """Write the rows of a table.

    Args:
        table: the rows.
        format: a name from :data:`TABLE_FORMATS`.
        guard_formulas: in CSV and TSV, put an apostrophe before each text that a spreadsheet would take for a formula.

    Raises:
        UnknownName: for a format that does not exist.
    """
    if format not in TABLE_FORMATS:
        raise UnknownName("format for tables", format, TABLE_FORMATS, f"The formats are {', '.join(TABLE_FORMATS)}.")
    return TABLE_FORMATS[format](table, guard_formulas)
