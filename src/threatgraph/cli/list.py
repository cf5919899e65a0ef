"""``threatgraph list``: list the records of a kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from threatgraph.cli.options import TABLES, TableOptions, add_format, positive_integer, utf8
from threatgraph.cli.output import open_graph, write_table
from threatgraph.cli.parser import Parser
from threatgraph.errors import InvalidQuery
from threatgraph.vocab import KINDS

#: The filters that have an option of their own.
_FILTERS = {
    "domain": "list only records in this domain",
    "severity": "list only records with this severity",
    "framework": "list only provisions of this framework, or patterns and domains mapped to it",
    "sector": "list only incidents in this sector",
    "harm": "list only incidents with this type of harm",
}


class ListOptions(TableOptions):
    """The options of ``threatgraph list``."""

    kind: str
    domain: Sequence[str] = ()
    severity: Sequence[str] = ()
    framework: Sequence[str] = ()
    sector: Sequence[str] = ()
    harm: Sequence[str] = ()
    where: Sequence[str] = ()
    since: str | None = None
    until: str | None = None
    sort: str | None = None
    limit: int | None = None


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=ListOptions)
    parser.add_argument("kind", metavar="KIND", help=f"one of {', '.join(KINDS)}, or its plural")
    for name, text in _FILTERS.items():
        parser.add_argument(f"--{name}", action="append", type=utf8, metavar="ID", help=f"{text} (repeatable)")
    parser.add_argument(
        "--where",
        action="append",
        type=utf8,
        metavar="PROPERTY=VALUE",
        help="list only records with this value of a property, by code, slug or label (repeatable)",
    )
    parser.add_argument("--since", metavar="DATE", help="list only records dated on or after DATE, such as 2024-08")
    parser.add_argument("--until", metavar="DATE", help="list only records dated on or before DATE")
    parser.add_argument(
        "--sort", type=utf8, metavar="PROPERTY", help="sort by a property; --sort=-PROPERTY for descending order"
    )
    parser.add_argument("--limit", type=positive_integer, metavar="N", help="list at most N records")
    add_format(parser, TABLES, default="table")
    parser.add_examples(
        "threatgraph list patterns --severity critical",
        "threatgraph list incidents --sector employment --columns occurred,label",
        "threatgraph list incidents --where cause=over-automation --since 2023",
        "threatgraph list incidents --where year=2025 --sort=-severity",
    )


def execute(options: ListOptions) -> int:
    """List the records of a kind."""
    table = open_graph(options, quick=True).list(
        options.kind,
        since=options.since,
        until=options.until,
        columns=options.columns or None,
        sort=options.sort,
        limit=options.limit,
        **_filters(options),
    )
    write_table(table, ListOptions(**vars(options) | {"columns": ()}), shown=options.columns)
    return 0


def _filters(options: ListOptions) -> Mapping[str, Sequence[str]]:
    """The values to filter by, for each property."""
    found: dict[str, list[str]] = {name: list(getattr(options, name)) for name in _FILTERS if getattr(options, name)}
    for text in options.where:
        name, equals, value = text.partition("=")
        if not equals:
            raise InvalidQuery(f"{text!r} is not a valid filter: write PROPERTY=VALUE, such as severity=high.")
        found.setdefault(name.strip(), []).append(value)
    return found
