"""``threatgraph plot``: draw a chart as SVG or PNG."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

from threatgraph.cli.options import Names, Options
from threatgraph.cli.output import notify, open_graph
from threatgraph.cli.parser import Parser
from threatgraph.display import printable
from threatgraph.errors import InvalidFile
from threatgraph.plots import FIGURES, FORMATS
from threatgraph.plots import plot as draw
from threatgraph.saving import save


@dataclass(frozen=True, kw_only=True)
class PlotOptions(Options):
    """The options of ``threatgraph plot``."""

    figure: str
    domain: str | None = None
    by: str | None = None
    period: str | None = None
    format: str | None = None


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=PlotOptions)
    parser.add_argument("figure", choices=FIGURES, metavar="FIGURE", help="one of %(choices)s")
    parser.add_argument("--domain", metavar="ID", help="show only the patterns of this domain (not for timeline)")
    parser.add_argument(
        "--by", choices=("domain", "severity"), metavar="GROUP", help="group the timeline by domain or severity"
    )
    parser.add_argument(
        "--period", choices=("year", "month"), metavar="PERIOD", help="period of a bar of the timeline: year or month"
    )
    parser.add_argument(
        "--format",
        choices=Names("threatgraph.plots:FORMATS"),
        metavar="FORMAT",
        help="%(choices)s (default: the extension of FILE; without -o, FIGURE.svg is written)",
    )
    parser.add_examples(
        "threatgraph plot timeline --by severity -o timeline.svg", "threatgraph plot similarity --format png"
    )
    parser.add_note("Charts need matplotlib: pip install 'threatgraph[plot]'")


def execute(options: PlotOptions) -> int:
    """Draw a figure into the file that the options name, or into one with the name of the figure."""
    form = _format(options.output, options.format)
    path = Path(options.output) if options.output else Path(f"{options.figure}.{form}")
    graph = open_graph(options)
    domain = graph.resolve(options.domain, "domain") if options.domain else None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        content = draw(graph.store, options.figure, form, domain=domain, by=options.by, period=options.period)
    save(content, path)
    for text in sorted({str(warning.message) for warning in caught}):
        notify(f"threatgraph: warning: {text}.")
    if not options.output:
        print(printable(str(path)))
    return 0


def _format(path: str | None, form: str | None) -> str:
    """The format by the option or by the extension of the file; the two must agree."""
    ending = Path(path).suffix.lower().removeprefix(".") if path else ""
    if form and ending in FORMATS and ending != form:
        raise InvalidFile(str(path), f"the extension is .{ending} but --format is {form}; make them agree.")
    if form or path is None:
        return form or FORMATS[0]
    if ending not in FORMATS:
        raise InvalidFile(path, "unknown extension; use .svg or .png, or give --format svg or png.")
    return ending
