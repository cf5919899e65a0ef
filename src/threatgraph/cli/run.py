"""``threatgraph run``: run a named query."""

from __future__ import annotations

from collections.abc import Sequence

from threatgraph.catalog import NamedQuery, find_query
from threatgraph.cli.options import RESULTS, TableOptions, add_format, utf8
from threatgraph.cli.output import open_graph, write_table
from threatgraph.cli.parser import Parser
from threatgraph.errors import InvalidQuery


class RunOptions(TableOptions):
    """The options of ``threatgraph run``."""

    name: str
    param: Sequence[str] = ()


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=RunOptions)
    parser.add_argument("name", metavar="QUERY", help="a query from 'threatgraph queries'")
    parser.add_argument(
        "-p", "--param", action="append", type=utf8, metavar="KEY=VALUE", help="set a parameter (repeatable)"
    )
    add_format(parser, RESULTS, default="table")
    parser.add_examples(
        "threatgraph run patterns-by-cause -p cause=CAUSE-009",
        "threatgraph run incidents -p since=2024 --format csv",
        "threatgraph queries patterns-by-cause",
    )


def execute(options: RunOptions) -> int:
    """Run a named query."""
    query = find_query(options.name)
    values = _values(query, options.param)
    write_table(open_graph(options, quick=True).run(query.name, **values), options, results=True)
    return 0


def example(query: NamedQuery) -> str:
    """A value for the first parameter of a query, as it is written on the command line."""
    first = next(iter(query.parameters), None)
    return f"{first.name}={first.default or first.type.upper()}" if first else "KEY=VALUE"


def _values(query: NamedQuery, given: Sequence[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise InvalidQuery(f"{text!r} is not a valid parameter: write KEY=VALUE, such as {example(query)}.")
        if name.strip() in values:
            raise InvalidQuery(f"the parameter {name.strip()} is given twice; give it one value.")
        values[name.strip()] = value
    return values
