"""Draws the matrix of threat patterns and frameworks, with the number of mapped provisions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from threatgraph.errors import ThreatGraphError
from threatgraph.plots.grid import GAP, domain_width, mark_domains, new_matrix
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
    MUTED,
    ROW,
    SIZE,
    Drawing,
    Sheet,
    check_rows,
    counted,
    ink_on,
    styled,
    widest,
    wrap,
)
from threatgraph.store import Store

Counts = NDArray[numpy.int64]

_COLUMN = 0.95
_BELOW = "patterns with a mapping"
_LINE = 1.3 * SIZE / 72
_MOST_FRAMEWORKS = 60


def draw(store: Store, domain: str | None = None) -> Drawing:
    """Draw the coverage of the patterns of a store, or of those of one domain.

    Raises:
        ThreatGraphError: if patterns or frameworks are missing, or too many for a chart.
    """
    patterns = read_patterns(store, domain)
    check_rows(len(patterns), "threat patterns", "select one domain with `domain=`")
    frameworks = sorted(read_named(store, "Framework").values(), key=lambda record: (record.label, record.iri))
    if not frameworks:
        raise ThreatGraphError("the graph has no frameworks: add some with `data=` or `bundled=True`.")
    if len(frameworks) > _MOST_FRAMEWORKS:
        raise ThreatGraphError(f"{len(frameworks)} frameworks: a chart can have at most {_MOST_FRAMEWORKS}.")
    counts, whole = count_provisions(store, [p.iri for p in patterns], [f.iri for f in frameworks])
    return _drawing(patterns, frameworks, counts, whole)


def count_provisions(
    store: Store, patterns: Sequence[str], frameworks: Sequence[str]
) -> tuple[Counts, NDArray[numpy.bool_]]:
    """Count the provisions of each framework that each pattern is mapped to.

    Args:
        store: the graph.
        patterns: the IRIs of n patterns.
        frameworks: the IRIs of m frameworks.

    Returns:
        The numbers of different provisions, of shape (n, m), and whether the pattern is mapped to the framework as a
        whole, of the same shape. A mapping to a whole framework does not count as a provision.
    """
    provisions = read_links(store, "skos:inScheme", "Provision")
    counts = numpy.zeros((len(patterns), len(frameworks)), dtype=numpy.int64)
    whole = numpy.zeros(counts.shape, dtype=numpy.bool_)
    column = {iri: index for index, iri in enumerate(frameworks)}
    mapped = read_links(store, "tg:mappedTo")
    for row, pattern in enumerate(patterns):
        for target in mapped.get(pattern, []):
            if target in column:
                whole[row, column[target]] = True
            for framework in provisions.get(target, []):
                if framework in column:
                    counts[row, column[framework]] += 1
    return counts, whole


@styled
def _drawing(
    patterns: Sequence[Pattern], frameworks: Sequence[Named], counts: Counts, whole: NDArray[numpy.bool_]
) -> Drawing:
    named = [pattern.named for pattern in patterns]
    names, heads = display_names(named), ["\n".join(_head(framework.label)) for framework in frameworks]
    groups = groups_of(pattern.domain.iri for pattern in patterns)
    domains = [patterns[start].domain.label for start, _ in groups]
    above = max(head.count("\n") + 1 for head in heads) * _LINE + GAP
    below = _LINE + GAP
    left = widest([*names, _BELOW]) + GAP
    title = (
        f"Provisions of {counted(len(frameworks), 'framework')} to which "
        f"{counted(len(patterns), 'threat pattern')} {'is' if len(patterns) == 1 else 'are'} mapped"
    )
    notes = ["Cells show the number of different provisions. A hatched 0 is a gap: no mapping to this framework."]
    if bool((whole & (counts == 0)).any()):
        notes.append("“whole”: mapped to the framework as a whole, but not to its provisions.")
    width = left + len(heads) * _COLUMN + domain_width(domains)
    sheet = Sheet(width, above + len(names) * ROW + below, title, notes)
    axes = new_matrix(sheet, names, len(heads), column=_COLUMN, left=left, bottom=below)
    _cells(axes, counts, whole)
    for start, _ in groups[1:]:
        axes.axhline(start - 0.5, color="black", linewidth=1.2)
    mark_domains(axes, groups, domains, len(heads))
    top = axes.secondary_xaxis("top")
    top.set_xticks(range(len(heads)), labels=heads, fontsize=SIZE)
    top.tick_params(length=0)
    top.spines["top"].set_visible(False)
    mapped = ((counts > 0) | whole).sum(axis=0)
    axes.set_xticks(range(len(heads)), labels=[f"{n} of {len(names)}" for n in mapped], fontsize=SIZE)
    # Below the names, in the line of the numbers below the matrix.
    line = axes.annotate(_BELOW, (0, 0), (-4, -4), xycoords="axes fraction", textcoords="offset points")
    line.set(ha="right", va="top", fontsize=SIZE, color=MUTED)
    return Drawing(sheet.figure, title, _described(frameworks, counts, whole) + truncated_names([*named, *frameworks]))


def _head(label: str) -> list[str]:
    """The name of a framework in at most eight lines that fit its column."""
    lines = wrap(label, _COLUMN - 0.08)
    return lines if len(lines) <= 8 else [*lines[:7], "…"]


def _cells(axes: Axes, counts: Counts, whole: NDArray[numpy.bool_]) -> None:
    """Fill the cells, lighter for higher numbers, and write the numbers; a gap is white and hatched."""
    colors = colormaps["cividis"]
    most = max(int(counts.max()), 1)
    for row, column in numpy.ndindex(counts.shape):
        number = int(counts[row, column])
        gap = number == 0 and not whole[row, column]
        fill = "white" if number == 0 else colors(0.25 + 0.75 * number / most)
        cell = Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=fill, edgecolor="white", linewidth=0.6)
        if gap:
            cell.set(hatch="////", edgecolor="#d2d2d2")
        axes.add_patch(cell)
        text = "whole" if number == 0 and not gap else str(number)
        box = {"boxstyle": "square,pad=0.12", "facecolor": "white", "edgecolor": "none"} if gap else None
        ink = "black" if gap else ink_on(fill)
        axes.text(column, row, text, ha="center", va="center_baseline", fontsize=SIZE, color=ink, bbox=box)


def _described(frameworks: Sequence[Named], counts: Counts, whole: NDArray[numpy.bool_]) -> str:
    """The text description: for each framework, the number of mapped patterns and of links."""
    mapped = ((counts > 0) | whole).sum(axis=0)
    parts = [
        f"{framework.label}: {mapped[index]} of {len(counts)} patterns, {counted(int(counts[:, index].sum()), 'link')}"
        for index, framework in enumerate(frameworks)
    ]
    return f"Matrix of threat patterns and frameworks, grouped by domain. {'; '.join(parts)}."
