"""The bipartite graph of threat patterns and the causal factors that they name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import PathPatch
from matplotlib.path import Path

from threatgraph.errors import ThreatGraphError
from threatgraph.plots.ordering import order_columns
from threatgraph.plots.queries import (
    Named,
    Pattern,
    display_names,
    groups_of,
    read_links,
    read_named,
    read_patterns,
    told_in_full,
)
from threatgraph.plots.style import (
    INK,
    ROW,
    SIZE,
    Picture,
    Sheet,
    color_of,
    counted,
    dash_of,
    refuse_too_many,
    styled,
    widest,
)
from threatgraph.store import Store
from threatgraph.vocab import shorten

Links = Mapping[str, Sequence[str]]

_GAP = 0.12
#: What the columns are.
_LEFT, _RIGHT = "threat patterns, by domain", "causal factors"
#: Inches between the columns, at least.
_BETWEEN = 3.6
#: Rows that the name of a domain takes, above its patterns.
_HEADING = 1.5


def draw(store: Store, domain: str | None = None) -> Picture:
    """Draw which pattern of a store, or of one of its domains, names which causal factor.

    Causes that no pattern shown names are left out, and the note says how many.

    Raises:
        ThreatGraphError: where no pattern names a cause, or there are more patterns than a picture can show.
    """
    patterns = read_patterns(store, domain)
    refuse_too_many(len(patterns), "threat patterns", "choose those of one domain with `domain=`")
    stated = read_links(store, "tg:causalFactor")
    links = {pattern.iri: stated.get(pattern.iri, []) for pattern in patterns}
    named = read_named(store, "CausalFactor")
    used = {cause for found in links.values() for cause in found}
    if not used:
        remedy = "state some by tg:causalFactor"
        raise ThreatGraphError(f"no threat pattern shown names a cause, so there is nothing to draw: {remedy}.")
    refuse_too_many(len(used), "causal factors", "choose the patterns of one domain with `domain=`")
    causes = [cause for iri, cause in named.items() if iri in used]
    causes += [Named(iri, shorten(iri)) for iri in sorted(used - named.keys())]
    return _picture(patterns, causes, links, len(named.keys() - used))


@styled
def _picture(patterns: Sequence[Pattern], causes: Sequence[Named], links: Links, unused: int) -> Picture:
    by_iri = {pattern.iri: pattern for pattern in patterns}
    names = dict(zip(by_iri, display_names([pattern.named for pattern in patterns]), strict=True))
    cause_names = dict(zip((cause.iri for cause in causes), display_names(causes), strict=True))
    degrees = {cause.iri: sum(cause.iri in found for found in links.values()) for cause in causes}
    runs = [list(by_iri)[start:end] for start, end in groups_of(pattern.domain.iri for pattern in patterns)]
    looks = {by_iri[run[0]].domain.iri: place for place, run in enumerate(runs)}
    groups, column = order_columns(runs, [cause.iri for cause in causes], links)
    cause_names = {iri: f"{cause_names[iri]} ({degrees[iri]})" for iri in column}
    domains = [by_iri[group[0]].domain for group in groups]
    places, heads, rows = _rows(groups)
    number = sum(map(len, links.values()))
    title = (
        f"Causes of {counted(len(patterns), 'threat pattern')}: "
        f"{counted(number, 'link')} to {counted(len(causes), 'causal factor')}"
    )
    notes = [
        "A line joins a threat pattern to a cause that its record names; colour and dashes tell the domain. "
        "In brackets: number of patterns shown that name the cause."
    ]
    if unused:
        notes.append(f"{counted(unused, 'cause')} that no pattern shown names: left out.")
    left = max(widest([*names.values(), _LEFT]), widest([domain.label for domain in domains], bold=True)) + _GAP
    right = widest([*cause_names.values(), _RIGHT]) + _GAP
    height = max(rows, 2.0 * len(column)) * ROW
    between = max(_BETWEEN, min(0.45 * height, 6.0))
    sheet = Sheet(left + between + right, height + 0.35, title, notes)
    axes = sheet.axes(left, 0, between, height + 0.35)
    _blank(axes, rows, height)
    spots = {iri: (place + 0.5) * rows / len(column) for place, iri in enumerate(column)}
    _lines(axes, groups, [looks[domain.iri] for domain in domains], links, places, spots)
    unit = 1 / between
    for iri, y in places.items():
        axes.text(-_GAP * unit, y, names[iri], ha="right", va="center", fontsize=SIZE, clip_on=False)
    for domain, y in zip(domains, heads, strict=True):
        look: dict[str, Any] = {"ha": "right", "va": "center", "fontsize": SIZE, "weight": "bold", "clip_on": False}
        axes.text(-_GAP * unit, y, domain.label, **look)
    for iri, y in spots.items():
        axes.text(1 + _GAP * unit, y, cause_names[iri], ha="left", va="center", fontsize=SIZE, clip_on=False)
    everything = [*(pattern.named for pattern in patterns), *causes]
    return Picture(sheet.figure, title, _described(patterns, causes, degrees) + told_in_full(everything))


def _rows(groups: Sequence[Sequence[str]]) -> tuple[dict[str, float], list[float], float]:
    """The heights, in rows from the top, of the patterns and of the names of their domains, and the number of rows."""
    places: dict[str, float] = {}
    heads: list[float] = []
    top = 0.0
    for group in groups:
        heads.append(top + _HEADING - 0.5)
        for number, iri in enumerate(group):
            places[iri] = top + _HEADING + number + 0.5
        top += _HEADING + len(group)
    return places, heads, top


def _blank(axes: Axes, rows: float, height: float) -> None:
    """Axes without a frame, from 0 to 1 across and in rows downwards, with the names of the columns at the top."""
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(rows, -0.35 * rows / height)
    for x, side, text in ((0, "right", _LEFT), (1, "left", _RIGHT)):
        axes.text(x, -0.2 * rows / height, text, ha=side, va="center", fontsize=SIZE, style="italic", clip_on=False)


def _lines(
    axes: Axes,
    groups: Sequence[Sequence[str]],
    looks: Sequence[int],
    links: Links,
    places: Mapping[str, float],
    spots: Mapping[str, float],
) -> None:
    """A curve for each link, level at both ends, and a dot for each pattern and cause."""
    codes = [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]
    for group, look in zip(groups, looks, strict=True):
        color = color_of(look)
        for iri in group:
            for cause in links[iri]:
                ends = [(0, places[iri]), (0.45, places[iri]), (0.55, spots[cause]), (1, spots[cause])]
                line = PathPatch(
                    Path(ends, codes), facecolor="none", edgecolor=color, linewidth=1.1, linestyle=dash_of(look)
                )
                axes.add_patch(line)
        full = [places[iri] for iri in group if links[iri]]
        empty = [places[iri] for iri in group if not links[iri]]
        axes.scatter([0] * len(full), full, s=16, color=color, zorder=3, clip_on=False)
        axes.scatter([0] * len(empty), empty, s=16, facecolor="white", edgecolor=color, zorder=3, clip_on=False)
    axes.scatter([1] * len(spots), list(spots.values()), s=16, color=INK, zorder=3, clip_on=False)


def _described(patterns: Sequence[Pattern], causes: Sequence[Named], degrees: Mapping[str, int]) -> str:
    """The picture in words: how many patterns name each cause."""
    ranked = sorted(causes, key=lambda cause: (-degrees[cause.iri], cause.order))
    parts = [f"{cause.label}: {degrees[cause.iri]}" for cause in ranked]
    return (
        f"Two columns joined by lines: {counted(len(patterns), 'threat pattern')} by domain on the left, "
        f"causal factors on the right. Patterns that name each: {'; '.join(parts)}."
    )
