"""``threatgraph format``: format Turtle files."""

from __future__ import annotations

from threatgraph.cli.options import Options
from threatgraph.cli.output import progress_bar, write_text
from threatgraph.cli.parser import Parser


class FormatOptions(Options):
    """The options of ``threatgraph format``."""

    paths: list[str]
    check: bool = False


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=FormatOptions)
    parser.add_argument("paths", metavar="PATH", nargs="+", help="Turtle files, or folders of them")
    parser.add_argument("--check", action="store_true", help="change nothing; exit with 1 if a file would change")
    parser.add_examples("threatgraph format my-records/", "threatgraph format --check data/")


def execute(options: FormatOptions) -> int:
    """Format files; status 1 where ``--check`` finds one to change."""
    from threatgraph.authoring import format_file, turtle_files

    files = progress_bar(turtle_files(options.paths))
    changed = [file for file in files if format_file(file, check=options.check)]
    verb = "would change" if options.check else "changed"
    write_text("".join(f"{verb}: {file}\n" for file in changed), options)
    return 1 if options.check and changed else 0
