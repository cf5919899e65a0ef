"""``threatgraph new``: scaffold a record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from threatgraph.cli.options import Options, utf8
from threatgraph.cli.output import open_graph
from threatgraph.cli.parser import Parser
from threatgraph.display import printable

if TYPE_CHECKING:
    from threatgraph.authoring import NewRecord

_NEXT = """
Next:
  1. Complete the record: the file lists each expected statement as a comment.
  2. threatgraph format {path}
  3. threatgraph validate --hints {path}"""


class NewOptions(Options):
    """The options that both kinds of record have."""

    label: str
    source: str
    code: str | None = None
    folder: str = "."


class NewPatternOptions(NewOptions):
    """The options of ``threatgraph new pattern``."""

    domain: str
    definition: str


class NewIncidentOptions(NewOptions):
    """The options of ``threatgraph new incident``."""

    description: str
    occurred: str | None = None
    pattern: Sequence[str] = ()


def add_arguments(parser: Parser) -> None:
    """Add one subcommand for each kind of record."""
    kinds = parser.add_subcommands("kinds", "KIND")
    kinds.add_parser("pattern", help="a threat pattern", description="Scaffold a threat pattern.", fill=_pattern)
    kinds.add_parser("incident", help="an incident", description="Scaffold an incident.", fill=_incident)
    parser.add_note("'threatgraph new KIND --help' explains the options and has an example.")


def _pattern(parser: Parser) -> None:
    parser.set_defaults(execute=new_pattern, options=NewPatternOptions)
    _add_shared(parser, label="name, such as 'Goal Drift'", code="code (default: the next free one of the domain)")
    parser.add_argument("--domain", required=True, metavar="ID", help="domain, such as DOM-SYS")
    parser.add_argument("--definition", required=True, type=utf8, metavar="TEXT", help="definition")
    parser.add_examples(
        "threatgraph new pattern --label 'Goal Drift' --domain DOM-AGT \\",
        "    --definition 'An agent gradually departs from its assigned objective.' \\",
        "    --source https://example.org/report",
    )


def _incident(parser: Parser) -> None:
    parser.set_defaults(execute=new_incident, options=NewIncidentOptions)
    _add_shared(
        parser,
        label="title that names the system and the event",
        code="code, such as INC-26-0001, if the source has one",
    )
    parser.add_argument("--description", required=True, type=utf8, metavar="TEXT", help="what happened")
    parser.add_argument("--occurred", metavar="DATE", help="year, month or day: 2024, 2024-08 or 2024-08-01")
    parser.add_argument(
        "--pattern", action="append", metavar="ID", help="threat pattern, the primary one first (repeatable)"
    )
    parser.add_examples(
        "threatgraph new incident --label 'Store chatbot invents a discount' \\",
        "    --description 'A chatbot promised a discount that did not exist.' \\",
        "    --occurred 2026-03 --pattern misinformation-hallucinated-content \\",
        "    --source https://example.org/report --folder data/incidents/2026",
    )


def _add_shared(parser: Parser, *, label: str, code: str) -> None:
    parser.add_argument("--label", required=True, type=utf8, metavar="TEXT", help=label)
    parser.add_argument("--source", required=True, type=utf8, metavar="URL", help="URL of the source")
    parser.add_argument("--code", type=utf8, metavar="CODE", help=code)
    parser.add_argument("--folder", metavar="DIR", help="folder to write to (default: the current one)")


def new_pattern(options: NewPatternOptions) -> int:
    """Write a new pattern, then print its file, its code and the next commands."""
    from threatgraph import authoring

    graph = open_graph(options, quick=True)
    record = authoring.new_pattern(
        graph.store,
        Path(options.folder),
        label=options.label,
        source=options.source,
        code=options.code,
        domain=graph.resolve(options.domain, "domain"),
        definition=options.definition,
    )
    return _next_steps(record)


def new_incident(options: NewIncidentOptions) -> int:
    """Write a new incident, then print its file, its code and the next commands."""
    from threatgraph import authoring

    graph = open_graph(options, quick=True)
    record = authoring.new_incident(
        graph.store,
        Path(options.folder),
        label=options.label,
        source=options.source,
        code=options.code,
        description=options.description,
        occurred=options.occurred,
        patterns=[graph.resolve(name, "pattern") for name in options.pattern],
    )
    return _next_steps(record)


def _next_steps(record: NewRecord) -> int:
    path = printable(str(record.path), line_ends=False)
    code = f"{record.code} ({record.code_note})" if record.code else record.code_note
    print(f"{path}\ncode: {code}\n{_NEXT.format(path=path)}")
    return 0
