"""The one object that users hold: open a graph, ask it, validate it, export it."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from threatgraph.catalog import CrossRecordCheck, NamedQuery, load_catalog, load_checks
from threatgraph.errors import ThreatGraphError, UnknownName
from threatgraph.lookup import bind, resolve
from threatgraph.records import Record, read_record
from threatgraph.saving import save
from threatgraph.store import MemoryStore, Store
from threatgraph.store.protocol import DEFAULT_TIMEOUT, VALIDATION_TIMEOUT
from threatgraph.table import Table, to_rdflib_graph

if TYPE_CHECKING:
    import networkx
    import rdflib

    from threatgraph.analytics import Analytics
    from threatgraph.recommend import Recommendations, Recommender
    from threatgraph.validate import ValidationReport

PathLike = str | os.PathLike[str]


class ThreatGraph:
    """A knowledge graph of AI threats: the bundled one, and whatever files the user adds.

    Several threads may use one graph at the same time.

    Example:
        >>> graph = ThreatGraph.open()
        >>> graph.pattern("PAT-SYS-005").label
        'Strategic Misalignment'
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    @classmethod
    def open(
        cls,
        data: Sequence[PathLike] = (),
        *,
        bundled: bool = True,
        store: PathLike | None = None,
        cached: bool = False,
    ) -> ThreatGraph:
        """Open the bundled graph, with the user's own files beside it; or a store on disk.

        Args:
            data: RDF files, or folders of them, to add.
            bundled: whether to load the bundled data; without it the graph holds the user's files alone.
            store: the folder of a store that ``threatgraph load`` has filled, to use as it is; ``data`` and ``bundled``
                are for graphs in memory and do not go with it.
            cached: without ``data``, use the copy of the bundled graph in the user's cache folder: it opens sooner, and
                answers more slowly where much of the graph is read.

        Raises:
            InvalidFile: where a file is missing, is not RDF, or does not parse; where the store is damaged or too new.
            ThreatGraphError: where there is no store in the folder; where ``data`` or ``bundled`` are given with it.
        """
        if store is not None:
            if data or not bundled:
                reason = (
                    "a store on disk is used as it is: `threatgraph load` adds files (and --no-bundled goes there)."
                )
                raise ThreatGraphError(f"{os.fspath(store)}: {reason}")
            from threatgraph.store.disk.store import DirectoryStore

            return cls(DirectoryStore.open(Path(store)))
        if cached and bundled and not data:
            from threatgraph.store.disk.cache import bundled_store

            return cls(bundled_store() or MemoryStore.open())
        return cls(MemoryStore.open([Path(path) for path in data], bundled=bundled))

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
        """Ask the graph on a SPARQL 1.1 server, which ``threatgraph sync`` has filled.

        Args:
            url: the address for queries, such as ``http://localhost:8890/sparql``.
            update_url: the address for updates, where it is another one.
            graph_store_url: the address of the Graph Store protocol, where the server has it.
            user: name of the user; the password comes from THREATGRAPH_PASSWORD or ``~/.netrc``.
            graph: the named graph to take for the default graph.

        Raises:
            EndpointError: where an address is none, or there is a user without a password.
            InvalidQuery: where ``graph`` is no IRI.
        """
        from threatgraph.store.remote.store import RemoteStore

        store = RemoteStore(url, update_url=update_url, graph_store_url=graph_store_url, user=user, graph=graph)
        return cls(store)

    def __len__(self) -> int:
        """The number of triples, derived ones included."""
        count = self.store.select("SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }").column("n")[0]
        return int(str(count))

    def __repr__(self) -> str:
        return f"<ThreatGraph of {len(self)} triples from {len(self.store.files)} files>"

    # Ask.

    def query(
        self, sparql: str, *, timeout: float | None = DEFAULT_TIMEOUT, allow_service: bool = False
    ) -> Table | bool | rdflib.Graph:
        """Answer a SPARQL query: a table for SELECT, a truth value for ASK, an rdflib graph for CONSTRUCT and DESCRIBE.

        Args:
            sparql: the query; our prefixes need not be declared.
            timeout: seconds after which the query is stopped; ``None`` for no bound.
            allow_service: permit ``SERVICE``, which reaches other servers over the network.

        Raises:
            QueryRefused: for an update, or for ``SERVICE`` where it is not permitted.
            InvalidQuery: where the text does not parse.
            QueryTimeout: after ``timeout`` seconds.
            QueryTooLarge: where the query needs more memory than its limit.
            EngineFailed: where the query engine crashes on the query.
        """
        answer = self.store.query(sparql, timeout=timeout, allow_service=allow_service)
        return to_rdflib_graph(answer) if isinstance(answer, list) else answer

    @property
    def queries(self) -> Mapping[str, NamedQuery]:
        """The named queries, by name."""
        return load_catalog()

    def run(self, name: str, /, **params: object) -> Table:
        """Run a named query.

        Args:
            name: a name from :attr:`queries`.
            params: its parameters; records by code, slug or IRI, literals as text or Python values.

        Raises:
            UnknownName: for a query, parameter or record that does not exist.
            InvalidQuery: for a required parameter that is missing or a value of the wrong type.
        """
        if name not in self.queries:
            raise UnknownName("query", name, self.queries, "`threatgraph queries` lists them.")
        query = self.queries[name]
        return self.store.select(query.sparql, bind(self.store, query, params))

    @property
    def checks(self) -> Mapping[str, CrossRecordCheck]:
        """The cross-record checks that :meth:`validate` runs, by name."""
        return load_checks()

    def recommend(
        self,
        node: str | Sequence[str] | None = None,
        *,
        text: str | None = None,
        kind: str = "pattern",
        top: int = 10,
        framework: str | None = None,
    ) -> Recommendations:
        """Recommend records that are related to a record, to several, or to a text, and say why.

        Args:
            node: a record by code, slug, label or IRI, or several, such as the patterns of a threat profile.
            text: a text in place of records.
            kind: what to recommend: ``pattern``, ``incident`` or ``provision``.
            top: how many at most.
            framework: a framework, for its provisions alone.

        Returns:
            The recommendations, the best first, each with the triples that speak for it.

        Raises:
            UnknownName: for a record, framework or kind that does not exist.
            InvalidQuery: for ``top`` below 1, and where there is neither a record nor a text, or both.
            ThreatGraphError: where the graph holds nothing of the kind.
        """
        from threatgraph.recommend import recommend

        nodes = [] if node is None else [node] if isinstance(node, str) else list(node)
        return recommend(
            self.recommender,
            [self.resolve(name) for name in nodes],
            text=text,
            kind=kind,
            top=top,
            framework=None if framework is None else self.resolve(framework, "framework"),
        )

    def recommend_all(self, kind: str = "incident", top: int = 10) -> Table:
        """For every record of a kind the nearest others of that kind, without reasons; made for very many records.

        Args:
            kind: ``pattern``, ``incident`` or ``provision``.
            top: how many of the nearest.

        Returns:
            A row for each pair: the record, the rank and score of the other, its label and its IRI.

        Raises:
            UnknownName: for a kind that cannot be recommended.
            InvalidQuery: for ``top`` below 1.
            ThreatGraphError: where the graph holds nothing of the kind.
        """
        from threatgraph.recommend.bulk import nearest_table

        return nearest_table(self.recommender, kind, top)

    @cached_property
    def recommender(self) -> Recommender:
        """What recommends; it is made at the first question, which takes a second or so, and kept."""
        from threatgraph.recommend import Recommender

        return Recommender(self.store)

    @property
    def analytics(self) -> Analytics:
        """What the links tell when they are taken together: centrality, communities, trends, paths and more."""
        from threatgraph.analytics import Analytics

        return Analytics(self.store)

    # Look up.

    def resolve(self, identifier: str, kind: str | None = None) -> str:
        """The IRI of the record that ``identifier`` names: a code, slug, prefixed name, label or IRI.

        Raises:
            UnknownName: where there is none, with the nearest names.
            AmbiguousName: where several records share the name.
        """
        return resolve(self.store, identifier, kind)

    def record(self, identifier: str, kind: str | None = None) -> Record:
        """The record that ``identifier`` names, of any kind or of ``kind``; errors as in :meth:`resolve`."""
        return read_record(self.store, self.resolve(identifier, kind))

    def pattern(self, identifier: str) -> Record:
        """A threat pattern by code, slug, label or IRI; errors as in :meth:`resolve`."""
        return self.record(identifier, "pattern")

    def incident(self, identifier: str) -> Record:
        """An incident by code, slug, label or IRI; errors as in :meth:`resolve`."""
        return self.record(identifier, "incident")

    def domain(self, identifier: str) -> Record:
        """A domain by code, slug, label or IRI; errors as in :meth:`resolve`."""
        return self.record(identifier, "domain")

    def causal_factor(self, identifier: str) -> Record:
        """A causal factor by code, slug, label or IRI; errors as in :meth:`resolve`."""
        return self.record(identifier, "causal-factor")

    def group(self, identifier: str) -> Record:
        """An affected group by slug, label or IRI; errors as in :meth:`resolve`."""
        return self.record(identifier, "group")

    def framework(self, identifier: str) -> Record:
        """A framework by name, slug, label or IRI; errors as in :meth:`resolve`."""
        return self.record(identifier, "framework")

    def provision(self, identifier: str) -> Record:
        """A provision by prefixed name (``eu-ai-act:article-14``), label or IRI; errors as in :meth:`resolve`."""
        return self.record(identifier, "provision")

    # Check, and hand over.

    def validate(
        self,
        paths: Collection[PathLike] | None = None,
        *,
        shapes: Collection[PathLike] | None = None,
        checks: bool | Collection[str] = True,
        fast: bool = True,
        hints: bool = False,
        advanced: bool = False,
        timeout: float | None = VALIDATION_TIMEOUT,
    ) -> ValidationReport:
        """Validate the graph with the SHACL shapes and the cross-record checks.

        With your own shapes, only these are evaluated, in a worker process, because shapes can contain queries.

        Args:
            paths: report only results about records of these files; about all records by default.
            shapes: files of shapes to use instead of the bundled shapes and the checks.
            checks: whether to run the cross-record checks, or the names of those to run (see :attr:`checks`).
            fast: find candidates with SPARQL first; otherwise pyshacl evaluates every node, with the same results.
            hints: also report what could be improved.
            advanced: evaluate SHACL Advanced Features, such as targets and rules in SPARQL.
            timeout: with ``shapes``, the maximum number of seconds; ``None`` for no limit.

        Returns:
            The results, and what was not evaluated. The report is ``ok`` if everything was evaluated and no result is
            a violation.

        Raises:
            InvalidFile: for a file of shapes that does not exist or cannot be read.
            InvalidShape: for a shape that SHACL does not allow.
            QueryTimeout: after ``timeout`` seconds.
            QueryTooLarge: for shapes that need more memory than the limit.
            ThreatGraphError: for names of checks together with ``shapes``.
            UnknownName: for the name of a check that does not exist.
        """
        only = None if paths is None else [Path(path) for path in paths]
        if shapes is None:
            from threatgraph.validate.cross_record import validate_all

            return validate_all(self.store, checks=checks, only=only, fast=fast, hints=hints, advanced=advanced)
        if not isinstance(checks, bool):
            raise ThreatGraphError("checks cannot run with your own shapes; leave out either checks= or shapes=.")
        report: ValidationReport = self.store.call(
            "threatgraph.validate:validate",
            what="validation",
            timeout=timeout,
            shapes=[Path(path) for path in shapes],
            only=only,
            fast=fast,
            hints=hints,
            advanced=advanced,
        )
        return report

    def export(self, format: str = "turtle", *, node: str | None = None, path: PathLike | None = None) -> bytes:
        """Write the graph, or one record with its neighbourhood, in a format of :data:`threatgraph.export.FORMATS`.

        Args:
            format: name of the format.
            node: the record to write, by code, slug, label or IRI; the whole graph by default.
            path: a file to write as well, complete or not at all.

        Returns:
            The bytes; the same ones for the same graph.

        Raises:
            UnknownName: for a format or a record that does not exist.
            ThreatGraphError: where the file cannot be written.
        """
        from threatgraph.export import export

        content = export(self.store, format, node=None if node is None else self.resolve(node))
        if path is not None:
            save(content, Path(path))
        return content

    def to_rdflib(self) -> rdflib.Graph:
        """The merged graph as an rdflib graph; a copy, free to change."""
        return self.store.to_rdflib()

    def to_networkx(self) -> networkx.MultiDiGraph[str]:
        """The records as nodes and their links as edges; see :mod:`threatgraph.export.network` for the rules."""
        from threatgraph.export.network import to_networkx

        return to_networkx(self.store)
