"""Recommendations as text for the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from threatgraph.recommend.recommendation import ExistingLink, Recommendation


def render(
    items: Sequence[Recommendation], linked: Sequence[ExistingLink], title: str, note: str, width: int | None
) -> str:
    """Format existing links, and recommendations with their scores, certainty and reasons.

    Args:
        items: the recommendations.
        linked: the existing curated links, which come first.
        title: the heading.
        note: a note below the heading; empty for none.
        width: maximum length of a line; ``None`` for no limit.
    """
    lines = _wrapped(title, width, "", "  ")
    if note:
        lines += _wrapped(f"Note: {note}", width, "", "  ")
    if linked:
        lines += ["", f"Existing curated links ({len(linked)})"]
        for link in linked:
            lines += _wrapped(f"{link.meaning}: {link}", width, "  - ", "    ")
            if link.rationale:
                lines += _wrapped(link.rationale, width, "      ", "      ")
        lines += ["", "Not linked yet"]
    for item in items:
        lines += ["", f"{item.rank:>2}. {item}  {item.score:.3f} {item.certainty if item.reasons else ''}".rstrip()]
        if item.explanation:
            lines += _wrapped(item.explanation, width, "    ", "    ")
        if item.signals:
            parts = ", ".join(f"{name} {value:.3f}" for name, value in item.signals.items())
            lines += _wrapped(parts, width, "    Signals: ", "    ")
    return "\n".join(lines) + "\n"


def _wrapped(text: str, width: int | None, first: str, hang: str) -> list[str]:
    if width is None:
        return [first + text]
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=hang, break_on_hyphens=False)
