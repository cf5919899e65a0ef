"""The reference of the command line, from the argument parser itself."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from sitegen.markdown import cell, code, fence, page, table
from threatgraph.cli.commands import GROUPS
from threatgraph.cli.parser import Parser, build_parser

INTRODUCTION = """
Every command prints its help with `--help`. All commands accept the [global options](#global-options).
Exit status: 0 for success, 1 if `format --check` would change a file, 2 for invalid input or data that violates a rule.
"""


def reference() -> str:
    """The page of all commands."""
    main = build_parser()
    main.fill()
    commands = dict(_commands(main))
    shared = [group for group in main._action_groups if group.title and group.title.endswith(" options")]
    contents = table(
        ("command", "purpose"),
        (
            (f"[{code(command.name)}](#{_anchor(command.name)})", cell(f"{command.summary}."))
            for group in GROUPS.values()
            for command in group
        ),
    )
    sections = [_section(name, parser, {str(group.title) for group in shared}) for name, parser in commands.items()]
    return page(
        "Command line",
        INTRODUCTION,
        contents,
        *sections,
        "(global-options)=\n## Global options",
        *_groups(main, shared),
    )


def _commands(parser: Parser, prefix: str = "") -> Iterator[tuple[str, Parser]]:
    """Commands by name, each with its subcommands after it; an alias has no section."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            seen: set[int] = set()
            for name, sub in action.choices.items():
                if id(sub) not in seen:
                    seen.add(id(sub))
                    sub.fill()
                    yield f"{prefix}{name}", sub
                    yield from _commands(sub, f"{prefix}{name} ")


def _section(name: str, parser: Parser, shared: set[str]) -> str:
    own = [group for group in parser._action_groups if group.title not in shared]
    level = "##" if " " not in name else "###"
    parts = [
        f"({_anchor(name)})=\n{level} {code(name)}",
        " ".join((parser.description or "").split()),
        fence("text", parser.format_usage().removeprefix("usage: ")),
        *_groups(parser, own),
    ]
    if parser.epilog:
        lines = (line.strip() for line in parser.epilog.splitlines())
        examples = [f"$ {line}" for line in lines if line.startswith("threatgraph ")]
        parts.append(fence("console", "\n".join(examples)) if examples else "")
    return "\n\n".join(part for part in parts if part)


def _groups(parser: Parser, groups: list[argparse._ArgumentGroup]) -> Iterator[str]:
    """A table for each group of arguments, without help itself."""
    for group in groups:
        rows = [_row(action, parser) for action in group._group_actions if "--help" not in action.option_strings]
        if any(isinstance(action, argparse._SubParsersAction) for action in group._group_actions):
            continue
        yield table(((group.title or "options").removesuffix("s"), "meaning"), rows)


def _row(action: argparse.Action, parser: Parser) -> tuple[str, str]:
    formatter = parser._get_formatter()
    names = formatter._format_action_invocation(action)
    return code(names), cell(formatter._expand_help(action) if action.help else "")


def _anchor(name: str) -> str:
    return f"command-{name.replace(' ', '-')}"
