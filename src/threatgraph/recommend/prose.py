"""Recommendations as text for the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from pyoxigraph import Triple

from threatgraph.recommend.recommendation import Recommendation
from threatgraph.table import to_text

#: The column where the texts of reasons start.
_HANG = 25


def render(items: Sequence[Recommendation], title: str, note: str, width: int | None) -> str:
    """Format recommendations with their scores, existing links and reasons.

    Args:
        items: the recommendations.
        title: the heading.
        note: a note below the heading; empty for none.
        width: maximum length of a line; ``None`` for no limit.
    """
    lines = _wrapped(title, width, "", "  ")
    if note:
        lines += _wrapped(f"Note: {note}", width, "", "  ")
    for item in items:
        lines += ["", f"{item.rank:>2}. {item}  {item.score:.3f}"]
        if item.curated:
            links = ", ".join(dict.fromkeys(_property(statement) for statement in item.curated))
            lines += _wrapped(f"existing curated link: {links}", width, "    ", "    ")
        lines += _reasons(item, width)
    return "\n".join(lines) + "\n"


def _reasons(item: Recommendation, width: int | None) -> list[str]:
    lines = []
    for reason in item.reasons:
        first = f"    {reason.contribution:.3f}  {reason.signal:<12}"
        lines += _wrapped(reason.text, width, f"{first:<{_HANG - 1}} ", " " * _HANG)
    return lines


def _wrapped(text: str, width: int | None, first: str, hang: str) -> list[str]:
    if width is None:
        return [first + text]
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=hang, break_on_hyphens=False)


def _property(statement: Triple) -> str:
    return to_text(statement.predicate).rpartition(":")[2]
