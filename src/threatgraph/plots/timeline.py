"""The incidents over time: stacked bars, a year or a month each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from threatgraph.errors import ThreatGraphError
from threatgraph.plots.dates import NO_DATE, Bar, Timeline, count_incidents, name_bar
from threatgraph.plots.queries import Named
from threatgraph.plots.style import (
    FAINT,
    MUTED,
    SIZE,
    SMALL,
    Picture,
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
#: Inches: the highest bar with the room above it, the lowest axes, and the shortest axis of time.
_HEIGHT, _LOWEST, _SHORTEST = 3.4, 1.2, 2.0
#: Inches of a bar with its gap: as wide as this, unless that makes the picture wider than the other says.
_WIDEST_STEP, _NARROWEST_STEP, _AIM = 0.42, 0.05, 13.0
#: Inches of a bar that stands apart, with its gap.
_APART = 0.62
_LEFT, _BELOW, _LEGEND_LINE = 0.6, 0.45, 0.2
#: Inches between the bars of months and those of years, for the labels of the upper ones.
_BETWEEN = 0.75
#: A label stands at every so many bars: the first of these that leaves room between two.
_EVERY = {"year": (1, 2, 5, 10, 20, 50, 100), "month": (1, 2, 3, 6, 12, 24, 60, 120)}


@styled
def draw(store: Store, by: str = "domain", period: str = "year") -> Picture:
    """Draw the incidents of a store over time.

    Args:
        store: the graph.
        by: what the bars are made of: ``domain`` or ``severity``.
        period: what a bar is: ``year`` or ``month``. Incidents that are known by their year alone are then in a bar of
            their own, never in a month.

    Raises:
        ThreatGraphError: for another value, and as :func:`threatgraph.plots.dates.count_incidents` says.
    """
    for value, known in ((by, _BY), (period, _PERIODS)):
        if value not in known:
            raise ThreatGraphError(f"{value!r} is none of {', '.join(known)}.")
    timeline = count_incidents(store, by, period)
    title = f"{counted(timeline.total(), 'AI incident')} by {period} and {by}"
    labels = [
        f"{shorten_label(category.label)} ({timeline.total(category)})" for category in reversed(timeline.categories)
    ]
    legend = max(widest(labels), text_width(by)) + 0.75
    step = _step(len(timeline.bars))
    span = max(len(timeline.bars) * step + (_APART if timeline.undated else 0.0) + 0.2, _SHORTEST)
    places = _places(timeline, step)
    looks = _looks(timeline.categories, by)
    upper, lower = _heights(timeline)
    below = lower + _BETWEEN if lower else 0.0
    height = max(upper + below, _LEGEND_LINE * (len(labels) + 2))
    sheet = Sheet(_LEFT + span + legend, height + _BELOW, title, _notes(timeline))
    axes = sheet.axes(_LEFT, _BELOW + height - upper, span, upper)
    _stack(axes, timeline, {bar: place for bar, place in places.items() if bar not in timeline.years}, looks)
    _dress(axes, timeline, places, period, step)
    axes.set_xlim(0, span)
    if lower:
        second = sheet.axes(_LEFT, _BELOW + height - upper - below, span, lower)
        _stack(second, timeline, {year: places[year] for year in timeline.years}, looks)
        _dress_years(second, timeline, places)
        second.set_xlim(0, span)
    handles = [
        Patch(**_fill(looks[category.iri]), label=label)
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
    return Picture(sheet.figure, title, _described(timeline, by, period))


def _step(bars: int) -> float:
    return max(_NARROWEST_STEP, min(_WIDEST_STEP, _AIM / bars)) if bars else _WIDEST_STEP


def _unit(timeline: Timeline) -> float:
    """Inches of one incident: the highest of all bars is as high as the picture, so that all are on one scale."""
    bars: list[Bar] = [*timeline.bars, *timeline.years, NO_DATE]
    return _HEIGHT / (1.1 * max(timeline.height(bar) for bar in bars))


def _heights(timeline: Timeline) -> tuple[float, float]:
    """The heights in inches of the bars in time and of those known by their year alone; 0 where there are none."""
    dated = max((timeline.height(bar) for bar in timeline.bars), default=0)
    bars = 1.1 * _unit(timeline) * max(dated, timeline.height(NO_DATE))
    years = 1.1 * _unit(timeline) * max((timeline.height(year) for year in timeline.years), default=0)
    return max(bars, _LOWEST), max(years, _LOWEST) if years else 0.0


def _places(timeline: Timeline, step: float) -> dict[Bar, tuple[float, float]]:
    """The middle and the width of each bar, in inches from the left end of the axis."""
    places: dict[Bar, tuple[float, float]] = {}
    for number, bar in enumerate(timeline.bars):
        places[bar] = ((number + 0.5) * step, 0.8 * step)
    for year in timeline.years:
        places[year] = ((12 * int(year) - timeline.bars[0] + 6) * step, 12 * step - 0.03)
    if timeline.undated:
        places[NO_DATE] = (len(timeline.bars) * step + 0.1 + _APART / 2, 0.8 * _WIDEST_STEP)
    return places


def _looks(categories: Sequence[Named], by: str) -> dict[str, tuple[str, str]]:
    """A colour and a hatch for each category: from dark to light for the severities, which have an order."""
    if by == "domain":
        return {category.iri: (color_of(n), hatch_of(n)) for n, category in enumerate(categories)}
    last = max(len(categories) - 1, 1)
    shades = [to_hex(colormaps["cividis"](1 - n / last)) for n in range(len(categories))]
    return {category.iri: (shades[n], hatch_of(n)) for n, category in enumerate(categories)}


def _fill(look: tuple[str, str]) -> dict[str, Any]:
    color, hatch = look
    return {"facecolor": color, "edgecolor": ink_on(color), "hatch": hatch, "linewidth": 0.4}


def _stack(
    axes: Axes, timeline: Timeline, places: dict[Bar, tuple[float, float]], looks: dict[str, tuple[str, str]]
) -> None:
    """Draw the bars, with their heights in numbers where these have the room."""
    bottoms = dict.fromkeys(places, 0)
    for category in timeline.categories:
        heights = {bar: timeline.counts.get((bar, category.iri), 0) for bar in places}
        filled = [bar for bar in places if heights[bar]]
        axes.bar(
            [places[bar][0] for bar in filled],
            [heights[bar] for bar in filled],
            [places[bar][1] for bar in filled],
            bottom=[bottoms[bar] for bar in filled],
            label=category.label,
            **_fill(looks[category.iri]),
        )
        for bar in filled:
            bottoms[bar] += heights[bar]
    for bar, top in bottoms.items():
        if top and places[bar][1] > text_width(str(top), SMALL):
            axes.annotate(
                str(top), (places[bar][0], top), (0, 2), textcoords="offset points", ha="center", fontsize=SMALL
            )


def _dress(axes: Axes, timeline: Timeline, places: dict[Bar, tuple[float, float]], period: str, step: float) -> None:
    """Grid, ticks and labels of the bars in time."""
    upper, _ = _heights(timeline)
    _plain(axes, upper / _unit(timeline))
    last = timeline.bars[-1] if timeline.bars else 0
    room = {every: text_width(_tick(last, period, every)) + 0.1 for every in _EVERY[period]}
    every = next((every for every, needed in room.items() if every * step > needed), _EVERY[period][-1])
    shown = [bar for bar in timeline.bars if bar % every == 0] or timeline.bars[:1]
    ticks, labels = [places[bar][0] for bar in shown], [_tick(bar, period, every) for bar in shown]
    if timeline.undated:
        ticks, labels = [*ticks, places[NO_DATE][0]], [*labels, NO_DATE]
        if timeline.bars:
            axes.axvline(len(timeline.bars) * step + 0.06, color=MUTED, linewidth=0.8, linestyle=(0, (2, 2)))
    axes.set_xticks(ticks, labels=labels, fontsize=SIZE)
    axes.set_ylabel("incidents (number)", fontsize=SIZE)
    axes.set_xlabel(f"{period} in which it happened", fontsize=SIZE)


def _dress_years(axes: Axes, timeline: Timeline, places: dict[Bar, tuple[float, float]]) -> None:
    """Grid, ticks and labels of the bars of what is known by its year alone, on the scale of those above."""
    _plain(axes, _heights(timeline)[1] / _unit(timeline))
    shown: list[str] = []
    for year in timeline.years:
        before = places[shown[-1]][0] if shown else -1.0
        if places[year][0] - before > text_width(year) + 0.06:
            shown.append(year)
    axes.set_xticks([places[year][0] for year in shown], labels=shown, fontsize=SIZE)
    axes.set_ylabel("incidents (number)", fontsize=SIZE)
    axes.set_xlabel("year in which it happened, of incidents of which the month is not known", fontsize=SIZE)


def _plain(axes: Axes, top: float) -> None:
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
    """The label of a bar; of a month that begins a year only the year, where only such are labelled."""
    return str(bar // 12) if period == "month" and every % 12 == 0 else name_bar(bar, period)


def _notes(timeline: Timeline) -> list[str]:
    notes = []
    if timeline.years:
        number = sum(timeline.height(year) for year in timeline.years)
        known = counted(number, "incident is", "incidents are")
        notes.append(f"{known} known by the year alone: below, a bar for each year, on the same scale; in no month.")
    if timeline.undated:
        notes.append(f"{counted(timeline.height(NO_DATE), 'incident has', 'incidents have')} no date.")
    return notes


def _described(timeline: Timeline, by: str, period: str) -> str:
    """The picture in words: the height of each bar, and what all bars are made of."""
    heights = [f"{name_bar(bar, period)}: {timeline.height(bar)}" for bar in timeline.bars if timeline.height(bar)]
    heights += [f"{year}, month not known: {timeline.height(year)}" for year in timeline.years]
    heights += [f"{NO_DATE}: {timeline.height(NO_DATE)}"] if timeline.undated else []
    parts = [f"{category.label}: {timeline.total(category)}" for category in timeline.categories]
    return f"Stacked bars of incidents by {period}. {'; '.join(heights)}. By {by}: {'; '.join(parts)}."
