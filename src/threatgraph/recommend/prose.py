"""Recommendations as text for people."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from pyoxigraph import Triple

from threatgraph.table import to_text

if TYPE_CHECKING:
    from threatgraph.recommend.result import Recommendation, Recommendations

#: Characters between the margin and the reasons.
_HANG = 23


def render(recommendations: Recommendations, width: int | None) -> str:
    """Every recommendation with its score, its curated links and its strongest reasons."""
    lines = [f"{recommendations.kind.capitalize()}s related to {' and '.join(recommendations.names)}"]
    if recommendations.note:
        lines += _wrapped(f"Note: {recommendations.note}", width, "", "  ")
    for item in recommendations:
        lines += ["", f"{item.rank:>2}. {item}  {item.score:.3f}"]
        if item.curated:
            told = ", ".join(dict.fromkeys(_property(statement) for statement in item.curated))
            lines += _wrapped(f"curated already: {told}", width, "    ", "    ")
        lines += _reasons(item, width)
    return "\n".join(lines) + "\n"


def _reasons(item: Recommendation, width: int | None) -> list[str]:
    """A line for each signal, with its strongest reasons."""
    lines = []
    for reason in item.reasons:
        first = f"    {reason.contribution:.3f}  {reason.signal:<10}"
        lines += _wrapped(reason.text, width, f"{first:<{_HANG - 1}} ", " " * _HANG)
    return lines


def _wrapped(text: str, width: int | None, first: str, hang: str) -> list[str]:
    if width is None:
        return [first + text]
    return textwrap.wrap(text, width, initial_indent=first, subsequent_indent=hang, break_on_hyphens=False)


def _property(statement: Triple) -> str:
    return to_text(statement.predicate).rpartition(":")[2]
