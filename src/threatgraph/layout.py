"""Text tables that fit a terminal.

A line breaks only between words, or inside a name of more than 32 characters. A table that does not fit with its words
intact, or whose rows would become very tall, is written as stacked records: one line for each field, as ``psql -x``
does.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

_GAP = "  "
#: The mean number of lines in a row from which stacked records are easier to read.
_TALLEST = 6
#: The width at which a heading is broken, if its column has nothing wider.
_NARROWEST = 6
#: A longer name, such as that of a part of a record, can break after a hyphen, an underscore or a slash.
_LONGEST_WORD = 32
_JOINER = "\u200d"
#: Texts of letters and punctuation that take one column each: Latin script, dashes, quotation marks and the ellipsis.
_NARROW = "[ -~\xa0-\xac\xae-\u02ff\u2010-\u2027]*"


def display_width(text: str) -> int:
    """The number of terminal columns that a text takes. East Asian characters take two, combining characters none."""
    if text.isascii() and "\n" not in text:
        return len(text)
    return max(map(_line_width, text.split("\n")))


def _line_width(line: str) -> int:
    if line.isascii() or re.fullmatch(_NARROW, line):
        return len(line)
    from wcwidth import wcswidth  # slow to import, and seldom needed

    return int(wcswidth(line))


def beginning(text: str, most: int, mark: str = " …") -> str:
    """The beginning of a text, cut between words.

    Args:
        text: the text; it stays as it is if it is short enough.
        most: the maximum length without the mark, in characters.
        mark: what shows that the text goes on.
    """
    return text if len(text) <= most else text[:most].rsplit(" ", 1)[0] + mark


def fill(text: str, width: int | None) -> list[str]:
    """The lines of a text, broken between words or between East Asian characters.

    Args:
        text: the text; its own line breaks are kept.
        width: the maximum width of a line; ``None`` for no limit. A longer word is not broken.
    """
    if width is None or display_width(text) <= width:
        return text.split("\n")
    return [line for paragraph in text.split("\n") for line in _filled(paragraph, width)]


def _filled(paragraph: str, width: int) -> list[str]:
    lines: list[str] = []
    line, taken = "", 0
    for word in paragraph.split():
        space = " "
        for piece in _pieces(word):
            size = display_width(piece)
            if line and taken + len(space) + size > width:
                lines.append(line)
                line, taken = piece, size
            else:
                space = space if line else ""
                line, taken = line + space + piece, taken + len(space) + size
            space = ""
    return [*lines, line]


def _pieces(word: str) -> list[str]:
    """The parts of a word between which a line can break, as in East Asian text and in very long names."""
    if word.isascii():
        is_name = len(word) > _LONGEST_WORD and "://" not in word
        return re.findall(r"[^-_/#]+[-_/#]*|[-_/#]+", word) if is_name else [word]
    import unicodedata  # takes time to import, and most words are ASCII

    pieces: list[str] = []
    for char in word:
        joins = unicodedata.category(char)[0] == "M" or char == _JOINER
        if not pieces or not (joins or pieces[-1].endswith(_JOINER) or not (_wide(char) or _wide(pieces[-1][0]))):
            pieces.append(char)
        else:
            pieces[-1] += char
    return pieces


def _wide(char: str) -> bool:
    import unicodedata

    return unicodedata.east_asian_width(char) in "WF"


def lay_out(
    columns: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None, *, right: Collection[int] = ()
) -> str:
    """A table as text.

    Args:
        columns: the headings.
        rows: the cells of each row.
        width: the maximum width of a line; ``None`` for no limit.
        right: the positions of the columns to align to the right, such as numbers.
    """
    natural = [max(display_width(text) for text in column) for column in zip(columns, *rows, strict=True)]
    if width is None or _total(natural) <= width or not rows:
        return _grid([[name] for name in columns], [[cell.split("\n") for cell in row] for row in rows], natural, right)
    words = [max(_longest_word(text) for text in column) for column in zip(*rows, strict=True)]
    headings = [[name] for name in columns]
    least = [max(size, display_width(name)) for size, name in zip(words, columns, strict=True)]
    if _total(least) > width:
        headings = [_heading_lines(name, max(size, _NARROWEST)) for size, name in zip(words, columns, strict=True)]
        least = [max(size, *map(display_width, lines)) for size, lines in zip(words, headings, strict=True)]
        natural = [max(display_width(text) for text in column) for column in zip(*rows, strict=True)]
        natural = [max(size, small) for size, small in zip(natural, least, strict=True)]
    if _total(least) > width and len(columns) > 1:
        return stack(columns, rows, width)
    widths = _shared(natural, least, width)
    filled = [[fill(cell, size) for cell, size in zip(row, widths, strict=True)] for row in rows]
    if len(columns) > 1 and sum(max(map(len, row)) for row in filled) > _TALLEST * len(rows):
        return stack(columns, rows, width)
    return _grid(headings, filled, widths, right)


def stack(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int | None = None) -> str:
    """Rows as blocks of ``field  value`` lines, without empty fields.

    Args:
        columns: the names of the fields.
        rows: the cells of each row.
        width: the maximum width of a line; ``None`` for no limit.
    """
    indent = max(map(display_width, columns)) + len(_GAP)
    room = None if width is None else width - indent
    blocks = []
    for row in rows:
        lines = []
        for name, cell in zip(columns, row, strict=True):
            if cell:
                first, *others = fill(cell, room)
                lines += [_padded(name, indent) + first, *(" " * indent + line for line in others)]
        blocks.append("\n".join(lines))
    return "\n\n".join(blocks)


def fits(columns: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> bool:
    """Whether a table fits without a line break in any cell."""
    return _total([max(display_width(text) for text in column) for column in zip(columns, *rows, strict=True)]) <= width


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _longest_word(text: str) -> int:
    return max((display_width(piece) for word in text.split() for piece in _pieces(word)), default=0)


def _shared(natural: Sequence[int], least: Sequence[int], width: int) -> list[int]:
    """The widths of the columns: the widest ones are narrowed to one common width, but never below their words."""

    def capped(cap: int) -> list[int]:
        return [max(small, min(large, cap)) for small, large in zip(least, natural, strict=True)]

    low, high = 0, max(natural)
    while low < high:
        cap = (low + high + 1) // 2
        low, high = (cap, high) if _total(capped(cap)) <= width else (low, cap - 1)
    widths = capped(low)
    for i, large in enumerate(natural):  # what the common width leaves over
        widths[i] += max(0, min(large - widths[i], width - _total(widths)))
    return widths


def _heading_lines(name: str, width: int) -> list[str]:
    """A heading in lines that end after a hyphen or an underscore; the words themselves are not broken."""
    lines = [""]
    for part in re.findall(r"[^-_]+[-_]*|[-_]+", name):
        if lines[-1] and len(lines[-1] + part) > width:
            lines.append("")
        lines[-1] += part
    return lines


def _grid(
    headings: Sequence[Sequence[str]],
    rows: Sequence[Sequence[Sequence[str]]],
    widths: Sequence[int],
    right: Collection[int],
) -> str:
    def write(cells: Sequence[Sequence[str]]) -> Iterator[str]:
        for number in range(max(map(len, cells))):
            texts = (cell[number] if number < len(cell) else "" for cell in cells)
            padded = (_padded(text, widths[i], right=i in right) for i, text in enumerate(texts))
            yield _GAP.join(padded).rstrip()

    rule = _GAP.join("-" * size for size in widths)
    return "\n".join([*write(headings), rule, *(line for row in rows for line in write(row))])


def _padded(text: str, width: int, *, right: bool = False) -> str:
    space = " " * (width - display_width(text))
    return space + text if right else text + space
