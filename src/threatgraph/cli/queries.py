"""``threatgraph queries``: list the named queries, or explain one."""

from __future__ import annotations

from pyoxigraph import Literal

from threatgraph.catalog import NamedQuery, find_query, load_catalog
from threatgraph.cli.options import TABLES, TableOptions, add_format
from threatgraph.cli.output import width, wrap, write, write_table
from threatgraph.cli.parser import Parser
from threatgraph.cli.run import example
from threatgraph.table import Table


class QueriesOptions(TableOptions):
    """The options of ``threatgraph queries``."""

    name: str | None = None


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=QueriesOptions)
    parser.add_argument("name", metavar="QUERY", nargs="?", help="the query to explain")
    add_format(parser, TABLES, default="table")
    parser.add_examples("threatgraph queries", "threatgraph queries patterns-by-cause")


def execute(options: QueriesOptions) -> int:
    """List the named queries, or explain one of them."""
    if options.name is None:
        rows = [(Literal(query.name), Literal(query.question)) for query in load_catalog().values()]
        write_table(Table(("name", "question"), rows), options)
        return 0
    query = find_query(options.name)
    if options.format == "table":
        write(_explanation(query, width(options)), options)
    else:
        write_table(_header_table(query), options)
    return 0


def _explanation(query: NamedQuery, columns: int | None) -> str:
    """The question, parameters and columns of a query, for people."""
    lines = [query.title, "", *wrap(query.question, columns), "", "Parameters:"]
    for parameter in query.parameters:
        default = "required" if parameter.default is None else f"default: {parameter.default}"
        text = f"{parameter.name} ({parameter.type}, {default}): {parameter.description}"
        lines += wrap(text, columns, "  ", "  ")
    if not query.parameters:
        lines.append("  none")
    lines += ["", "Columns:"]
    for name, text in query.columns.items():
        lines += wrap(f"{name}: {text}", columns, "  ", "  ")
    given = f" -p {example(query)}" if query.parameters else ""
    return "\n".join([*lines, "", f"Run it: threatgraph run {query.name}{given}", ""])


def _header_table(query: NamedQuery) -> Table:
    """The parameters and columns of a query, for programs."""
    rows: list[tuple[Literal | None, ...]] = [
        (
            Literal("parameter"),
            Literal(parameter.name),
            Literal(parameter.type),
            None if parameter.default is None else Literal(parameter.default),
            Literal(parameter.description),
        )
        for parameter in query.parameters
    ]
    rows += [(Literal("column"), Literal(name), None, None, Literal(text)) for name, text in query.columns.items()]
    return Table(("part", "name", "type", "default", "description"), rows)
