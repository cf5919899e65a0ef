"""What to serve: the bundled graph and files, a store on disk, or a SPARQL server."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from threatgraph.graph import ThreatGraph
from threatgraph.store.disk.cache import use_kept
from threatgraph.store.memory import MemoryStore

FILES = "urn:threatgraph:file:"
"""The beginning of the IRIs of the named graphs of files."""


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

    def use_kept(self, graph: ThreatGraph) -> None:
        """Let the bundled graph in memory use what the cache keeps for it, such as the model of recommendations.

        Args:
            graph: the graph of this source; nothing is kept for graphs with other data.
        """
        if self == Source() and isinstance(graph.store, MemoryStore):
            use_kept(graph.store)

    def open(self) -> ThreatGraph:
        """Open the graph.

        Raises:
            ThreatGraphError: as :meth:`ThreatGraph.open` and :meth:`ThreatGraph.connect`.
        """
        if self.endpoint is not None:
            return ThreatGraph.connect(self.endpoint, user=self.user, graph=self.graph)
        if self.store is not None:
            return ThreatGraph.open(store=self.store)
        return ThreatGraph(MemoryStore.open([*map(Path, self.data)], bundled=self.bundled, graph_of=_Names()))


class _Names:
    """Names the graphs of files without their folders, which strangers need not know."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    def __call__(self, file: Path) -> str:
        self._taken[file.name] += 1
        number = self._taken[file.name]
        return f"{FILES}{quote(file.name, safe='')}" + (f":{number}" if number > 1 else "")
