"""A random walk with restart: records that are near by many short ways, and not only by one shared neighbour."""

from __future__ import annotations

import numpy as np
from pyoxigraph import Triple
from scipy import sparse

from threatgraph.recommend.corpus import Corpus
from threatgraph.recommend.signals.base import Piece, Query, Target, shares, triple

#: Chance to start anew at each step. Ways of more than three steps or so say little of two records.
RESTART = 0.5
#: Steps that are reckoned; what is left after them is below 0.5 ** 7, eight thousandths.
STEPS = 7


class Network:
    """The records and their neighbours as an undirected network of equal edges.

    Args:
        corpus: the records.
    """

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        others = sorted({link.node for links in corpus.links for link in links} - corpus.position.keys())
        self.nodes = [*corpus.iris, *others]
        self.place = corpus.position | {node: len(corpus) + offset for offset, node in enumerate(others)}
        pairs = sorted(
            {
                (min(one, other), max(one, other))
                for one, links in enumerate(corpus.links)
                for other in (self.place[link.node] for link in links)
                if one != other
            }
        )
        ends = np.array(pairs, dtype=np.int64).reshape(-1, 2)
        size = len(self.place)
        # Single precision halves what a step must read; a walk over 100,000 incidents is bound by that.
        half = sparse.csr_matrix((np.ones(len(ends), dtype=np.float32), (ends[:, 0], ends[:, 1])), shape=(size, size))
        self.edges = sparse.csr_matrix(half + half.T)
        self._degree = np.asarray(self.edges.sum(axis=1)).ravel()

    def degree(self, without: int | None) -> np.ndarray:
        """The number of edges of each node, those to one record left out; at least 1, to divide by."""
        degree = self._degree
        if without is not None:
            degree = degree - self.edges[without].toarray().ravel()
        return np.asarray(np.maximum(degree, 1), dtype=np.float32)


class RandomWalk:
    """Where a walk that sets out from the neighbours of a record comes to rest (Tong, Faloutsos and Pan 2006).

    The record itself is taken out of the network; the walk starts at its neighbours, and begins anew with the chance
    :data:`RESTART` at each step. With ``x`` the visits of a candidate over the mean of all candidates, the value is
    ``x / (x + 1)``.

    Args:
        target: the candidates.
        network: the network of all records.
    """

    name = "walk"

    def __init__(self, target: Target, network: Network) -> None:
        self._target, self._network = target, network
        self._last: tuple[Query, np.ndarray] | None = None

    def scores(self, query: Query) -> np.ndarray:
        """The visits of each candidate, brought between 0 and 1."""
        visits = self._visits(query)[self._target.positions].astype(float)
        mean = visits.mean() if len(visits) else 0.0
        return np.asarray(visits / (visits + mean)) if mean > 0 else np.zeros(len(self._target))

    def _visits(self, query: Query) -> np.ndarray:
        """The visits of every node; those of the last question are kept, since its reasons are asked for next."""
        if self._last is None or self._last[0] is not query:
            self._last = query, self._walked(query)
        return self._last[1]

    def _walked(self, query: Query) -> np.ndarray:
        network = self._network
        visits = np.zeros(len(network.place), dtype=np.float32)
        starts = sorted({network.place[link.node] for link in query.links if link.node in network.place})
        if not starts:
            return visits
        start = np.zeros_like(visits)
        start[starts] = 1 / len(starts)
        visits = start.copy()
        degree = network.degree(query.position)
        for _ in range(STEPS):
            visits = np.float32(RESTART) * start + np.float32(1 - RESTART) * (network.edges @ (visits / degree))
            if query.position is not None:
                visits[query.position] = 0
        return visits

    def pieces(self, query: Query, place: int) -> list[Piece]:
        """The last steps of the walk: through which neighbours it came to the candidate."""
        network, corpus = self._network, self._target.corpus
        target = int(self._target.positions[place])
        visits = self._visits(query)
        first, last = network.edges.indptr[target : target + 2]
        near = network.edges.indices[first:last]
        near = near[near != query.position] if query.position is not None else near
        flow = visits[near] / network.degree(query.position)[near]
        iri = self._target.iri(place)
        own = {link.node: link for link in self._target.links(place)}

        def tell(spot: int) -> tuple[str, tuple[Triple, ...]]:
            node = network.nodes[near[spot]]
            if node in own:
                statement = triple(iri, own[node])
            else:
                back = next(link for link in corpus.links[corpus.position[node]] if link.node == iri)
                statement = triple(node, back)
            return f"near by way of {corpus.name(node)}", (statement,)

        return shares(flow.tolist(), tell, "further ways through shared neighbours")
