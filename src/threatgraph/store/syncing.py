"""Makes a SPARQL server hold what a store here holds, graph by graph.

A graph of its own on the server notes a digest of each graph that was put there. Before a graph is changed its note is
taken away, and it is written when the graph is whole: after an interruption, the next run puts right what was left.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, serialize

from threatgraph.store.base import Store
from threatgraph.store.remote import RemoteStore
from threatgraph.vocab import MANIFEST_GRAPH, PREFIXES

BATCH = 500
"""Triples that one update inserts: some servers limit the length of a text."""
_DIGEST = NamedNode(f"{PREFIXES['dcterms']}identifier")
_DEFAULT = MANIFEST_GRAPH + "#default"
"""What the note of the default graph is about."""


@dataclass
class Synced:
    """What was done."""

    put: list[str] = field(default_factory=list)
    """Graphs that were written; the default graph is an empty name."""
    dropped: list[str] = field(default_factory=list)
    """Graphs that were removed, which this project had put there."""
    kept: int = 0
    """Graphs that were the same already."""
    triples: int = 0
    """Triples that were sent."""


def sync(local: Store, server: RemoteStore) -> Synced:
    """Put the graphs of a store onto a server, where they differ from what was put there before.

    Other graphs of the server are left alone.

    Args:
        local: what the server shall hold.
        server: where to put it; its address names where updates go.

    Raises:
        EndpointError: where the server refuses, or its address for updates is not known.
    """
    noted = _notes(server)
    done = Synced()
    wanted = ["", *local.graphs()]
    for graph in sorted(noted.keys() - set(wanted)):
        _forget(server, graph)
        server.endpoint.update(f"DROP SILENT GRAPH <{graph}>")
        done.dropped.append(graph)
    for graph in [*wanted[1:], ""]:  # the default graph last: it is what most queries ask
        lines = _lines(local.graph_triples(graph) if graph else local.triples())
        digest = hashlib.sha256(b"".join(lines)).hexdigest()
        if noted.get(graph) == digest:
            done.kept += 1
            continue
        _forget(server, graph)
        _put(server, graph, lines)
        server.endpoint.update(
            f'INSERT DATA {{ GRAPH <{MANIFEST_GRAPH}> {{ <{graph or _DEFAULT}> {_DIGEST} "{digest}" }} }}'
        )
        done.put.append(graph)
        done.triples += len(lines)
    return done


def _notes(server: RemoteStore) -> dict[str, str]:
    """The digest of each graph that was put onto the server and is whole."""
    query = f"SELECT ?graph ?digest WHERE {{ GRAPH <{MANIFEST_GRAPH}> {{ ?graph {_DIGEST} ?digest }} }}"
    found = {}
    for graph, digest in server.select(query).rows:
        if isinstance(graph, NamedNode) and isinstance(digest, Literal):
            found["" if graph.value == _DEFAULT else graph.value] = digest.value
    return found


def _forget(server: RemoteStore, graph: str) -> None:
    server.endpoint.update(f"DELETE WHERE {{ GRAPH <{MANIFEST_GRAPH}> {{ <{graph or _DEFAULT}> {_DIGEST} ?digest }} }}")


def _lines(triples: Iterable[Triple]) -> list[bytes]:
    """The triples as lines of N-Triples, sorted: the same bytes for the same graph."""
    content = serialize(triples, format=RdfFormat.N_TRIPLES) or b""
    return sorted(content.splitlines(keepends=True))


def _put(server: RemoteStore, graph: str, lines: Sequence[bytes]) -> None:
    """Replace a graph, by the Graph Store Protocol where the server has it, and else by updates."""
    name = graph or server.dialect.merged
    if server.endpoint.address.graph_store is not None:
        server.endpoint.put(name, b"".join(lines))
        return
    target = f"GRAPH <{name}>" if name else "DEFAULT"
    server.endpoint.update(f"CLEAR SILENT {target}")
    for batch in _batches(lines):
        text = b"".join(batch).decode()
        server.endpoint.update(
            f"INSERT DATA {{ GRAPH <{name}> {{\n{text}}} }}" if name else f"INSERT DATA {{\n{text}}}"
        )


def _batches(lines: Sequence[bytes]) -> Iterator[list[bytes]]:
    rest = iter(lines)
    while batch := list(islice(rest, BATCH)):
        yield batch
