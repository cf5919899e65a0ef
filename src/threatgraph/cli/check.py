"""The commands that check: validate, check, format."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from threatgraph.cli.output import open_graph, put, put_text
from threatgraph.errors import InvalidFile
from threatgraph.rdf.files import files_below, require_file
from threatgraph.store.protocol import VALIDATION_TIMEOUT

T = TypeVar("T")


def validate(arguments: argparse.Namespace) -> int:
    """Check the graph and report; status 2 where something breaks a shape, or was not evaluated."""
    graph = open_graph(arguments, more=arguments.paths)
    only = [Path(path) for path in arguments.paths] or None
    fast, hints, advanced = not arguments.full, arguments.hints, arguments.advanced
    if arguments.shapes:
        timeout = arguments.timeout or VALIDATION_TIMEOUT
        report = graph.validate(
            only,
            shapes=arguments.shapes,
            checks=arguments.checks or True,
            fast=fast,
            hints=hints,
            advanced=advanced,
            timeout=timeout,
        )
    else:
        from threatgraph.validate.cross_record import validate_all

        checks = arguments.checks or not arguments.no_checks
        report = validate_all(
            graph.store, checks=checks, only=only, fast=fast, hints=hints, advanced=advanced, progress=_bar
        )
    forms = {"json": report.to_json, "turtle": report.to_turtle, "github": report.to_github}
    if arguments.format in forms:
        put(forms[arguments.format](), arguments)
    else:
        put_text(report.to_text(), arguments)
    return 0 if report.ok else 2


def format_files(arguments: argparse.Namespace) -> int:
    """Bring files into the canonical form; status 1 where ``--check`` finds one that is not."""
    from threatgraph.authoring import format_file

    changed = [file for file in _bar(_turtle_files(arguments.paths)) if format_file(file, check=arguments.check)]
    verb = "would change" if arguments.check else "changed"
    put_text("".join(f"{verb}: {file}\n" for file in changed), arguments)
    return 1 if arguments.check and changed else 0


def _turtle_files(paths: Sequence[str]) -> list[Path]:
    found: list[Path] = []
    for path in map(Path, paths):
        if not path.is_dir():
            require_file(path)
        below = files_below(path, lambda file: file.suffix == ".ttl") if path.is_dir() else [path]
        if not below:
            raise InvalidFile(str(path), "no Turtle file (.ttl) in this folder.")
        found += below
    return found


def _bar(items: Sequence[T]) -> Iterable[T]:
    """The items one by one, with a bar on a terminal for work that takes longer than a second."""
    if sys.stderr is None or not sys.stderr.isatty():
        return items
    from tqdm import tqdm

    return tqdm(items, leave=False, delay=1, file=sys.stderr)
