"""``threatgraph check``: run the cross-record checks."""

from __future__ import annotations

from dataclasses import dataclass, field

from threatgraph.cli.options import TABLES, TableOptions, add_format
from threatgraph.cli.output import open_graph, write, write_table
from threatgraph.cli.parser import Parser


@dataclass(frozen=True, kw_only=True)
class CheckOptions(TableOptions):
    """The options of ``threatgraph check``."""

    names: list[str] = field(default_factory=list)


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=CheckOptions)
    parser.add_argument("names", metavar="NAME", nargs="*", help="checks to run (default: all)")
    add_format(parser, TABLES, default="table")


def execute(options: CheckOptions) -> int:
    """Run the checks and list the issues; status 2 where there are any."""
    issues = open_graph(options).check(*options.names)
    if options.format == "table" and not issues.rows:
        write("no issues\n", options)
    else:
        write_table(issues, options)
    return 2 if issues.rows else 0
