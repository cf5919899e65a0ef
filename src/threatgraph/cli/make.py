"""The commands that write something to keep: export, new, completion."""

from __future__ import annotations

import argparse
from pathlib import Path

from threatgraph.cli.output import open_graph, put
from threatgraph.display import printable

_NEXT = """
Next:
  1. Complete the record: the file lists each expected statement as a comment.
  2. threatgraph format {path}
  3. threatgraph validate --hints {path}"""


def export(arguments: argparse.Namespace) -> int:
    """Write the graph, or one record and its neighbours."""
    put(open_graph(arguments).export(arguments.format, node=arguments.node), arguments)
    return 0


def new(arguments: argparse.Namespace) -> int:
    """Write a new record, then report its file, its code and the next commands."""
    from threatgraph import authoring

    graph = open_graph(arguments)
    folder = Path(arguments.folder)
    shared = {"label": arguments.label, "source": arguments.source, "code": arguments.code}
    if arguments.kind == "pattern":
        domain = graph.resolve(arguments.domain, "domain")
        record = authoring.new_pattern(graph.store, folder, domain=domain, definition=arguments.definition, **shared)
    else:
        patterns = [graph.resolve(name, "pattern") for name in arguments.pattern]
        event = {"description": arguments.description, "occurred": arguments.occurred}
        record = authoring.new_incident(graph.store, folder, patterns=patterns, **event, **shared)
    path = printable(str(record.path), line_ends=False)
    code = f"{record.code} ({record.code_note})" if record.code else record.code_note
    print(f"{path}\ncode: {code}\n{_NEXT.format(path=path)}")
    return 0


def completion(arguments: argparse.Namespace) -> int:
    """Print a completion script."""
    import shtab

    from threatgraph.cli.parser import build_parser

    put(shtab.complete(build_parser(), arguments.shell) + "\n", arguments)
    return 0
