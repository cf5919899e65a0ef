"""A drawn chart: the bytes of an image, which notebooks display."""

from __future__ import annotations

from pathlib import Path

from threatgraph.errors import InvalidFile
from threatgraph.plots import FORMATS, plot
from threatgraph.saving import save
from threatgraph.store import Store


class Chart(bytes):
    """The bytes of an SVG or PNG image.

    Notebooks display it. :meth:`save` writes it to a file.
    """

    format: str
    """``svg`` or ``png``."""
    figure: str
    """The name of the figure, such as ``timeline``."""

    def __new__(cls, content: bytes, figure: str, format: str) -> Chart:
        """Make a chart of the bytes of an image."""
        chart = super().__new__(cls, content)
        chart.figure, chart.format = figure, format
        return chart

    def save(self, path: Path) -> None:
        """Write the image to a file, atomically.

        Raises:
            ThreatGraphError: if the file cannot be written.
        """
        save(self, path)

    def __repr__(self) -> str:
        return f"<Chart {self.figure}: {len(self):,} bytes of {self.format.upper()}>"

    def _repr_svg_(self) -> str | None:
        return self.decode() if self.format == "svg" else None

    def _repr_png_(self) -> bytes | None:
        return bytes(self) if self.format == "png" else None


def draw_chart(
    store: Store, figure: str, format: str | None = None, path: Path | None = None, **options: str | None
) -> Chart:
    """Draw a figure, and write it to a file if there is a path.

    Args:
        store: the graph.
        figure: a name from :data:`threatgraph.plots.FIGURES`.
        format: a name from :data:`threatgraph.plots.FORMATS`; by default the extension of the file, or SVG.
        path: the file to write.
        options: see :func:`threatgraph.plots.draw`.

    Raises:
        InvalidFile: if the file has an unknown extension, or one that differs from ``format``.
        UnknownName: for an unknown figure or format.
        ThreatGraphError: if the figure does not support an option, or there is nothing to draw.
        ImportError: if matplotlib is not installed.
    """
    form = format_of(path, format)
    chart = Chart(plot(store, figure, form, **options), figure, form)
    if path is not None:
        chart.save(path)
    return chart


def format_of(path: Path | None, format: str | None) -> str:
    """Return the format of a chart: as given, or by the extension of its file; SVG by default.

    Raises:
        InvalidFile: if the file has an unknown extension, or one that differs from ``format``.
    """
    extension = path.suffix.lower().removeprefix(".") if path else ""
    if format and extension in FORMATS and extension != format:
        raise InvalidFile(str(path), f"the extension .{extension} does not match the format {format}.")
    if format or path is None:
        return format or FORMATS[0]
    if extension not in FORMATS:
        raise InvalidFile(str(path), "unknown extension; use .svg or .png, or set the format.")
    return extension
