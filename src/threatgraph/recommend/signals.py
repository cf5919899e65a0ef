"""What every signal has: a value for each candidate, between 0 and 1, and the reasons that the value is made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
from pyoxigraph import NamedNode, Triple
from scipy import sparse

from threatgraph.recommend.corpus import Corpus, Link

#: Reasons that are told one by one; the weaker rest is told in one.
TOLD = 4


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


def shares(weighed: Sequence[tuple[float, str, tuple[Triple, ...]]], rest: str) -> list[Piece]:
    """Pieces out of weighed reasons: the strongest told one by one, the others in one piece.

    Args:
        weighed: weight (of any scale), text and statements of each reason.
        rest: what the others are called, such as ``further shared statements``.
    """
    total = sum(weight for weight, _, _ in weighed)
    if total <= 0:
        return []
    ordered = sorted(weighed, key=lambda reason: (-reason[0], reason[1]))
    told = [Piece(weight / total, text, statements) for weight, text, statements in ordered[:TOLD]]
    others = ordered[TOLD:]
    if others:
        statements = tuple(dict.fromkeys(statement for _, _, of in others for statement in of))
        told.append(
            Piece(sum(weight for weight, _, _ in others) / total, f"{len(others)} {rest}", statements, len(others))
        )
    return told
