"""Facts about the served graph, read once when it has been opened."""

from __future__ import annotations

from threatgraph.service.served import ServedGraph
from threatgraph.version import DATA_VERSION


def read(served: ServedGraph) -> dict[str, str]:
    """Return the location and the digest of the graph, and its version for people."""
    digest = served.digest()
    version = f"{DATA_VERSION}+{digest[:8]}" if digest else DATA_VERSION
    return {"location": served.graph.store.location, "digest": digest, "version": version}


def ping(served: ServedGraph) -> None:
    """Do nothing, in a worker that has opened the graph."""
