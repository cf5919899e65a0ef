"""Draws the heat map of the similarity of threat patterns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy
from matplotlib import colormaps
from numpy.typing import NDArray

from threatgraph.errors import ThreatGraphError
from threatgraph.plots.grid import GAP, domain_width, mark_domains, new_matrix
from threatgraph.plots.queries import display_names, groups_of, read_links, read_patterns, truncated_names
from threatgraph.plots.style import MUTED, ROW, SIZE, Drawing, Sheet, check_rows, counted, styled, widest
from threatgraph.store import Store

Matrix = NDArray[numpy.float64]

#: What patterns can share: causes, affected groups, harm types (also those of incidents with this primary pattern), and
#: provisions.
_NEIGHBORS = "(tg:causalFactor|tg:affects|tg:harmType|(^tg:primaryPattern/tg:harmType)|tg:mappedTo)"
_MEASURE = "cosine of shared causes, groups, harm types and provisions"
#: The width and the height of the color bar, in inches.
_BAR, _SCALE = 0.16, 1.5
_TOLERANCE = 1e-9


def pattern_similarity(store: Store) -> tuple[list[str], Matrix]:
    """Compute the similarity of each pair of threat patterns: the cosine of the sets of their links.

    The cosine of two sets is the number of shared members over the square root of the product of their sizes (Salton
    and McGill 1983, Introduction to Modern Information Retrieval, chapter 4; for sets also Otsuka-Ochiai coefficient).

    Returns:
        The IRIs of the patterns, sorted, and a symmetric matrix of shape (patterns, patterns) with values from 0
        (nothing shared) to 1 (the same neighbors). A pattern without links has similarity 0 to all others.

    Raises:
        ThreatGraphError: if the graph has no patterns.
    """
    iris = sorted(pattern.iri for pattern in read_patterns(store))
    links = read_links(store, _NEIGHBORS)
    column = {iri: index for index, iri in enumerate(sorted({iri for found in links.values() for iri in found}))}
    incidence = numpy.zeros((len(iris), len(column)))
    for row, iri in enumerate(iris):
        incidence[row, [column[neighbor] for neighbor in links.get(iri, [])]] = 1
    sizes = numpy.sqrt(incidence.sum(axis=1))
    sizes[sizes == 0] = 1
    matrix = (incidence @ incidence.T) / numpy.outer(sizes, sizes)
    numpy.fill_diagonal(matrix, 1)
    return iris, numpy.clip(matrix, 0, 1)


def draw(store: Store, domain: str | None = None) -> Drawing:
    """Draw the similarity of the patterns of a store, or of those of one domain.

    Raises:
        ThreatGraphError: if the graph has no patterns, or too many for a chart.
    """
    patterns = read_patterns(store, domain)
    iris, matrix = pattern_similarity(store)
    row_of = {iri: row for row, iri in enumerate(iris)}
    rows = [row_of[pattern.iri] for pattern in patterns]
    named = [pattern.named for pattern in patterns]
    labels, domains = display_names(named), [pattern.domain.label for pattern in patterns]
    drawing = similarity_drawing(labels, domains, matrix[numpy.ix_(rows, rows)], measure=_MEASURE)
    return Drawing(drawing.figure, drawing.title, drawing.description + truncated_names(named))


@styled
def similarity_drawing(
    labels: Sequence[str], domains: Sequence[str], matrix: Matrix, *, measure: str = "similarity"
) -> Drawing:
    """Draw a matrix of similarities, domain by domain.

    Args:
        labels: the names of the n patterns, all different.
        domains: the name of the domain of each pattern. Patterns are grouped by domain, in the order in which the
            domains first occur.
        matrix: of shape (n, n), symmetric, with values from 0 (nothing shared) to 1 (the same).
        measure: the name of the measure, for the note and the description.

    Raises:
        ThreatGraphError: if the arguments do not match, or there are too many patterns for a chart.
    """
    _check(labels, domains, matrix)
    first = {name: index for index, name in reversed(list(enumerate(domains)))}
    order = sorted(range(len(labels)), key=lambda row: (first[domains[row]], row))
    names, own_domains = [labels[row] for row in order], [domains[row] for row in order]
    values = matrix[numpy.ix_(order, order)]
    groups = groups_of(own_domains)
    heads = [own_domains[start] for start, _ in groups]
    size, below = len(names), widest(names) + GAP
    title = f"Similarity of {counted(len(names), 'threat pattern')} in {counted(len(groups), 'domain')}"
    scale_room = domain_width(heads)
    width = widest(names) + GAP + size * ROW + scale_room + 0.9
    note = f"Rows and columns are threat patterns. Cells show the {measure}. The diagonal is left out."
    height = max(below + size * ROW, _SCALE + 0.3)
    sheet = Sheet(width, height, title, [note])
    axes = new_matrix(sheet, names, size, column=ROW, left=widest(names) + GAP, bottom=height - size * ROW)
    shown = numpy.ma.masked_array(values, mask=numpy.eye(size, dtype=bool))
    colors = colormaps["cividis"].with_extremes(bad="#e4e4e4")
    edges = numpy.arange(size + 1) - 0.5
    # The scale ends at the next tenth: few values are near 1, so a scale to 1 would waste half of the colors.
    most = min(1.0, max(0.1, math.ceil(round(float(shown.max()) * 10, 6)) / 10)) if size > 1 else 1.0
    mesh = axes.pcolormesh(edges, edges, shown, cmap=colors, vmin=0, vmax=most, linewidth=0)
    mesh.set_gid("matrix")
    axes.set_xticks(range(size), labels=names, rotation=90, fontsize=SIZE)
    for start, _ in groups[1:]:
        axes.axhline(start - 0.5, color="white", linewidth=1.6)
        axes.axvline(start - 0.5, color="white", linewidth=1.6)
    mark_domains(axes, groups, heads, size)
    _scale(sheet, mesh, widest(names) + GAP + size * ROW + scale_room + 0.1, height)
    return Drawing(sheet.figure, title, _described(names, own_domains, values, measure))


def _check(labels: Sequence[str], domains: Sequence[str], matrix: Matrix) -> None:
    size = len(labels)
    if not size:
        raise ThreatGraphError("the matrix is empty.")
    if len(domains) != size or matrix.shape != (size, size):
        message = f"{size} labels require {size} domains and a matrix of {size} x {size}"
        raise ThreatGraphError(f"{message}, not {len(domains)} and {' x '.join(map(str, matrix.shape))}.")
    if not bool(numpy.isfinite(matrix).all()) or matrix.min() < -_TOLERANCE or matrix.max() > 1 + _TOLERANCE:
        raise ThreatGraphError("similarities must be numbers from 0 to 1.")
    if not numpy.allclose(matrix, matrix.T, rtol=0, atol=_TOLERANCE):
        raise ThreatGraphError("the matrix must be symmetric.")
    check_rows(size, "threat patterns", "select one domain with `domain=`")


def _scale(sheet: Sheet, mesh: Any, left: float, top: float) -> None:
    axes = sheet.axes(left, top - _SCALE - 0.05, _BAR, _SCALE)
    bar = sheet.figure.colorbar(mesh, cax=axes)
    ticks = [tenth / 10 for tenth in range(11) if tenth / 10 <= mesh.get_clim()[1] + _TOLERANCE]
    bar.set_ticks(ticks, labels=[f"{tick:.1f}" for tick in ticks], fontsize=SIZE)
    bar.set_label("similarity (0 to 1)", fontsize=SIZE, color=MUTED)
    bar.outline.set_visible(False)


def _described(names: Sequence[str], own_domains: Sequence[str], values: Matrix, measure: str) -> str:
    """The text description, with the most similar pairs."""
    text = f"Heat map of the similarity ({measure}) of {counted(len(names), 'threat pattern')}, grouped by domain."
    pairs = [(-round(float(values[a, b]), 6), a, b) for a in range(len(names)) for b in range(a) if values[a, b] > 0]
    most = [f"{names[b]} and {names[a]} ({-value:.2f})" for value, a, b in sorted(pairs)[:5]]
    return text + (f" Most similar: {'; '.join(most)}." if most else " No two of them share anything.")
