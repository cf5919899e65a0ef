"""The commands that write something to keep: export, new, completion."""

from __future__ import annotations

import argparse
from pathlib import Path

from threatgraph.cli.output import open_graph, put
from threatgraph.display import printable


def export(arguments: argparse.Namespace) -> int:
    """Write the graph, or one record and its neighbours."""
    put(open_graph(arguments).export(arguments.format, node=arguments.node), arguments)
    return 0


def new(arguments: argparse.Namespace) -> int:
    """Write a new record and say where it is."""
    from threatgraph import authoring

    graph = open_graph(arguments)
    shared = {"label": arguments.label, "source": arguments.source, "code": arguments.code}
    if arguments.kind == "pattern":
        domain = graph.resolve(arguments.domain, "domain")
        path = authoring.new_pattern(Path(arguments.folder), domain=domain, definition=arguments.definition, **shared)
    else:
        patterns = [graph.resolve(name, "pattern") for name in arguments.pattern]
        told = {"description": arguments.description, "occurred": arguments.occurred}
        path = authoring.new_incident(Path(arguments.folder), patterns=patterns, **told, **shared)
    shown = printable(str(path))
    print(f"{shown}\nNext: threatgraph validate --hints {shown}")
    return 0


def completion(arguments: argparse.Namespace) -> int:
    """Print a completion script."""
    import shtab

    from threatgraph.cli.parser import build_parser

    put(shtab.complete(build_parser(), arguments.shell) + "\n", arguments)
    return 0
