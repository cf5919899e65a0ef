"""A bar chart as SVG: bars of segments, each a link with a title, whose colors are classes of the style sheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from markupsafe import Markup, escape

from threatgraph.display import printable

_YEARS_HEIGHT = 190
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 18, 14, 26
"""The space around the bars, for the labels of both axes."""
_WIDTH, _NARROW = 760, 500
"""The width of a chart by default, and the width up to which it fits on a phone."""
_WIDEST = 40
_LABEL = 38
"""The least distance between two labels of the horizontal axis."""
_TICKS = 4


class Bar(NamedTuple):
    """A bar of the chart."""

    label: str
    segments: tuple[int, ...]
    """The height of each segment, from the bottom; the place decides the class: ``s0``, ``s1`` and so on."""
    title: str
    """What the bar shows, in words."""
    url: str | None = None

    @property
    def total(self) -> int:
        """The height of the bar."""
        return sum(self.segments)


def draw_bars(bars: Sequence[Bar], title: str, *, width: int = _WIDTH, height: int = 260, most: int = 0) -> Markup:
    """Draw a bar chart.

    Args:
        bars: the bars, from left to right.
        title: what the chart shows; a table beside it has the numbers.
        width: the width, in pixels of the text size.
        height: the height.
        most: the end of the vertical axis, if other than that of the highest bar.
    """
    step = _step(max(most, *(bar.total for bar in bars), 1))
    top = step * -(-max(most, *(bar.total for bar in bars), 1) // step)
    base, room = height - _BOTTOM, height - _BOTTOM - _TOP
    parts = [_tick(value, base - room * value // top, width) for value in range(0, top + 1, step)]
    slot = (width - _LEFT - _RIGHT) / max(len(bars), 1)
    every = max(1, -(-_LABEL // max(int(slot), 1)))
    for place, bar in enumerate(bars):
        x = _LEFT + slot * place
        parts.append(_bar(bar, x, slot, base, room / top))
        if (len(bars) - 1 - place) % every == 0:
            parts.append(f'<text x="{x + slot / 2:.0f}" y="{height - 8}">{_plain(bar.label)}</text>')
    name = "bars narrow" if width <= _NARROW else "bars"
    attributes = f'class="{name}" viewBox="0 0 {width} {height}" role="group" aria-label="{_plain(title)}"'
    return Markup(f"<svg {attributes}>{''.join(parts)}</svg>")  # noqa: S704 - every text is escaped


def draw_years(years: Mapping[int, int]) -> Markup:
    """Return a bar chart of incidents by year.

    Args:
        years: the number of incidents of each year; years without incidents can be left out.
    """
    bars = []
    for year in range(min(years), max(years) + 1):
        total = years.get(year, 0)
        bars.append(Bar(str(year), (total,), f"{year}: {total} incident{'' if total == 1 else 's'}"))
    said = "; ".join(f"{year}: {total}" for year, total in sorted(years.items()))
    return draw_bars(bars, f"Incidents by year. {said}", height=_YEARS_HEIGHT)


def _bar(bar: Bar, x: float, slot: float, base: int, unit: float) -> str:
    """A bar, with an area of the full height that the pointer hits more easily."""
    if not bar.total:
        return ""
    wide = min(slot * 0.78, _WIDEST)
    left, y = x + (slot - wide) / 2, float(base)
    area = f'<rect class="area" x="{x:.1f}" y="{_TOP}" width="{slot:.1f}" height="{base - _TOP}"/>'
    parts = [f"<title>{_plain(bar.title)}</title>{area}"]
    for place, count in enumerate(bar.segments):
        if count:
            y -= count * unit
            size = f'width="{wide:.1f}" height="{count * unit:.1f}"'
            parts.append(f'<rect class="s{place}" x="{left:.1f}" y="{y:.1f}" {size}/>')
    content = "".join(parts)
    return f'<a href="{escape(bar.url)}">{content}</a>' if bar.url else f"<g>{content}</g>"


def _tick(value: int, y: int, width: int) -> str:
    line = f'<path d="M{_LEFT} {y}H{width - _RIGHT}"/>'
    return f'{line}<text class="n" x="{_LEFT - 6}" y="{y + 4}">{value:,}</text>'


def _step(most: int) -> int:
    """The distance of the ticks: 1, 2 or 5 times a power of ten."""
    power = 1
    while True:
        for factor in (1, 2, 5):
            if factor * power * _TICKS >= most:
                return factor * power
        power *= 10


def _plain(text: str) -> Markup:
    return escape(printable(" ".join(text.split()), line_ends=False))
