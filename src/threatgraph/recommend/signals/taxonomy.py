"""Closeness in trees: two records whose domains and provisions stand near each other."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property

import numpy as np
from pyoxigraph import Triple

from threatgraph.recommend.corpus import Corpus, Link, full
from threatgraph.recommend.signals.base import Piece, Query, Target, shares, triple

_BROADER, _DOMAIN, _MAPPED = full("skos:broader"), full("tg:domain"), full("tg:mappedTo")


class TreeCloseness:
    """How near the provisions and the domain of two records stand in their trees (Lin 1998).

    Of two provisions, Lin's measure is twice the information content of their nearest common ancestor over the sum of
    their own; a framework's root has none, so that provisions of different frameworks are not close. Of two sets of
    provisions it is the mean of the best matches in both directions (Couto, Silva and Coutinho 2007). A domain that
    both share counts as one more match, and one that they do not as one more miss.

    Args:
        target: the candidates.
    """

    name = "tree"

    def __init__(self, target: Target) -> None:
        self._target, self._corpus = target, target.corpus
        self._sets = [_own(target.corpus, int(position)) for position in target.positions]

    @cached_property
    def _parents(self) -> dict[str, str]:
        corpus = self._corpus
        return {
            corpus.iris[position]: link.node
            for position in corpus.of_kind["provision"]
            for link in corpus.links[position]
            if link.property == _BROADER
        }

    @cached_property
    def _content(self) -> dict[str, float]:
        """Information content of each node: how few of the uses of its tree fall on it and what is below it."""
        uses: dict[str, float] = defaultdict(float)
        totals: dict[str, float] = defaultdict(float)
        counts: dict[str, int] = defaultdict(int)
        for links in self._sets:
            for node in links:
                counts[node] += 1
        for position in self._corpus.of_kind["provision"]:
            counts[self._corpus.iris[position]] += 1  # every provision counts once, used or not
        for node, count in counts.items():
            root = self._root(node)
            totals[root] += count
            for step in self._line(node):
                if self._root(step) == root:  # a link that leads out of the tree is a mistake of the data
                    uses[step] += count
        return {node: float(-np.log(use / totals[self._root(node)])) for node, use in uses.items()}

    def _line(self, node: str) -> list[str]:
        """A node and its ancestors; a circle ends where it comes round."""
        line: list[str] = []
        step: str | None = node
        while step is not None and step not in line:
            line.append(step)
            step = self._parents.get(step)
        return line

    def _root(self, node: str) -> str:
        position = self._corpus.position.get(node)
        scheme = self._corpus.schemes[position] if position is not None else None
        return scheme or self._line(node)[-1]

    def _lin(self, one: str, other: str) -> float:
        if one == other:
            return 1.0
        line = set(self._line(one))
        shared = next((step for step in self._line(other) if step in line), None)
        total = self._content.get(one, 0.0) + self._content.get(other, 0.0)
        return 2 * self._content.get(shared, 0.0) / total if shared and total > 0 else 0.0

    def _matches(self, mine: dict[str, Link], theirs: dict[str, Link]) -> list[tuple[float, Link, Link]]:
        """The best match of each node of both sets."""
        found = []
        for node, link in mine.items():
            best = max(theirs, key=lambda other: (self._cached(node, other), other))
            found.append((self._cached(node, best), link, theirs[best]))
        for node, link in theirs.items():
            best = max(mine, key=lambda other: (self._cached(other, node), other))
            found.append((self._cached(best, node), mine[best], link))
        return found

    @cached_property
    def _memory(self) -> dict[tuple[str, str], float]:
        return {}

    def _cached(self, one: str, other: str) -> float:
        pair = (one, other)
        if pair not in self._memory:
            self._memory[pair] = self._lin(one, other)
        return self._memory[pair]

    def scores(self, query: Query) -> np.ndarray:
        """The mean closeness of the best matches, for each candidate."""
        values = np.zeros(len(self._target))
        mine = _chosen(query.links, query.iri)
        if not mine:
            return values
        for place, theirs in enumerate(self._sets):
            if theirs:
                matches = self._matches(mine, theirs)
                values[place] = sum(value for value, _, _ in matches) / len(matches)
        return values

    def pieces(self, query: Query, place: int) -> list[Piece]:
        """The nodes that stand near each other."""
        mine, theirs = _chosen(query.links, query.iri), self._sets[place]
        best: dict[tuple[Link, Link], float] = defaultdict(float)
        if not mine or not theirs:
            return []
        for value, one, other in self._matches(mine, theirs):
            best[one, other] += value
        name = self._corpus.name
        pairs = sorted(best)

        def tell(pair: int) -> tuple[str, tuple[Triple, ...]]:
            one, other = pairs[pair]
            same = one.node == other.node
            text = f"both under {name(one.node)}" if same else f"{name(one.node)} near {name(other.node)}"
            own = [triple(query.iri, one)] if query.iri else []
            return text, (*own, triple(self._target.iri(place), other))

        return shares([best[pair] for pair in pairs], tell, "further provisions near each other")


def _own(corpus: Corpus, position: int) -> dict[str, Link]:
    return _chosen(tuple(corpus.links[position]), corpus.iris[position])


def _chosen(links: tuple[Link, ...], iri: str | None) -> dict[str, Link]:
    return {link.node: link for link in links if link.property in (_MAPPED, _DOMAIN) and link.node != iri}
