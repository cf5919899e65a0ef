"""The parser of the command line and its help.

The arguments of a command are in the module of its name (:attr:`~threatgraph.cli.commands.Command.module`), which is
imported only when that command is used.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any, NoReturn

from threatgraph.cli.commands import COMPLETE, EXAMPLES, GROUPS, Command
from threatgraph.display import printable
from threatgraph.errors import UnknownName
from threatgraph.version import VERSION

#: Lists of choices up to this length are part of the error about a wrong one.
_SHORT_LIST = 12
_NAME_WIDTH = 12
_USAGE_WIDTH = 72
_COMMANDS = "commands"


class Parser(argparse.ArgumentParser):
    """A parser for one command, which adds its arguments when they are needed.

    Help lists the command's own options first and the options that all commands share in groups after them. An error
    is one line, followed by the command that prints the help.

    Args:
        fill: adds the arguments of the command.
        named: as for :class:`argparse.ArgumentParser`.
    """

    def __init__(self, *, fill: Callable[[Parser], None] | None = None, **named: Any) -> None:
        super().__init__(
            add_help=False,
            argument_default=argparse.SUPPRESS,
            **named,
        )
        self.register("action", "parsers", _Subcommands)
        self._fill, self._filling = fill, False
        self._positionals.title = "arguments"

    def fill(self) -> None:
        """Add the arguments, unless they have been added already."""
        if self._fill is not None:
            fill, self._fill = self._fill, None
            self._filling = True
            fill(self)
            self.add_argument("-h", "--help", action="help", help="show this help and exit")
            _add_shared(self)
            self._filling = False

    def _get_formatter(self) -> argparse.HelpFormatter:
        # Each argument that is added makes a formatter. The width does not matter then, and takes time to find out.
        width = _USAGE_WIDTH if self._filling else None
        return argparse.RawDescriptionHelpFormatter(self.prog, width=width)

    def format_help(self) -> str:
        """The help; see :class:`argparse.ArgumentParser`."""
        self.usage = self.usage or self._usage()
        return super().format_help()

    def format_usage(self) -> str:
        """The usage line; see :class:`argparse.ArgumentParser`."""
        self.usage = self.usage or self._usage()
        return super().format_usage()

    def add_subcommands(self, title: str, metavar: str) -> argparse._SubParsersAction[Parser]:
        """Add subcommands; each is added by ``add_parser(name, help=…, fill=…)``."""
        # The name in `prog` would otherwise be made from a usage line with all options.
        return self.add_subparsers(title=title, metavar=metavar, required=True, parser_class=Parser, prog=self.prog)

    def subcommands(self) -> Mapping[str, Parser]:
        """The parsers of the subcommands by name; none where there are no subcommands."""
        found = [action.choices for action in self._actions if isinstance(action, argparse._SubParsersAction)]
        return found[0] if found else {}

    def add_examples(self, *commands: str) -> None:
        """End the help with examples."""
        self.epilog = "examples:\n" + "\n".join(f"  {command}" for command in commands)

    def add_note(self, text: str) -> None:
        """End the help with a sentence."""
        self.epilog = "\n\n".join(filter(None, (self.epilog, text)))

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse what belongs to this command; see :class:`argparse.ArgumentParser`."""
        self.fill()
        found, rest = super().parse_known_args(args, namespace)
        if rest:  # reported here, by the parser that knows the options of the command
            self.error(self._unexpected(rest[0]))
        return found, rest

    def error(self, message: str) -> NoReturn:
        """Write what is wrong and where the help is, and end with status 2."""
        self.exit(2, f"threatgraph: error: {printable(_reworded(message))}\nTry '{self.prog} --help'.\n")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Suggest the nearest name where a value is none of the choices."""
        choices = [] if action.choices is None else [str(name) for name in action.choices]
        if action.choices is None or value in choices:
            return
        if isinstance(action, argparse._SubParsersAction):
            choices = [name for name in choices if name != COMPLETE.name]
        what = str(action.metavar or action.dest).lower()
        hint = f"Choose one of {', '.join(choices)}." if len(choices) <= _SHORT_LIST else ""
        raise argparse.ArgumentError(None, str(UnknownName(what, str(value), choices, hint)))

    def _unexpected(self, word: str) -> str:
        if not word.startswith("-"):
            return f"unexpected argument {word!r}"
        options = [name for name in self._option_string_actions if name.startswith("--")]
        return str(UnknownName("option", word.partition("=")[0], options))

    def _usage(self) -> str:
        """The usage line, without the options that can be left out."""
        forms = {"?": "[{0}]", "*": "[{0} ...]", "+": "{0} [{0} ...]"}
        words = [f"{a.option_strings[-1]} {a.metavar}" for a in self._actions if a.option_strings and a.required]
        for action in self._actions:
            if not action.option_strings:
                words.append(forms.get(str(action.nargs), "{0}").format(action.metavar))
        words.append("[options]")
        import textwrap  # takes time to import, and only help needs it

        # No line ends inside an option with its value.
        text = " ".join([self.prog, *(word.replace(" ", "\0") for word in words)])
        lines = textwrap.wrap(text, _USAGE_WIDTH, subsequent_indent=" " * len(f"usage: {self.prog} "))
        return "\n".join(lines).replace("\0", " ")


class _Parsers(Mapping[str, Parser]):
    """The parsers of subcommands by name, each made when it is needed first."""

    def __init__(self) -> None:
        self._makers: dict[str, Callable[[], Parser]] = {}

    def add(self, names: Sequence[str], make: Callable[[], Parser]) -> None:
        """Add the parser of a subcommand with some names."""
        self._makers |= dict.fromkeys(names, cache(make))

    def __getitem__(self, name: str) -> Parser:
        return self._makers[name]()

    def __iter__(self) -> Iterator[str]:
        return iter(self._makers)

    def __len__(self) -> int:
        return len(self._makers)


class _Subcommands(argparse._SubParsersAction):  # type: ignore[type-arg]
    """Makes only the parser that is asked for, and keeps the values of ``--data`` before a command and after it."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self._parsers = self._name_parser_map = self.choices = _Parsers()  # type: ignore[assignment]

    def add_parser(  # type: ignore[override]
        self, name: str, *, aliases: Sequence[str] = (), help: str | None = None, **named: Any
    ) -> None:
        """Add a subcommand; see :meth:`argparse._SubParsersAction.add_parser`."""
        if help is not None:
            self._choices_actions.append(self._ChoicesPseudoAction(name, aliases, help))
        prog = f"{self._prog_prefix} {name}"
        self._parsers.add((name, *aliases), lambda: Parser(prog=prog, **named))

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any, option: str | None = None
    ) -> None:
        before = getattr(namespace, "data", [])
        super().__call__(parser, namespace, values, option)
        after = getattr(namespace, "data", before)
        if after is not before:
            namespace.data = [*before, *after]


