"""Shared neighbours: causal factors, groups, harm types, provisions, sectors, actors that two records both name."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from pyoxigraph import Triple
from scipy import sparse

from threatgraph.recommend.corpus import SHARED, Corpus, Link, full
from threatgraph.recommend.signals.base import Piece, Query, Target, shares, triple

_SHARED = frozenset(full(name) for name in SHARED)
#: How a shared neighbour is told, by the property of the first record.
_VERBS = {
    "causalFactor": "caused by",
    "affects": "affecting",
    "harmType": "doing harm of the kind",
    "mappedTo": "mapped to",
    "involvesPattern": "showing the pattern",
    "actor": "involving",
    "sector": "in the sector",
    "region": "in the region",
}


def features(corpus: Corpus, position: int, without: Collection[str] = ()) -> dict[str, Link]:
    """The neighbours of a record that others may share, each with the statement that names it.

    Args:
        corpus: the records.
        position: the record.
        without: properties to pass over.
    """
    return {
        link.node: link for link in corpus.links[position] if link.property in _SHARED and link.property not in without
    }


class SharedNeighbours:
    """Neighbours that two records share, each weighed by its information content (Resnik 1995): rarer means more.

    The value is the cosine of the two sets of neighbours, where a neighbour that ``d`` of ``n`` candidates name weighs
    ``-ln(d / (n + 1))``: 1 where both name the same ones, 0 where they share none. Taking a shared statement from
    either record always lowers it.

    Args:
        target: the candidates.
        without: properties to pass over, so that a measurement can keep out what it asks for.
    """

    name = "neighbours"

    def __init__(self, target: Target, without: Collection[str] = ()) -> None:
        self._target, self._without = target, frozenset(without)
        named = [features(target.corpus, position, self._without) for position in target.positions]
        self._nodes = sorted({node for links in named for node in links})
        self._place = {node: place for place, node in enumerate(self._nodes)}
        rows = [row for row, links in enumerate(named) for _ in links]
        columns = [self._place[node] for links in named for node in links]
        shape = (len(named), len(self._nodes))
        incidence = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=shape)
        self._incidence = incidence
        self.counts = np.asarray(incidence.sum(axis=0)).ravel()
        self._content = -np.log(np.maximum(self.counts, 1) / (len(target) + 1))
        self._length = np.sqrt(incidence @ self._content)
        self._weighed = sparse.csc_matrix(incidence @ sparse.diags(self._content))

    def weighed_rows(self) -> sparse.csr_matrix:
        """The candidates by neighbours: inner products of these rows are the numerators of the cosines."""
        return sparse.csr_matrix(self._incidence @ sparse.diags(np.sqrt(self._content)))

    def scores(self, query: Query) -> np.ndarray:
        """The weighed cosine with each candidate."""
        mine = self._mine(query)
        known = sorted(self._place[node] for node in mine if node in self._place)
        if not known:
            return np.zeros(len(self._target))
        unknown = sum(node not in self._place for node in mine)
        length = np.sqrt(self._content[known].sum() + unknown * np.log(len(self._target) + 1))
        shared = np.asarray(self._weighed[:, known].sum(axis=1)).ravel()
        return np.asarray(shared / np.where(self._length > 0, self._length * length, 1))

    def pieces(self, query: Query, place: int) -> list[Piece]:
        """The shared neighbours of one candidate."""
        mine = self._mine(query)
        theirs = features(self._target.corpus, int(self._target.positions[place]), self._without)
        both = sorted(mine.keys() & theirs.keys())

        def tell(place_of_node: int) -> tuple[str, tuple[Triple, ...]]:
            node = both[place_of_node]
            own = [triple(query.iri, mine[node])] if query.iri else []
            return self._told(mine[node], self._place[node]), (*own, triple(self._target.iri(place), theirs[node]))

        return shares([float(self._content[self._place[node]]) for node in both], tell, "further shared statements")

    def _mine(self, query: Query) -> dict[str, Link]:
        return {
            link.node: link
            for link in query.links
            if link.property in _SHARED and link.property not in self._without and link.node != query.iri
        }

    def _told(self, link: Link, column: int) -> str:
        verb = _VERBS.get(link.property.rpartition("#")[2], "linked to")
        count, of = int(self.counts[column]), len(self._target)
        plural = self._target.kind + "s"
        return f"both {verb} {self._target.corpus.name(link.node)} ({count} of {of} {plural})"
