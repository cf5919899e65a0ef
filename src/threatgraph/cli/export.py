"""``threatgraph export``: export the graph or one record."""

from __future__ import annotations

from threatgraph.cli.options import Options, add_format
from threatgraph.cli.output import open_graph, output
from threatgraph.cli.parser import Parser


class ExportOptions(Options):
    """The options of ``threatgraph export``."""

    node: str | None = None
    format: str = "turtle"


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=ExportOptions)
    parser.add_argument("--node", metavar="ID", help="export only this record and its neighbors")
    add_format(parser, "threatgraph.export:FORMATS", default="turtle")
    parser.add_examples(
        "threatgraph export --format jsonld -o threatgraph.jsonld",
        "threatgraph export --format gexf -o threatgraph.gexf",
        "threatgraph export --node PAT-SYS-005",
    )


def execute(options: ExportOptions) -> int:
    """Export the graph, or one record and its neighbors."""
    from threatgraph.export import write

    graph = open_graph(options, quick=options.node is not None)
    node = None if options.node is None else graph.resolve(options.node)
    with output(options) as target:
        write(graph.store, options.format, target, node=node)
    return 0
