"""How all pictures look: fonts, colours, hatches, and a sheet on which everything is placed in inches.

Places are reckoned in inches from the widths of the labels instead of being left to an automatic layout: a matrix of
200 rows or a label of 60 letters then gets the room that it needs, and nothing is cut off or runs into anything else.
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

#: Okabe and Ito's palette without yellow, which is too faint for a line on white, and with a grey in its place.
COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000", "#8C8C8C")
#: Of another number than the colours, so that both together tell 56 categories apart.
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
#: Sizes of text in points.
SIZE, SMALL, TITLE = 8.0, 7.0, 11.0
INK, MUTED, FAINT = "#1a1a1a", "#555555", "#c8c8c8"
#: Inches around everything.
MARGIN = 0.2
#: Inches from one row of a matrix or list to the next.
ROW = 0.175
#: Rows that a picture can show; more would be larger than programs open.
MOST_ROWS = 400
_LONGEST_LABEL = 60
_NARROWEST = 6.0
_POINTS = 72.0
# Fonts for scripts that DejaVu Sans lacks; those of them that are installed are asked, in this order.
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
class Picture:
    """A figure and what it is called and shows, for people who do not see it."""

    figure: Figure
    title: str
    description: str


@contextmanager
def house_style() -> Iterator[None]:
    """Matplotlib with our settings, whatever the user's own are; these are put back afterwards.

    Labels are never read as mathematics or TeX: a dollar sign is a dollar sign.
    """
    installed = {entry.name for entry in fontManager.ttflist}
    with matplotlib.rc_context(), warnings.catch_warnings():
        # A sign that no font holds is shown as a box, in PNG alone; render() tells of it.
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
    """A function that draws, made to do so in our style."""

    @functools.wraps(function)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        with house_style():
            return function(*args, **kwargs)

    return inner


class Sheet:
    """A figure of a fixed size, with a title above what :meth:`axes` places.

    Args:
        width: of what is drawn, in inches; the sheet is never narrower than 6 inches.
        height: of what is drawn, in inches.
        title: what is shown, and of how many.
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
        """Axes at a place that is given in inches from the lower left corner inside of the margin."""
        place = (
            (MARGIN + left) / self.width,
            (MARGIN + bottom) / self.height,
            width / self.width,
            height / self.height,
        )
        return self.figure.add_axes(place)

    def text(self, x: float, y: float, text: str, **look: Any) -> None:
        """Text at a place that is given in inches from the lower left corner of the sheet."""
        self.figure.text(x / self.width, y / self.height, text, **look)


def refuse_too_many(number: int, what: str, remedy: str) -> None:
    """Refuse what would make a picture larger than programs open.

    Raises:
        ThreatGraphError: where there are more than :data:`MOST_ROWS`.
    """
    if number > MOST_ROWS:
        raise ThreatGraphError(
            f"{number} {what} are too many for a picture, which shows {MOST_ROWS} at most: {remedy}."
        )


def text_width(text: str, size: float = SIZE, *, bold: bool = False) -> float:
    """The width of one line in inches, as drawn here, or wider where another program may draw it by another font."""
    return _width(text, size, bold)


def widest(texts: Sequence[str], size: float = SIZE, *, bold: bool = False) -> float:
    """The width in inches of the widest line of texts; 0 where there are none."""
    return max((text_width(line, size, bold=bold) for text in texts for line in text.split("\n")), default=0.0)


@functools.lru_cache(maxsize=4096)
def _width(text: str, size: float, bold: bool) -> float:
    if not text:
        return 0.0
    font = FontProperties(size=size, weight="bold" if bold else "normal")
    # Signs are a little wider where they are fitted to the dots of a PNG.
    drawn = 1.03 * float(_ruler().get_text_width_height_descent(text, font, ismath=False)[0]) / 10
    # Where no font here holds a sign of East Asia, its box is narrower than the sign that a browser will draw.
    wide = sum(unicodedata.east_asian_width(sign) in "WF" for sign in text)
    return max(drawn, size * wide + 0.6 * size * (len(text) - wide) if wide else 0.0) / _POINTS


@functools.cache
def _ruler() -> Any:
    """Measures text, ten times as finely as a point, so that rounding to whole dots does not matter."""
    return FigureCanvasAgg(Figure(figsize=(0.1, 0.1), dpi=10 * _POINTS)).get_renderer()  # type: ignore[no-untyped-call]


def wrap(text: str, width: float, size: float = SIZE, *, bold: bool = False) -> list[str]:
    """The lines of a text that are no wider than ``width`` inches, as far as its words allow; long words are cut."""
    for columns in range(max(len(text), 1), 3, -1):
        lines = textwrap.wrap(text, columns, break_on_hyphens=False) or [""]
        if widest(lines, size, bold=bold) <= width:
            return lines
    return textwrap.wrap(text, 4)


def clean(label: str) -> str:
    """A label on one line, without the control characters that no picture can show."""
    joined = " ".join(label.split())
    return "".join("\ufffd" if unicodedata.category(sign) in ("Cc", "Cs", "Cn") else sign for sign in joined)


def shorten_label(label: str) -> str:
    """A label of 60 signs at most, with an ellipsis where it has lost its end."""
    return label if len(label) <= _LONGEST_LABEL else label[: _LONGEST_LABEL - 1].rstrip() + "…"


def color_of(position: int) -> str:
    """The colour of a category, by its place among them."""
    return COLORS[position % len(COLORS)]


def hatch_of(position: int) -> str:
    """The hatch of a category, by its place among them."""
    return HATCHES[position % len(HATCHES)]


def dash_of(position: int) -> tuple[int, tuple[float, ...] | None]:
    """The dashes of a line of a category, by its place among them."""
    return DASHES[position % len(DASHES)]


def ink_on(color: tuple[float, float, float, float] | str) -> str:
    """Black or white, whichever is read better on a colour (WCAG 2.2, relative luminance and contrast ratio)."""
    from matplotlib.colors import to_rgb

    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(color)]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "white" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.05 else "black"


def counted(number: int, one: str, many: str | None = None) -> str:
    """A number and its noun: ``1 incident``, ``2 incidents``."""
    return f"{number} {one if number == 1 else many or one + 's'}"
