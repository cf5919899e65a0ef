"""``threatgraph plot``: draw a chart as SVG or PNG."""

from __future__ import annotations

import warnings

from threatgraph.cli.options import Names, Options
from threatgraph.cli.output import notify, open_graph
from threatgraph.cli.parser import Parser
from threatgraph.display import printable
from threatgraph.plots import FIGURES, FORMATS


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
    path = options.output or f"{options.figure}.{options.format or FORMATS[0]}"
    graph = open_graph(options)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        graph.plot(
            options.figure, options.format, path=path, domain=options.domain, by=options.by, period=options.period
        )
    for text in sorted({str(warning.message) for warning in caught}):
        notify(f"threatgraph: warning: {text}.")
    if not options.output:
        print(printable(path))
    return 0
