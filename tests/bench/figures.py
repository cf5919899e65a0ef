"""Renders the figures of the store benchmark as Markdown tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

Figures = Mapping[str, Any]

#: Below this many seconds a ratio is mostly noise.
_SHORTEST = 0.005
_LIMITS = {"memory": "pyoxigraph", "disk": "pyoxigraph on disk"}


def at_size(result: Figures) -> str:
    """The tables of one size: times, overhead of the layer, peak memory, start-up."""
    engines: Figures = result["engines"]
    rows = list(dict.fromkeys(["load", "open", *(row for found in engines.values() for row in found)]))
    size = f"{result['triples']:,} triples ({result['incidents']:,} incidents, {_amount(result['bytes'])})"
    parts = [f"\n## {size}\n", _times(engines, rows), "\nPeak memory of each case:\n", _peaks(engines, rows)]
    if starts := result.get("start-up"):
        parts += ["\nFrom the shell:\n", table(["command", "median"], [[n, duration(s)] for n, s in starts.items()])]
    if "bytes on disk" in result:
        parts.append(f"\nThe store on disk takes {_amount(result['bytes on disk'])}.")
    return "\n".join(parts)


def growth(results: Sequence[Figures]) -> str:
    """The growth of time from one size to the next, as a factor per tenfold size; marked if above n log n.

    Queries and recommendations are compared with the number of incidents, the others with the number of triples.
    """
    lines = []
    for before, after in pairwise(results):
        step = f"{before['triples']:,} to {after['triples']:,}"
        for row in dict.fromkeys(row for found in after["engines"].values() for row in found):
            cells = [_grown(row, name, before, after) for name in after["engines"]]
            if any(cells):
                lines.append([step, row, *cells])
    if not lines:
        return ""
    head = ["triples", "work", *results[-1]["engines"]]
    return f"\n## Growth: time(10 n) / time(n); ! if above that of n log n\n\n{table(head, lines)}"


def _grown(row: str, name: str, before: Figures, after: Figures) -> str:
    early, late = (result["engines"].get(name, {}).get(row, {}).get("seconds") for result in (before, after))
    counted = "incidents" if row.startswith(("query", "recommend")) else "triples"
    small, large = before[counted], after[counted]
    if not early or not late or small >= large or late < _SHORTEST:
        return ""
    decades = math.log10(large / small)
    factor = (late / early) ** (1 / decades)
    allowed = (large / small * math.log(large) / math.log(small)) ** (1 / decades)
    return f"{factor:.1f}{' !' if factor > allowed else ''}"


def _times(engines: Figures, rows: Iterable[str]) -> str:
    """Times by row and engine, and the overhead over the underlying engine in percent."""
    layered = [name for name in _LIMITS if name in engines]
    head = ["work", *engines, *(f"layer, {name}" for name in layered)]
    head += [f"{name} over {_LIMITS[name]}" for name in layered if _LIMITS[name] in engines]
    lines = []
    for row in rows:
        found = {name: engines[name].get(row, {}) for name in engines}
        agreed = _agreed(row, found)
        cells = [_cell(figures, agreed) for figures in found.values()]
        added = [_added(found[name], found[name].get("direct")) for name in layered]
        over = [_over(row, found, name) for name in layered if _LIMITS[name] in engines]
        lines.append([row, *cells, *added, *over])
    return table(head, lines)


def _agreed(row: str, found: Figures) -> int | None:
    """The expected count, from the first engine that has one; ``None`` if counts may differ."""
    if not row.startswith(("query", "validate")):
        return None
    return next((figures["count"] for figures in found.values() if "count" in figures), None)


def _cell(figures: Figures, agreed: int | None) -> str:
    if not figures:
        return ""
    if "failed" in figures:
        return str(figures["failed"])
    differs = agreed is not None and figures["count"] != agreed
    return duration(figures["seconds"]) + (f" (**{figures['count']} rows, not {agreed}**)" if differs else "")


def _over(row: str, found: Figures, name: str) -> str:
    """The overhead over the same engine alone in another process, which has each triple once."""
    return _added(found[name], found[_LIMITS[name]].get("seconds")) if row.startswith("query") else ""


def _added(figures: Figures, alone: float | None) -> str:
    if alone is None or figures.get("seconds", 0) < _SHORTEST:
        return ""
    return f"{100 * (figures['seconds'] / alone - 1):+.0f} %"


def _peaks(engines: Figures, rows: Iterable[str]) -> str:
    lines = []
    for row in rows:
        peaks = [found.get(row, {}).get("peak") for found in engines.values()]
        if any(peaks):
            lines.append([row, *(_amount(peak) if peak else "" for peak in peaks)])
    return table(["work", *engines], lines)


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A table in Markdown."""
    rows = [head, ["---"] * len(head), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def duration(seconds: float) -> str:
    """Format a time with three digits."""
    return f"{1000 * seconds:.3g} ms" if seconds < 1 else f"{seconds:.3g} s"


def _amount(size: float) -> str:
    return f"{size / 1e6:,.0f} MB" if size < 1e9 else f"{size / 1e9:,.1f} GB"
