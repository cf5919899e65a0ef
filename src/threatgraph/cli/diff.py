"""``threatgraph diff``: compare two states of the graph."""

from __future__ import annotations

from threatgraph.cli.options import Options, add_format
from threatgraph.cli.output import notify, width, write
from threatgraph.cli.parser import Parser
from threatgraph.errors import ThreatGraphError


class DiffOptions(Options):
    """The options of ``threatgraph diff``."""

    old: str
    new: str
    format: str = "text"
    gate: bool = False


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=DiffOptions)
    parser.add_argument(
        "old",
        metavar="OLD",
        help="an RDF file, a folder, a release, a store on disk, a checkout, or 'bundled' for the bundled graph",
    )
    parser.add_argument("new", metavar="NEW", help="the later state, in the same forms")
    parser.add_argument(
        "--gate",
        action="store_true",
        help="exit with status 2 if a record vanished without a tombstone or a code changed its meaning",
    )
    add_format(parser, "threatgraph.releases:FORMATS", default="text")
    parser.add_examples(
        "threatgraph diff threatgraph-1.0.0/ bundled",
        "threatgraph diff old/ new/ --format markdown -o changes.md",
        "threatgraph diff old/ new/ --gate",
    )
    parser.add_note("nquads-patch is RDF Patch without a header: D and A lines, for OLD to NEW.")
    parser.add_note("Statements are compared exactly; blank nodes are numbered by file.")


def execute(options: DiffOptions) -> int:
    """Compare two states of the graph; with ``--gate``, status 2 for a broken promise on IRIs and codes."""
    if options.data or options.store or options.endpoint or options.no_bundled:
        reason = "OLD and NEW name what is compared."
        raise ThreatGraphError(f"--data, --store, --endpoint and --no-bundled cannot be used with diff: {reason}")
    from threatgraph.releases import compare, export, read_state

    found = compare(read_state(options.old), read_state(options.new))
    write(export(found, options.format, width(options)), options)
    if options.gate and found.problems:
        notify(f"gate: {' and '.join(found.problems)}")
        return 2
    return 0
