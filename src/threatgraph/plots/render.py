"""Turns a picture into the bytes of a file, without a date or a random name, and with words for who cannot see it."""

from __future__ import annotations

import io
import warnings
from xml.sax.saxutils import escape

from threatgraph.plots.style import Picture, house_style

_DOTS = 150.0
# About what a program can hold in a quarter of a gigabyte, at four bytes a dot.
_MOST_DOTS = 6e7


def render(picture: Picture, format: str) -> bytes:
    """A picture as a file.

    Args:
        picture: what to write.
        format: ``svg``, with text as text, a title and a description; or ``png``, at 150 dots an inch or as many as
            keep the picture below 60 million dots, with both in its metadata.
    """
    return _svg(picture) if format == "svg" else _png(picture)


def _svg(picture: Picture) -> bytes:
    buffer = io.BytesIO()
    with house_style():
        names = {"Title": picture.title, "Description": picture.description, "Creator": "threatgraph", "Date": None}
        picture.figure.savefig(buffer, format="svg", metadata=names)
    text = buffer.getvalue().decode()
    # Title and description where screen readers look for them (SVG Accessibility API Mappings, section 8).
    title = f"<title>{escape(picture.title)}</title>"
    named = f'<title id="title">{escape(picture.title)}</title>\n <desc id="desc">{escape(picture.description)}</desc>'
    text = text.replace(title, named, 1)
    text = text.replace("<svg ", '<svg role="img" aria-labelledby="title desc" ', 1)
    # Fonts of other machines: where DejaVu Sans is absent, any plain one.
    return text.replace("'DejaVu Sans'", "'DejaVu Sans', Verdana, sans-serif").encode()


def _png(picture: Picture) -> bytes:
    width, height = picture.figure.get_size_inches()
    dots = min(_DOTS, float((_MOST_DOTS / (width * height)) ** 0.5))
    buffer = io.BytesIO()
    with house_style(), warnings.catch_warnings(record=True) as caught:
        warnings.filterwarnings("always", message="Glyph .* missing from")
        names = {"Title": picture.title, "Description": picture.description, "Software": None}
        picture.figure.savefig(buffer, format="png", dpi=dots, metadata=names)
    if any("missing from" in str(warning.message) for warning in caught):
        message = "no font here holds some signs of the labels, so boxes stand for them: install one, or write SVG"
        warnings.warn(message, UserWarning, stacklevel=4)
    return buffer.getvalue()
