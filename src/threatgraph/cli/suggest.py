"""The command that recommends."""

from __future__ import annotations

import argparse
import sys

from threatgraph.cli.ask import decoded
from threatgraph.cli.output import open_graph, put, put_table, put_text, say, width
from threatgraph.cli.parser import TABLES
from threatgraph.errors import InvalidQuery


def recommend(arguments: argparse.Namespace) -> int:
    """Recommend records that are related to others, or to a text."""
    if arguments.all:
        return _all(arguments)
    kind = "provision" if arguments.framework and arguments.kind == "pattern" else arguments.kind
    found = open_graph(arguments).recommend(
        arguments.ids or None, text=_asked(arguments), kind=kind, top=arguments.top, framework=arguments.framework
    )
    if arguments.format == "text":
        put_text(found.render(width(arguments)), arguments)
    elif arguments.format == "json":
        put(found.to_json() + "\n", arguments)
    elif arguments.format in TABLES:
        put_table(found.to_table(), arguments)
        if found.note:
            say(f"threatgraph: note: {found.note}")
    else:
        from threatgraph.export import export_triples

        put(export_triples(found.to_triples(), arguments.format), arguments)
    return 0


def _all(arguments: argparse.Namespace) -> int:
    """The nearest others of every record."""
    if arguments.ids or arguments.text is not None or arguments.framework:
        raise InvalidQuery("--all is about every record of a kind: leave ID, --text and --framework out.")
    if arguments.format not in (*TABLES, "text"):
        raise InvalidQuery(f"--all gives a table: choose a format of {', '.join(TABLES)}.")
    table = open_graph(arguments).recommend_all(arguments.kind, arguments.top)
    arguments.format = "table" if arguments.format == "text" else arguments.format
    put_table(table, arguments)
    return 0


def _asked(arguments: argparse.Namespace) -> str | None:
    if arguments.text != "-":
        return None if arguments.text is None else str(arguments.text)
    if sys.stdin is None:
        raise InvalidQuery("standard input is closed: there is no text to read.")
    return decoded(sys.stdin.buffer.read(), "standard input")
