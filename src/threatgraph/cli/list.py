"""``threatgraph list``: list the records of a kind."""

from __future__ import annotations

from dataclasses import dataclass

from threatgraph.cli.options import TABLES, TableOptions, add_format
from threatgraph.cli.output import open_graph, write_table
from threatgraph.cli.parser import Parser
from threatgraph.vocab import KINDS


@dataclass(frozen=True, kw_only=True)
class ListOptions(TableOptions):
    """The options of ``threatgraph list``."""

    kind: str


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=ListOptions)
    parser.add_argument("kind", metavar="KIND", help=f"one of {', '.join(KINDS)}, or its plural")
    add_format(parser, TABLES, default="table")
    parser.add_examples("threatgraph list patterns", "threatgraph list incident --format csv -o incidents.csv")


def execute(options: ListOptions) -> int:
    """List the records of a kind."""
    write_table(open_graph(options, quick=True).list(options.kind), options)
    return 0
