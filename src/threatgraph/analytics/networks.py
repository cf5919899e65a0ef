"""The networks that the analyses walk: who is linked with whom, by one kind of link or by several.

A bipartite network joins the records of two kinds. A projection joins threat patterns with each other by what they
share, with the weight of M. E. J. Newman, "Scientific collaboration networks. II", Physical Review E 64 (2001) 016132:
a neighbour that k patterns share adds 1 / (k - 1) to the weight of each pair of them. So a cause that two patterns
alone have in common says more than one that nearly all of them have.

Nodes are IRIs with the attributes ``kind`` (the class, such as ``ThreatPattern``), ``label`` and, where there is one,
``code``. Nodes and edges are put in by the order of their IRIs, so that no algorithm depends on the order of files.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from threatgraph.analytics.records import Named, named, one_of, pairs
from threatgraph.store import Store
from threatgraph.vocab import KINDS

if TYPE_CHECKING:
    import networkx

#: Name of each bipartite network to the kinds and the property of its links.
BIPARTITE: dict[str, tuple[str, str, str]] = {
    "pattern-cause": ("pattern", "tg:causalFactor", "causal-factor"),
    "pattern-group": ("pattern", "tg:affects", "group"),
    "pattern-provision": ("pattern", "tg:mappedTo", "provision"),
    "incident-pattern": ("incident", "tg:involvesPattern", "pattern"),
}
#: The projection that joins patterns by all that they share.
PROJECTION = "pattern-pattern"
#: Name of every network.
NETWORKS = (*BIPARTITE, PROJECTION)


def network(store: Store, name: str) -> networkx.Graph[str]:
    """A network by its name.

    Args:
        store: the graph.
        name: one of :data:`NETWORKS`.

    Returns:
        For a bipartite network, all records of its two kinds (``bipartite`` is 0 for the kind that its name begins
        with, and 1 for the other) and an unweighted edge for each link; for ``pattern-pattern``, see :func:`shared`.

    Raises:
        UnknownName: for a network that does not exist.
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
    """Threat patterns joined by what they share.

    Args:
        store: the graph.
        through: a bipartite network, for what it joins them with alone; or ``pattern-pattern``, for causes, groups,
            provisions and incidents taken together.

    Returns:
        All patterns; an edge for each two that share anything, with ``shared``, the number of records that they share,
        and ``weight``, the sum of 1 / (k - 1) over those records, where k patterns have the record.

    Raises:
        UnknownName: for a network that does not exist.
    """
    import networkx

    names = BIPARTITE if one_of("network", through, NETWORKS) == PROJECTION else (through,)
    whole = networkx.compose_all([network(store, name) for name in names])
    patterns = named(store, "pattern")
    unsorted = networkx.bipartite.generic_weighted_projected_graph(whole, patterns, weight_function=_weight)
    found: networkx.Graph[str] = networkx.Graph(name=f"patterns by {through}")
    found.add_nodes_from(_node(iri, "pattern", name) for iri, name in patterns.items())
    for a, b in sorted((min(edge), max(edge)) for edge in unsorted.edges):
        found.add_edge(a, b, shared=len(set(whole[a]) & set(whole[b])), weight=unsorted.edges[a, b]["weight"])
    return found


def _node(iri: str, kind: str, called: Named, **more: int) -> tuple[str, dict[str, str | int]]:
    attributes: dict[str, str | int] = {"kind": KINDS[kind].class_name, "label": called.label, **more}
    return iri, attributes | ({"code": called.code} if called.code else {})


def _weight(whole: networkx.Graph[str], a: str, b: str) -> float:
    """Newman's weight; ``fsum`` rounds once at the end, so that the order of a set does not show in the sum."""
    return math.fsum(1 / (len(whole[common]) - 1) for common in set(whole[a]) & set(whole[b]))
