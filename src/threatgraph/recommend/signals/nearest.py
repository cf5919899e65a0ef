"""Analogy: what the records with the most similar texts are linked to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from pyoxigraph import Triple
from scipy import sparse

from threatgraph.recommend.corpus import Corpus, full
from threatgraph.recommend.signals.base import Piece, Query, Target, shares, triple

#: The statements by which one record votes for another: incidents for their patterns, patterns for their provisions.
_VOTES = frozenset(full(name) for name in ("tg:involvesPattern", "tg:mappedTo"))
#: Similar records that are asked.
NEAREST = 20
#: Power to which likeness is raised in a vote; 2 to 6 and 10 to 20 neighbours differ little on links not learned from.
SHARPNESS = 4


class Analogy:
    """The vote of the nearest records (Fix and Hodges 1951; as item-based filtering, Sarwar et al. 2001).

    For a new incident the incidents that read most like it vote for their patterns; for a text the patterns that read
    most like it vote for the provisions that they are mapped to. Votes weigh as much as the texts are alike.

    Args:
        target: the candidates.
        alike: gives, for a query, how alike its text is to that of every record of the corpus.
    """

    name = "analogy"

    def __init__(self, target: Target, alike: Callable[[Query], np.ndarray]) -> None:
        self._target, self._alike = target, alike
        self._last: tuple[Query, tuple[np.ndarray, np.ndarray]] | None = None
        corpus = target.corpus
        column = {int(position): place for place, position in enumerate(target.positions)}
        pairs = sorted(_votes(corpus, column))
        rows, columns = [row for row, _ in pairs], [place for _, place in pairs]
        shape = (len(corpus), len(target))
        self._votes = sparse.csr_matrix((np.ones(len(pairs)), (rows, columns)), shape=shape)
        self._voters = np.flatnonzero(np.asarray(self._votes.sum(axis=1)).ravel())

    def scores(self, query: Query) -> np.ndarray:
        """The share of the votes that each candidate gets."""
        voters, weights = self._nearest(query)
        if not weights.sum():
            return np.zeros(len(self._target))
        return np.asarray(weights @ self._votes[voters] / weights.sum())

    def _nearest(self, query: Query) -> tuple[np.ndarray, np.ndarray]:
        """Who votes, and with what weight; kept for the last question, since its reasons are asked for next."""
        if self._last is None or self._last[0] is not query:
            self._last = query, self._found(query)
        return self._last[1]

    def _found(self, query: Query) -> tuple[np.ndarray, np.ndarray]:
        voters = self._voters if query.position is None else self._voters[self._voters != query.position]
        if not len(voters):
            return voters, np.zeros(0)
        alike = self._alike(query)[voters].round(6)
        # Those that are as near as the last one vote too: which of them came first must not matter.
        last = np.partition(alike, -NEAREST)[-NEAREST] if len(alike) > NEAREST else 0.0
        near = np.flatnonzero((alike >= last) & (alike > 0))
        return voters[near], alike[near] ** SHARPNESS

    def pieces(self, query: Query, place: int) -> list[Piece]:
        """The records that voted for one candidate."""
        corpus, iri = self._target.corpus, self._target.iri(place)
        target = int(self._target.positions[place])
        voters, weights = self._nearest(query)
        linked = [spot for spot, voter in enumerate(voters.tolist()) if self._votes[voter, place]]

        def tell(spot: int) -> tuple[str, tuple[Triple, ...]]:
            voter = int(voters[linked[spot]])
            text = f"reads like the {corpus.kinds[voter]} “{corpus.labels[voter]}”, which is linked to it"
            return text, _statements(corpus, voter, target, iri)

        return shares(weights[linked].tolist(), tell, "further similar records that are linked to it")


def _votes(corpus: Corpus, column: dict[int, int]) -> set[tuple[int, int]]:
    """Who votes for whom: rows of the corpus and places among the candidates."""
    found = set()
    for source, links in enumerate(corpus.links):
        for link in links:
            other = corpus.position.get(link.node)
            if other is None or link.property not in _VOTES:
                continue
            if other in column and source not in column:
                found.add((source, column[other]))
            if source in column and other not in column:
                found.add((other, column[source]))
    return found


def _statements(corpus: Corpus, voter: int, target: int, iri: str) -> tuple[Triple, ...]:
    out = [triple(corpus.iris[voter], link) for link in corpus.links[voter] if link.node == iri]
    back = [triple(iri, link) for link in corpus.links[target] if link.node == corpus.iris[voter]]
    return tuple(out + back)
