"""The figure of the layers, drawn as SVG from the table in `docs/architecture.md`."""

from __future__ import annotations

import re
from pathlib import Path
from xml.sax.saxutils import escape

COLORS = ("#1976d2", "#388e3c", "#f9a825", "#c2185b", "#7b1fa2")
WIDTH, MARGIN, COLUMNS = 720, 16, 5
_ROW = re.compile(r"^\| (?P<number>\d) (?P<name>[\w ]+?) \| (?P<packages>[^|]+)\|", re.MULTILINE)
_HEAD = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" \
role="img" font-family="-apple-system, Segoe UI, Helvetica, Arial, sans-serif">
<title>The layers of the package. Each layer imports only from the layers below it.</title>
<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto">\
<path d="M0 0L10 5L0 10z" fill="#52606d"/></marker></defs>
<rect width="{width}" height="{height}" fill="#ffffff"/>
"""


def draw(page: Path, target: Path) -> None:
    """Draw the layers that the table of a page lists."""
    shapes: list[str] = []
    top = MARGIN
    for row, color in zip(_ROW.finditer(page.read_text(encoding="utf-8")), COLORS, strict=True):
        packages = re.findall(r"`(\w+)`", row["packages"])
        height = 24 + 38 * -(-len(packages) // COLUMNS)
        if shapes:
            shapes.append(_arrow(top - 34, top))
        shapes.append(_box(MARGIN, top, WIDTH - 2 * MARGIN, height, color, f'fill="{color}" fill-opacity="0.12"'))
        middle = top + height / 2 + 6
        shapes.append(_text(36, middle, row["number"], f'font-size="22" font-weight="bold" fill="{color}"'))
        shapes.append(_text(60, middle - 1, row["name"].capitalize(), 'font-size="15" font-weight="bold"'))
        for index, name in enumerate(packages):
            line, column = divmod(index, COLUMNS)
            left, upper = 180 + 104 * column, top + 16 + 38 * line
            shapes.append(_box(left, upper, 98, 30, color, 'fill="#ffffff"'))
            shapes.append(_text(left + 49, upper + 20, name, 'font-size="13" text-anchor="middle" class="package"'))
        top += height + 34
    target.parent.mkdir(parents=True, exist_ok=True)
    head = _HEAD.format(width=WIDTH, height=top - 34 + MARGIN)
    target.write_text(head + "\n".join(shapes) + "\n</svg>\n", encoding="utf-8")


def _box(left: float, top: float, width: float, height: float, color: str, fill: str) -> str:
    size = f'x="{left}" y="{top}" width="{width}" height="{height}"'
    return f'<rect {size} rx="6" stroke="{color}" stroke-width="1.5" {fill}/>'


def _text(left: float, baseline: float, text: str, style: str) -> str:
    return f'<text x="{left}" y="{baseline}" {style}>{escape(text)}</text>'


def _arrow(start: float, end: float) -> str:
    line = (
        f'<path d="M{WIDTH / 2} {start + 3}V{end - 3}" stroke="#52606d" stroke-width="1.5" marker-end="url(#arrow)"/>'
    )
    return line + _text(WIDTH / 2 + 12, start + 22, "imports", 'font-size="12" fill="#52606d"')
