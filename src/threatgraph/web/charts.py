"""Charts of pages, drawn as SVG; a table or list beside each has the same numbers."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup, escape

_WIDTH, _HEIGHT, _FOOT, _HEAD = 640, 128, 18, 16
_LABELS = 12
"""Years that are named below the bars, at most."""


def year_bars(counts: Sequence[tuple[int, int]], name: str) -> Markup:
    """Return a bar chart of numbers by year, with a bar for each year from the first to the last.

    Args:
        counts: the year and the number of each bar; years without a number have no bar.
        name: what the numbers count, for readers who do not see the chart.
    """
    known = dict(counts)
    first, last = min(known), max(known)
    years = range(first, last + 1)
    most, step = max(known.values()), _WIDTH / len(years)
    every = -(-len(years) // _LABELS)
    parts = []
    for place, year in enumerate(years):
        total, x = known.get(year, 0), place * step
        height = round((_HEIGHT - _FOOT - _HEAD) * total / most)
        if total:
            y = _HEIGHT - _FOOT - height
            middle = x + step / 2
            parts.append(
                f'<rect x="{x + step * 0.12:.1f}" y="{y}" width="{step * 0.76:.1f}" height="{height}"></rect>'
                f'<text class="value" x="{middle:.1f}" y="{y - 4}" text-anchor="middle">{total}</text>'
            )
        if (last - year) % every == 0:
            parts.append(f'<text x="{x + step / 2:.1f}" y="{_HEIGHT - 3}" text-anchor="middle">{year}</text>')
    said = "; ".join(f"{year}: {total}" for year, total in sorted(known.items()))
    return Markup(  # noqa: S704 - the only text is escaped
        f'<svg class="years" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(f"{name}. {said}")}">'
        f'<line x1="0" x2="{_WIDTH}" y1="{_HEIGHT - _FOOT}" y2="{_HEIGHT - _FOOT}"></line>{"".join(parts)}</svg>'
    )
