"""``threatgraph search``: search the records by words, names and codes."""

from __future__ import annotations

from collections.abc import Sequence

from threatgraph.cli.options import TABLES, TableOptions, add_format, positive_integer, utf8
from threatgraph.cli.output import notify, open_graph, width, wrap, write, write_table, write_text
from threatgraph.cli.parser import Parser

_FILTERS = {
    "kind": ("KIND", "search only records of this kind"),
    "framework": ("ID", "search only provisions of this framework and records mapped to it"),
    "sector": ("ID", "search only records of this sector"),
    "severity": ("ID", "search only records of this severity"),
    "year": ("YEAR", "search only incidents of this year and provisions that apply from it"),
}
#: The columns that fit a terminal.
_SHOWN = ("score", "kind", "code", "label", "snippet")


class SearchOptions(TableOptions):
    """The options of ``threatgraph search``."""

    text: list[str]
    kind: Sequence[str] = ()
    framework: Sequence[str] = ()
    sector: Sequence[str] = ()
    severity: Sequence[str] = ()
    year: Sequence[str] = ()
    top: int = 10


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=SearchOptions)
    parser.add_argument(
        "text", metavar="TEXT", nargs="+", type=utf8, help="words, a name, a question, a code or a citation"
    )
    for name, (metavar, text) in _FILTERS.items():
        parser.add_argument(f"--{name}", action="append", type=utf8, metavar=metavar, help=f"{text} (repeatable)")
    parser.add_argument("--top", type=positive_integer, metavar="N", help="maximum number of results (default: 10)")
    add_format(parser, TABLES, default="table")
    parser.add_examples(
        "threatgraph search 'AI corrigibility'",
        "threatgraph search 'Art. 5(1)(f)'",
        "threatgraph search 'deepfake fraud' --kind incident --year 2024",
    )


def execute(options: SearchOptions) -> int:
    """Search the records."""
    found = open_graph(options, quick=True).search(
        " ".join(options.text),
        top=options.top,
        kind=options.kind,
        framework=options.framework,
        sector=options.sector,
        severity=options.severity,
        year=options.year,
    )
    if options.format == "json" and not options.columns:
        write(found.to_json() + "\n", options)
        return 0
    if options.format == "table" and not found:
        write_text("\n".join(wrap(found.note, width(options))) + "\n", options)
        return 0
    write_table(found.to_table(), options, shown=_SHOWN)
    if found.note:
        notify(f"threatgraph: note: {found.note}")
    return 0
