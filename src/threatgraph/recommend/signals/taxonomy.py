"""Taxonomy similarity: records whose domains and provisions are close in their trees."""

from __future__ import annotations

from collections import defaultdict
from functools import cache, cached_property

import numpy as np
from pyoxigraph import Triple

from threatgraph.recommend.corpus import Corpus, CorpusIndex, Link, expand
from threatgraph.recommend.signals.base import CandidateIndex, Contribution, Query, Target, shares, triple

_BROADER, _DOMAIN, _MAPPED = expand("skos:broader"), expand("tg:domain"), expand("tg:mappedTo")


class TaxonomySimilarity:
    """Lin similarity of the provisions and the domain of two records (Lin 1998).

    For two provisions, it is twice the information content of their lowest common ancestor, divided by the sum of
    theirs. The root of a framework has no information content, so provisions of different frameworks are not similar.
    For two sets of provisions, it is the mean of the best matches in both directions (Couto, Silva and Coutinho 2007).
    A shared domain counts as one more match, different domains as one more mismatch.

    Args:
        target: the candidates.
    """

    name = "taxonomy"

    def __init__(self, target: Target) -> None:
        self._target, self._corpus = target, target.corpus
        self._line, self._row = cache(self._ancestors), cache(self._similarities)
        self._sets = [_own(target.corpus, target.corpus_index(candidate)) for candidate in target.candidates()]
        self._column = {node: i for i, node in enumerate(dict.fromkeys(node for links in self._sets for node in links))}
        self._columns = [np.array([self._column[node] for node in links], dtype=int) for links in self._sets]

    @cached_property
    def _parents(self) -> dict[str, str]:
        corpus = self._corpus
        return {
            corpus.iris[index]: link.node
            for index in corpus.of_kind["provision"]
            for link in corpus.links[index]
            if link.property == _BROADER
        }

    @cached_property
    def _content(self) -> dict[str, float]:
        """The information content of each node: minus the log of the share of uses at and below it in its tree."""
        uses: dict[str, float] = defaultdict(float)
        totals: dict[str, float] = defaultdict(float)
        counts: dict[str, int] = defaultdict(int)
        for links in self._sets:
            for node in links:
                counts[node] += 1
        for index in self._corpus.of_kind["provision"]:
            counts[self._corpus.iris[index]] += 1  # every provision counts once, even if unused
        for node, count in counts.items():
            root = self._root(node)
            totals[root] += count
            for step in self._line(node):
                if self._root(step) == root:  # ignore links out of the tree, which are errors in the data
                    uses[step] += count
        return {node: float(-np.log(use / totals[self._root(node)])) for node, use in uses.items()}

    def _ancestors(self, node: str) -> list[str]:
        """A node and its ancestors; a cycle ends at the first repeated node."""
        line: list[str] = []
        step: str | None = node
        while step is not None and step not in line:
            line.append(step)
            step = self._parents.get(step)
        return line

    def _root(self, node: str) -> str:
        index = self._corpus.index.get(node)
        scheme = self._corpus.schemes[index] if index is not None else None
        return scheme or self._line(node)[-1]

    @cached_property
    def _below(self) -> dict[str, np.ndarray]:
        """The columns of the nodes at and below each node."""
        found: dict[str, list[int]] = defaultdict(list)
        for node, column in self._column.items():
            for step in self._line(node):
                found[step].append(column)
        return {step: np.array(columns) for step, columns in found.items()}

    @cached_property
    def _contents(self) -> np.ndarray:
        """The information content of the node of each column."""
        return np.array([self._content.get(node, 0.0) for node in self._column])

    def _similarities(self, node: str) -> np.ndarray:
        """The Lin similarity of a node to that of each column."""
        shared = np.zeros(len(self._column))
        for step in reversed(self._line(node)):  # the lowest common ancestor comes last
            if step in self._below:
                shared[self._below[step]] = self._content.get(step, 0.0)
        total = self._content.get(node, 0.0) + self._contents
        found = np.divide(2 * shared, total, out=np.zeros_like(total), where=total > 0)
        if node in self._column:
            found[self._column[node]] = 1.0
        return found

    def _matches(self, mine: dict[str, Link], theirs: dict[str, Link]) -> list[tuple[float, Link, Link]]:
        """The best match for each node of both sets; of equal ones, that with the last IRI."""
        nodes, others = sorted(mine), sorted(theirs)
        pairs = np.array([self._row(node) for node in nodes])[:, [self._column[other] for other in others]]
        best = pairs.shape[1] - 1 - pairs[:, ::-1].argmax(axis=1)
        found = [
            (float(pairs[row, column]), mine[nodes[row]], theirs[others[column]])
            for row, column in enumerate(best.tolist())
        ]
        best = pairs.shape[0] - 1 - pairs[::-1].argmax(axis=0)
        return found + [
            (float(pairs[row, column]), mine[nodes[row]], theirs[others[column]])
            for column, row in enumerate(best.tolist())
        ]

    def scores(self, query: Query) -> np.ndarray:
        """The mean similarity of the best matches, for each candidate."""
        values = np.zeros(len(self._target))
        mine = _chosen(query.links, query.iri)
        if not mine:
            return values
        pairs = np.array([self._row(node) for node in mine])
        for i, columns in enumerate(self._columns):
            if len(columns):
                best = pairs[:, columns]
                values[i] = (best.max(axis=1).sum() + best.max(axis=0).sum()) / sum(best.shape)
        return values

    def contributions(self, query: Query, candidate: CandidateIndex) -> list[Contribution]:
        """The pairs of similar nodes."""
        mine, theirs = _chosen(query.links, query.iri), self._sets[candidate]
        best: dict[tuple[Link, Link], float] = defaultdict(float)
        if not mine or not theirs:
            return []
        for value, one, other in self._matches(mine, theirs):
            best[one, other] += value
        name = self._corpus.name
        pairs = sorted(best)

        def describe(pair: int) -> tuple[str, tuple[Triple, ...]]:
            one, other = pairs[pair]
            same = one.node == other.node
            text = f"both under {name(one.node)}" if same else f"{name(one.node)} close to {name(other.node)}"
            own = [triple(query.iri, one)] if query.iri else []
            return text, (*own, triple(self._target.iri(candidate), other))

        return shares([best[pair] for pair in pairs], describe, "further pairs of similar provisions")


def _own(corpus: Corpus, index: CorpusIndex) -> dict[str, Link]:
    return _chosen(tuple(corpus.links[index]), corpus.iris[index])


def _chosen(links: tuple[Link, ...], iri: str | None) -> dict[str, Link]:
    return {link.node: link for link in links if link.property in (_MAPPED, _DOMAIN) and link.node != iri}
