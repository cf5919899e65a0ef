"""Queries: SPARQL, named queries, recommendations and analytics."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from functools import cache, cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, overload

from threatgraph.errors import ThreatGraphWarning
from threatgraph.graph.lookups import Lookups
from threatgraph.labels import add_labels
from threatgraph.lookup import bind, unknown_records
from threatgraph.sparql.guard import refuse_unsafe
from threatgraph.sparql.names import unknown_terms
from threatgraph.store.protocol import DEFAULT_TIMEOUT
from threatgraph.table import Table, to_rdflib_graph

if TYPE_CHECKING:
    import rdflib
    from pyoxigraph import Triple

    from threatgraph.analytics import Analytics
    from threatgraph.assess import Assessment
    from threatgraph.catalog import NamedQuery
    from threatgraph.recommend import Recommendations, Recommender
    from threatgraph.recommend.signals.rules import Found, Rules
    from threatgraph.search import Searcher, SearchResults


class Queries(Lookups):
    """The methods of :class:`~threatgraph.ThreatGraph` that answer questions."""

    @overload
    def query(
        self, sparql: str, *, timeout: float | None = ..., allow_service: bool = ..., raw: Literal[False] = ...
    ) -> Table | bool | rdflib.Graph: ...

    @overload
    def query(
        self, sparql: str, *, timeout: float | None = ..., allow_service: bool = ..., raw: Literal[True]
    ) -> Table | bool | list[Triple]: ...

    def query(
        self,
        sparql: str,
        *,
        timeout: float | None = DEFAULT_TIMEOUT,
        allow_service: bool = False,
        raw: bool = False,
    ) -> Table | bool | rdflib.Graph | list[Triple]:
        """Evaluate a SPARQL query.

        Args:
            sparql: a SPARQL 1.1 query. The prefixes of threatgraph need no declaration.
            timeout: the time limit in seconds; ``None`` for no limit.
            allow_service: allow federated queries (``SERVICE``), which send requests to other servers.
            raw: return the triples of CONSTRUCT and DESCRIBE as pyoxigraph terms, which is faster.

        Returns:
            A :class:`Table` for SELECT, a ``bool`` for ASK, an :class:`rdflib.Graph` for CONSTRUCT and DESCRIBE.

        Warns:
            ThreatGraphWarning: if the query uses a term of the ontology or a record that does not exist.

        Raises:
            QueryRefused: for an update, and for ``SERVICE`` without ``allow_service``.
            InvalidQuery: if the query does not parse; the message states the position.
            QueryTimeout: after ``timeout`` seconds.
            QueryTooLarge: if the query exceeds its memory limit.
            EngineFailed: if the query engine crashes.

        Example:
            >>> table = graph.query("SELECT ?label { ?p a tg:ThreatPattern ; skos:prefLabel ?label }")
            >>> table.columns
            ('label',)
            >>> graph.query("ASK { pattern:goal-drift tg:severity severity:high }")
            True
        """
        answer = self.store.query(sparql, timeout=timeout, allow_service=allow_service)
        for message in (*unknown_terms(sparql), *unknown_records(self.store, sparql)):
            warnings.warn(message, ThreatGraphWarning, stacklevel=2)
        return to_rdflib_graph(answer) if isinstance(answer, list) and not raw else answer

    @property
    def queries(self) -> Mapping[str, NamedQuery]:
        """The named queries, by name.

        Example:
            >>> [parameter.name for parameter in graph.queries["patterns-by-cause"].parameters]
            ['cause']
        """
        from threatgraph.catalog import load_catalog

        return load_catalog()

    def run(self, name: str, /, **params: object) -> Table:
        """Run a named query.

        Args:
            name: a name from :attr:`queries`.
            params: the parameters of the query: identifiers of records, and literals as text or Python values.

        Returns:
            The columns that the query declares, with a column ``<column>_label`` after each column of records.

        Raises:
            UnknownName: for an unknown query, parameter or record.
            InvalidQuery: if a required parameter is missing, or a value has the wrong type.

        Example:
            >>> table = graph.run("patterns-by-cause", cause="regulatory-gap")
            >>> "label" in table.columns
            True
        """
        from threatgraph.catalog import find_query

        query = find_query(name)
        refuse_unsafe(query.sparql)  # the file may be that of a checkout
        rows = self.store.select(query.sparql, bind(self.store, query, params))
        return add_labels(self.store, rows, query.labeled)

    def search(
        self,
        text: str,
        *,
        top: int = 10,
        kind: str | Sequence[str] | None = None,
        framework: str | Sequence[str] | None = None,
        sector: str | Sequence[str] | None = None,
        severity: str | Sequence[str] | None = None,
        year: int | str | Sequence[int | str] | None = None,
    ) -> SearchResults:
        """Search all records by words, names and codes.

        Codes, citations and identifiers of other projects come first. Otherwise, records are ranked by how much of
        the text they have, and where: in names, keywords or texts. Misspelled words are corrected, and synonyms and
        acronyms are searched as well. Several values of one filter are alternatives.

        Args:
            text: words, a name, a question, a code (``ASI06``) or a citation (``Art. 5(1)(f)``).
            top: the maximum number of results.
            kind: only records of this kind, such as ``pattern``, ``incident`` or ``provision``.
            framework: only provisions of this framework, and records that are mapped to it.
            sector: only records of this sector.
            severity: only records of this severity.
            year: only incidents of this year, and provisions that apply from a date in it.

        Returns:
            The results, best first. ``note`` says why there are none: the graph does not hold the framework or code
            that the text names, or nothing fits.

        Raises:
            InvalidQuery: if the text is empty or too long, ``top`` is below 1, or ``year`` is not a year.
            UnknownName: for a filter value that does not exist.
            AmbiguousName: if several records have the name of a filter value.
            ThreatGraphError: if Python's SQLite has no FTS5.

        Example:
            >>> graph.search("AI corrigibility")[0].label
            'Strategic Misalignment'
            >>> graph.search("Article 120").note
            'The graph has no Article 120.'
        """
        return self.searcher.search(
            text, top=top, kind=kind, framework=framework, sector=sector, severity=severity, year=year
        )

    @cached_property
    def searcher(self) -> Searcher:
        """The index behind :meth:`search`; it is built on first use, in less than a second, and kept."""
        from threatgraph.search import Searcher

        return Searcher(self.store)

    def recommend(
        self,
        node: str | Sequence[str] | None = None,
        *,
        text: str | None = None,
        kind: str = "pattern",
        top: int = 10,
        framework: str | None = None,
    ) -> Recommendations:
        """Recommend records that are related to one or more records, or to a text, with reasons.

        Args:
            node: the identifier of a record, or of several, such as the patterns of a threat profile.
            text: a free-text description, instead of ``node``.
            kind: the kind of record to recommend: ``pattern``, ``incident`` or ``provision``.
            top: the maximum number of results.
            framework: recommend only provisions of this framework.

        Returns:
            The recommendations, best first, each with the triples that support it.

        Raises:
            UnknownName: for an unknown record, framework or kind.
            AmbiguousName: if several records have the given name.
            InvalidQuery: if ``top`` is below 1; if both ``node`` and ``text`` are given, or neither.
            ThreatGraphError: if the graph has no records of the kind.

        Example:
            >>> found = graph.recommend("goal-drift", top=3)
            >>> [item.rank for item in found]
            [1, 2, 3]
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

    def assess(
        self,
        text: str | None = None,
        *,
        profile: str | Path | Mapping[str, Any] | None = None,
        patterns: Sequence[str] = (),
        role: str | Sequence[str] | None = None,
        frameworks: str | Sequence[str] = (),
        top: int = 10,
    ) -> Assessment:
        """Assess an AI system: which provisions to check, which threats, and what the graph has against them.

        Args:
            text: a description of the system in English.
            profile: a system profile: a mapping, or the path of a YAML or Turtle file.
            patterns: the identifiers of threat patterns that are known to be relevant.
            role: the role or roles of your organization: ``provider``, ``deployer``, ``importer``, ``distributor``,
                ``product-manufacturer`` or ``gpai-provider``.
            frameworks: the identifiers of the frameworks to consider; all by default.
            top: the maximum number of threats.

        Returns:
            The assessment: candidates to check, never a verdict, and no legal advice.

        Raises:
            InvalidQuery: if no description, profile or pattern is given, or the description is empty or too long.
            InvalidFile: if the profile cannot be read.
            UnknownName: for an unknown pattern, framework or role, or an unknown key or value of the profile.
            AmbiguousName: if several records have a given name.

        Example:
            >>> found = graph.assess("HR screening chatbot that ranks job applicants")
            >>> found.tier
            'high-risk'
        """
        from threatgraph.assess.engine import assess

        named = [frameworks] if isinstance(frameworks, str) else frameworks
        return assess(
            self.store,
            self.recommender,
            text=text,
            profile=profile,
            patterns=[self.resolve(name, "pattern") for name in patterns],
            role=role,
            frameworks=[self.resolve(name, "framework") for name in named],
            top=top,
        )

    def recommend_all(self, kind: str = "incident", top: int = 10) -> Table:
        """Return the nearest records of every record of a kind, without reasons; for very many records.

        Args:
            kind: ``pattern``, ``incident`` or ``provision``.
            top: the maximum number of results for each record.

        Returns:
            One row for each pair: the record, and the rank, score, label and IRI of the other record.

        Raises:
            UnknownName: for a kind that cannot be recommended.
            InvalidQuery: if ``top`` is below 1.
            ThreatGraphError: if the graph has no records of the kind.
        """
        from threatgraph.recommend.bulk import nearest_table

        return nearest_table(self.recommender, kind, top)

    @cached_property
    def recommender(self) -> Recommender:
        """The model behind :meth:`recommend`; it is built on first use, in a few seconds, and kept."""
        from threatgraph.recommend import Recommender

        @cache
        def rules() -> dict[str, Rules]:
            from threatgraph.assess.naming import rules_of  # for texts only

            return rules_of(self.store)

        def found(kind: str, text: str) -> Mapping[str, Found]:
            return rules()[kind](text)

        return Recommender(
            self.store,
            rules={kind: partial(found, kind) for kind in ("pattern", "provision")},
        )

    @property
    def analytics(self) -> Analytics:
        """Graph analytics: centrality, communities, co-occurrence, trends, coverage and paths.

        Example:
            >>> graph.analytics.trends().columns[0]
            'period'
        """
        from threatgraph.analytics import Analytics

        return Analytics(self.store)
