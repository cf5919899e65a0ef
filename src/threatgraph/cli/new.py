"""``threatgraph new``: scaffold a record."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from threatgraph.cli.options import Options, utf8
from threatgraph.cli.output import open_graph
from threatgraph.cli.parser import Parser
from threatgraph.display import printable


@dataclass(frozen=True, kw_only=True)
class NewOptions(Options):
    """The options that both kinds of record have."""

    label: str
    source: str
    code: str | None = None
    folder: str = "."


@dataclass(frozen=True, kw_only=True)
class NewPatternOptions(NewOptions):
    """The options of ``threatgraph new pattern``."""

    domain: str
    definition: str


@dataclass(frozen=True, kw_only=True)
class NewIncidentOptions(NewOptions):
    """The options of ``threatgraph new incident``."""

    description: str
    occurred: str | None = None
    pattern: list[str] = field(default_factory=list)


def add_arguments(parser: Parser) -> None:
    """Add one subcommand for each kind of record."""
    kinds = parser.add_subcommands("kinds", "KIND")
    kinds.add_parser("pattern", help="a threat pattern", description="Scaffold a threat pattern.", fill=_pattern)
    kinds.add_parser("incident", help="an incident", description="Scaffold an incident.", fill=_incident)


def _pattern(parser: Parser) -> None:
    parser.set_defaults(execute=new_pattern, options=NewPatternOptions)
    _add_shared(parser)
    parser.add_argument("--domain", required=True, metavar="ID", help="its domain, such as DOM-SYS")
    parser.add_argument("--definition", required=True, type=utf8, metavar="TEXT", help="its definition")


def _incident(parser: Parser) -> None:
    parser.set_defaults(execute=new_incident, options=NewIncidentOptions)
    _add_shared(parser)
    parser.add_argument("--description", required=True, type=utf8, metavar="TEXT", help="what happened")
    parser.add_argument("--occurred", metavar="DATE", help="2024, 2024-08 or 2024-08-01")
    parser.add_argument(
        "--pattern", action="append", metavar="ID", help="a threat pattern, the primary one first (repeatable)"
    )


def _add_shared(parser: Parser) -> None:
    parser.add_argument("--label", required=True, type=utf8, metavar="TEXT", help="its name")
    parser.add_argument("--source", required=True, type=utf8, metavar="URL", help="where it is described")
    parser.add_argument("--code", type=utf8, metavar="CODE", help="its code, if it has one")
    parser.add_argument("--folder", metavar="DIR", help="where to write the file (default: the current folder)")


def new_pattern(options: NewPatternOptions) -> int:
    """Write a new pattern and print where it is."""
    from threatgraph import authoring

    path = authoring.new_pattern(
        Path(options.folder),
        label=options.label,
        source=options.source,
        code=options.code,
        domain=open_graph(options).resolve(options.domain, "domain"),
        definition=options.definition,
    )
    return _next_step(path)


def new_incident(options: NewIncidentOptions) -> int:
    """Write a new incident and print where it is."""
    from threatgraph import authoring

    graph = open_graph(options)
    path = authoring.new_incident(
        Path(options.folder),
        label=options.label,
        source=options.source,
        code=options.code,
        description=options.description,
        occurred=options.occurred,
        patterns=[graph.resolve(name, "pattern") for name in options.pattern],
    )
    return _next_step(path)


def _next_step(path: Path) -> int:
    shown = printable(str(path))
    print(f"{shown}\nNext: threatgraph validate --hints {shown}")
    return 0
