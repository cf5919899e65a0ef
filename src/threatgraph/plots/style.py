"""The style of all charts: fonts, colors, hatches, and a sheet with positions in inches.

Positions are computed from the widths of the labels instead of by an automatic layout. So a matrix of 200 rows or a
label of 60 characters has enough space, and texts are not cut off and do not overlap.
"""

from __future__ import annotations

import functools
import textwrap
import unicodedata
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, fontManager

from threatgraph.errors import ThreatGraphError

P = ParamSpec("P")
R = TypeVar("R")

#: Okabe and Ito's palette without yellow, which is too faint for a line on white; a gray replaces it.
COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000", "#8C8C8C")
#: Their number has no common factor with that of the colors, so that both distinguish 56 categories.
HATCHES = ("", "///", "...", "\\\\\\", "xx", "---", "++")
DASHES: tuple[tuple[int, tuple[float, ...] | None], ...] = (
    (0, None),
    (0, (6, 1.5)),
    (0, (1.2, 1)),
    (0, (5, 1, 1, 1)),
    (0, (10, 2)),
    (0, (2.5, 1.2)),
    (0, (6, 1, 1, 1, 1, 1)),
)
#: Text sizes in points.
SIZE, SMALL, TITLE = 8.0, 7.0, 11.0
INK, MUTED, FAINT = "#1a1a1a", "#555555", "#c8c8c8"
#: The outer margin in inches.
MARGIN = 0.2
#: The height of a row of a matrix or list in inches.
ROW = 0.175
#: The maximum number of rows; programs cannot open larger images.
MOST_ROWS = 400
_LONGEST_LABEL = 60
_NARROWEST = 6.0
_POINTS = 72.0
# Fonts for scripts that DejaVu Sans lacks; the installed ones are used, in this order.
_MORE_FONTS = (
    "Noto Sans CJK JP",
    "Noto Sans CJK SC",
    "WenQuanYi Zen Hei",
    "Noto Sans Devanagari",
    "Noto Sans Bengali",
    "Noto Sans Thai",
    "Noto Sans",
    "Arial Unicode MS",
)


@dataclass(frozen=True, slots=True)
class Drawing:
    """A matplotlib figure with a title and a text description."""

    figure: Figure
    title: str
    description: str


@contextmanager
def chart_style() -> Iterator[None]:
    """Use the settings of threatgraph for matplotlib, and restore those of the user afterward.

    Labels are plain text: dollar signs do not start mathematics or TeX.
    """
    installed = {entry.name for entry in fontManager.ttflist}
    with matplotlib.rc_context(), warnings.catch_warnings():
        # A character that no font has is shown as a box, only in PNG; render() warns about it.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(
            {
                "font.family": ["DejaVu Sans", *(name for name in _MORE_FONTS if name in installed)],
                "font.size": SIZE,
                "text.parse_math": False,
                "text.usetex": False,
                "text.color": INK,
                "axes.labelcolor": INK,
                "axes.unicode_minus": True,
                "hatch.linewidth": 0.6,
                "svg.fonttype": "none",
                "svg.hashsalt": "threatgraph",
            }
        )
        yield


