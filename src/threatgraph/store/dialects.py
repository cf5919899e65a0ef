"""Where servers differ from the standard and from each other: all of it stands here, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from threatgraph.errors import EndpointError
from threatgraph.vocab import FILE_GRAPHS

MERGED_GRAPH = f"{FILE_GRAPHS}merged"
"""The graph of the merged triples on a server that has no default graph of its own."""
MANIFEST_GRAPH = f"{FILE_GRAPHS}manifest"
"""The graph that notes what `load` and `sync` have put on a server."""
STAGING_GRAPH = f"{FILE_GRAPHS}staging"
"""The graph that is filled before it takes the place of another."""
OWN_GRAPHS = frozenset({MERGED_GRAPH, MANIFEST_GRAPH, STAGING_GRAPH})
"""Graphs that are there for our own work and hold no statement that others do not hold."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What is particular about a server."""

    name: str
    default_graph: str | None = None
    """The graph that stands for the default graph; ``None`` where the server has one."""
    system_graphs: tuple[str, ...] = ()
    """How the IRIs of the server's own graphs begin."""
    batch: int = 5_000
    """Triples that an ``INSERT DATA`` may have."""

    def check_complete(self, url: str, rows: int, headers: Mapping[str, str]) -> None:
        """See that the server has not cut an answer.

        Virtuoso cuts answers at ResultSetMaxRows (10,000 in Debian's settings) and says so in a header alone.

        Raises:
            EndpointError: where it has.
        """
        most = str(headers.get("X-SPARQL-MaxRows", ""))
        if most.isdigit() and rows >= int(most):
            reason = f"the server cuts answers at {most} rows: ask for less, or raise ResultSetMaxRows in its settings."
            raise EndpointError(url, reason)


STANDARD = Dialect("SPARQL 1.1")
VIRTUOSO = Dialect(
    "Virtuoso",
    MERGED_GRAPH,
    (
        "http://www.openlinksw.com/",
        "http://localhost:",
        "urn:activitystreams-owl:",
        "http://www.w3.org/",
        "urn:core:",
        "urn:rules.",
    ),
    200,
)


def dialect_of(headers: Mapping[str, str]) -> Dialect:
    """The dialect of a server, known by the ``Server`` header of its answers."""
    return VIRTUOSO if "virtuoso" in str(headers.get("Server", "")).lower() else STANDARD
