"""What matrices with a row a threat pattern share: the names of the rows, and the domains beside them."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from threatgraph.plots.style import INK, MUTED, ROW, SIZE, Sheet, text_width, widest, wrap

#: Inches between a label and what it belongs to.
GAP = 0.12
_WIDEST_DOMAIN = 2.4


def name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Write the names of the rows at the left of a matrix, the first one at the top."""
    axes.set_yticks(range(len(names)), labels=list(names), fontsize=SIZE)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.tick_params(length=0, pad=4)


def domain_width(domains: Sequence[str]) -> float:
    """The room in inches that the names of the domains need at the right of a matrix."""
    return min(_WIDEST_DOMAIN, widest(domains)) + 2 * GAP


def mark_domains(axes: Axes, groups: Sequence[tuple[int, int]], domains: Sequence[str], columns: float) -> None:
    """Bracket the rows of each domain at the right of a matrix, and name it there.

    Args:
        axes: the matrix, whose cells are one unit wide and high.
        groups: where the rows of each domain begin and end.
        domains: the names of these domains, or a name with a number.
        columns: the width of the matrix in units of its x axis.
    """
    unit = axes.get_position().width * _width(axes) / columns
    for (first, end), name in zip(groups, domains, strict=True):
        x = columns - 0.5 + GAP / 2 / unit
        bracket = Line2D([x, x], [first - 0.38, end - 1 + 0.38], color=MUTED, linewidth=1.5, clip_on=False)
        axes.add_line(bracket)
        lines = wrap(name, _WIDEST_DOMAIN)
        # No more lines than there are rows, so that one name never reaches into the next.
        most = max(1, end - first)
        if len(lines) > most:
            lines = [*lines[: most - 1], _cut(" ".join(lines[most - 1 :]))]
        axes.text(x + GAP / 2 / unit, (first + end - 1) / 2, "\n".join(lines), va="center", fontsize=SIZE, color=INK)


def _cut(text: str) -> str:
    while text_width(text + "…") > _WIDEST_DOMAIN and text:
        text = text[:-1]
    return text.rstrip() + "…"


def _width(axes: Axes) -> float:
    figure = axes.get_figure(root=True)
    return float(figure.get_size_inches()[0]) if figure else 1.0


def new_matrix(sheet: Sheet, names: Sequence[str], columns: int, *, column: float, left: float, bottom: float) -> Axes:
    """Axes for a matrix on a sheet, right of the names of its rows.

    Args:
        sheet: where to draw.
        names: the names of the rows.
        columns: the number of columns.
        column: the width of one, in inches.
        left: the room left of the matrix, in inches.
        bottom: the room below the matrix, in inches.
    """
    axes = sheet.axes(left, bottom, columns * column, len(names) * ROW)
    axes.set_xlim(-0.5, columns - 0.5)
    for spine in axes.spines.values():
        spine.set_visible(False)
    name_rows(axes, names)
    return axes
