"""Renders a drawing as SVG or PNG, deterministically, with a title and a description for screen readers."""

from __future__ import annotations

import io
import warnings
from xml.sax.saxutils import escape

from threatgraph.plots.style import Drawing, chart_style

_DPI = 150.0
# About a quarter of a gigabyte, at four bytes per pixel.
_MOST_PIXELS = 6e7


def render(drawing: Drawing, format: str) -> bytes:
    """Render a drawing.

    Args:
        drawing: the drawing.
        format: ``svg``, with text as text, or ``png``, at 150 dpi or less, so that the image has at most 60 million
            pixels. Both have the title and the description as metadata.
    """
    return _svg(drawing) if format == "svg" else _png(drawing)


def _svg(drawing: Drawing) -> bytes:
    buffer = io.BytesIO()
    with chart_style():
        names = {"Title": drawing.title, "Description": drawing.description, "Creator": "threatgraph", "Date": None}
        drawing.figure.savefig(buffer, format="svg", metadata=names)
    text = buffer.getvalue().decode()
    # Title and description for screen readers (SVG Accessibility API Mappings, section 8).
    title = f"<title>{escape(drawing.title)}</title>"
    named = f'<title id="title">{escape(drawing.title)}</title>\n <desc id="desc">{escape(drawing.description)}</desc>'
    text = text.replace(title, named, 1)
    text = text.replace("<svg ", '<svg role="img" aria-labelledby="title desc" ', 1)
    # Fallback fonts for machines without DejaVu Sans.
    return text.replace("'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif").encode()


def _png(drawing: Drawing) -> bytes:
    width, height = drawing.figure.get_size_inches()
    dpi = min(_DPI, float((_MOST_PIXELS / (width * height)) ** 0.5))
    buffer = io.BytesIO()
    with chart_style(), warnings.catch_warnings(record=True) as caught:
        warnings.filterwarnings("always", message="Glyph .* missing from")
        names = {"Title": drawing.title, "Description": drawing.description, "Software": None}
        drawing.figure.savefig(buffer, format="png", dpi=dpi, metadata=names)
    if any("missing from" in str(warning.message) for warning in caught):
        message = "no installed font has some characters of the labels, shown as boxes: install a font, or use SVG"
        warnings.warn(message, UserWarning, stacklevel=4)
    return buffer.getvalue()
