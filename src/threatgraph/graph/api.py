"""The class :class:`ThreatGraph`: open a graph in memory, in a store on disk, or on a SPARQL server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from threatgraph.errors import ThreatGraphError
from threatgraph.graph.exchange import Exchange
from threatgraph.graph.paths import PathLike, as_paths
from threatgraph.graph.queries import Queries
from threatgraph.graph.validation import Validation
from threatgraph.store import Store

if TYPE_CHECKING:
    from threatgraph.store.disk.load import LoadResult
    from threatgraph.store.disk.writer import Progress


class ThreatGraph(Queries, Validation, Exchange):
    """A knowledge graph of AI threats: the bundled data, and your own files.

    A graph never changes once it is open. Several threads can use it at the same time.

    Args:
        store: the store that holds the triples. Most callers use :meth:`open` or :meth:`connect` instead.

    Example:
        >>> from threatgraph import ThreatGraph
        >>> graph = ThreatGraph.open()
        >>> graph.pattern("PAT-SYS-005").label
        'Strategic Misalignment'
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    @classmethod
    def open(
        cls,
        data: PathLike | Sequence[PathLike] = (),
        *,
        bundled: bool = True,
        store: PathLike | None = None,
        cached: bool = False,
    ) -> ThreatGraph:
        """Open the bundled graph, with your own files added; or a store on disk.

        Args:
            data: RDF files to add, or folders of them; a single path or several.
            bundled: load the bundled data. If false, the graph holds only ``data``.
            store: the folder of a store that :meth:`load` has filled. Cannot be combined with ``data`` or
                ``bundled=False``.
            cached: if there is no ``data``, use the copy of the bundled graph in the cache folder. It opens faster,
                but queries that read much of the graph are slower.

        Returns:
            The graph.

        Raises:
            InvalidFile: if a file is missing, is not RDF or does not parse; if the store is damaged or was written by
                a newer version.
            ThreatGraphError: if the folder has no store; if ``store`` is combined with ``data`` or ``bundled=False``.

        Example:
            >>> graph = ThreatGraph.open()
            >>> graph.incident("AIID 6").label  # doctest: +SKIP
            'Microsoft Tay…'
        """
        paths = as_paths(data)
        if store is not None:
            if paths or not bundled:
                raise ThreatGraphError(
                    "`store=` cannot be combined with `data=` or `bundled=False`; `ThreatGraph.load` adds files."
                )
            from threatgraph.store.disk.store import DirectoryStore

            return cls(DirectoryStore.open(Path(store)))
        if cached and bundled and not paths:
            from threatgraph.store.disk.cache import bundled_store

            if (copy := bundled_store()) is not None:
                return cls(copy)
        from threatgraph.store.memory import MemoryStore

        return cls(MemoryStore.open(paths, bundled=bundled))

    @classmethod
    def connect(
        cls,
        url: str,
        *,
        update_url: str | None = None,
        graph_store_url: str | None = None,
        user: str | None = None,
        graph: str | None = None,
    ) -> ThreatGraph:
        """Connect to a graph on a SPARQL 1.1 server, which :meth:`sync` has filled.

        Args:
            url: the SPARQL query endpoint, such as ``http://localhost:8890/sparql``.
            update_url: the SPARQL Update endpoint, if different from ``url``.
            graph_store_url: the Graph Store Protocol endpoint, if the server has one.
            user: the name of the user. The password is read from ``THREATGRAPH_PASSWORD`` or ``~/.netrc``.
            graph: the named graph to query instead of the default graph.

        Returns:
            The graph. No request is sent until it is used.

        Raises:
            EndpointError: if a URL is not valid, or the user has no password.
            InvalidQuery: if ``graph`` is not a valid IRI.
        """
        from threatgraph.store.remote.store import RemoteStore

        store = RemoteStore(url, update_url=update_url, graph_store_url=graph_store_url, user=user, graph=graph)
        return cls(store)

    @staticmethod
    def load(
        files: PathLike | Sequence[PathLike] = (),
        *,
        store: PathLike,
        stream: IO[bytes] | None = None,
        format: str | None = None,
        graph: str | None = None,
        remove: str | Sequence[str] = (),
        bundled: bool = True,
        progress: Progress | None = None,
    ) -> LoadResult:
        """Load files into a store on disk, which is created if necessary; open it with ``ThreatGraph.open(store=…)``.

        A file that was loaded before is replaced. The bundled data is included and kept up to date. The store changes
        only when the load is complete: an error leaves it as it was.

        Args:
            files: RDF files, also gzipped (``.gz``), or folders of them.
            store: the folder of the store.
            stream: a binary stream to load, such as ``sys.stdin.buffer``; requires ``format``.
            format: the format of ``stream``: ``turtle``, ``ntriples``, ``nquads``, ``trig``, ``jsonld`` or ``rdfxml``.
            graph: the IRI of the named graph for a single file or for ``stream``.
            remove: files to remove from the store, by path, or named graphs, by IRI.
            bundled: include the bundled data. If false, it is removed from the store.
            progress: called with the number of bytes read and the total number of bytes.

        Returns:
            The graphs that were loaded and removed, the contents of the store, and the time taken.

        Raises:
            InvalidFile: if a file cannot be read or does not parse; if the store is damaged or was written by a newer
                version.
            InvalidQuery: if ``graph`` is not a valid IRI; if ``stream`` and ``format`` are not given together.
            UnknownName: if the store does not hold what ``remove`` names.
            ThreatGraphError: if another process is writing to the store, or the folder is not writable.

        Example:
            >>> ThreatGraph.load("my-risks.ttl", store="threats.db")  # doctest: +SKIP
            >>> graph = ThreatGraph.open(store="threats.db")  # doctest: +SKIP
        """
        from threatgraph.store.disk.load import load
        from threatgraph.store.inputs import sources

        given = sources(as_paths(files), stream, format, graph)
        names = [remove] if isinstance(remove, str) else remove
        return load(Path(store), given, remove=names, bundled=bundled, progress=progress)

    @property
    def outdated(self) -> bool:
        """Whether the bundled data has changed since it was loaded into the store on disk."""
        return bool(getattr(self.store, "outdated", False))

    def __len__(self) -> int:
        """The number of triples, including derived ones; this runs a query."""
        from threatgraph.counts import count_triples

        return count_triples(self.store)

    def __bool__(self) -> bool:
        """Always true, also for a graph without triples."""
        return True

    def __repr__(self) -> str:
        """A short description that needs no query."""
        return f"<ThreatGraph {self.store.location}>"
