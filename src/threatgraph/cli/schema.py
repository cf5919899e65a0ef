"""``threatgraph schema``: explain classes and properties."""

from __future__ import annotations

from threatgraph.cli.options import Options, add_format
from threatgraph.cli.output import open_graph, width, write, write_text
from threatgraph.cli.parser import Parser


class SchemaOptions(Options):
    """The options of ``threatgraph schema``."""

    term: str | None = None
    format: str = "text"


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=SchemaOptions)
    parser.add_argument(
        "term", metavar="TERM", nargs="?", help="a class or property, such as tg:severity (default: list the classes)"
    )
    add_format(parser, "text", "json", default="text")
    parser.add_examples("threatgraph schema", "threatgraph schema tg:ThreatPattern", "threatgraph schema severity")


def execute(options: SchemaOptions) -> int:
    """Explain the schema, or one of its terms."""
    found = open_graph(options, quick=True).schema(options.term)
    if options.format == "json":
        write(found.to_json() + "\n", options)
    else:
        write_text(found.render(width(options)), options)
    return 0
