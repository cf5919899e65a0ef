"""``threatgraph completion``: print a completion script for a shell."""

from __future__ import annotations

from dataclasses import dataclass

from threatgraph.cli.options import Options
from threatgraph.cli.output import write
from threatgraph.cli.parser import Parser


@dataclass(frozen=True, kw_only=True)
class CompletionOptions(Options):
    """The options of ``threatgraph completion``."""

    shell: str


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=CompletionOptions)
    parser.add_argument("shell", metavar="SHELL", choices=("bash", "zsh", "fish"), help="bash, zsh or fish")
    parser.add_examples("threatgraph completion bash > ~/.local/share/bash-completion/completions/threatgraph")


def execute(options: CompletionOptions) -> int:
    """Print a completion script."""
    write("", options)
    return 0
