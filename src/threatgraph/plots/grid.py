"""Draws matrices with one row for each threat pattern: row names, and domain names beside them."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from threatgraph.plots.style import INK, MUTED, ROW, SIZE, Sheet, text_width, widest, wrap

#: The distance between a label and its item, in inches.
GAP = 0.12
_WIDEST_DOMAIN = 2.4


def name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Write the names of the rows to the left of a matrix, from top to bottom."""
    axes.set_yticks(range(len(names)), labels=list(names), fontsize=SIZE)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(length=0, pad=4)


def domain_width(domains: Sequence[str]) -> float:
    """The width of the domain names to the right of a matrix, in inches."""
    return min(_WIDEST_DOMAIN, widest(domains)) + 2 * GAP


def mark_domains(axes: Axes, groups: Sequence[tuple[int, int]], domains: Sequence[str], columns: float) -> None:
    """Draw a bracket and the name of each domain to the right of its rows.

    Args:
        axes: the matrix, whose cells are one unit wide and high.
        groups: the start and end of the rows of each domain.
        domains: the names of these domains.
        columns: the width of the matrix in units of its x axis.
    """
    unit = axes.get_position().width * _width(axes) / columns
    for (first, end), name in zip(groups, domains, strict=True):
        x = columns - 0.5 + GAP / 2 / unit
        bracket = Line2D([x, x], [first - 0.38, end - 1 + 0.38], color=MUTED, linewidth=1.5, clip_on=False)
        axes.add_line(bracket)
        lines = wrap(name, _WIDEST_DOMAIN)
        # At most as many lines as rows, so that names do not overlap.
        most = max(1, end - first)
        if len(lines) > most:
            lines = [*lines[: most - 1], _truncate(" ".join(lines[most - 1 :]))]
        axes.text(x + GAP / 2 / unit, (first + end - 1) / 2, "\n".join(lines), va="center", fontsize=SIZE, color=INK)


def _truncate(text: str) -> str:
    while text_width(text + "…") > _WIDEST_DOMAIN and text:
        text = text[:-1]
    return text.rstrip() + "…"


def _width(axes: Axes) -> float:
    figure = axes.get_figure(root=True)
    return float(figure.get_size_inches()[0]) if figure else 1.0


def new_matrix(sheet: Sheet, names: Sequence[str], columns: int, *, column: float, left: float, bottom: float) -> Axes:
    """Add axes for a matrix to a sheet, to the right of the row names.

    Args:
        sheet: the sheet to draw on.
        names: the names of the rows.
        columns: the number of columns.
        column: the width of a column, in inches.
        left: the space to the left of the matrix, in inches.
        bottom: the space below the matrix, in inches.
    """
    axes = sheet.axes(left, bottom, columns * column, len(names) * ROW)
    axes.set_xlim(-0.5, columns - 0.5)
    for spine in axes.spines.values():
        spine.set_visible(False)
    name_rows(axes, names)
    return axes
