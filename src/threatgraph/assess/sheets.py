"""Reads a table from a CSV or XLSX file: an earlier register, or a template."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from pathlib import Path
from types import ModuleType

from threatgraph.assess.reading import decode, read_bytes
from threatgraph.assess.register import Cell, Sheet
from threatgraph.errors import InvalidFile, ThreatGraphError

#: The largest file, and the largest content of a compressed file, in bytes.
LARGEST, LARGEST_CONTENT = 20 * 2**20, 200 * 2**20
#: The largest table. A register has a row per threat.
MOST_ROWS, MOST_COLUMNS = 20_000, 500
_DELIMITERS = ",;\t"
# The apostrophe that the formula guard puts before a text; see threatgraph.export.tables.
_GUARD = re.compile(r"'(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n])")


def read_sheet(path: str | Path) -> Sheet:
    """Read the first table of a file.

    Args:
        path: a CSV file in UTF-8, whose cells are separated by commas, semicolons or tabs; or an XLSX file, of which
            the sheet ``Register`` is read, or else the first one.

    Raises:
        InvalidFile: if the file is missing, too large, not CSV or XLSX, or has no header.
        ThreatGraphError: for an XLSX file if openpyxl is not installed.
    """
    name = str(path)
    content = read_bytes(path, LARGEST)
    is_zip = content.startswith(b"PK\x03\x04")
    if not is_zip and content.startswith(b"\xd0\xcf\x11\xe0"):
        raise InvalidFile(name, "is an old Excel file (.xls) or is encrypted: save it as .xlsx without a password.")
    rows = _xlsx(content, name) if is_zip else _csv(content, name)
    return _sheet(rows, name)


def _sheet(rows: list[list[Cell]], name: str) -> Sheet:
    while rows and all(cell in (None, "") for cell in rows[0]):
        rows.pop(0)
    if not rows:
        raise InvalidFile(name, "is empty: the first row must name the columns.")
    header = [str("" if cell is None else cell).strip() for cell in rows[0]]
    width = max((n for n, text in enumerate(header, 1) if text), default=0)
    for number, row in enumerate(rows[1:], 2):
        used = max((n for n, cell in enumerate(row, 1) if cell not in (None, "")), default=0)
        if used > width:
            raise InvalidFile(name, f"row {number} has a cell in column {used}, which has no name: name it.")
    columns = [text or f"Column {number}" for number, text in enumerate(header[:width], 1)]
    filled = (tuple([*row, *[None] * (width - len(row))][:width]) for row in rows[1:])
    return Sheet(name, tuple(columns), tuple(row for row in filled if any(cell not in (None, "") for cell in row)))


def _csv(content: bytes, name: str) -> list[list[Cell]]:
    text = decode(content, name)
    header = text.lstrip("\r\n").split("\n", 1)[0]
    delimiter = max(_DELIMITERS, key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[list[Cell]] = []
    try:
        for cells in reader:
            _bound(len(rows), len(cells), name)
            rows.append([_unguarded(cell) for cell in cells])
    except csv.Error as error:
        reason = f"cannot be read as CSV: {error}. Check for an unbalanced quote."
        raise InvalidFile(name, reason, reader.line_num) from error
    return rows


def _unguarded(cell: str) -> str:
    return str(_line_feeds(cell[1:] if _GUARD.match(cell) else cell))


def _line_feeds(cell: object) -> object:
    """A text with line feeds as line ends, which is what spreadsheets write inside a cell."""
    return cell.replace("\r\n", "\n").replace("\r", "\n") if isinstance(cell, str) else cell


def _xlsx(content: bytes, name: str) -> list[list[Cell]]:
    openpyxl = require_openpyxl()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > LARGEST_CONTENT:
            raise InvalidFile(name, f"has more than {LARGEST_CONTENT // 2**20} MiB of content.")
        values = _cells(openpyxl, content, name, formulas=False)
        formulas = _cells(openpyxl, content, name, formulas=True)
    except InvalidFile:
        raise
    except Exception as error:
        raise InvalidFile(name, f"cannot be read as XLSX ({type(error).__name__}): save it again as .xlsx.") from error
    # A formula without a saved result is kept as its text.
    return [
        [written if value is None else value for value, written in zip(row, other, strict=False)]
        for row, other in zip(values, formulas, strict=True)
    ]


def _cells(openpyxl: ModuleType, content: bytes, name: str, *, formulas: bool) -> list[list[Cell]]:
    book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=not formulas, keep_links=False)
    sheet = book["Register"] if "Register" in book.sheetnames else book.worksheets[0]
    sheet.reset_dimensions()  # the size that the file states may be wrong
    rows: list[list[Cell]] = []
    for cells in sheet.iter_rows(values_only=True):
        _bound(len(rows), len(cells), name)
        rows.append([cell if isinstance(cell, Cell) else str(cell) for cell in map(_line_feeds, cells)])
    return rows


def _bound(rows: int, columns: int, name: str) -> None:
    if rows > MOST_ROWS or columns > MOST_COLUMNS:
        raise InvalidFile(name, f"has more than {MOST_ROWS:,} rows or {MOST_COLUMNS} columns, the maximum.")


def require_openpyxl() -> ModuleType:
    """Import openpyxl.

    Raises:
        ThreatGraphError: if it is not installed.
    """
    try:
        import openpyxl
    except ImportError as error:
        raise ThreatGraphError("XLSX requires openpyxl: pip install 'threatgraph[xlsx]'.") from error
    return openpyxl
