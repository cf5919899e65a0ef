"""The commands that put graphs on a SPARQL server: sync, and load with --endpoint."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from threatgraph.cli.output import open_store, put_text
from threatgraph.errors import InvalidQuery
from threatgraph.store.inputs import bundled_sources, file_sources


def sync(arguments: argparse.Namespace) -> int:
    """Make the server hold the bundled graph and the given files, and nothing else that an earlier run put there."""
    return _put(arguments, only=True)


def load(arguments: argparse.Namespace) -> int:
    """Put files on the server, each in place of what its graph held; all others stay."""
    if "-" in arguments.files or arguments.form or arguments.remove:
        raise InvalidQuery("--endpoint takes files alone: `threatgraph sync` removes what is no longer given.")
    if not arguments.files:
        raise InvalidQuery("name the files to load; `threatgraph sync` puts the bundled graph on a server.")
    return _put(arguments, only=False)


def _put(arguments: argparse.Namespace, *, only: bool) -> int:
    from threatgraph.store.remote.sync import sync

    store = open_store(arguments)
    if getattr(arguments, "data", None) or getattr(arguments, "store", None):
        raise InvalidQuery("--data and --store do not go with a server: name the files to load without them.")
    begun = time.monotonic()
    given = file_sources(map(Path, arguments.files), getattr(arguments, "graph", None)) if arguments.files else []
    inputs = [*(bundled_sources() if only and not getattr(arguments, "no_bundled", False) else []), *given]
    changes = sync(store, list({item.graph: item for item in inputs}.values()), only=only)
    lines = [
        *(f"added: {iri}" for iri in changes.added),
        *(f"replaced: {iri}" for iri in changes.replaced),
        *(f"removed: {iri}" for iri in changes.removed),
    ]
    seconds = time.monotonic() - begun
    sent = f"{changes.triples:,} triples sent in {seconds:.1f} seconds" if changes else "nothing changed"
    put_text("\n".join([*lines, sent, ""]), arguments)
    return 0
