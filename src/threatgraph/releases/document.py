"""The change list as parts of a document, which Markdown and HTML write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from threatgraph.assess.formats.blocks import Block, Grid, Heading, Inline, Inlines, Items, Link, Paragraph
from threatgraph.releases.model import CATEGORIES, Change, Name, ReleaseDiff
from threatgraph.releases.sentences import extent, proposal


def document(found: ReleaseDiff) -> list[Block]:
    """The parts of the document.

    Args:
        found: the change list.
    """
    blocks: list[Block] = [
        Heading(1, found.title),
        Paragraph([proposal(found)], "note"),
        Items([[f"Old: {found.old}"], [f"New: {found.new}"], *([text] for text in found.summary())]),
    ]
    for category, names in CATEGORIES.items():
        if changes := found.of(category):
            rows = [row for change in changes for row in _rows(change)]
            heads = ("Record", "Change", "Property", "Old", "New")
            blocks += [Heading(2, f"{names.title} ({len(changes):,})", category), Grid(heads, rows)]
    if found.left_out:
        blocks.append(Paragraph([found.left_out]))
    return blocks


def _rows(change: Change) -> Iterator[list[Inlines]]:
    """A row for each property of a change; the record and the action are in the first row."""
    first: list[Inlines] = [[_link(change.record)], list(_action(change))]
    for detail in change.details:
        yield [*first, [detail.heading], _values(detail.removed), _values(detail.added)]
        first = [[], []]
    if not change.details:
        yield [*first, [], [], []]


def _action(change: Change) -> Iterator[Inline]:
    yield change.action
    if change.target is not None:
        yield from (": ", _link(change.target))
    if size := extent(change):
        yield f" ({size})"


def _values(values: Iterable[Name]) -> Inlines:
    parts: list[Inline] = []
    for value in values:
        parts += [*(["\n"] if parts else []), _link(value)]
    return parts


def _link(value: Name) -> Inline:
    return Link(value.text, value.iri) if value.iri else value.text
