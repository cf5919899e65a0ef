"""The interface of signals: a value from 0 to 1 for each candidate, and its breakdown into contributions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, NamedTuple, NewType, Protocol, TypeVar

import numpy as np
from pyoxigraph import NamedNode, Triple

from threatgraph.recommend.corpus import Corpus, CorpusIndex, Link
from threatgraph.sparse import SparseVector

CandidateIndex = NewType("CandidateIndex", int)
"""The index of a record among the candidates of a :class:`Target`."""

T = TypeVar("T")

#: The number of contributions shown one by one; weaker ones are merged.
SHOWN = 4
#: The number of merged contributions whose statements are kept, since a hub may have a hundred thousand.
KEPT = 50


class Contribution(NamedTuple):
    """A part of the value of a signal."""

    share: float
    """Its share of the value; the shares of all contributions sum to 1."""
    text: str
    statements: tuple[Triple, ...]
    """The triples of the graph that it is based on."""
    merged: int = 1
    """The number of contributions merged into it; 1 for a single one."""


@dataclass(frozen=True)
class Query:
    """A query for recommendations: a record of the graph, or a text."""

    name: str
    iri: str | None
    index: CorpusIndex | None
    """The index of the record in the corpus; ``None`` for a text and for a record of another kind."""
    kind: str | None
    words: SparseVector
    label: SparseVector
    topics: np.ndarray
    embedding: np.ndarray | None
    text: str = ""
    """The text itself, if the query is a text."""
    stems: tuple[str, ...] = ()
    """The stems of its words, in order."""
    known: float = 1.0
    """The share of its different words that the graph has, too."""
    links: tuple[Link, ...] = ()
    """Its links, except those to records of the requested kind, so that known answers do not affect the score."""


@dataclass(frozen=True)
class Target:
    """The records of one kind, as candidates."""

    kind: str
    indexes: np.ndarray
    """The corpus index of each candidate, ascending."""
    corpus: Corpus = field(repr=False)

    def __len__(self) -> int:
        return len(self.indexes)

    def candidates(self) -> Iterator[CandidateIndex]:
        """The indexes of all candidates."""
        return map(CandidateIndex, range(len(self)))

    def corpus_index(self, candidate: CandidateIndex) -> CorpusIndex:
        """The index of a candidate in the corpus."""
        return CorpusIndex(int(self.indexes[candidate]))

    def iri(self, candidate: CandidateIndex) -> str:
        """The IRI of a candidate."""
        return self.corpus.iris[self.corpus_index(candidate)]

    def find(self, iri: str) -> CandidateIndex | None:
        """The candidate with an IRI; ``None`` if it is not a candidate."""
        index = self.corpus.index.get(iri)
        if index is None or self.corpus.kinds[index] != self.kind:
            return None
        return CandidateIndex(int(np.searchsorted(self.indexes, index)))

    def links(self, candidate: CandidateIndex) -> list[Link]:
        """The links of a candidate."""
        return self.corpus.links[self.corpus_index(candidate)]


class LastQuery(Generic[T]):
    """A computation for a query, kept for the last one: its contributions are requested after its scores.

    Args:
        compute: the computation.
    """

    def __init__(self, compute: Callable[[Query], T]) -> None:
        self._compute = compute
        self._last: tuple[Query, T] | None = None

    def __call__(self, query: Query) -> T:
        """The result for a query."""
        if self._last is None or self._last[0] is not query:
            self._last = query, self._compute(query)
        return self._last[1]


class Signal(Protocol):
    """A measure of how closely two records are related."""

    name: str

    def scores(self, query: Query) -> np.ndarray:
        """A value between 0 and 1 for each candidate."""

    def contributions(self, query: Query, candidate: CandidateIndex) -> list[Contribution]:
        """The breakdown of the value of a candidate, in descending order."""


def triple(subject: str, link: Link) -> Triple:
    """A link of a record as a triple."""
    return Triple(NamedNode(subject), NamedNode(link.property), NamedNode(link.node))


def shares(
    weights: Sequence[float], describe: Callable[[int], tuple[str, tuple[Triple, ...]]], rest: str
) -> list[Contribution]:
    """Turn weights into contributions: the largest one by one, the others merged into one.

    Args:
        weights: on any scale; values of 0 and below are ignored.
        describe: returns the text and the statements for an index of ``weights``.
        rest: the name of the merged ones, such as ``further shared statements``.
    """
    array = np.asarray(weights, dtype=float)
    order = [i for i in np.argsort(-array.round(12), kind="stable").tolist() if array[i] > 0]
    total = float(array[order].sum())
    single = len(order) if len(order) == SHOWN + 1 else SHOWN  # merging a single one would not save a line
    found = [Contribution(float(array[i]) / total, *describe(i)) for i in order[:single]]
    others = order[single:]
    if others:
        statements = dict.fromkeys(statement for i in others[:KEPT] for statement in describe(i)[1])
        share = float(array[others].sum()) / total
        found.append(Contribution(share, f"{len(others)} {rest}", tuple(statements), len(others)))
    return found
