"""The rows of tables as files.

JSON, CSV and TSV hold values unchanged. A spreadsheet may run a text that begins with ``=``, ``+``, ``-`` or ``@`` as a
formula (CWE-1236). If the data comes from others, use the guard, which puts an apostrophe before such a text. Markdown
is for people: the guard is always on, and no value can act as markup.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from threatgraph.errors import UnknownName
from threatgraph.layout import display_width
from threatgraph.rdf.terms import Term
from threatgraph.sparql import results
from threatgraph.table import Table, plain_text, to_value

# How a spreadsheet's formula begins, also in full-width characters.
_FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
# What Markdown, or HTML inside it, would take for markup (GitHub Flavored Markdown 0.29, sections 2.4 and 6).
_MARKUP = re.compile(r"[\\`*_\[\]|~#$]")

#: Columns of Markdown are padded up to this width; a longer text would pad every other row to its own length.
_WIDEST = 1_000


def _guarded(text: str, term: Term | None) -> str:
    """A text that no spreadsheet takes for a formula; numbers stay numbers."""
    is_number = isinstance(to_value(term), (int, float))
    return f"'{text}" if _FORMULA.match(text) and not is_number else text


def _tabs(table: Table, *, guard: bool) -> str:
    """Tab-separated values: the text of each term; an unbound value is an empty cell."""
    lines = [results.csv_line(table.columns, "\t")]
    for row in table.rows:
        texts = [("" if term is None else plain_text(term), term) for term in row]
        lines.append(results.csv_line([_guarded(*pair) if guard else pair[0] for pair in texts], "\t"))
    return "".join(line + "\n" for line in lines)


def _csv(table: Table, *, guard: bool) -> str:
    return results.to_csv(table.columns, table.rows, _guarded if guard else None)


def _markdown(table: Table) -> str:
    table = table.labeled()
    rows = [
        [_in_markdown(_guarded(text, term)) for text, term in zip(texts, row, strict=True)]
        for texts, row in zip(table.texts(), table.rows, strict=True)
    ]
    widths = [max(map(display_width, column)) for column in zip(table.columns, *rows, strict=True)]
    if any(width > _WIDEST for width in widths):
        lines = [table.columns, ["---"] * len(table.columns), *rows]
        return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)
    widths = [max(width, 3) for width in widths]
    lines = [table.columns, ["-" * width for width in widths], *rows]
    padded = ([cell + " " * (w - display_width(cell)) for cell, w in zip(line, widths, strict=True)] for line in lines)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in padded)


def _in_markdown(text: str) -> str:
    """A cell that is shown unchanged, on one line."""
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKUP.sub(r"\\\g<0>", text).replace("\n", "<br>")


#: Name of each format for tables, and its writer; the second argument is whether to guard against formulas.
TABLE_FORMATS: Mapping[str, Callable[[Table, bool], str]] = {
    "table": lambda table, guard: table.render() + "\n",
    "json": lambda table, guard: table.to_json() + "\n",
    "csv": lambda table, guard: _csv(table, guard=guard),
    "tsv": lambda table, guard: _tabs(table, guard=guard),
    "markdown": lambda table, guard: _markdown(table),
}
#: The same for answers to SPARQL queries: JSON, XML, CSV and TSV are the W3C formats for query results.
RESULT_FORMATS: Mapping[str, Callable[[Table, bool], str]] = {
    "table": TABLE_FORMATS["table"],
    "json": lambda table, guard: table.to_sparql_json() + "\n",
    "xml": lambda table, guard: table.to_sparql_xml() + "\n",
    "csv": TABLE_FORMATS["csv"],
    "tsv": lambda table, guard: results.to_tsv(table.columns, table.rows, _guarded if guard else None),
    "markdown": TABLE_FORMATS["markdown"],
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
    return _writer(TABLE_FORMATS, format)(table, guard_formulas).encode()


def export_results(answer: Table | bool, format: str, *, guard_formulas: bool = False) -> bytes:
    """Write the answer to a SELECT or ASK query.

    Args:
        answer: the rows, or the answer to an ASK query.
        format: a name from :data:`RESULT_FORMATS`.
        guard_formulas: in CSV and TSV, put an apostrophe before each text that a spreadsheet would take for a formula.

    Raises:
        UnknownName: for a format that does not exist.
        ThreatGraphError: for XML, if a value has a character that XML cannot represent.
    """
    write = _writer(RESULT_FORMATS, format)
    text = results.truth(answer, format) + "\n" if isinstance(answer, bool) else write(answer, guard_formulas)
    return text.encode()


def _writer(formats: Mapping[str, Callable[[Table, bool], str]], format: str) -> Callable[[Table, bool], str]:
    if format not in formats:
        raise UnknownName("format for tables", format, formats, f"The formats are {', '.join(formats)}.")
    return formats[format]
