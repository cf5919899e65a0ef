"""Reads tables of others: CSV and TSV, packed with gzip or not, with a header that may stand below other lines."""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from threatgraph.errors import InvalidFile
from threatgraph.importers.builder import ImportResult

#: The most bytes that a file may hold, unpacked: far above any file of these formats, far below what fills a memory.
LARGEST = 256 * 2**20
# Spreadsheets put titles and remarks above the header; further down there is none.
_HEADER_WITHIN = 50
_DELIMITERS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "vertical bars"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: the line of the file that it begins on, from 1, and its cells by the name of their column."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        """The cell of a column without space at its ends; empty where the table has no such column."""
        return self.cells.get(column, "").strip()


def read_text(path: Path, largest: int | None = None) -> str:
    """The text of a file, unpacked where its name ends in ``.gz``.

    Args:
        path: the file.
        largest: the most bytes that it may hold, unpacked; :data:`LARGEST` by default.

    Raises:
        InvalidFile: where it is missing, too large, cut off, not packed as its name says, empty, not UTF-8, or holds a
            NUL byte.
    """
    largest = largest or LARGEST
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read(largest + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InvalidFile(str(path), f"cannot be unpacked ({error}): fetch it again.") from error
    except OSError as error:
        raise InvalidFile(str(path), f"cannot be read: {error.strerror}.") from error
    if len(content) > largest:
        raise InvalidFile(str(path), f"holds more than {largest // 2**20} MiB: cut it into parts.")
    if not content.strip():
        raise InvalidFile(str(path), "is empty.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        reason = f"not UTF-8 (byte 0x{content[error.start]:02x}): save it as UTF-8."
        raise InvalidFile(str(path), reason, line) from error
    if (at := text.find("\0")) >= 0:  # ASCII in UTF-16 is valid UTF-8 with one in every second place
        raise InvalidFile(str(path), "holds a NUL byte: save it as UTF-8 text.", text.count("\n", 0, at) + 1)
    return text


def read_sheet(
    path: Path, columns: Collection[str], result: ImportResult, *, optional: Collection[str] = ()
) -> list[Row]:
    """The rows of a table with a header; lines above the header, and rows without any text, are left out.

    Args:
        path: the file.
        columns: the columns that it must have; more are welcome.
        result: is told of rows with too few or too many cells, which are left out.
        optional: columns that it may have, and that are read too.

    Raises:
        InvalidFile: where the file cannot be read, its quotes do not close, a cell is too long, columns are missing, or
            two of these columns have one name.
    """
    return rows_of(path, read_text(path), columns, result, optional=optional)


def rows_of(
    path: Path,
    text: str,
    columns: Collection[str],
    result: ImportResult,
    *,
    optional: Collection[str] = (),
    delimiter: str = ",",
    first: int = 1,
    ragged: bool = False,
) -> list[Row]:
    """As :func:`read_sheet`, for a text that is at hand and begins on line ``first`` of its file.

    Another ``delimiter`` than a comma may stand between two cells. With ``ragged``, a row may leave out empty cells at
    its end.
    """
    lines = list(_lines(path, text, delimiter, first))
    at = _header(path, lines, columns, delimiter)
    names = lines[at][1]
    if twice := [name for name in (*columns, *optional) if names.count(name) > 1]:
        raise InvalidFile(str(path), f"several columns are named {twice[0]!r}: keep one of them.", lines[at][0])
    rows = []
    for line, cells in lines[at + 1 :]:
        if not any(cells):
            continue
        if ragged:
            cells += [""] * (len(names) - len(cells))
        if len(cells) != len(names):
            result.report(str(path), line, f"this row has {len(cells)} cells where the header has {len(names)}.")
            continue
        rows.append(Row(line, dict(zip(names, cells, strict=True))))
    return rows


def _lines(path: Path, text: str, delimiter: str, first: int) -> Iterator[tuple[int, list[str]]]:
    """The cells of each row, and the line that it begins on."""
    # In TSV a quote is a character like any other, unless it opens a cell.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = first
    try:
        for cells in reader:
            yield line, [cell.strip() for cell in cells]
            line = first + reader.line_num
    except csv.Error as error:
        limit = csv.field_size_limit()
        reason = f"the cell is longer than {limit} characters" if "field larger" in str(error) else str(error)
        raise InvalidFile(
            str(path), f"cannot be read as a table: {reason}. Is it cut off, or a quote too many?", line
        ) from (error)


def _header(path: Path, lines: list[tuple[int, list[str]]], columns: Collection[str], delimiter: str) -> int:
    """The place of the header: the row, among the first ones, that has all columns."""
    candidates = [set(cells) for _, cells in lines[:_HEADER_WITHIN]]
    best = max(range(len(candidates)), key=lambda at: (len(candidates[at] & set(columns)), -at), default=0)
    missing = [column for column in columns if not candidates or column not in candidates[best]]
    if missing:
        line = lines[best][0] if lines else None
        for mark, name in _DELIMITERS.items():
            split = {cell.strip(' "') for _, cells in lines[:1] for cell in delimiter.join(cells).split(mark)}
            if mark != delimiter and split >= set(columns):
                reason = f"the cells are divided by {name}: save it with {_DELIMITERS[delimiter]} between them."
                raise InvalidFile(str(path), reason, line)
        names = ", ".join(map(repr, missing))
        plural = "s are" if len(missing) > 1 else " is"
        raise InvalidFile(str(path), f"the column{plural} missing: {names}.", line)
    return best
