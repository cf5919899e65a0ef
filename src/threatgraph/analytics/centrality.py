"""Ranks records by centrality: degree, strength, betweenness and PageRank."""

from __future__ import annotations

import math

from threatgraph.analytics import networks
from threatgraph.analytics.measures import betweenness, pagerank
from threatgraph.analytics.networks import BIPARTITE, NETWORKS, PROJECTION
from threatgraph.analytics.records import (
    decimal,
    integer,
    kind_name,
    link,
    one_of,
    require_named,
    require_positive,
    text,
)
from threatgraph.errors import InvalidQuery
from threatgraph.store import Store
from threatgraph.table import Table

#: The default network of each kind.
DEFAULTS = {
    "pattern": PROJECTION,
    "causal-factor": "pattern-cause",
    "group": "pattern-group",
    "provision": "pattern-provision",
    "incident": "incident-pattern",
}
#: The measures to rank by.
MEASURES = ("pagerank", "degree", "strength", "betweenness")
_DIGITS = 6
_ROUNDED = 10


def centrality(
    store: Store,
    kind: str = "pattern",
    *,
    network: str | None = None,
    by: str = "pagerank",
    pivots: int | None = None,
) -> Table:
    """Rank the records of a kind by centrality.

    Args:
        store: the graph.
        kind: ``pattern``, ``causal-factor``, ``group``, ``provision`` or ``incident``.
        network: a name from :data:`threatgraph.analytics.networks.NETWORKS` that has records of this kind; by default
            ``pattern-pattern`` for patterns, and for other kinds the network that connects them with patterns.
        by: the measure to rank by, from :data:`MEASURES`.
        pivots: estimate betweenness from the shortest paths that start at this number of nodes, sampled with a fixed
            seed (U. Brandes and C. Pich, International Journal of Bifurcation and Chaos 17 (2007) 2303-2318). By
            default it is exact, which takes minutes without the extra ``analysis`` if nodes times edges exceeds about
            ten million.

    Returns:
        A row for each record of the kind, linked or not: ``rank`` (from 1; equal values share a rank), ``code``,
        ``label``, ``degree`` (number of neighbors), ``strength`` (sum of the weights of its edges; the degree if edges
        have no weight), ``betweenness`` (share of the shortest paths between other nodes that pass through it, from 0
        to 1; an edge of weight w has length 1 / w), ``pagerank`` (sums to 1 over all nodes of the network),
        ``record``.

    Raises:
        UnknownName: for a kind, network or measure that does not exist.
        InvalidQuery: if the network has no records of the kind, or ``pivots`` is below 1.
        ThreatGraphError: if the graph has no records of the kind.
    """
    kind = kind_name(kind, DEFAULTS)
    name = one_of("network", network or DEFAULTS[kind], NETWORKS)
    one_of("measure", by, MEASURES)
    ends = ("pattern",) if name == PROJECTION else (BIPARTITE[name][0], BIPARTITE[name][2])
    if kind not in ends:
        raise InvalidQuery(f"the network {name} has no records of the kind {kind}; it has {' and '.join(ends)}.")
    if pivots is not None:
        require_positive("pivots", pivots)
    records = require_named(store, kind)
    measures = _measures(store, name, pivots)
    ordered = sorted(records, key=lambda iri: (-measures[iri][by], iri))
    rank: dict[float, int] = {}
    for position, iri in enumerate(ordered, 1):
        rank.setdefault(measures[iri][by], position)
    rows = [
        (
            integer(rank[measures[iri][by]]),
            text(records[iri].code),
            text(records[iri].label),
            integer(int(measures[iri]["degree"])),
            decimal(measures[iri]["strength"], _DIGITS),
            decimal(measures[iri]["betweenness"], _DIGITS),
            decimal(measures[iri]["pagerank"], _DIGITS),
            link(iri),
        )
        for iri in ordered
    ]
    return Table(("rank", "code", "label", "degree", "strength", "betweenness", "pagerank", "record"), rows)


def _measures(store: Store, name: str, pivots: int | None) -> dict[str, dict[str, float]]:
    """Compute the measures of every node, rounded so that the order of a sum does not change a rank."""
    net = networks.network(store, name)
    for _, _, attributes in net.edges(data=True):
        attributes["length"] = 1 / attributes.get("weight", 1)
    columns: dict[str, dict[str, float]] = {
        "degree": dict(net.degree()),
        "strength": {node: math.fsum(net.edges[node, other].get("weight", 1) for other in net[node]) for node in net},
        "betweenness": betweenness(net, length="length" if name == PROJECTION else None, pivots=pivots),
        "pagerank": pagerank(net),
    }
    return {node: {measure: round(values[node], _ROUNDED) for measure, values in columns.items()} for node in net}
