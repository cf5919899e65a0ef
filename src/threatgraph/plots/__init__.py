"""Charts of the graph as SVG or PNG: similarity, causes, timeline and coverage.

Charts need matplotlib, which ``pip install 'threatgraph[plot]'`` installs. Output is deterministic. Colors are those of
Okabe and Ito (https://jfly.uni-koeln.de/color/) or cividis (Nuñez, Anderton and Renslow 2018,
https://doi.org/10.1371/journal.pone.0199239), and no category is distinguished by color alone.

:data:`FIGURES` is the registry. The module of a figure has the name of the figure and a function ``draw``, which takes
the store and the options of the figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple

from threatgraph.errors import ThreatGraphError, UnknownName
from threatgraph.store import Store

if TYPE_CHECKING:
    from threatgraph.plots.style import Drawing

__all__ = ["FIGURES", "FORMATS", "draw", "plot"]


class FigureInfo(NamedTuple):
    """An entry of the registry of figures."""

    summary: str
    """What the figure shows."""
    options: frozenset[str]
    """The options that its function ``draw`` accepts."""


#: The figures, by name.
FIGURES: Mapping[str, FigureInfo] = {
    "similarity": FigureInfo("similarity of each pair of threat patterns", frozenset({"domain"})),
    "causes": FigureInfo("causal factors of each threat pattern", frozenset({"domain"})),
    "timeline": FigureInfo("incidents over time", frozenset({"by", "period"})),
    "coverage": FigureInfo("number of mapped provisions by threat pattern and framework", frozenset({"domain"})),
}
#: The formats of a chart, which are also the extensions of its file.
FORMATS = ("svg", "png")


def draw(store: Store, figure: str, **options: str | None) -> Drawing:
    """Draw a figure with matplotlib.

    Args:
        store: the graph.
        figure: a name from :data:`FIGURES`.
        options: ``domain`` (IRI of a domain, to show only its patterns) for similarity, causes and coverage; ``by``
            (``domain`` or ``severity``) and ``period`` (``year`` or ``month``) for the timeline. ``None`` means the
            default.

    Returns:
        A matplotlib figure with its title and a text description.

    Raises:
        UnknownName: for an unknown figure.
        ThreatGraphError: if the figure does not support an option, or there is nothing to draw.
        ImportError: if matplotlib is not installed.
    """
    if figure not in FIGURES:
        raise UnknownName("figure", figure, FIGURES, f"The figures are {', '.join(FIGURES)}.")
    given = {name: value for name, value in options.items() if value is not None}
    for name in sorted(given.keys() - FIGURES[figure].options):
        supporting = [other for other, info in FIGURES.items() if name in info.options]
        hint = f"it applies to {', '.join(supporting)}" if supporting else "no figure has this option"
        raise ThreatGraphError(f"the figure {figure} does not support `{name}=`: {hint}.")
    _require_matplotlib()
    drawn: Drawing = import_module(f"threatgraph.plots.{figure}").draw(store, **given)
    return drawn


def plot(store: Store, figure: str, format: str = "svg", **options: str | None) -> bytes:
    """Draw a figure as an SVG or PNG image.

    Args:
        store: the graph.
        figure: a name from :data:`FIGURES`.
        format: ``svg``, with text as text, or ``png``, at 150 dpi (less for very large charts).
        options: see :func:`draw`.

    Returns:
        The bytes of the image. They are the same for the same graph, version of matplotlib and fonts.

    Raises:
        UnknownName: for an unknown figure or format.
        ThreatGraphError: if the figure does not support an option, or there is nothing to draw.
        ImportError: if matplotlib is not installed.
    """
    if format not in FORMATS:
        raise UnknownName("image format", format, FORMATS, f"The formats are {', '.join(FORMATS)}.")
    drawn = draw(store, figure, **options)
    from threatgraph.plots.render import render

    return render(drawn, format)


def _require_matplotlib() -> None:
    try:
        import matplotlib  # noqa: F401 - only checks that it is installed
    except ImportError as error:
        raise ImportError("matplotlib is not installed: pip install 'threatgraph[plot]'") from error
