"""``threatgraph recommend``: recommend related records and explain why."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from threatgraph.cli.options import TABLES, TRIPLES, TableOptions, add_format, positive_integer, utf8
from threatgraph.cli.output import decoded, notify, open_graph, width, write, write_table, write_text
from threatgraph.cli.parser import Parser
from threatgraph.errors import InvalidQuery
from threatgraph.export import TABLE_FORMATS


class RecommendOptions(TableOptions):
    """The options of ``threatgraph recommend``."""

    format: str = "text"
    ids: Sequence[str] = ()
    text: str | None = None
    kind: str = "pattern"
    all: bool = False
    top: int = 10
    framework: str | None = None


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=RecommendOptions)
    parser.add_argument(
        "ids", metavar="ID", nargs="*", help="records by code, slug, label or IRI, such as those of a threat profile"
    )
    parser.add_argument("--text", type=utf8, metavar="TEXT", help="free-text description; - reads standard input")
    parser.add_argument(
        "--kind", metavar="KIND", help="what to recommend: pattern, incident or provision (default: pattern)"
    )
    parser.add_argument("--framework", metavar="ID", help="recommend only provisions of this framework")
    parser.add_argument("--top", type=positive_integer, metavar="N", help="maximum number of results (default: 10)")
    parser.add_argument("--all", action="store_true", help="list the nearest neighbors of every record of the kind")
    add_format(parser, "text", "json", TABLES, TRIPLES, default="text")
    parser.add_examples(
        "threatgraph recommend PAT-SYS-005",
        "threatgraph recommend --text 'chatbot leaks customer data' --top 5",
        "threatgraph recommend goal-drift --framework 'EU AI Act'",
    )


def execute(options: RecommendOptions) -> int:
    """Recommend records that are related to others, or to a text."""
    if options.all:
        return _all(options)
    if options.ids and options.text is not None:
        raise InvalidQuery("both ID and --text are given; give either records or a text.")
    if not options.ids and options.text is None:
        raise InvalidQuery("nothing to compare with; give the ID of a record or --text TEXT.")
    kind = "provision" if options.framework and options.kind == "pattern" else options.kind
    graph = open_graph(options, quick=True)
    records = [graph.resolve(name) for name in options.ids]
    for name, record in zip(options.ids, records, strict=True):
        if records.count(record) > 1:
            raise InvalidQuery(f"the record {name} is given more than once.")
    found = graph.recommend(
        records or None, text=_text(options), kind=kind, top=options.top, framework=options.framework
    )
    if options.format == "text":
        write_text(found.render(width(options)), options)
    elif options.format == "json":
        write(found.to_json() + "\n", options)
    elif options.format in TABLE_FORMATS:
        write_table(found.to_table(), options)
        if found.note:
            notify(f"threatgraph: note: {found.note}")
    else:
        write(graph.serialize(found.to_triples(), options.format), options)
    return 0


def _all(options: RecommendOptions) -> int:
    """List the nearest neighbors of every record."""
    if options.ids or options.text is not None or options.framework:
        raise InvalidQuery("--all covers every record of a kind; leave out ID, --text and --framework.")
    if options.format not in (*TABLE_FORMATS, "text"):
        raise InvalidQuery(f"--all writes a table; --format must be one of {', '.join(TABLE_FORMATS)}.")
    table = open_graph(options, quick=True).recommend_all(options.kind, options.top)
    write_table(table, options, "table" if options.format == "text" else options.format)
    return 0


def _text(options: RecommendOptions) -> str | None:
    if options.text != "-":
        return options.text
    if sys.stdin is None:
        raise InvalidQuery("standard input is closed, so the text cannot be read.")
    return decoded(sys.stdin.buffer.read(), "standard input")
