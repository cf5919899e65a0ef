"""What every signal has: a value for each candidate, between 0 and 1, and the reasons that the value is made of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from pyoxigraph import NamedNode, Triple
from scipy import sparse

from threatgraph.recommend.corpus import Corpus, Link

#: Reasons that are told one by one; the weaker rest is told in one.
TOLD = 4
#: Weaker reasons of which the statements are held: a hub may have a hundred thousand of them.
HELD = 50


class Piece(NamedTuple):
    """One part of a signal's value."""

    share: float
    """Its part of the value; the shares of all pieces sum to 1."""
    text: str
    statements: tuple[Triple, ...]
    """The triples of the graph that made it."""
    stands_for: int = 1
    """How many reasons it stands for: more than one for the weaker rest."""


@dataclass(frozen=True)
class Query:
    """What recommendations are asked for: a record of the graph, or a text."""

    name: str
    iri: str | None
    position: int | None
    """Where the record stands in the corpus; ``None`` for a text and for a record of another kind."""
    kind: str | None
    words: sparse.csr_matrix
    label: sparse.csr_matrix
    topics: np.ndarray
    embedding: np.ndarray | None
    links: tuple[Link, ...] = ()
    """Its statements, without those about records of the kind that is asked for: what is looked for tells nothing."""


@dataclass(frozen=True)
class Target:
    """The records of one kind, as candidates."""

    kind: str
    positions: np.ndarray
    corpus: Corpus = field(repr=False)

    def __len__(self) -> int:
        return len(self.positions)

    def iri(self, place: int) -> str:
        """The IRI of a candidate."""
        return self.corpus.iris[int(self.positions[place])]

    def place(self, iri: str) -> int | None:
        """Where a record stands among the candidates; ``None`` where it is none of them."""
        position = self.corpus.position.get(iri)
        if position is None or self.corpus.kinds[position] != self.kind:
            return None
        return int(np.searchsorted(self.positions, position))

    def links(self, place: int) -> list[Link]:
        """The statements of a candidate."""
        return self.corpus.links[int(self.positions[place])]


class Signal(Protocol):
    """A way in which two records can be related."""

    name: str

    def scores(self, query: Query) -> np.ndarray:
        """A value between 0 and 1 for each candidate."""

    def pieces(self, query: Query, place: int) -> list[Piece]:
        """What the value of one candidate is made of, the strongest first."""


def triple(subject: str, link: Link) -> Triple:
    """A statement of a record as a triple."""
    return Triple(NamedNode(subject), NamedNode(link.property), NamedNode(link.node))


def shares(weights: Sequence[float], tell: Callable[[int], tuple[str, tuple[Triple, ...]]], rest: str) -> list[Piece]:
    """Pieces out of weighed reasons: the strongest told one by one, the others in one piece.

    Args:
        weights: of any scale; those that are not above 0 are passed over.
        tell: gives the text and the statements of a reason by its place among the weights.
        rest: what the others are called, such as ``further shared statements``.
    """
    array = np.asarray(weights, dtype=float)
    order = [place for place in np.argsort(-array.round(12), kind="stable").tolist() if array[place] > 0]
    total = float(array[order].sum())
    single = len(order) if len(order) == TOLD + 1 else TOLD  # one more is told as well as counted
    told = [Piece(float(array[place]) / total, *tell(place)) for place in order[:single]]
    others = order[single:]
    if others:
        statements = dict.fromkeys(statement for place in others[:HELD] for statement in tell(place)[1])
        share = float(array[others].sum()) / total
        told.append(Piece(share, f"{len(others)} {rest}", tuple(statements), len(others)))
    return told
