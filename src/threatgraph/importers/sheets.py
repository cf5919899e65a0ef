"""Reads CSV and TSV tables, optionally gzip-compressed, whose header may follow other lines."""

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

#: The maximum decompressed size of a file in bytes: far larger than known files, and small enough for memory.
LARGEST = 256 * 2**20
# Spreadsheets may have titles and notes above the header, within this many rows.
_HEADER_WITHIN = 50
_DELIMITERS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "vertical bars"}


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: its first line in the file, from 1, and its cells by column name."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        """The trimmed cell of a column; empty if the table lacks the column."""
        return self.cells.get(column, "").strip()


def read_text(path: Path, largest: int | None = None) -> str:
    """Read the text of a file, decompressed if its name ends in ``.gz``.

    Args:
        path: the file.
        largest: the maximum decompressed size in bytes; :data:`LARGEST` by default.

    Raises:
        InvalidFile: if the file is missing, too large, truncated, not valid gzip despite its name, empty, not UTF-8, or
            contains a NUL byte.
    """
    largest = largest or LARGEST
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read(largest + 1)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise InvalidFile(str(path), f"cannot be decompressed ({error}): download it again.") from error
    except OSError as error:
        raise InvalidFile(str(path), f"cannot be read: {error.strerror}.") from error
    if len(content) > largest:
        raise InvalidFile(str(path), f"is larger than {largest // 2**20} MiB: split it into parts.")
    if not content.strip():
        raise InvalidFile(str(path), "is empty.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        reason = f"is not UTF-8 (byte 0x{content[error.start]:02x}): save it as UTF-8."
        raise InvalidFile(str(path), reason, line) from error
    if (at := text.find("\0")) >= 0:  # ASCII text in UTF-16 is valid UTF-8, but every second byte is NUL
        raise InvalidFile(str(path), "contains a NUL byte: save it as UTF-8 text.", text.count("\n", 0, at) + 1)
    return text


def read_sheet(
    path: Path, columns: Collection[str], result: ImportResult, *, optional: Collection[str] = ()
) -> list[Row]:
    """Read the rows of a table with a header; lines above the header and empty rows are skipped.

    Args:
        path: the file.
        columns: required columns.
        result: receives a problem for each row with too few or too many cells; such rows are left out.
        optional: further columns to read if present.

    Raises:
        InvalidFile: if the file cannot be read, a quote is not closed, a cell is too long, a column is missing, or two
            of these columns have the same name.
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
    """Read rows as :func:`read_sheet` does, from a text that starts on line ``first`` of its file.

    ``delimiter`` separates the cells. With ``ragged``, a row may omit empty cells at its end.
    """
    lines = list(_lines(path, text, delimiter, first))
    at = _header(path, lines, columns, delimiter)
    names = lines[at][1]
    if twice := [name for name in (*columns, *optional) if names.count(name) > 1]:
        raise InvalidFile(str(path), f"duplicate column {twice[0]!r}: keep one.", lines[at][0])
    rows = []
    for line, cells in lines[at + 1 :]:
        if not any(cells):
            continue
        if ragged:
            cells += [""] * (len(names) - len(cells))
        if len(cells) != len(names):
            result.report(str(path), line, f"this row has {len(cells)} cells, but the header has {len(names)}.")
            continue
        rows.append(Row(line, dict(zip(names, cells, strict=True))))
    return rows


def _lines(path: Path, text: str, delimiter: str, first: int) -> Iterator[tuple[int, list[str]]]:
    """Iterate over rows: the cells, and the first line of the row."""
    # In TSV, a quote has no special meaning unless it is the first character of a cell.
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
            str(path), f"cannot be read as a table: {reason}. Check for a truncated file or an unbalanced quote.", line
        ) from (error)


def _header(path: Path, lines: list[tuple[int, list[str]]], columns: Collection[str], delimiter: str) -> int:
    """Find the header: the first row, near the top, with all required columns."""
    candidates = [set(cells) for _, cells in lines[:_HEADER_WITHIN]]
    best = max(range(len(candidates)), key=lambda at: (len(candidates[at] & set(columns)), -at), default=0)
    missing = [column for column in columns if not candidates or column not in candidates[best]]
    if missing:
        line = lines[best][0] if lines else None
        for mark, name in _DELIMITERS.items():
            split = {cell.strip(' "') for _, cells in lines[:1] for cell in delimiter.join(cells).split(mark)}
            if mark != delimiter and split >= set(columns):
                reason = f"cells are separated by {name}: save the table with {_DELIMITERS[delimiter]}."
                raise InvalidFile(str(path), reason, line)
        names = ", ".join(map(repr, missing))
        plural = "s are" if len(missing) > 1 else " is"
        raise InvalidFile(str(path), f"the column{plural} missing: {names}.", line)
    return best
