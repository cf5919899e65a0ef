"""The public API of the analyses: records are named by code, slug, label or IRI."""

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
    """Graph analytics, available as ``graph.analytics``.

    Records are named by code, slug, prefixed name, label or IRI. :meth:`network` returns a networkx graph, and every
    other method a table. Results are deterministic.

    Example:
        >>> from threatgraph import ThreatGraph
        >>> graph = ThreatGraph.open()
        >>> graph.analytics.centrality(kind="causal-factor").column("label")[0]
        'Insufficient Safety Testing'
    """

    #: The networks that :meth:`network` can build.
    NETWORKS = (*networks.NETWORKS, _ESCALATION)

    def __init__(self, store: Store) -> None:
        self._store = store

    def network(self, name: str) -> networkx.Graph[str]:
        """Build a network for networkx.

        For the bipartite networks and ``pattern-pattern``, see :mod:`threatgraph.analytics.networks`. ``escalation`` is
        a ``networkx.DiGraph`` (:func:`threatgraph.analytics.escalation.escalation_network`).
        :meth:`threatgraph.graph.ThreatGraph.to_networkx` has all links of all records.

        Args:
            name: a name from :attr:`NETWORKS`.

        Raises:
            UnknownName: for an unknown network.
        """
        if one_of("network", name, self.NETWORKS) == _ESCALATION:
            from threatgraph.analytics.escalation import escalation_network

            return escalation_network(self._store)
        return networks.network(self._store, name)

    def centrality(
        self, kind: str = "pattern", *, network: str | None = None, by: str = "pagerank", pivots: int | None = None
    ) -> Table:
        """Rank the records of a kind by centrality; see :func:`threatgraph.analytics.centrality.centrality`."""
        from threatgraph.analytics.centrality import centrality

        return centrality(self._store, kind, network=network, by=by, pivots=pivots)

    def communities(self, *, network: str = networks.PROJECTION, resolution: float = 1.0) -> Table:
        """Find communities of patterns; see :func:`threatgraph.analytics.communities.communities`."""
        from threatgraph.analytics.communities import communities

        return communities(self._store, network=network, resolution=resolution)

    def agreement(self, *, network: str = networks.PROJECTION, resolution: float = 1.0) -> Table:
        """Compare communities with the domains; see :func:`threatgraph.analytics.communities.agreement`."""
        from threatgraph.analytics.communities import agreement

        return agreement(self._store, network=network, resolution=resolution)

    def cooccurrence(self, kind: str = "causal-factor", other: str | None = None, *, minimum: int = 2) -> Table:
        """List what occurs together in incidents; see :func:`threatgraph.analytics.cooccurrence.cooccurrence`."""
        from threatgraph.analytics.cooccurrence import cooccurrence

        return add_labels(self._store, cooccurrence(self._store, kind, other, minimum=minimum), ("a", "b"))

    def coverage(self) -> Table:
        """Count the mappings of each pattern to each framework; see :func:`threatgraph.analytics.coverage.coverage`."""
        from threatgraph.analytics.coverage import coverage

        return coverage(self._store)

    def framework_coverage(self) -> Table:
        """Report framework coverage; see :func:`threatgraph.analytics.coverage.framework_coverage`."""
        from threatgraph.analytics.coverage import framework_coverage

        return framework_coverage(self._store)

    def gaps(self, *, gap: str | None = None, framework: str | None = None) -> Table:
        """List coverage gaps; see :func:`threatgraph.analytics.coverage.gaps`."""
        from threatgraph.analytics.coverage import gaps

        within = None if framework is None else resolve(self._store, framework, "framework")
        return add_labels(self._store, gaps(self._store, gap=gap, framework=within), ("framework",))

    def trends(self, *, by: str | None = None, period: str = "year", primary: bool = False) -> Table:
        """Count incidents over time; see :func:`threatgraph.analytics.trends.trends`."""
        from threatgraph.analytics.trends import trends

        return trends(self._store, by=by, period=period, primary=primary)

    def path(self, start: str, goal: str, *, strongest: bool = False) -> Table:
        """Explain how two records are connected; see :func:`threatgraph.analytics.paths.path`."""
        from threatgraph.analytics.paths import path

        return path(self._store, resolve(self._store, start), resolve(self._store, goal), strongest=strongest)

    def escalation(self, pattern: str, *, longest: int | None = None) -> Table:
        """List the escalation chains of a pattern; see :func:`threatgraph.analytics.escalation.escalation`."""
        from threatgraph.analytics.escalation import escalation

        found = escalation(self._store, resolve(self._store, pattern, "pattern"), longest=longest)
        return add_labels(self._store, found, ("severity",))
