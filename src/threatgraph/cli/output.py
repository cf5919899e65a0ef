"""What the commands share: opening the graph, and putting an answer where it is wanted, in a form that fits there."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from pyoxigraph import NamedNode

from threatgraph.display import printable
from threatgraph.errors import InvalidQuery, ThreatGraphError
from threatgraph.graph import ThreatGraph
from threatgraph.saving import save
from threatgraph.table import Table

if TYPE_CHECKING:
    from threatgraph.store.remote.store import RemoteStore

_NARROWEST = 40


def open_graph(arguments: argparse.Namespace, more: list[str] | None = None, *, quick: bool = False) -> ThreatGraph:
    """The graph that the options ask for.

    Args:
        arguments: the options of the command line.
        more: further files or folders to load.
        quick: whether little of the graph will be read, so that what counts is how soon it opens.
    """
    bundled = not getattr(arguments, "no_bundled", False)
    if getattr(arguments, "endpoint", None):
        if getattr(arguments, "data", None) or more or not bundled or getattr(arguments, "store", None):
            reason = "a server is asked as it is: `threatgraph load --endpoint` and `sync` put files there."
            raise ThreatGraphError(f"--data, --store, --no-bundled and PATH do not go with --endpoint: {reason}")
        return ThreatGraph(open_store(arguments))
    if directory := getattr(arguments, "store", None):
        graph = ThreatGraph.open(getattr(arguments, "data", []), bundled=bundled, store=directory)
        if more:
            from threatgraph.store.disk.store import require_loaded

            require_loaded(Path(directory), map(Path, more))
        return graph
    return ThreatGraph.open([*getattr(arguments, "data", []), *(more or [])], bundled=bundled, cached=quick)


def open_store(arguments: argparse.Namespace) -> RemoteStore:
    """The server that the options name.

    Raises:
        InvalidQuery: where they name none.
    """
    from threatgraph.store.remote.store import RemoteStore

    url = getattr(arguments, "endpoint", None)
    if not url:
        raise InvalidQuery("name the server: --endpoint URL.")
    return RemoteStore(
        url,
        update_url=getattr(arguments, "update_endpoint", None),
        graph_store_url=getattr(arguments, "graph_store_endpoint", None),
        user=getattr(arguments, "user", None),
        graph=getattr(arguments, "default_graph", None),
    )


def put(content: str | bytes, arguments: argparse.Namespace) -> None:
    """Write an answer to the file that the options name, or else to standard output."""
    data = content.encode() if isinstance(content, str) else content
    path = getattr(arguments, "output", None)
    if path:
        save(data, Path(path))
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


def put_text(text: str, arguments: argparse.Namespace) -> None:
    """Write an answer for people: what is in it that a terminal would obey is escaped."""
    put(printable(text), arguments)


def say(text: str) -> None:
    """Write a message beside the answer, to standard error; what a terminal would obey is escaped."""
    print(printable(text), file=sys.stderr)


def put_table(table: Table, arguments: argparse.Namespace) -> None:
    """Write a table in the format of the options; on a terminal it is made to fit."""
    form = arguments.format or "table"
    if form == "table":
        columns = width(arguments)
        if columns and len(table.render().partition("\n")[0]) > columns:
            table = _without_identity(table)
        put_text(table.render(columns) + f"\n\n{len(table)} row{'' if len(table) == 1 else 's'}\n", arguments)
        return
    from threatgraph.export.tables import export_table

    put(export_table(table, form, guard_formulas=getattr(arguments, "guard_formulas", False)), arguments)


def _without_identity(table: Table) -> Table:
    """The table without the IRI of the record in its last column, where a label tells which one it is."""
    last = [row[-1] for row in table.rows]
    if "label" not in table.columns or not all(isinstance(term, NamedNode) for term in last):
        return table
    return Table(table.columns[:-1], [row[:-1] for row in table.rows])


def width(arguments: argparse.Namespace) -> int | None:
    """The characters that fit a line: of the terminal, or what COLUMNS says; ``None`` for a pipe or a file."""
    if getattr(arguments, "output", None) or not (sys.stdout.isatty() or os.environ.get("COLUMNS")):
        return None
    return max(shutil.get_terminal_size().columns, _NARROWEST)


def wrap(text: str, columns: int | None, indent: str = "", hang: str = "") -> list[str]:
    """The lines of a text that are no longer than ``columns``; the second and later ones stand ``hang`` further in."""
    if columns is None:
        return [indent + text]
    return textwrap.wrap(text, columns, initial_indent=indent, subsequent_indent=indent + hang, break_on_hyphens=False)


def in_color(arguments: argparse.Namespace) -> bool:
    """Whether to use colour: on a terminal, unless an option or NO_COLOR forbids it."""
    forbidden = getattr(arguments, "no_color", False) or os.environ.get("NO_COLOR")
    return sys.stdout.isatty() and not forbidden and not getattr(arguments, "output", None)