class _MainParser(Parser):
    """The parser of ``threatgraph`` itself, whose help lists the commands in groups."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Refuse options of a command that stand before it, whose values would be taken for the command."""
        self.fill()
        words = iter(args or ())
        for word in words:
            if not word.startswith("-"):
                break
            name = word.partition("=")[0]
            if not any(known.startswith(name) for known in self._option_string_actions):
                self.error(f"unknown option {name!r} before the command; write the options of a command after its name")
            action = self._option_string_actions.get(word)
            if action is not None and action.nargs is None:
                next(words, None)  # its value
        return super().parse_known_args(args, namespace)

    def format_help(self) -> str:
        formatter = self._get_formatter()
        formatter.add_usage(self.usage, [], [])
        formatter.add_text(self.description)
        for title, commands in GROUPS.items():
            lines = [f"  {command.name:<{_NAME_WIDTH}}{command.summary}" for command in commands]
            formatter.add_text("\n".join([f"{title}:", *lines]))
        for group in self._action_groups:
            if group.title != _COMMANDS:
                formatter.start_section(group.title)
                formatter.add_arguments(group._group_actions)
                formatter.end_section()
        formatter.add_text(self.epilog)
        return formatter.format_help()


def build_parser() -> Parser:
    """The parser of all commands.

    Its result holds, beside the options that were given, ``execute``, the function of the command, and ``options``,
    the class of the options that this function takes.
    """
    parser = _MainParser(
        prog="threatgraph",
        usage="threatgraph COMMAND [options]",
        description="Query, validate and export a knowledge graph of AI threats.",
        fill=_add_commands,
    )
    parser.add_examples(*EXAMPLES)
    parser.add_note("'threatgraph COMMAND --help' explains a command.")
    return parser


def _add_commands(parser: Parser) -> None:
    commands = parser.add_subcommands(_COMMANDS, "COMMAND")
    for command in [*(command for group in GROUPS.values() for command in group), COMPLETE]:
        commands.add_parser(
            command.name, aliases=command.aliases, description=f"{command.summary}.", fill=_filler(command)
        )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version and exit")


def _filler(command: Command) -> Callable[[Parser], None]:
    def fill(parser: Parser) -> None:
        import_module(command.module).add_arguments(parser)

    return fill


def _add_shared(parser: argparse.ArgumentParser) -> None:
    """Add the options that every command has; they may stand before or after the command."""
    output = parser.add_argument_group("output options")
    output.add_argument("-o", "--output", metavar="FILE", help="write output to FILE (atomically)")
    output.add_argument("--no-color", action="store_true", help="disable color on a terminal")
    source = parser.add_argument_group("data source options")
    source.add_argument(
        "--data", action=_Append, metavar="PATH", help="add an RDF file or a folder of RDF files (repeatable)"
    )
    source.add_argument("--no-bundled", action="store_true", help="leave out the bundled data")
    source.add_argument(
        "--installed-data", action="store_true", help="use the installed data even in a checkout of threatgraph"
    )
    source.add_argument("--store", metavar="DIR", help="use the store in DIR, created by 'threatgraph load'")
    source.add_argument("--endpoint", metavar="URL", help="use the SPARQL server at URL")
    source.add_argument("--update-endpoint", metavar="URL", help="SPARQL Update endpoint, if different from --endpoint")
    source.add_argument("--graph-store-endpoint", metavar="URL", help="Graph Store Protocol endpoint")
    source.add_argument("--user", metavar="NAME", help="user name; the password is read from THREATGRAPH_PASSWORD")
    source.add_argument("--default-graph", metavar="IRI", help="named graph to query instead of the default graph")


class _Append(argparse.Action):
    """Collects the values of an option in a new list, so that the default is never changed."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: object, option: str | None = None
    ) -> None:
        setattr(namespace, self.dest, [*getattr(namespace, self.dest, []), values])


class _Version(argparse.Action):
    """Writes the version; that of argparse first finds out how wide the terminal is, which takes time."""

    def __call__(
        self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: object, option: str | None = None
    ) -> NoReturn:
        print(f"threatgraph {VERSION}")
        parser.exit()


def _reworded(message: str) -> str:
    """A message of argparse in the words of the other errors: it names the option first, by its long name."""
    found = re.fullmatch(r"argument (?:\S+/)?(\S+): (.*)", message, re.DOTALL)
    if not found:
        return message
    option, rest = found.groups()
    if rest == "expected one argument":
        return f"{option} requires a value"
    if rest.startswith("ignored explicit argument"):
        return f"{option} takes no value"
    return f"{option} {rest}" if rest.startswith("must ") else f"{option}: {rest}"
