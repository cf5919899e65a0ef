"""The reference of the command line, from the argument parser itself."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from sitegen.markdown import cell, code, fence, page, table
from threatgraph.cli.parser import build_parser

INTRODUCTION = """
Each command prints its help with `--help`. The [global options](#global-options) work with every command
that opens a graph.
Exit status: 0 for success, 1 if `format --check` would change a file, 2 for invalid input or data that violates a rule.
"""


def reference() -> str:
    """The page of all commands."""
    parser = build_parser()
    parser.prog = "threatgraph"
    commands = dict(_commands(parser))
    shared = _shared_options(list(commands.values()))
    contents = table(
        ("command", "purpose"),
        ((f"[{code(name)}](#{_anchor(name)})", cell(_purpose(sub))) for name, sub in commands.items()),
    )
    sections = [_section(name, sub, shared) for name, sub in commands.items()]
    common = next(iter(commands.values()))
    global_options = "\n\n".join(
        [
            "(global-options)=\n## Global options",
            table(
                ("option", "meaning"), [_row(action, common) for action in common._actions if _key(action) in shared]
            ),
        ]
    )
    return page("Command line", INTRODUCTION, contents, *sections, global_options)


def _commands(parser: argparse.ArgumentParser, prefix: str = "") -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Commands by name, sub-commands such as `new pattern` included; an alias is not a command of its own."""
    seen: set[int] = set()
    for action in parser._actions:
        if not isinstance(action, argparse._SubParsersAction):
            continue
        helps = {choice.dest: choice.help for choice in action._choices_actions}
        for name, sub in action.choices.items():
            if id(sub) in seen:
                continue
            seen.add(id(sub))
            sub.description = sub.description or helps.get(name) or ""
            nested = dict(_commands(sub, f"{prefix}{name} "))
            yield from nested.items() if nested else [(f"{prefix}{name}", sub)]


def _shared_options(parsers: list[argparse.ArgumentParser]) -> set[str]:
    """The options that every command has, which are described once."""
    keys = [{_key(action) for action in parser._actions if action.option_strings} for parser in parsers]
    # A command that opens no graph may lack them: an option counts as global where most commands have it.
    return {key for key in set().union(*keys) if sum(key in own for own in keys) > 0.7 * len(keys)} - {"--format"}


def _section(name: str, parser: argparse.ArgumentParser, shared: set[str]) -> str:
    shown = [action for action in parser._actions if _key(action) not in shared and action.help != argparse.SUPPRESS]
    arguments = [_row(action, parser) for action in shown if not action.option_strings]
    options = [_row(action, parser) for action in shown if action.option_strings]
    parts = [
        f"({_anchor(name)})=\n## {code(name)}",
        _purpose(parser),
        fence("text", _usage(name, shown)),
        table(("argument", "meaning"), arguments),
        table(("option", "meaning"), options),
        fence("text", parser.epilog) if parser.epilog else "",
    ]
    return "\n\n".join(part for part in parts if part)


def _usage(name: str, actions: list[argparse.Action]) -> str:
    """The usage line without the global options."""
    parser = argparse.ArgumentParser(prog=f"threatgraph {name}", add_help=False)
    for action in actions:
        parser._add_action(action)
    return parser.format_usage().removeprefix("usage: ").strip()


def _row(action: argparse.Action, parser: argparse.ArgumentParser) -> tuple[str, str]:
    formatter = parser._get_formatter()
    name = formatter._format_action_invocation(action)
    meaning = formatter._expand_help(action) if action.help else ""
    return code(name), cell(meaning)


def _purpose(parser: argparse.ArgumentParser) -> str:
    text = " ".join((parser.description or "").split())
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")


def _key(action: argparse.Action) -> str:
    return action.option_strings[-1] if action.option_strings else action.dest


def _anchor(name: str) -> str:
    return f"command-{name.replace(' ', '-')}"
