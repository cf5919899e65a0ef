"""``threatgraph assess``: assess an AI system, from a description to a risk register."""

from __future__ import annotations

import codecs
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from threatgraph.assess import (
    EXTENSIONS,
    LONGEST_TEXT,
    WITH_REGISTER,
    changes,
    read_description,
    read_sheet,
    read_values,
)
from threatgraph.cli.interactive import ask
from threatgraph.cli.options import Options, add_format, positive_integer, utf8
from threatgraph.cli.output import decoded, notify, open_graph, width, write, write_text
from threatgraph.cli.parser import Parser
from threatgraph.errors import InvalidQuery

if TYPE_CHECKING:
    from threatgraph.assess import Assessment


class AssessOptions(Options):
    """The options of ``threatgraph assess``."""

    file: str | None = None
    text: str | None = None
    profile: str | None = None
    pattern: Sequence[str] = ()
    role: Sequence[str] = ()
    framework: Sequence[str] = ()
    top: int = 10
    format: str = ""
    register: str | None = None
    template: str | None = None
    interactive: bool = False


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=AssessOptions)
    parser.add_argument(
        "file", metavar="FILE", nargs="?", help="description of the system, as text or Markdown; - reads standard input"
    )
    parser.add_argument("--text", type=utf8, metavar="TEXT", help="description of the system")
    parser.add_argument("--profile", metavar="FILE", help="facts about the system, as YAML or Turtle")
    parser.add_argument(
        "--pattern", action="append", metavar="ID", help="a threat pattern to assess; can be given several times"
    )
    parser.add_argument(
        "--role",
        action="append",
        metavar="ROLE",
        help="role of your organization, such as provider or deployer; can be given several times",
    )
    parser.add_argument(
        "--framework", action="append", metavar="ID", help="limit provisions and controls to this framework; repeatable"
    )
    parser.add_argument("--top", type=positive_integer, metavar="N", help="maximum number of threats (default: 10)")
    parser.add_argument(
        "--register", metavar="FILE", help="earlier register (CSV or XLSX), whose rows and own columns are kept"
    )
    parser.add_argument(
        "--template", metavar="FILE", help="CSV or XLSX file whose header names the columns of the register"
    )
    parser.add_argument("--interactive", action="store_true", help="ask the open questions on the terminal")
    add_format(parser, "threatgraph.assess:FORMATS", default="by the extension of -o, otherwise text")
    parser.add_examples(
        "threatgraph assess --text 'chatbot that ranks job applicants' --role deployer",
        "threatgraph assess system.md --format html -o assessment.html",
        "threatgraph assess system.md --register register.xlsx -o register.xlsx",
    )
    parser.add_note("The answer lists candidates to check. It is not legal advice.")


def execute(options: AssessOptions) -> int:
    """Assess a system, and write the answer in one format."""
    form = options.format or _form_of(options.output)
    _check(options, form)
    earlier = read_sheet(options.register) if options.register else None
    template = read_sheet(options.template) if options.template else None
    found = _assess(options)
    if form == "text":
        write_text(found.render(width(options)), options)
        return 0
    register = found.to_register(earlier, template)
    content = found.export(form, register=register)
    write(content if options.output else content.removeprefix(codecs.BOM_UTF8), options)  # a pipe needs no mark
    if earlier:
        notify(f"register: {changes(register)}")
    return 0


def _check(options: AssessOptions, form: str) -> None:
    if options.file is not None and options.text is not None:
        raise InvalidQuery("both FILE and --text are given; give the description once.")
    if options.file is None and options.text is None and not options.profile and not options.pattern:
        raise InvalidQuery("nothing to assess; give FILE, --text TEXT, --profile FILE or --pattern ID.")
    if (options.register or options.template) and form not in WITH_REGISTER:
        name = "--register" if options.register else "--template"
        raise InvalidQuery(f"{name} requires a format with a register: --format {', '.join(WITH_REGISTER)}.")
    if form == "xlsx" and not options.output and sys.stdout.isatty():
        raise InvalidQuery("xlsx is a binary format; write it to a file with -o FILE.")
    if options.interactive and (options.file == "-" or sys.stdin is None or not sys.stdin.isatty()):
        raise InvalidQuery("--interactive requires a terminal as standard input; answer in --profile FILE instead.")


def _form_of(output: str | None) -> str:
    """The format that the extension of the output file means."""
    extension = (output or "").rpartition(".")[2].lower()
    return EXTENSIONS.get(extension, "text")


def _assess(options: AssessOptions) -> Assessment:
    graph = open_graph(options, quick=True)
    text = _text(options)

    profile = read_values(options.profile) if options.profile and options.interactive else options.profile

    def assess(answers: dict[str, str]) -> Assessment:
        return graph.assess(
            text,
            # A path stays a path if nothing was asked, so that an error can name the file.
            profile={**profile, **answers} if isinstance(profile, Mapping) else profile or answers or None,
            patterns=options.pattern,
            role=options.role,
            frameworks=options.framework,
            top=options.top,
        )

    return ask(assess) if options.interactive else assess({})


def _text(options: AssessOptions) -> str | None:
    if options.file is None:
        return options.text
    if options.file != "-":
        return read_description(options.file)
    if sys.stdin is None:
        raise InvalidQuery("standard input is closed, so the description cannot be read.")
    # One byte over the limit is enough to be refused.
    return decoded(sys.stdin.buffer.read(4 * LONGEST_TEXT + 1), "standard input")
