"""Draws the bipartite graph of threat patterns and their causal factors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    truncated_names,
)
from threatgraph.plots.style import (
    INK,
    ROW,
    SIZE,
    Drawing,
    Sheet,
    check_rows,
    color_of,
    counted,
    dash_of,
    styled,
    widest,
)
from threatgraph.store import Store
from threatgraph.vocab import shorten

Links = Mapping[str, Sequence[str]]

_GAP = 0.12
#: The headings of the columns.
_LEFT, _RIGHT = "threat patterns, by domain", "causal factors"
#: The minimum distance between the columns, in inches.
_BETWEEN = 3.6
#: The height of a domain name above its patterns, in rows.
_HEADING = 1.5


def draw(store: Store, domain: str | None = None) -> Drawing:
    """Draw the causal factors of the patterns of a store, or of one domain.

    Causes without a pattern in the chart are left out; a note has their number.

    Raises:
        ThreatGraphError: if no pattern has a cause, or there are too many patterns for a chart.
    """
    patterns = read_patterns(store, domain)
    check_rows(len(patterns), "threat patterns", "select one domain with `domain=`")
    stated = read_links(store, "tg:causalFactor")
    links = {pattern.iri: stated.get(pattern.iri, []) for pattern in patterns}
    named = read_named(store, "CausalFactor")
    used = {cause for found in links.values() for cause in found}
    if not used:
        raise ThreatGraphError("no selected threat pattern has a causal factor: add some with tg:causalFactor.")
    check_rows(len(used), "causal factors", "select one domain with `domain=`")
    causes = [cause for iri, cause in named.items() if iri in used]
    causes += [Named(iri, shorten(iri)) for iri in sorted(used - named.keys())]
    return _drawing(patterns, causes, links, len(named.keys() - used))


@styled
def _drawing(patterns: Sequence[Pattern], causes: Sequence[Named], links: Links, unused: int) -> Drawing:
    layout = _lay_out(patterns, causes, links)
    title = (
        f"Causes of {counted(len(patterns), 'threat pattern')}: "
        f"{counted(sum(map(len, links.values())), 'link')} to {counted(len(causes), 'causal factor')}"
    )
    notes = [
        "Lines connect threat patterns and their causes; color and dashes mark the domain. "
        "Numbers in brackets: patterns with the cause."
    ]
    if unused:
        notes.append(f"Left out: {counted(unused, 'cause')} without a pattern in this chart.")
    names = dict(zip(links, display_names([pattern.named for pattern in patterns]), strict=True))
    degrees = Counter(cause for found in links.values() for cause in found)
    cause_names = dict(zip((cause.iri for cause in causes), display_names(causes), strict=True))
    cause_names = {iri: f"{cause_names[iri]} ({degrees[iri]})" for iri in layout.cause_rows}
    left = max(widest([*names.values(), _LEFT]), widest([domain.label for domain in layout.domains], bold=True)) + _GAP
    right = widest([*cause_names.values(), _RIGHT]) + _GAP
    height = max(layout.rows, 2.0 * len(layout.cause_rows)) * ROW
    between = max(_BETWEEN, min(0.45 * height, 6.0))
    sheet = Sheet(left + between + right, height + 0.35, title, notes)
    axes = sheet.axes(left, 0, between, height + 0.35)
    _style_axes(axes, layout.rows, height)
    _lines(axes, layout, links)
    _labels(axes, layout, names, cause_names, _GAP / between)
    everything = [*(pattern.named for pattern in patterns), *causes]
    return Drawing(sheet.figure, title, _described(patterns, causes, degrees) + truncated_names(everything))


@dataclass(frozen=True, slots=True)
class _Layout:
    """The positions of patterns and causes, in rows from the top."""

    groups: list[list[str]]
    """The patterns of each domain."""
    domains: list[Named]
    """The domain of each group."""
    styles: list[int]
    """The index of the color and the line style of each group."""
    pattern_rows: dict[str, float]
    heading_rows: list[float]
    """The rows of the domain names."""
    cause_rows: dict[str, float]
    rows: float
    """The total number of rows."""


def _lay_out(patterns: Sequence[Pattern], causes: Sequence[Named], links: Links) -> _Layout:
    """Order patterns and causes to reduce crossings, and compute their rows."""
    by_iri = {pattern.iri: pattern for pattern in patterns}
    runs = [list(by_iri)[start:end] for start, end in groups_of(pattern.domain.iri for pattern in patterns)]
    style_of = {by_iri[run[0]].domain.iri: index for index, run in enumerate(runs)}
    groups, column = order_columns(runs, [cause.iri for cause in causes], links)
    domains = [by_iri[group[0]].domain for group in groups]
    pattern_rows: dict[str, float] = {}
    heading_rows: list[float] = []
    top = 0.0
    for group in groups:
        heading_rows.append(top + _HEADING - 0.5)
        for number, iri in enumerate(group):
            pattern_rows[iri] = top + _HEADING + number + 0.5
        top += _HEADING + len(group)
    cause_rows = {iri: (index + 0.5) * top / len(column) for index, iri in enumerate(column)}
    styles = [style_of[domain.iri] for domain in domains]
    return _Layout(groups, domains, styles, pattern_rows, heading_rows, cause_rows, top)


def _style_axes(axes: Axes, rows: float, height: float) -> None:
    """Style axes without a frame, with x from 0 to 1, y in rows downward, and the column headings at the top."""
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(rows, -0.35 * rows / height)
    for x, side, text in ((0, "right", _LEFT), (1, "left", _RIGHT)):
        axes.text(x, -0.2 * rows / height, text, ha=side, va="center", fontsize=SIZE, style="italic", clip_on=False)


def _lines(axes: Axes, layout: _Layout, links: Links) -> None:
    """Draw a curve for each link, horizontal at both ends, and a dot for each pattern and cause."""
    codes = [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4]
    rows, cause_rows = layout.pattern_rows, layout.cause_rows
    for group, style in zip(layout.groups, layout.styles, strict=True):
        color = color_of(style)
        for y, cause in [(rows[iri], cause) for iri in group for cause in links[iri]]:
            ends = [(0, y), (0.45, y), (0.55, cause_rows[cause]), (1, cause_rows[cause])]
            line = PathPatch(
                Path(ends, codes), facecolor="none", edgecolor=color, linewidth=1.1, linestyle=dash_of(style)
            )
            axes.add_patch(line)
        linked = [rows[iri] for iri in group if links[iri]]
        unlinked = [rows[iri] for iri in group if not links[iri]]
        axes.scatter([0] * len(linked), linked, s=16, color=color, zorder=3, clip_on=False)
        axes.scatter([0] * len(unlinked), unlinked, s=16, facecolor="white", edgecolor=color, zorder=3, clip_on=False)
    axes.scatter([1] * len(cause_rows), list(cause_rows.values()), s=16, color=INK, zorder=3, clip_on=False)


def _labels(axes: Axes, layout: _Layout, names: Mapping[str, str], cause_names: Mapping[str, str], gap: float) -> None:
    """Write the names of patterns and domains to the left of the lines, and of causes to the right."""
    style: dict[str, Any] = {"va": "center", "fontsize": SIZE, "clip_on": False}
    for iri, y in layout.pattern_rows.items():
        axes.text(-gap, y, names[iri], ha="right", **style)
    for domain, y in zip(layout.domains, layout.heading_rows, strict=True):
        axes.text(-gap, y, domain.label, ha="right", weight="bold", **style)
    for iri, y in layout.cause_rows.items():
        axes.text(1 + gap, y, cause_names[iri], ha="left", **style)


def _described(patterns: Sequence[Pattern], causes: Sequence[Named], degrees: Mapping[str, int]) -> str:
    """The text description: the number of patterns of each cause."""
    ranked = sorted(causes, key=lambda cause: (-degrees[cause.iri], cause.order))
    parts = [f"{cause.label}: {degrees[cause.iri]}" for cause in ranked]
    return (
        f"Two columns connected by lines: {counted(len(patterns), 'threat pattern')} by domain on the left, "
        f"causal factors on the right. Patterns by causal factor: {'; '.join(parts)}."
    )
