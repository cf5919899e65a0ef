"""The analyses by names that people give: codes, slugs, labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatgraph.analytics import networks
from threatgraph.analytics.records import one_of
from threatgraph.labels import add_labels
from threatgraph.lookup import resolve
from threatgraph.store import Store
from threatgraph.table import Table

if TYPE_CHECKING:
    import networkx

_ESCALATION = "escalation"


class Analytics:
    """What the links of a graph tell when they are taken together; as ``graph.analytics``.

    Records are named by code, slug, prefixed name, label or IRI. Every method gives a table, or, :meth:`network`, a
    graph of networkx; the same graph always gives the same answer.

    Example:
        >>> from threatgraph import ThreatGraph
        >>> graph = ThreatGraph.open()
        >>> graph.analytics.centrality(kind="causal-factor").column("label")[0]
        'Insufficient Safety Testing'
    """

    #: The names that :meth:`network` takes.
    NETWORKS = (*networks.NETWORKS, _ESCALATION)

    def __init__(self, store: Store) -> None:
        self._store = store

    def network(self, name: str) -> networkx.Graph[str]:
        """A network by its name from :attr:`NETWORKS`.

        The bipartite ones and ``pattern-pattern`` are told in :mod:`threatgraph.analytics.networks`; ``escalation`` is
        a ``networkx.DiGraph`` (:func:`threatgraph.analytics.escalation.escalation_network`). All links of all records
        are in :meth:`threatgraph.graph.ThreatGraph.to_networkx`.

        Raises:
            UnknownName: for a network that does not exist.
        """
        if one_of("network", name, self.NETWORKS) == _ESCALATION:
            from threatgraph.analytics.escalation import escalation_network

            return escalation_network(self._store)
        return networks.network(self._store, name)

    def centrality(
        self, kind: str = "pattern", *, network: str | None = None, by: str = "pagerank", pivots: int | None = None
    ) -> Table:
        """Rank the records of a kind; see :func:`threatgraph.analytics.centrality.centrality`."""
        from threatgraph.analytics.centrality import centrality

        return centrality(self._store, kind, network=network, by=by, pivots=pivots)

    def communities(self, *, network: str = networks.PROJECTION, resolution: float = 1.0) -> Table:
        """The communities of patterns; see :func:`threatgraph.analytics.communities.communities`."""
        from threatgraph.analytics.communities import communities

        return communities(self._store, network=network, resolution=resolution)

    def agreement(self, *, network: str = networks.PROJECTION, resolution: float = 1.0) -> Table:
        """How communities agree with the domains; see :func:`threatgraph.analytics.communities.agreement`."""
        from threatgraph.analytics.communities import agreement

        return agreement(self._store, network=network, resolution=resolution)

    def cooccurrence(self, kind: str = "causal-factor", other: str | None = None, *, minimum: int = 2) -> Table:
        """What incidents have together; see :func:`threatgraph.analytics.cooccurrence.cooccurrence`."""
        from threatgraph.analytics.cooccurrence import cooccurrence

        return add_labels(self._store, cooccurrence(self._store, kind, other, minimum=minimum), ("a", "b"))

    def coverage(self) -> Table:
        """The matrix of patterns and frameworks; see :func:`threatgraph.analytics.coverage.coverage`."""
        from threatgraph.analytics.coverage import coverage

        return coverage(self._store)

    def reach(self) -> Table:
        """How many provisions of each framework are covered; see :func:`threatgraph.analytics.coverage.reach`."""
        from threatgraph.analytics.coverage import reach

        return reach(self._store)

    def gaps(self, *, gap: str | None = None, framework: str | None = None) -> Table:
        """What nothing reaches yet; see :func:`threatgraph.analytics.coverage.gaps`."""
        from threatgraph.analytics.coverage import gaps

        within = None if framework is None else resolve(self._store, framework, "framework")
        return add_labels(self._store, gaps(self._store, gap=gap, framework=within), ("framework",))

    def trends(self, *, by: str | None = None, period: str = "year", primary: bool = False) -> Table:
        """Incidents over time; see :func:`threatgraph.analytics.trends.trends`."""
        from threatgraph.analytics.trends import trends

        return trends(self._store, by=by, period=period, primary=primary)

    def path(self, start: str, goal: str, *, strongest: bool = False) -> Table:
        """Why two records have to do with each other; see :func:`threatgraph.analytics.paths.path`."""
        from threatgraph.analytics.paths import path

        return path(self._store, resolve(self._store, start), resolve(self._store, goal), strongest=strongest)

    def escalation(self, pattern: str, *, longest: int | None = None) -> Table:
        """Into what a pattern can grow; see :func:`threatgraph.analytics.escalation.escalation`."""
        from threatgraph.analytics.escalation import escalation

        found = escalation(self._store, resolve(self._store, pattern, "pattern"), longest=longest)
        return add_labels(self._store, found, ("severity",))
