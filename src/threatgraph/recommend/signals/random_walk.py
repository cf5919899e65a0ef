"""Random walk with restart: records that are connected by many short paths."""

from __future__ import annotations

import numpy as np
from pyoxigraph import Triple

from threatgraph.recommend.corpus import Corpus
from threatgraph.recommend.signals.base import CandidateIndex, Contribution, LastQuery, Query, Target, shares, triple
from threatgraph.sparse import SparseMatrix

#: The restart probability; paths longer than about three steps say little about relatedness.
RESTART = 0.5
#: The number of steps; the remaining probability mass is below 0.5 ** 7 = 0.008.
STEPS = 7


class Network:
    """The records and their neighbors as an undirected, unweighted network.

    Args:
        corpus: the records.
    """

    def __init__(self, corpus: Corpus) -> None:
        self.corpus = corpus
        others = sorted({link.node for links in corpus.links for link in links} - corpus.index.keys())
        self.nodes = [*corpus.iris, *others]
        self.row: dict[str, int] = {**corpus.index, **{node: len(corpus) + i for i, node in enumerate(others)}}
        size = len(self.row)
        sources = np.repeat(np.arange(len(corpus)), [len(links) for links in corpus.links])
        targets = np.array([self.row[link.node] for links in corpus.links for link in links], dtype=np.int64)
        sources, targets = sources[sources != targets], targets[sources != targets]
        ends = np.sort(np.concatenate((sources * size + targets, targets * size + sources)))
        ends = ends[np.diff(ends, prepend=-1) > 0]
        self.edges = SparseMatrix.from_cells(ends // size, ends % size, (size, size))

    def degree(self, without: int | None) -> np.ndarray:
        """The degree of each node without the edges to one record; at least 1, to divide by."""
        degree = self.edges.counts
        if without is not None:
            degree[self.edges.row(without).columns] -= 1
        return np.asarray(np.maximum(degree, 1), dtype=np.float32)


class RandomWalk:
    """The visiting probabilities of a random walk with restart (Tong, Faloutsos and Pan 2006).

    The record itself is removed from the network. The walk starts at its neighbors, and restarts with probability
    :data:`RESTART` at each step. With ``x`` the probability of a candidate divided by the mean of all candidates, the
    value is ``x / (x + 1)``.

    Args:
        target: the candidates.
        network: the network of all records.
    """

    name = "walk"

    def __init__(self, target: Target, network: Network) -> None:
        self._target, self._network = target, network
        self._visits = LastQuery(self._walked)

    def scores(self, query: Query) -> np.ndarray:
        """The normalized visiting probability of each candidate."""
        visits = self._visits(query)[self._target.indexes].astype(float)
        mean = visits.mean() if len(visits) else 0.0
        return np.asarray(visits / (visits + mean)) if mean > 0 else np.zeros(len(self._target))

    def _walked(self, query: Query) -> np.ndarray:
        """The visiting probability of every node."""
        network = self._network
        visits = np.zeros(len(network.row), dtype=np.float32)
        starts = sorted({network.row[link.node] for link in query.links if link.node in network.row})
        if not starts:
            return visits
        start = np.zeros_like(visits)
        start[starts] = 1 / len(starts)
        visits = start.copy()
        degree = network.degree(query.index)
        for _ in range(STEPS):
            visits = np.float32(RESTART) * start + np.float32(1 - RESTART) * (network.edges @ (visits / degree))
            if query.index is not None:
                visits[query.index] = 0
        return visits

    def contributions(self, query: Query, candidate: CandidateIndex) -> list[Contribution]:
        """The last steps of the walk: the neighbors through which it reaches the candidate."""
        network, corpus = self._network, self._target.corpus
        target = self._target.corpus_index(candidate)
        visits = self._visits(query)
        near = network.edges.row(target).columns
        near = near[near != query.index] if query.index is not None else near
        flow = visits[near] / network.degree(query.index)[near]
        iri = self._target.iri(candidate)
        own = {link.node: link for link in self._target.links(candidate)}

        def describe(i: int) -> tuple[str, tuple[Triple, ...]]:
            node = network.nodes[near[i]]
            if node in own:
                statement = triple(iri, own[node])
            else:
                back = next(link for link in corpus.links[corpus.index[node]] if link.node == iri)
                statement = triple(node, back)
            return f"connected via {corpus.name(node)}", (statement,)

        return shares(flow.tolist(), describe, "further paths via shared neighbors")
