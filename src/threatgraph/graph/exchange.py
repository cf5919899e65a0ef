"""Exchange with other tools: export, import, charts, SPARQL servers, rdflib and networkx."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from threatgraph.errors import ThreatGraphError
from threatgraph.graph.lookups import Lookups
from threatgraph.graph.paths import PathLike, as_paths
from threatgraph.saving import save

if TYPE_CHECKING:
    import networkx
    import rdflib
    from pyoxigraph import Triple

    from threatgraph.importers import ImportResult
    from threatgraph.plots.chart import Chart
    from threatgraph.releases import ReleaseDiff
    from threatgraph.store.remote.sync import SyncResult


class Exchange(Lookups):
    """The methods of :class:`~threatgraph.ThreatGraph` that exchange data with other tools."""

    def export(self, format: str = "turtle", *, node: str | None = None, path: PathLike | None = None) -> bytes:
        """Export the graph, or one record and its neighbors.

        Args:
            format: the name of a format, such as ``turtle``, ``jsonld``, ``graphml``, ``sssom`` or ``stix``; see
                :data:`threatgraph.export.FORMATS`.
            node: the identifier of a record; the whole graph by default.
            path: also write the export to this file, atomically.

        Returns:
            The content. Exports are deterministic.

        Raises:
            UnknownName: for an unknown format or record.
            AmbiguousName: if several records have the name ``node``.
            ThreatGraphError: if the format cannot represent a literal; if the file cannot be written.

        Example:
            >>> graph.export("turtle", node="goal-drift").startswith(b"@prefix")
            True
        """
        from threatgraph.export import export

        content = export(self.store, format, node=None if node is None else self.resolve(node))
        if path is not None:
            save(content, Path(path))
        return content

    @staticmethod
    def serialize(triples: Iterable[Triple], format: str = "turtle") -> bytes:
        """Serialize triples, such as those of :meth:`query` with ``raw=True`` or of recommendations.

        Args:
            triples: pyoxigraph triples.
            format: ``turtle``, ``jsonld``, ``ntriples`` or ``rdfxml``.

        Raises:
            UnknownName: for an unknown format.
            ThreatGraphError: if the format cannot represent a literal.

        Example:
            >>> triples = graph.query("DESCRIBE severity:high", raw=True)
            >>> b"severity:high" in graph.serialize(triples)
            True
        """
        from threatgraph.export import export_triples

        return export_triples(triples, format)

    def import_file(
        self, format: str, path: PathLike, *, predict_links: bool = True, min_confidence: float = 0.0
    ) -> ImportResult:
        """Convert a file of another project to records that link to this graph; the graph itself stays as it is.

        Records that violate a shape are left out and reported.

        Args:
            format: an import format such as ``aiid`` or ``sssom``; see :data:`threatgraph.importers.FORMATS`.
            path: the file or folder of the other project.
            predict_links: predict the threat patterns of incidents.
            min_confidence: the minimum confidence of predicted links, from 0 to 1.

        Returns:
            The records, with the problems found; write them with :meth:`ImportResult.write
            <threatgraph.importers.builder.ImportResult.write>`.

        Raises:
            UnknownName: for an unknown format.
            InvalidFile: if the file is missing or does not have the format.
            ThreatGraphError: if the graph is not in memory, or does not include the bundled data.

        Example:
            >>> result = graph.import_file("aiid", "snapshot/incidents.csv")  # doctest: +SKIP
            >>> result.write("imported.ttl")  # doctest: +SKIP
            >>> graph = ThreatGraph.open("imported.ttl")  # doctest: +SKIP
        """
        from threatgraph.importers import import_into

        return import_into(self.store, format, Path(path), min_confidence if predict_links else None)

    def diff(self, new: Exchange | PathLike) -> ReleaseDiff:
        """Compare this graph, as the old state, to a new state of it.

        Args:
            new: the new state: a graph, an RDF file, a folder of RDF files or of a store on disk, or ``"bundled"`` for
                the bundled graph.

        Returns:
            The changes by record, with the counts, the proposed version step and the statements that differ.

        Raises:
            InvalidFile: if a file is missing, is not RDF or does not parse; if nothing in one of the states is about a
                record of threatgraph.
            ThreatGraphError: if a store cannot be read.

        Example:
            >>> graph.diff("bundled").step
            'none'
        """
        from threatgraph.releases import compare, read_state

        newer = new.store if isinstance(new, Exchange) else str(new)
        return compare(read_state(self.store), read_state(newer))

    def plot(
        self,
        figure: str,
        format: str | None = None,
        *,
        path: PathLike | None = None,
        domain: str | None = None,
        by: str | None = None,
        period: str | None = None,
    ) -> Chart:
        """Draw a chart.

        Args:
            figure: ``similarity``, ``causes``, ``timeline`` or ``coverage``.
            format: ``svg`` or ``png``; by default the extension of ``path``, or SVG.
            path: also write the chart to this file, atomically.
            domain: show only the patterns of this domain; not for the timeline.
            by: for the timeline: group incidents by ``domain`` or ``severity``.
            period: for the timeline: ``year`` or ``month``.

        Returns:
            The bytes of the image. Notebooks display it.

        Raises:
            UnknownName: for an unknown figure, format or domain.
            InvalidFile: if ``path`` has an unknown extension, or one that differs from ``format``.
            ThreatGraphError: if the figure does not support an option, or there is nothing to draw.
            ImportError: if matplotlib is not installed.

        Example:
            >>> chart = graph.plot("timeline", by="severity")
            >>> chart.format
            'svg'
        """
        from threatgraph.plots.chart import draw_chart

        domain = None if domain is None else self.resolve(domain, "domain")
        file = None if path is None else Path(path)
        return draw_chart(self.store, figure, format, file, domain=domain, by=by, period=period)

    def sync(
        self,
        files: PathLike | Sequence[PathLike] = (),
        *,
        bundled: bool = True,
        prune: bool = True,
        graph: str | None = None,
    ) -> SyncResult:
        """Upload the bundled graph and files to the SPARQL server that this graph is connected to.

        Each file goes into a named graph. Only what has changed is sent.

        Args:
            files: RDF files, or folders of them.
            bundled: upload the bundled data.
            prune: remove the named graphs of earlier uploads that are not part of this one. Other graphs on the server
                are never changed.
            graph: the IRI of the named graph for a single file.

        Returns:
            The named graphs that were added, replaced and removed, and the number of triples sent.

        Raises:
            InvalidFile: if a file does not parse; the server is left as it was.
            EndpointError: if a request fails; run it again to complete the upload.
            ThreatGraphError: if the graph is not connected to a server.

        Example:
            >>> graph = ThreatGraph.connect("http://localhost:7878/query",
            ...     update_url="http://localhost:7878/update")  # doctest: +SKIP
            >>> graph.sync()  # doctest: +SKIP
        """
        from threatgraph.store.inputs import bundled_sources, file_sources
        from threatgraph.store.remote.store import RemoteStore
        from threatgraph.store.remote.sync import sync

        if not isinstance(self.store, RemoteStore):
            raise ThreatGraphError("sync requires a graph on a SPARQL server; open it with `ThreatGraph.connect`.")
        paths = as_paths(files)
        given = [*(bundled_sources() if bundled else []), *(file_sources(paths, graph) if paths else [])]
        return sync(self.store, list({source.graph: source for source in given}.values()), only=prune)

    def to_rdflib(self) -> rdflib.Graph:
        """Return a copy of the graph as an rdflib graph.

        Example:
            >>> len(graph.to_rdflib()) == len(graph)
            True
        """
        return self.store.to_rdflib()

    def to_networkx(self) -> networkx.MultiDiGraph[str]:
        """Return a networkx graph with records as nodes and links as edges; see :mod:`threatgraph.export.network`.

        Example:
            >>> "https://w3id.org/threatgraph/pattern/goal-drift" in graph.to_networkx()
            True
        """
        from threatgraph.export.network import to_networkx

        return to_networkx(self.store)
