"""Builds the networks that the analyses use: bipartite networks and their projection onto patterns.

A bipartite network connects the records of two kinds. The projection connects threat patterns by what they share, with
the weight of M. E. J. Newman, "Scientific collaboration networks. II", Physical Review E 64 (2001) 016132: a neighbor
that k patterns share adds 1 / (k - 1) to the weight of each pair of them. So a cause that only two patterns share
counts more than one that nearly all of them have.

Nodes are IRIs with the attributes ``kind`` (the class, such as ``ThreatPattern``), ``label`` and, if there is one,
``code``. Nodes and edges are added in the order of their IRIs, so that results do not depend on the order of files.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from threatgraph.analytics.records import Named, named, one_of, pairs
from threatgraph.store import Store
from threatgraph.vocab import KINDS

if TYPE_CHECKING:
    import networkx

#: The bipartite networks: their two kinds and the property that links them.
BIPARTITE: dict[str, tuple[str, str, str]] = {
    "pattern-cause": ("pattern", "tg:causalFactor", "causal-factor"),
    "pattern-group": ("pattern", "tg:affects", "group"),
    "pattern-provision": ("pattern", "tg:mappedTo", "provision"),
    "incident-pattern": ("incident", "tg:involvesPattern", "pattern"),
}
#: The projection that connects patterns by everything that they share.
PROJECTION = "pattern-pattern"
#: All networks.
NETWORKS = (*BIPARTITE, PROJECTION)


def network(store: Store, name: str) -> networkx.Graph[str]:
    """Build a network.

    Args:
        store: the graph.
        name: one of :data:`NETWORKS`.

    Returns:
        For a bipartite network, all records of its two kinds (``bipartite`` is 0 for the first kind in its name, and
        1 for the other) and an unweighted edge for each link; for ``pattern-pattern``, see :func:`shared`.

    Raises:
        UnknownName: for an unknown network.
    """
    import networkx

    if one_of("network", name, NETWORKS) == PROJECTION:
        return shared(store, PROJECTION)
    source, prop, target = BIPARTITE[name]
    nodes = [
        _node(iri, kind, called, bipartite=side)
        for side, kind in enumerate((source, target))
        for iri, called in named(store, kind).items()
    ]
    found: networkx.Graph[str] = networkx.Graph(name=name)
    found.add_nodes_from(sorted(nodes, key=lambda node: node[0]))
    found.add_edges_from((a, b) for a, b in pairs(store, source, prop, target) if a != b)
    return found


def shared(store: Store, through: str) -> networkx.Graph[str]:
    """Build the network of threat patterns that share something.

    Args:
        store: the graph.
        through: a bipartite network, to use only its links; or ``pattern-pattern``, for causes, groups, provisions
            and incidents together.

    Returns:
        All patterns, and an edge for each pair that shares a record. Its attributes are ``shared``, the number of
        shared records, and ``weight``, the sum of 1 / (k - 1) over those records, where k patterns have the record.

    Raises:
        UnknownName: for an unknown network.
    """
    import networkx

    names = BIPARTITE if one_of("network", through, NETWORKS) == PROJECTION else (through,)
    full = networkx.compose_all([network(store, name) for name in names])
    patterns = named(store, "pattern")
    unsorted = networkx.bipartite.generic_weighted_projected_graph(full, patterns, weight_function=_weight)
    found: networkx.Graph[str] = networkx.Graph(name=f"patterns by {through}")
    found.add_nodes_from(_node(iri, "pattern", name) for iri, name in patterns.items())
    for a, b in sorted((min(edge), max(edge)) for edge in unsorted.edges):
        found.add_edge(a, b, shared=len(set(full[a]) & set(full[b])), weight=unsorted.edges[a, b]["weight"])
    return found


def _node(iri: str, kind: str, called: Named, **more: int) -> tuple[str, dict[str, str | int]]:
    attributes: dict[str, str | int] = {"kind": KINDS[kind].class_name, "label": called.label, **more}
    return iri, attributes | ({"code": called.code} if called.code else {})


def _weight(full: networkx.Graph[str], a: str, b: str) -> float:
    """Newman's weight; ``fsum`` rounds once at the end, so that the order of the set does not matter."""
    return math.fsum(1 / (len(full[common]) - 1) for common in set(full[a]) & set(full[b]))
