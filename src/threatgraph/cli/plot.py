"""The command that draws: plot."""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

from threatgraph.cli.output import open_graph, say
from threatgraph.display import printable
from threatgraph.errors import InvalidFile
from threatgraph.plots import FORMATS
from threatgraph.plots import plot as draw_file
from threatgraph.saving import save


def plot(arguments: argparse.Namespace) -> int:
    """Draw a figure into a file: the one that the options name, or else one called after the figure."""
    given = getattr(arguments, "output", None)
    form = _format(given, arguments.format)
    path = Path(given) if given else Path(f"{arguments.figure}.{form}")
    graph = open_graph(arguments)
    domain = graph.resolve(arguments.domain, "domain") if arguments.domain else None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        content = draw_file(
            graph.store, arguments.figure, form, domain=domain, by=arguments.by, period=arguments.period
        )
    save(content, path)
    for text in sorted({str(warning.message) for warning in caught}):
        say(f"threatgraph: warning: {text}.")
    if not given:
        print(printable(str(path)))
    return 0


def _format(path: str | None, form: str | None) -> str:
    """The format by the option, or by what the file ends in; the two must agree where the ending is one of ours."""
    ending = Path(path).suffix.lower().removeprefix(".") if path else ""
    if form and ending in FORMATS and ending != form:
        raise InvalidFile(str(path), f"this file ends in .{ending}, and --format says {form}: give one of the two.")
    if form or path is None:
        return form or FORMATS[0]
    if ending not in FORMATS:
        raise InvalidFile(path, "its ending tells no format: end it in .svg or .png, or give --format svg or png.")
    return ending
