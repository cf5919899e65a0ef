"""What to serve: the bundled graph and files, a store on disk, or a SPARQL server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from threatgraph.graph import ThreatGraph


class Source(NamedTuple):
    """The graph to serve, as the options of :meth:`ThreatGraph.open` and :meth:`ThreatGraph.connect` name it."""

    data: Sequence[str] = ()
    """Files to add to the bundled graph, and folders of them."""
    bundled: bool = True
    store: str | None = None
    """The folder of a store on disk."""
    endpoint: str | None = None
    """The URL of a SPARQL server."""
    user: str | None = None
    graph: str | None = None
    """The named graph on the server to query instead of its default graph."""

    @property
    def is_remote(self) -> bool:
        """Whether the graph is on a SPARQL server."""
        return self.endpoint is not None

    @property
    def in_memory(self) -> bool:
        """Whether the graph is loaded into memory."""
        return self.store is None and self.endpoint is None

    def open(self) -> ThreatGraph:
        """Open the graph.

        Raises:
            ThreatGraphError: as :meth:`ThreatGraph.open` and :meth:`ThreatGraph.connect`.
        """
        if self.endpoint is not None:
            return ThreatGraph.connect(self.endpoint, user=self.user, graph=self.graph)
        return ThreatGraph.open(self.data, bundled=self.bundled, store=self.store)
