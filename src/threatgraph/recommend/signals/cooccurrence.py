"""Co-occurrence: patterns that show in the same incidents more often than chance."""

from __future__ import annotations

import math
from collections import defaultdict

import numpy as np
from pyoxigraph import NamedNode, Triple

from threatgraph.recommend.corpus import full
from threatgraph.recommend.signals.base import Piece, Query, Target, shares

_INVOLVES = full("tg:involvesPattern")


class CoOccurrence:
    """Patterns in the same incidents: normalised pointwise mutual information (Church and Hanks 1990, Bouma 2009).

    The value is damped by ``together / (together + 1)``, since a single incident proves little (Pantel and Lin 2002).

    Args:
        target: the patterns.
    """

    name = "incidents"

    def __init__(self, target: Target) -> None:
        self._target = target
        corpus = target.corpus
        self._incidents: dict[str, set[int]] = defaultdict(set)
        counted = 0
        for position in corpus.of_kind["incident"]:
            nodes = [link.node for link in corpus.links[position] if link.property == _INVOLVES]
            counted += bool(nodes)
            for node in nodes:
                self._incidents[node].add(int(position))
        self._total = counted

    def scores(self, query: Query) -> np.ndarray:
        """The value for each pattern; 0 where the query is no pattern of an incident."""
        values = np.zeros(len(self._target))
        mine = self._incidents.get(query.iri or "", set())
        if mine:
            for place in range(len(self._target)):
                values[place] = self._value(mine, self._incidents.get(self._target.iri(place), set()))
        return values

    def _value(self, mine: set[int], theirs: set[int]) -> float:
        together = len(mine & theirs)
        if not together:
            return 0.0
        if together == self._total:
            return together / (together + 1)
        information = math.log(together * self._total / (len(mine) * len(theirs)))
        return max(information, 0.0) / -math.log(together / self._total) * together / (together + 1)

    def pieces(self, query: Query, place: int) -> list[Piece]:
        """The incidents in which both show."""
        iri = self._target.iri(place)
        corpus = self._target.corpus
        both = sorted(self._incidents[query.iri or ""] & self._incidents[iri])

        def tell(spot: int) -> tuple[str, tuple[Triple, ...]]:
            incident = NamedNode(corpus.iris[both[spot]])
            ends = (str(query.iri), iri)
            statements = tuple(Triple(incident, NamedNode(_INVOLVES), NamedNode(node)) for node in ends)
            return f"both in the incident “{corpus.labels[both[spot]]}”", statements

        return shares([1.0] * len(both), tell, "further incidents with both")
