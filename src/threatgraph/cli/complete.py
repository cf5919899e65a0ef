"""``threatgraph complete``: list what can follow on the command line, for scripts of shells.

The scripts pass the words after ``threatgraph``; the last one is the word to complete, which may be empty. Each line of
the answer is a candidate, then a tab and a description. The line ``:files`` asks the shell for names of files.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence

from threatgraph.cli.options import Options
from threatgraph.cli.parser import Parser, build_parser
from threatgraph.display import printable
from threatgraph.errors import ThreatGraphError
from threatgraph.vocab import CLASSES, KINDS, PROPERTIES

_FILES = ":files"
#: The kind of record of an option that does not have its name.
_KINDS = {"harm": "harm-type"}
#: A candidate and its description.
Candidate = tuple[str, str]


class CompleteOptions(Options):
    """The options of ``threatgraph complete``."""

    words: Sequence[str] = ()


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=CompleteOptions)
    parser.add_argument("words", metavar="WORD", nargs=argparse.REMAINDER, help="the words after 'threatgraph'")


def execute(options: CompleteOptions) -> int:
    """Print the candidates; none where anything is wrong, since the command line is not complete.

    Nothing that takes time to import is imported before it is needed: a person waits for each answer.
    """
    words = options.words[1:] if options.words[:1] == ["--"] else options.words
    *before, word = words or [""]
    try:
        found = dict(_Completion(options).candidates(before, word))
    except ThreatGraphError:
        return 0
    # Tabs and line ends structure the answer, so those of the data are escaped.
    lines = [[printable(part, line_ends=False) for part in pair if part] for pair in found.items()]
    sys.stdout.buffer.write("".join("\t".join(line) + "\n" for line in lines).encode())
    return 0


class _Completion:
    """Finds the candidates for a word.

    Args:
        options: the options for opening the graph.
    """

    def __init__(self, options: Options) -> None:
        self._options = options
        self._values: list[str] = []

    def candidates(self, before: Sequence[str], word: str) -> Iterator[Candidate]:
        """The candidates for ``word`` after the words ``before``."""
        parser, pending = self._walk(before)
        option, equals, value = word.partition("=")
        if pending is not None:
            yield from _beginning(word, self._choices(pending, word))
        elif word.startswith("--") and equals:
            action = parser._option_string_actions.get(option)
            if action is not None:
                found = _beginning(value, self._choices(action, value))
                yield from ((f"{option}={name}", text) for name, text in found)
        elif word.startswith("-"):
            yield from _beginning(word, _options(parser))
        else:
            positional = self._positional(parser)
            if positional is not None:
                yield from _beginning(word, self._choices(positional, word))

    def _walk(self, words: Sequence[str]) -> tuple[Parser, argparse.Action | None]:
        """The parser of the command that the words name, and the option that waits for its value."""
        parser, pending = build_parser(), None
        parser.fill()
        for word in words:
            if pending is not None:
                pending = None
            elif word.startswith("-") and word != "-":
                action = parser._option_string_actions.get(word)
                pending = action if action is not None and action.nargs is None else None
            elif (commands := parser.subcommands()) and word in commands:
                parser, self._values = commands[word], []
                parser.fill()
            else:
                self._values.append(word)
        return parser, pending

    def _positional(self, parser: Parser) -> argparse.Action | None:
        """The argument that the word is for; the last one, where it can be repeated."""
        positionals = [action for action in parser._actions if not action.option_strings]
        if not positionals:
            return None
        action = positionals[min(len(self._values), len(positionals) - 1)]
        is_taken = len(self._values) >= len(positionals) and action.nargs in (None, "?")
        return None if is_taken else action

    def _choices(self, action: argparse.Action, word: str) -> Iterable[Candidate]:
        """The values that an argument can have."""
        if isinstance(action, argparse._SubParsersAction):
            return ((name, parser.description or "") for name, parser in action.choices.items() if name != "complete")
        if action.choices is not None:
            return ((str(name), "") for name in action.choices)
        if action.metavar in ("PATH", "FILE", "DIR"):
            return [(_FILES, "")]
        if action.metavar in ("OLD", "NEW"):
            return [("bundled", "the bundled graph"), (_FILES, "")]
        if action.metavar == "KIND":
            return ((kind.name, "") for kind in KINDS.values())
        if action.metavar == "TERM":
            return ((f"tg:{name}", "") for name in sorted(CLASSES | PROPERTIES))
        if action.metavar == "QUERY":
            from threatgraph.catalog import load_catalog

            return ((query.name, query.title) for query in load_catalog().values())
        if action.metavar == "KEY=VALUE":
            return self._parameters(word)
        if action.metavar == "ID":
            return self._records(_KINDS.get(action.dest, action.dest), word)
        return []

    def _parameters(self, word: str) -> Iterator[Candidate]:
        """The parameters of the named query, or the values of one of them."""
        from threatgraph.catalog import load_catalog

        query = load_catalog().get(self._values[0]) if self._values else None
        name, equals, value = word.partition("=")
        for parameter in query.parameters if query else ():
            if not equals:
                yield f"{parameter.name}=", parameter.description
            elif parameter.name == name and parameter.type in KINDS:
                found = self._records(parameter.type, value)
                yield from ((f"{name}={record}", label) for record, label in found)

    def _records(self, kind: str | None, word: str) -> Iterable[Candidate]:
        from threatgraph.cli.output import open_graph

        return open_graph(self._options, quick=True).complete(word, kind if kind in KINDS else None).items()


def _options(parser: Parser) -> Iterator[Candidate]:
    for name, action in parser._option_string_actions.items():
        if name.startswith("--"):
            yield name, (action.help or "").partition(":")[0]


def _beginning(word: str, candidates: Iterable[Candidate]) -> Iterator[Candidate]:
    """The candidates that begin with a word, in upper or lower case."""
    for name, text in candidates:
        if name == _FILES or name.lower().startswith(word.lower()):
            yield name, text
