"""The command that fills a SPARQL server: sync."""

from __future__ import annotations

import argparse

from threatgraph.cli.output import put
from threatgraph.errors import InvalidQuery
from threatgraph.graph import ThreatGraph
from threatgraph.store.endpoint import Address
from threatgraph.store.remote import RemoteStore
from threatgraph.store.syncing import sync as put_onto


def sync(arguments: argparse.Namespace) -> int:
    """Make a server hold the shipped graph with the files of ``--data``, or a store on disk."""
    url = getattr(arguments, "endpoint", None)
    if not url:
        raise InvalidQuery("name the server: --endpoint URL, and --update-endpoint URL where it takes updates.")
    shipped = not getattr(arguments, "no_shipped", False)
    local = ThreatGraph.open(getattr(arguments, "data", []), shipped=shipped, store=getattr(arguments, "store", None))
    update = getattr(arguments, "update_endpoint", None)
    address = Address(url, update, getattr(arguments, "graph_store", None), getattr(arguments, "user", None))
    done = put_onto(local.store, RemoteStore(address, getattr(arguments, "default_graph", None)))
    put(
        f"{_graphs(len(done.put))} written ({done.triples:,} triples), {done.kept:,} unchanged, "
        f"{len(done.dropped):,} removed\n",
        arguments,
    )
    return 0


def _graphs(count: int) -> str:
    return f"{count:,} graph{'' if count == 1 else 's'}"
