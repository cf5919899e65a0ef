"""Shared neighbors: causal factors, groups, harms, provisions, sectors and actors that two records have in common."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from pyoxigraph import Triple

from threatgraph.recommend.corpus import SHARED, Corpus, CorpusIndex, Link, expand
from threatgraph.recommend.signals.base import CandidateIndex, Contribution, Query, Target, shares, triple
from threatgraph.sparse import SparseMatrix, SparseVector

_SHARED = frozenset(expand(name) for name in SHARED)
#: The wording for a shared neighbor, by the property of the first record.
_VERBS = {
    "causalFactor": "caused by",
    "affects": "affecting",
    "harmType": "causing the harm",
    "mappedTo": "mapped to",
    "involvesPattern": "involving the pattern",
    "actor": "involving",
    "sector": "in the sector",
    "region": "in the region",
}


def features(corpus: Corpus, index: CorpusIndex, without: Collection[str] = ()) -> dict[str, Link]:
    """The neighbors of a record that others may share, each with its link.

    Args:
        corpus: the records.
        index: the record.
        without: properties to ignore.
    """
    return {
        link.node: link for link in corpus.links[index] if link.property in _SHARED and link.property not in without
    }


class SharedNeighbors:
    """Shared neighbors, weighted by information content (Resnik 1995), so that rare neighbors count more.

    The value is the cosine of the two sets of neighbors. A neighbor of ``d`` of ``n`` candidates has the weight
    ``-ln(d / (n + 1))``. The value is 1 for equal sets and 0 without shared neighbors; removing a shared link from
    either record always lowers it.

    Args:
        target: the candidates.
        without: properties to ignore, so that an evaluation can leave out the links to predict.
    """

    name = "neighbors"

    def __init__(self, target: Target, without: Collection[str] = ()) -> None:
        self._target, self._without = target, frozenset(without)
        named = [features(target.corpus, target.corpus_index(c), self._without) for c in target.candidates()]
        self._nodes = sorted({node for links in named for node in links})
        self._column = {node: i for i, node in enumerate(self._nodes)}
        rows = [row for row, links in enumerate(named) for _ in links]
        columns = [self._column[node] for links in named for node in links]
        self._incidence = SparseMatrix.from_cells(rows, columns, (len(named), len(self._nodes)))
        self.counts = self._incidence.column_sums()
        self._content = -np.log(np.maximum(self.counts, 1) / (len(target) + 1))
        self._length = np.sqrt(self._incidence @ self._content)
        self._holders = self._incidence.transposed()

    def count(self, node: str) -> int:
        """The number of candidates that have a neighbor."""
        return int(self.counts[self._column[node]]) if node in self._column else 0

    def weighted_rows(self) -> SparseMatrix:
        """The matrix of candidates by neighbors; inner products of its rows are the numerators of the cosines."""
        return self._incidence.scaled(columns=np.sqrt(self._content))

    def scores(self, query: Query) -> np.ndarray:
        """The weighted cosine with each candidate."""
        mine = self._mine(query)
        known = np.array(sorted(self._column[node] for node in mine if node in self._column), dtype=int)
        if not len(known):
            return np.zeros(len(self._target))
        unknown = sum(node not in self._column for node in mine)
        length = np.sqrt(self._content[known].sum() + unknown * np.log(len(self._target) + 1))
        shared = self._holders.sum_of_rows(SparseVector(known, self._content[known]))
        return np.asarray(shared / np.where(self._length > 0, self._length * length, 1))

    def contributions(self, query: Query, candidate: CandidateIndex) -> list[Contribution]:
        """The shared neighbors of a candidate."""
        mine = self._mine(query)
        theirs = features(self._target.corpus, self._target.corpus_index(candidate), self._without)
        both = sorted(mine.keys() & theirs.keys())

        def describe(i: int) -> tuple[str, tuple[Triple, ...]]:
            node = both[i]
            own = [triple(query.iri, mine[node])] if query.iri else []
            return self._text(mine[node], self._column[node]), (*own, triple(self._target.iri(candidate), theirs[node]))

        return shares(
            [float(self._content[self._column[node]]) for node in both], describe, "further shared statements"
        )

    def _mine(self, query: Query) -> dict[str, Link]:
        return {
            link.node: link
            for link in query.links
            if link.property in _SHARED and link.property not in self._without and link.node != query.iri
        }

    def _text(self, link: Link, column: int) -> str:
        verb = _VERBS.get(link.property.rpartition("#")[2], "linked to")
        count, of = int(self.counts[column]), len(self._target)
        plural = self._target.kind + "s"
        return f"both {verb} {self._target.corpus.name(link.node)} ({count} of {of} {plural})"
