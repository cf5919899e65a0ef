"""The change list as text for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from threatgraph.layout import display_width, fill
from threatgraph.releases.model import CATEGORIES, Change, Detail, ReleaseDiff
from threatgraph.releases.sentences import extent, proposal
from threatgraph.vocab import shorten

_ONE_LINE = 66
"""The old and the new value are on one line, if it is no longer than this."""


def render(found: ReleaseDiff, width: int | None) -> str:
    """Write the counts, the proposed version step, and the changes by category.

    Args:
        found: the change list.
        width: the maximum width of a line; ``None`` for no limit.
    """
    head = [f"Old: {found.old}", f"New: {found.new}", proposal(found)]
    parts = [[line for text in head for line in fill(text, width)]]
    if found.changes:
        parts.append([line for text in found.summary() for line in _hung("- ", text, width)])
    for category, names in CATEGORIES.items():
        if changes := found.of(category):
            parts.append([f"{names.title} ({len(changes):,})", *_category(changes, width)])
    if found.left_out:
        parts.append(fill(found.left_out, width))
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def _category(changes: Iterable[Change], width: int | None) -> Iterator[str]:
    for record, group in groupby(changes, lambda change: change.record):
        short = shorten(record.iri)
        yield from _hung("  ", record.text if short in record.text else f"{record.text} [{short}]", width)
        for change in group:
            yield from _change(change, width)


def _change(change: Change, width: int | None) -> Iterator[str]:
    indent = "      "
    if size := extent(change):
        yield from _hung(indent, size, width)
    if change.target is not None:
        yield from _hung(indent, f"{change.action}: {change.target.text}", width)
        indent += "  "
    for detail in change.details:
        yield from _detail(detail, indent, width)


def _detail(detail: Detail, indent: str, width: int | None) -> Iterator[str]:
    old, new = ("; ".join(value.text for value in side) for side in (detail.removed, detail.added))
    if not (old and new):
        yield from _hung(indent, f"{'+' if new else '-'} {detail.heading}: {old or new}", width)
    elif display_width(line := f"{detail.heading}: {old} → {new}") <= _ONE_LINE:
        yield from _hung(indent, line, width)
    else:
        yield from _hung(indent, f"{detail.heading}:", width)
        yield from _hung(f"{indent}- ", old, width)
        yield from _hung(f"{indent}+ ", new, width)


def _hung(start: str, text: str, width: int | None) -> Iterator[str]:
    """The lines of a text after a beginning, all of them indented as far as the first."""
    for line in fill(text, None if width is None else width - len(start)):
        yield start + line
        start = " " * len(start)
