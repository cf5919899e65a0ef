"""Pictures of the graph: similarity, causes, timeline and coverage, as SVG or PNG.

The pictures are drawn by matplotlib, which ``pip install 'threatgraph[plot]'`` brings. The same graph gives the same
bytes. Colours are those of Okabe and Ito (https://jfly.uni-koeln.de/color/) or cividis (Nuñez, Anderton and Renslow
2018, https://doi.org/10.1371/journal.pone.0199239), and no category is told by colour alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING

from threatgraph.errors import ThreatGraphError, UnknownName
from threatgraph.store import Store

if TYPE_CHECKING:
    from threatgraph.plots.style import Picture

__all__ = ["FIGURES", "FORMATS", "draw", "plot"]

#: The figures: what each shows.
FIGURES: Mapping[str, str] = {
    "similarity": "how alike each two threat patterns are",
    "causes": "which threat pattern names which causal factor",
    "timeline": "when the incidents happened",
    "coverage": "to how many provisions of each framework each threat pattern is mapped",
}
#: The formats of a picture, which are also the endings of its file.
FORMATS = ("svg", "png")
#: What each figure can be told beside the graph.
_OPTIONS: Mapping[str, frozenset[str]] = {
    "similarity": frozenset({"domain"}),
    "causes": frozenset({"domain"}),
    "timeline": frozenset({"by", "period"}),
    "coverage": frozenset({"domain"}),
}


def draw(store: Store, figure: str, **options: str | None) -> Picture:
    """Draw a figure of what is in a store.

    Args:
        store: the graph.
        figure: a name from :data:`FIGURES`.
        options: ``domain`` (the IRI of a domain, for its patterns alone) for similarity, causes and coverage; ``by``
            (``domain`` or ``severity``) and ``period`` (``year`` or ``month``) for the timeline. ``None`` counts as
            not given.

    Returns:
        A matplotlib figure with its title and a description in words.

    Raises:
        UnknownName: for a figure that does not exist.
        ThreatGraphError: for an option that this figure does not take, and where there is nothing to draw.
        ImportError: where matplotlib is not installed.
    """
    if figure not in FIGURES:
        raise UnknownName("figure", figure, FIGURES, f"The figures are {', '.join(FIGURES)}.")
    given = {name: value for name, value in options.items() if value is not None}
    for name in sorted(given.keys() - _OPTIONS[figure]):
        takers = [other for other, names in _OPTIONS.items() if name in names]
        hint = f"it goes with {', '.join(takers)}" if takers else "no figure does"
        raise ThreatGraphError(f"the figure {figure} takes no {name}: {hint}.")
    _require_matplotlib()
    picture: Picture = import_module(f"threatgraph.plots.{figure}").draw(store, **given)
    return picture


def plot(store: Store, figure: str, format: str = "svg", **options: str | None) -> bytes:
    """Draw a figure and write it as a picture file.

    Args:
        store: the graph.
        figure: a name from :data:`FIGURES`.
        format: ``svg``, in which text stays text, or ``png``, at 150 dots an inch (fewer for very large pictures).
        options: see :func:`draw`.

    Returns:
        The bytes of the file; the same ones for the same graph, version of matplotlib and fonts.

    Raises:
        UnknownName: for a figure or a format that does not exist.
        ThreatGraphError: for an option that this figure does not take, and where there is nothing to draw.
        ImportError: where matplotlib is not installed.
    """
    if format not in FORMATS:
        raise UnknownName("picture format", format, FORMATS, f"The formats are {', '.join(FORMATS)}.")
    picture = draw(store, figure, **options)
    from threatgraph.plots.render import render

    return render(picture, format)


def _require_matplotlib() -> None:
    try:
        import matplotlib  # noqa: F401 - only whether it is there
    except ImportError as error:
        raise ImportError("matplotlib is not installed: pip install 'threatgraph[plot]'") from error
