"""An assessment as sections of a page, from the parts that its files have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from threatgraph.assess import Assessment
from threatgraph.assess.formats.blocks import Block, Fields, Grid, Heading, Inline, Items, Link, Named, Paragraph, Tag
from threatgraph.assess.formats.document import document
from threatgraph.web.links import Links
from threatgraph.web.view import Text

_WIDE = 7
"""Tables with more columns are set small."""


class Part(NamedTuple):
    """A part of a line: a text, which may link or be a rating."""

    text: Text
    rating: str = ""
    """The slug of a severity."""
    is_strong: bool = False


class Piece(NamedTuple):
    """A heading, paragraph, list or table; ``kind`` says which, and the fields that it does not have are empty."""

    kind: str
    level: int = 0
    anchor: str = ""
    line: tuple[Part, ...] = ()
    """The text of a heading or paragraph."""
    fields: tuple[tuple[str, tuple[Part, ...]], ...] = ()
    items: tuple[tuple[Part, ...], ...] = ()
    columns: Sequence[str] = ()
    rows: tuple[tuple[tuple[Part, ...], ...], ...] = ()
    caption: str = ""

    @property
    def is_wide(self) -> bool:
        """Whether the table has many columns."""
        return len(self.columns) > _WIDE


class Section(NamedTuple):
    """A section of the page."""

    anchor: str
    title: str
    pieces: tuple[Piece, ...]


def sections(found: Assessment, links: Links) -> list[Section]:
    """Return the sections of an assessment, without its title and the note below it.

    Args:
        found: the assessment.
        links: where the pages of records are.
    """
    listed: list[Section] = []
    title, anchor, pieces, caption = "", "", list[Piece](), ""
    for block in document(found, found.to_register()):
        if isinstance(block, Heading):
            caption = block.text
        if isinstance(block, Heading) and block.level <= 2:
            if anchor:
                listed.append(Section(anchor, title, tuple(pieces)))
            title, anchor, pieces = block.text, block.name, []
        elif anchor:
            pieces.append(_piece(block, links, caption))
    return [*listed, Section(anchor, title, tuple(pieces))]


def _piece(block: Block, links: Links, caption: str) -> Piece:
    if isinstance(block, Heading):
        url = links.to(block.iri) if block.iri else None
        return Piece("heading", level=block.level, anchor=block.name, line=(Part(Text(block.text, url)),))
    if isinstance(block, Paragraph):
        return Piece(block.kind, line=_line(block.content, links))
    if isinstance(block, Fields):
        return Piece("fields", fields=tuple((name, _line(value, links)) for name, value in block.items))
    if isinstance(block, Items):
        kind = "numbered" if block.numbered else "items"
        return Piece(kind, items=tuple(_line(item, links) for item in block.items))
    return _table(block, links, caption)


def _table(block: Grid, links: Links, caption: str) -> Piece:
    rows = tuple(tuple(_line(cell, links) for cell in row) for row in block.rows)
    return Piece("table", columns=block.columns, rows=rows, caption=caption)


def _line(content: Sequence[Inline], links: Links) -> tuple[Part, ...]:
    return tuple(_part(part, links) for part in content)


def _part(part: Inline, links: Links) -> Part:
    if isinstance(part, str):
        return Part(Text(part))
    if isinstance(part, Named):
        return Part(Text(part.text, links.to(part.iri)))
    if isinstance(part, Link):
        return Part(Text(part.text, part.url))
    assert isinstance(part, Tag)  # noqa: S101 - the last kind
    rating = part.text if part.kind == "severity" else ""
    return Part(Text(part.text), rating, is_strong=not rating)
