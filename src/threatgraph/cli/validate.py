"""``threatgraph validate``: validate the graph or files with SHACL shapes and cross-record checks."""

from __future__ import annotations

from collections.abc import Sequence

from threatgraph.cli.options import Options, add_format, seconds
from threatgraph.cli.output import open_graph, progress_bar, write, write_text
from threatgraph.cli.parser import Parser
from threatgraph.cli.wording import as_command_line
from threatgraph.graph import VALIDATION_TIMEOUT


class ValidateOptions(Options):
    """The options of ``threatgraph validate``."""

    paths: Sequence[str] = ()
    hints: bool = False
    full: bool = False
    advanced: bool = False
    shapes: Sequence[str] = ()
    no_checks: bool = False
    checks: Sequence[str] = ()
    timeout: float = VALIDATION_TIMEOUT
    format: str = "text"


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=ValidateOptions)
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files or folders to report on (default: the graph)")
    parser.add_argument("--hints", action="store_true", help="also report what could be improved")
    parser.add_argument(
        "--shapes",
        action="append",
        metavar="PATH",
        help="use these shapes instead of the bundled ones (repeatable)",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--no-checks", action="store_true", help="do not run the cross-record checks")
    which.add_argument(
        "--check",
        action="append",
        dest="checks",
        metavar="NAME",
        help="run only this cross-record check (repeatable)",
    )
    parser.add_argument("--full", action="store_true", help="evaluate every node with pyshacl (slow; same results)")
    parser.add_argument(
        "--advanced",
        action="store_true",
        help="evaluate SHACL Advanced Features: SPARQL targets, rules, functions and expressions (slow)",
    )
    parser.add_argument(
        "--timeout",
        type=seconds,
        metavar="SECONDS",
        help=f"with --shapes: stop after SECONDS (default: {VALIDATION_TIMEOUT:g})",
    )
    add_format(parser, "text", "json", "turtle", "github", default="text")
    parser.add_examples(
        "threatgraph validate",
        "threatgraph validate --hints my-records/",
        "threatgraph validate --check dangling-target --check date-range",
        "threatgraph validate --data my-graph.ttl --shapes my-shapes.ttl",
    )


def execute(options: ValidateOptions) -> int:
    """Validate the graph; status 2 where it does not conform, or where something was not evaluated."""
    report = open_graph(options, more=options.paths).validate(
        options.paths or None,
        shapes=options.shapes or None,
        checks=options.checks or not options.no_checks,
        fast=not options.full,
        hints=options.hints,
        advanced=options.advanced,
        timeout=options.timeout,
        progress=progress_bar,
    )
    forms = {"json": report.to_json, "turtle": report.to_turtle, "github": report.to_github}
    if options.format in forms:
        write(forms[options.format](), options)
    else:
        write_text(as_command_line(report.to_text()), options)
    return 0 if report.ok else 2
