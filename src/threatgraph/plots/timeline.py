"""Draws the incidents over time, as stacked bars by year or month."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from threatgraph.errors import UnknownName
from threatgraph.plots.dates import NO_DATE, Bar, Timeline, count_incidents, name_bar
from threatgraph.plots.queries import Named
from threatgraph.plots.style import (
    FAINT,
    MUTED,
    SIZE,
    SMALL,
    Drawing,
    Sheet,
    color_of,
    counted,
    hatch_of,
    ink_on,
    shorten_label,
    styled,
    text_width,
    widest,
)
from threatgraph.store import Store

_BY = ("domain", "severity")
_PERIODS = ("year", "month")
#: In inches: the height of the highest bar with its label, the minimum height of axes, and the minimum width.
_HEIGHT, _LOWEST, _SHORTEST = 3.4, 1.2, 2.0
#: In inches: the maximum and minimum width of a bar with its gap, and the preferred width of all bars.
_WIDEST_STEP, _NARROWEST_STEP, _AIM = 0.42, 0.05, 13.0
#: In inches: the width of the separate bar without a date, with its gap.
_SEPARATE = 0.62
_LEFT, _BELOW, _LEGEND_LINE = 0.6, 0.45, 0.2
#: In inches: the space between the bars of months and those of years, for the labels of the upper ones.
_BETWEEN = 0.75
#: The possible intervals of tick labels, in bars: the first one that leaves space between labels is used.
_EVERY = {"year": (1, 2, 5, 10, 20, 50, 100), "month": (1, 2, 3, 6, 12, 24, 60, 120)}


@styled
def draw(store: Store, by: str = "domain", period: str = "year") -> Drawing:
    """Draw the incidents of a store over time.

    Args:
        store: the graph.
        by: the segments of the bars: ``domain`` or ``severity``.
        period: the period of a bar: ``year`` or ``month``. With ``month``, incidents of which only the year is known
            are in separate bars.

    Raises:
        UnknownName: for another value.
        ThreatGraphError: for the reasons in :func:`threatgraph.plots.dates.count_incidents`.
    """
    for name, value, known in (("group", by, _BY), ("period", period, _PERIODS)):
        if value not in known:
            raise UnknownName(name, value, known, f"Choose one of {', '.join(known)}.")
    timeline = count_incidents(store, by, period)
    title = f"{counted(timeline.total(), 'AI incident')} by {period} and {by}"
    labels = [
        f"{shorten_label(category.label)} ({timeline.total(category)})" for category in reversed(timeline.categories)
    ]
    legend = max(widest(labels), text_width(by)) + 0.75
    step = _step(len(timeline.bars))
    span = max(len(timeline.bars) * step + (_SEPARATE if timeline.undated else 0.0) + 0.2, _SHORTEST)
    bounds = _bounds(timeline, step)
    styles = _styles(timeline.categories, by)
    upper, lower = _heights(timeline)
    below = lower + _BETWEEN if lower else 0.0
    height = max(upper + below, _LEGEND_LINE * (len(labels) + 2))
    sheet = Sheet(_LEFT + span + legend, height + _BELOW, title, _notes(timeline))
    axes = sheet.axes(_LEFT, _BELOW + height - upper, span, upper)
    _stack(axes, timeline, {bar: bound for bar, bound in bounds.items() if bar not in timeline.years}, styles)
    _style_axes(axes, timeline, bounds, period, step)
    axes.set_xlim(0, span)
    if lower:
        second = sheet.axes(_LEFT, _BELOW + height - upper - below, span, lower)
        _stack(second, timeline, {year: bounds[year] for year in timeline.years}, styles)
        _style_year_axes(second, timeline, bounds)
        second.set_xlim(0, span)
    handles = [
        Patch(**_fill(styles[category.iri]), label=label)
        for category, label in zip(reversed(timeline.categories), labels, strict=True)
    ]
    axes.legend(
        handles=handles,
        title=f"{by} (incidents)",
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
        frameon=False,
        fontsize=SIZE,
        title_fontsize=SIZE,
        alignment="left",
    )
    return Drawing(sheet.figure, title, _described(timeline, by, period))


def _step(bars: int) -> float:
    return max(_NARROWEST_STEP, min(_WIDEST_STEP, _AIM / bars)) if bars else _WIDEST_STEP


def _unit(timeline: Timeline) -> float:
    """The height of one incident in inches, the same for all bars; the highest bar fills the chart."""
    bars: list[Bar] = [*timeline.bars, *timeline.years, NO_DATE]
    return _HEIGHT / (1.1 * max(timeline.height(bar) for bar in bars))


def _heights(timeline: Timeline) -> tuple[float, float]:
    """The heights in inches of the dated bars and of the bars without a known month; 0 if there are none."""
    dated = max((timeline.height(bar) for bar in timeline.bars), default=0)
    bars = 1.1 * _unit(timeline) * max(dated, timeline.height(NO_DATE))
    years = 1.1 * _unit(timeline) * max((timeline.height(year) for year in timeline.years), default=0)
    return max(bars, _LOWEST), max(years, _LOWEST) if years else 0.0


def _bounds(timeline: Timeline, step: float) -> dict[Bar, tuple[float, float]]:
    """The center and the width of each bar, in inches from the left end of the axis."""
    bounds: dict[Bar, tuple[float, float]] = {}
    for number, bar in enumerate(timeline.bars):
        bounds[bar] = ((number + 0.5) * step, 0.8 * step)
    for year in timeline.years:
        bounds[year] = ((12 * int(year) - timeline.bars[0] + 6) * step, 12 * step - 0.03)
    if timeline.undated:
        bounds[NO_DATE] = (len(timeline.bars) * step + 0.1 + _SEPARATE / 2, 0.8 * _WIDEST_STEP)
    return bounds


def _styles(categories: Sequence[Named], by: str) -> dict[str, tuple[str, str]]:
    """The color and hatch of each category; severities are ordered, so they go from light to dark."""
    if by == "domain":
        return {category.iri: (color_of(n), hatch_of(n)) for n, category in enumerate(categories)}
    last = max(len(categories) - 1, 1)
    shades = [to_hex(colormaps["cividis"](1 - n / last)) for n in range(len(categories))]
    return {category.iri: (shades[n], hatch_of(n)) for n, category in enumerate(categories)}


def _fill(style: tuple[str, str]) -> dict[str, Any]:
    color, hatch = style
    return {"facecolor": color, "edgecolor": ink_on(color), "hatch": hatch, "linewidth": 0.4}


def _stack(
    axes: Axes, timeline: Timeline, bounds: dict[Bar, tuple[float, float]], styles: dict[str, tuple[str, str]]
) -> None:
    """Draw the bars, with the number of incidents above each if there is space."""
    bottoms = dict.fromkeys(bounds, 0)
    for category in timeline.categories:
        heights = {bar: timeline.counts.get((bar, category.iri), 0) for bar in bounds}
        filled = [bar for bar in bounds if heights[bar]]
        axes.bar(
            [bounds[bar][0] for bar in filled],
            [heights[bar] for bar in filled],
            [bounds[bar][1] for bar in filled],
            bottom=[bottoms[bar] for bar in filled],
            label=category.label,
            **_fill(styles[category.iri]),
        )
        for bar in filled:
            bottoms[bar] += heights[bar]
    for bar, top in bottoms.items():
        if top and bounds[bar][1] > text_width(str(top), SMALL):
            axes.annotate(
                str(top), (bounds[bar][0], top), (0, 2), textcoords="offset points", ha="center", fontsize=SMALL
            )


def _style_axes(
    axes: Axes, timeline: Timeline, bounds: dict[Bar, tuple[float, float]], period: str, step: float
) -> None:
    """Set grid, ticks and labels of the dated bars."""
    upper, _ = _heights(timeline)
    _style_y_axis(axes, upper / _unit(timeline))
    last = timeline.bars[-1] if timeline.bars else 0
    widths = {every: text_width(_tick(last, period, every)) + 0.1 for every in _EVERY[period]}
    every = next((every for every, needed in widths.items() if every * step > needed), _EVERY[period][-1])
    shown = [bar for bar in timeline.bars if bar % every == 0] or timeline.bars[:1]
    ticks, labels = [bounds[bar][0] for bar in shown], [_tick(bar, period, every) for bar in shown]
    if timeline.undated:
        ticks, labels = [*ticks, bounds[NO_DATE][0]], [*labels, NO_DATE]
        if timeline.bars:
            axes.axvline(len(timeline.bars) * step + 0.06, color=MUTED, linewidth=0.8, linestyle=(0, (2, 2)))
    axes.set_xticks(ticks, labels=labels, fontsize=SIZE)
    axes.set_ylabel("number of incidents", fontsize=SIZE)
    axes.set_xlabel(f"{period} of the incident", fontsize=SIZE)


def _style_year_axes(axes: Axes, timeline: Timeline, bounds: dict[Bar, tuple[float, float]]) -> None:
    """Set grid, ticks and labels of the bars without a known month, on the same scale."""
    _style_y_axis(axes, _heights(timeline)[1] / _unit(timeline))
    shown: list[str] = []
    for year in timeline.years:
        before = bounds[shown[-1]][0] if shown else -1.0
        if bounds[year][0] - before > text_width(year) + 0.06:
            shown.append(year)
    axes.set_xticks([bounds[year][0] for year in shown], labels=shown, fontsize=SIZE)
    axes.set_ylabel("number of incidents", fontsize=SIZE)
    axes.set_xlabel("year of the incident (month unknown)", fontsize=SIZE)


def _style_y_axis(axes: Axes, top: float) -> None:
    ticks = MaxNLocator(nbins=8, integer=True, min_n_ticks=1).tick_values(0, top)
    axes.set_ylim(0, top)
    axes.set_yticks([tick for tick in ticks if tick <= top], labels=[f"{tick:.0f}" for tick in ticks if tick <= top])
    axes.grid(axis="y", color=FAINT, linewidth=0.5)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(axis="y", labelsize=SIZE, length=0)
    axes.tick_params(axis="x", length=3, color=MUTED)


def _tick(bar: int, period: str, every: int) -> str:
    """The label of a bar; only the year, if only the first months of years have labels."""
    return str(bar // 12) if period == "month" and every % 12 == 0 else name_bar(bar, period)


def _notes(timeline: Timeline) -> list[str]:
    notes = []
    if timeline.years:
        number = sum(timeline.height(year) for year in timeline.years)
        known = counted(number, "incident has", "incidents have")
        notes.append(f"{known} no known month: the lower chart counts them by year, on the same scale.")
    if timeline.undated:
        notes.append(f"{counted(timeline.height(NO_DATE), 'incident has', 'incidents have')} no date.")
    return notes


def _described(timeline: Timeline, by: str, period: str) -> str:
    """The text description: the height of each bar, and the number of incidents by category."""
    heights = [f"{name_bar(bar, period)}: {timeline.height(bar)}" for bar in timeline.bars if timeline.height(bar)]
    heights += [f"{year}, month unknown: {timeline.height(year)}" for year in timeline.years]
    heights += [f"{NO_DATE}: {timeline.height(NO_DATE)}"] if timeline.undated else []
    parts = [f"{category.label}: {timeline.total(category)}" for category in timeline.categories]
    return f"Stacked bars of incidents by {period}. {'; '.join(heights)}. By {by}: {'; '.join(parts)}."