def styled(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function that draws, so that it uses :func:`chart_style`."""

    @functools.wraps(function)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        with chart_style():
            return function(*args, **kwargs)

    return inner


class Sheet:
    """A figure of a fixed size, with a title above the axes.

    Args:
        width: the width of the chart area, in inches; the sheet has at least 6 inches.
        height: the height of the chart area, in inches.
        title: the title.
        notes: sentences below the title.
    """

    def __init__(self, width: float, height: float, title: str, notes: Sequence[str] = ()) -> None:
        self.width = max(width, _NARROWEST) + 2 * MARGIN
        self.title = title
        head = wrap(title, self.width - 2 * MARGIN, TITLE, bold=True)
        below = [line for note in notes for line in wrap(note, self.width - 2 * MARGIN, SIZE)]
        head_height = (1.35 * TITLE * len(head) + 1.4 * SIZE * len(below)) / _POINTS + 0.12
        self.height = height + head_height + 2 * MARGIN
        self.figure = Figure(figsize=(self.width, self.height), facecolor="white")
        top = self.height - MARGIN
        for lines, size, weight, color in ((head, TITLE, "bold", INK), (below, SIZE, "normal", MUTED)):
            for line in lines:
                self.text(MARGIN, top, line, size=size, weight=weight, color=color, va="top")
                top -= (1.35 if weight == "bold" else 1.4) * size / _POINTS

    def axes(self, left: float, bottom: float, width: float, height: float) -> Axes:
        """Add axes; positions are in inches from the lower left corner inside the margin."""
        rectangle = (
            (MARGIN + left) / self.width,
            (MARGIN + bottom) / self.height,
            width / self.width,
            height / self.height,
        )
        return self.figure.add_axes(rectangle)

    def text(self, x: float, y: float, text: str, **style: Any) -> None:
        """Write text; positions are in inches from the lower left corner of the sheet."""
        self.figure.text(x / self.width, y / self.height, text, **style)


def check_rows(number: int, what: str, remedy: str) -> None:
    """Check the number of rows of a chart.

    Raises:
        ThreatGraphError: if there are more than :data:`MOST_ROWS` rows.
    """
    if number > MOST_ROWS:
        raise ThreatGraphError(f"{number} {what}: a chart can have at most {MOST_ROWS}; {remedy}.")


def text_width(text: str, size: float = SIZE, *, bold: bool = False) -> float:
    """The width of one line in inches, with a margin for other fonts."""
    return _width(text, size, bold)


def widest(texts: Sequence[str], size: float = SIZE, *, bold: bool = False) -> float:
    """The width of the widest line in inches; 0 without texts."""
    return max((text_width(line, size, bold=bold) for text in texts for line in text.split("\n")), default=0.0)


@functools.lru_cache(maxsize=4096)
def _width(text: str, size: float, bold: bool) -> float:
    if not text:
        return 0.0
    font = FontProperties(size=size, weight="bold" if bold else "normal")
    # Characters are a little wider when they are fitted to the pixels of a PNG.
    drawn = 1.03 * float(_ruler().get_text_width_height_descent(text, font, ismath=False)[0]) / 10
    # If no font has an East Asian character, its box is narrower than the character in a browser.
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return max(drawn, size * wide + 0.6 * size * (len(text) - wide) if wide else 0.0) / _POINTS


@functools.cache
def _ruler() -> Any:
    """Return a renderer that measures text at 720 dpi, so that rounding does not matter."""
    return FigureCanvasAgg(Figure(figsize=(0.1, 0.1), dpi=10 * _POINTS)).get_renderer()  # type: ignore[no-untyped-call]


def wrap(text: str, width: float, size: float = SIZE, *, bold: bool = False) -> list[str]:
    """Break a text into lines of at most ``width`` inches, between words if possible."""
    for columns in range(max(len(text), 1), 3, -1):
        lines = textwrap.wrap(text, columns, break_on_hyphens=False) or [""]
        if widest(lines, size, bold=bold) <= width:
            return lines
    return textwrap.wrap(text, 4)


def clean(label: str) -> str:
    """Return a label on one line, with control characters replaced."""
    joined = " ".join(label.split())
    return "".join("\ufffd" if unicodedata.category(char) in ("Cc", "Cs", "Cn") else char for char in joined)


def shorten_label(label: str) -> str:
    """Truncate a label to 60 characters, with an ellipsis."""
    return label if len(label) <= _LONGEST_LABEL else label[: _LONGEST_LABEL - 1].rstrip() + "…"


def color_of(index: int) -> str:
    """The color of a category, by its index."""
    return COLORS[index % len(COLORS)]


def hatch_of(index: int) -> str:
    """The hatch of a category, by its index."""
    return HATCHES[index % len(HATCHES)]


def dash_of(index: int) -> tuple[int, tuple[float, ...] | None]:
    """The line style of a category, by its index."""
    return DASHES[index % len(DASHES)]


def ink_on(color: tuple[float, float, float, float] | str) -> str:
    """Return black or white, whichever has the higher contrast to a color (WCAG 2.2, contrast ratio)."""
    from matplotlib.colors import to_rgb

    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(color)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "white" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "black"


def counted(number: int, one: str, many: str | None = None) -> str:
    """Format a number and its noun: ``1 incident``, ``2 incidents``."""
    return f"{number} {one if number == 1 else many or one + 's'}"
