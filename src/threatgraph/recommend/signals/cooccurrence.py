"""Co-occurrence: patterns that occur in the same incidents more often than expected by chance."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
from pyoxigraph import NamedNode, Triple

from threatgraph.recommend.corpus import expand
from threatgraph.recommend.signals.base import CandidateIndex, Contribution, Query, Target, shares

_INVOLVES = expand("tg:involvesPattern")


class Cooccurrence:
    """Normalized pointwise mutual information of patterns in incidents (Church and Hanks 1990, Bouma 2009).

    The value is discounted by ``together / (together + 1)``, since one incident is weak evidence (Pantel and Lin 2002).

    Args:
        target: the candidates, which are patterns.
    """

    name = "cooccurrence"

    def __init__(self, target: Target) -> None:
        self._target = target
        corpus = target.corpus
        self._incidents: dict[str, set[int]] = defaultdict(set)
        counted = 0
        for index in corpus.of_kind["incident"]:
            nodes = [link.node for link in corpus.links[index] if link.property == _INVOLVES]
            counted += bool(nodes)
            for node in nodes:
                self._incidents[node].add(int(index))
        self._total = counted

    def scores(self, query: Query) -> np.ndarray:
        """The value for each pattern; 0 if the query is not a pattern with incidents."""
        values = np.zeros(len(self._target))
        mine = self._incidents.get(query.iri or "", set())
        if mine:
            for candidate in self._target.candidates():
                values[candidate] = self._value(mine, self._incidents.get(self._target.iri(candidate), set()))
        return values

    def _value(self, mine: set[int], theirs: set[int]) -> float:
        together = len(mine & theirs)
        if not together:
            return 0.0
        if together == self._total:
            return together / (together + 1)
        information = math.log(together * self._total / (len(mine) * len(theirs)))
        return max(information, 0.0) / -math.log(together / self._total) * together / (together + 1)

    def contributions(self, query: Query, candidate: CandidateIndex) -> list[Contribution]:
        """The incidents that involve both patterns."""
        iri = self._target.iri(candidate)
        corpus = self._target.corpus
        both = sorted(self._incidents[query.iri or ""] & self._incidents[iri])

        def describe(i: int) -> tuple[str, tuple[Triple, ...]]:
            incident = NamedNode(corpus.iris[both[i]])
            ends = (str(query.iri), iri)
            statements = tuple(Triple(incident, NamedNode(_INVOLVES), NamedNode(node)) for node in ends)
            return f"both involved in the incident “{corpus.labels[both[i]]}”", statements

        return shares([1.0] * len(both), describe, "further incidents that involve both")
