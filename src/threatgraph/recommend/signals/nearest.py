"""Nearest records: what the records with the most similar texts are linked to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from pyoxigraph import Triple

from threatgraph.recommend.corpus import Corpus, CorpusIndex, expand
from threatgraph.recommend.signals.base import CandidateIndex, Contribution, LastQuery, Query, Target, shares, triple
from threatgraph.sparse import SparseMatrix, SparseVector

#: The links that count as votes: of incidents for their patterns, and of patterns for their provisions.
_VOTES = frozenset(expand(name) for name in ("tg:involvesPattern", "tg:mappedTo"))
#: The number of nearest records that vote.
NEAREST = 20
#: The exponent of the similarity in a vote; on held-out links, 2 to 6 and 10 to 20 neighbors differ little.
SHARPNESS = 4


class NearestRecords:
    """A k-nearest-neighbor vote (Fix and Hodges 1951; as item-based filtering, Sarwar et al. 2001).

    For a new incident, the incidents with the most similar texts vote for their patterns. For a text, the patterns with
    the most similar texts vote for the provisions that they are mapped to. Votes are weighted by similarity.

    Args:
        target: the candidates.
        similarity: returns the similarity of the text of a query to that of every record of the corpus.
        name: the name of the signal: ``nearest``, or ``meaning`` if the similarity is that of word embeddings.
    """

    def __init__(self, target: Target, similarity: Callable[[Query], np.ndarray], name: str = "nearest") -> None:
        self.name = name
        self._target, self._similarity = target, similarity
        self._nearest = LastQuery(self._found)
        corpus = target.corpus
        column = {target.corpus_index(candidate): candidate for candidate in target.candidates()}
        pairs = sorted(_votes(corpus, column))
        rows, columns = [row for row, _ in pairs], [candidate for _, candidate in pairs]
        self._votes = SparseMatrix.from_cells(rows, columns, (len(corpus), len(target)))
        self._voters = np.flatnonzero(self._votes.counts)

    def scores(self, query: Query) -> np.ndarray:
        """The share of the votes for each candidate."""
        voters, weights = self._nearest(query)
        if not weights.sum():
            return np.zeros(len(self._target))
        return np.asarray(self._votes.sum_of_rows(SparseVector(voters, weights)) / weights.sum())

    def _found(self, query: Query) -> tuple[np.ndarray, np.ndarray]:
        """The voters and their weights."""
        voters = self._voters if query.index is None else self._voters[self._voters != query.index]
        if not len(voters):
            return voters, np.zeros(0)
        similarity = self._similarity(query)[voters].round(6)
        # Ties with the last voter vote too, so that the result does not depend on their order.
        last = np.partition(similarity, -NEAREST)[-NEAREST] if len(similarity) > NEAREST else 0.0
        near = np.flatnonzero((similarity >= last) & (similarity > 0))
        return voters[near], similarity[near] ** SHARPNESS

    def contributions(self, query: Query, candidate: CandidateIndex) -> list[Contribution]:
        """The records that vote for a candidate."""
        corpus, iri = self._target.corpus, self._target.iri(candidate)
        target = self._target.corpus_index(candidate)
        voters, weights = self._nearest(query)
        linked = [i for i, voter in enumerate(voters.tolist()) if candidate in self._votes.row(voter).columns]

        def describe(i: int) -> tuple[str, tuple[Triple, ...]]:
            voter = CorpusIndex(int(voters[linked[i]]))
            how = "close in meaning" if self.name == "meaning" else "similar"
            text = f"{how} to the {corpus.kinds[voter]} “{corpus.labels[voter]}”, which is linked to it"
            return text, _statements(corpus, voter, target, iri)

        return shares(weights[linked].tolist(), describe, "further similar records that are linked to it")


def _votes(corpus: Corpus, column: dict[CorpusIndex, CandidateIndex]) -> set[tuple[CorpusIndex, CandidateIndex]]:
    """The pairs of voter and candidate."""
    found = set()
    for source, links in zip(map(CorpusIndex, range(len(corpus))), corpus.links, strict=True):
        for link in links:
            other = corpus.index.get(link.node)
            if other is None or link.property not in _VOTES:
                continue
            if other in column and source not in column:
                found.add((source, column[other]))
            if source in column and other not in column:
                found.add((other, column[source]))
    return found


def _statements(corpus: Corpus, voter: CorpusIndex, target: CorpusIndex, iri: str) -> tuple[Triple, ...]:
    out = [triple(corpus.iris[voter], link) for link in corpus.links[voter] if link.node == iri]
    back = [triple(iri, link) for link in corpus.links[target] if link.node == corpus.iris[voter]]
    return tuple(out + back)
