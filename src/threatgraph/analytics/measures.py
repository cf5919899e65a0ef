"""Computes PageRank and betweenness of a network without the packages that networkx needs for speed.

networkx computes PageRank with SciPy, which takes 140 MB, and betweenness in Python, which takes minutes for 10,000
nodes. igraph, an optional extra, computes betweenness a hundred times faster.
"""

from __future__ import annotations

import warnings
from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np

from threatgraph.errors import ThreatGraphWarning
from threatgraph.sparse import SparseMatrix

if TYPE_CHECKING:
    import networkx

_DAMPING = 0.85
_PRECISION = 1e-10
_MOST_ROUNDS = 1000
_SEED = 0
#: From this number of nodes times edges on, networkx takes more than about half a minute for exact betweenness.
_SLOW = 10_000_000


def pagerank(net: networkx.Graph[str]) -> dict[str, float]:
    """Compute PageRank by power iteration, with a damping factor of 0.85.

    S. Brin and L. Page, "The anatomy of a large-scale hypertextual Web search engine", Computer Networks 30 (1998)
    107-117. A node without edges is taken to link to every node.

    Args:
        net: a network; an edge without ``weight`` has the weight 1.

    Returns:
        The value of each node; they sum to 1.
    """
    size = len(net)
    if not size:
        return {}
    weights = _weights(net)
    total = weights @ np.ones(size)
    ranks = np.full(size, 1 / size)
    for _ in range(_MOST_ROUNDS):
        before = ranks
        passed = weights @ (ranks / np.where(total > 0, total, 1))
        ranks = _DAMPING * (passed + ranks[total == 0].sum() / size) + (1 - _DAMPING) / size
        if np.abs(ranks - before).sum() < size * _PRECISION:
            break
    return dict(zip(net, ranks.tolist(), strict=True))


def _weights(net: networkx.Graph[str]) -> SparseMatrix:
    """The weights of the edges, as a symmetric matrix in the order of the nodes."""
    place = {node: i for i, node in enumerate(net)}
    rows = [sorted((place[other], edge.get("weight", 1)) for other, edge in net[node].items()) for node in net]
    starts = np.cumsum([0, *map(len, rows)])
    columns = np.array([column for row in rows for column, _ in row], dtype=np.int32)
    values = np.array([weight for row in rows for _, weight in row], dtype=float)
    return SparseMatrix(starts, columns, values, len(net))


def betweenness(net: networkx.Graph[str], *, length: str | None = None, pivots: int | None = None) -> dict[str, float]:
    """Compute the share of the shortest paths between other nodes that pass through each node.

    L. C. Freeman, "A set of measures of centrality based on betweenness", Sociometry 40 (1977) 35-41, with the
    algorithm of U. Brandes (2001). igraph computes it where it is installed, edges have no length, and all paths count.

    Args:
        net: a network.
        length: the attribute of edges that holds their length; by default, each has the length 1.
        pivots: the number of nodes at which the paths that count start; by default, all.

    Returns:
        The value of each node, from 0 to 1.

    Warns:
        ThreatGraphWarning: if this takes minutes.
    """
    import networkx

    sample = pivots if pivots and pivots < len(net) else None
    if sample is None and length is None:
        if find_spec("igraph") is not None:
            return _by_igraph(net)
        if len(net) * net.number_of_edges() > _SLOW:
            message = (
                f"the exact betweenness of {len(net):,} nodes takes minutes: pip install 'threatgraph[analysis]' to "
                "compute it in seconds, or estimate it with pivots=100."
            )
            warnings.warn(message, ThreatGraphWarning, stacklevel=2)
    found: dict[str, float] = networkx.betweenness_centrality(net, k=sample, weight=length, seed=_SEED)
    return found


def _by_igraph(net: networkx.Graph[str]) -> dict[str, float]:
    import igraph

    place = {node: i for i, node in enumerate(net)}
    same = igraph.Graph(n=len(net), edges=[(place[one], place[other]) for one, other in net.edges])
    most = max((len(net) - 1) * (len(net) - 2) / 2, 1)  # the pairs of other nodes
    return {node: value / most for node, value in zip(net, same.betweenness(directed=False), strict=True)}
