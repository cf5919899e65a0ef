"""``threatgraph stats``: count records, files and triples."""

from __future__ import annotations

from threatgraph.cli.options import TABLES, TableOptions, add_format
from threatgraph.cli.output import notify, open_graph, write_table
from threatgraph.cli.parser import Parser


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=TableOptions)
    add_format(parser, TABLES, default="table")
    parser.add_examples("threatgraph stats", "threatgraph stats --data my-records/ --format json")


def execute(options: TableOptions) -> int:
    """Count the records of each kind, the files and the triples."""
    graph = open_graph(options, quick=True)
    write_table(graph.stats(), options)
    if graph.outdated:
        notify("threatgraph: note: the bundled data is newer than the store; update it with `threatgraph load`.")
    return 0
