"""The signals of text: names, words, topics and embeddings, with the statements in which the words stand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from pyoxigraph import Literal, Triple
from scipy import sparse

from threatgraph.recommend.signals.base import Piece, Query, Target
from threatgraph.recommend.texts.tfidf import stems
from threatgraph.recommend.texts.vectors import Reading

#: Gives the statements of a record that hold its text.
Statements = Callable[[str], list[Triple]]
#: Words that are named in a reason.
_NAMED = 6


class Words:
    """The words that two texts share, the rarer the more: the cosine of TF-IDF (Salton and Buckley 1988).

    Args:
        target: the candidates.
        reading: the texts.
        statements: gives the statements that hold the text of a record.
        names_only: compare the records' names instead of all that is said of them.
    """

    def __init__(self, target: Target, reading: Reading, statements: Statements, *, names_only: bool = False) -> None:
        self.name = "names" if names_only else "words"
        self._target, self._reading, self._statements, self._names_only = target, reading, statements, names_only
        rows = (reading.labels if names_only else reading.words)[target.positions]
        self._rows = sparse.csr_matrix(rows)
        self._by_word = sparse.csr_matrix(rows.T)

    def scores(self, query: Query) -> np.ndarray:
        """The cosine with each candidate."""
        return np.asarray((self._mine(query) @ self._by_word).toarray().ravel())

    def _mine(self, query: Query) -> sparse.csr_matrix:
        return query.label if self._names_only else query.words

    def pieces(self, query: Query, place: int) -> list[Piece]:
        """The words that weigh most, in one piece."""
        product = sparse.csr_matrix(self._mine(query).multiply(self._rows[place]))
        strongest = product.indices[np.lexsort((product.indices, -product.data))][:_NAMED]
        stemmed = [self._reading.vocabulary.words[spot] for spot in strongest]
        statements = _with_words(stemmed, self._statements(self._target.iri(place)))
        if query.iri:
            statements = _with_words(stemmed, self._statements(query.iri)) + statements
        text = f"{self.name} in common: {self._reading.spoken(strongest)}"
        return [Piece(1.0, text, tuple(dict.fromkeys(statements)))]


class SharedTopics:
    """The topics that two texts share, whatever their words (Deerwester et al. 1990).

    Args:
        target: the candidates.
        reading: the texts.
        statements: gives the statements that hold the text of a record.
    """

    name = "topics"

    def __init__(self, target: Target, reading: Reading, statements: Statements) -> None:
        self._target, self._reading, self._statements = target, reading, statements
        self._rows = reading.topics[target.positions]

    def scores(self, query: Query) -> np.ndarray:
        """The cosine with each candidate; 0 for what points the other way."""
        return np.asarray(np.maximum(self._rows @ query.topics, 0))

    def pieces(self, query: Query, place: int) -> list[Piece]:
        """One piece: the two texts."""
        theirs = self._reading.words[int(self._target.positions[place])]
        # Of the cosine, what each word of either text adds by pointing to the topics of the other.
        model = self._reading.model
        added = query.words.multiply(model.pull(self._rows[place])) + theirs.multiply(model.pull(query.topics))
        row = sparse.csr_matrix(added)
        strongest = row.indices[np.lexsort((row.indices, -row.data.round(9)))][:_NAMED]
        text = f"texts on one topic: {self._reading.spoken(strongest)}"
        return [Piece(1.0, text, _both(self._statements, query, self._target.iri(place)))]


class Embedded:
    """How near two texts stand in a space of word embeddings that was learned from other texts.

    Args:
        target: the candidates.
        reading: the texts.
        statements: gives the statements that hold the text of a record.
    """

    name = "embedding"

    def __init__(self, target: Target, reading: Reading, statements: Statements) -> None:
        self._target, self._statements = target, statements
        assert reading.vectors is not None  # noqa: S101 - made only where there are some
        self._rows = reading.vectors[target.positions]

    def scores(self, query: Query) -> np.ndarray:
        """The cosine with each candidate; 0 for what points the other way."""
        if query.embedding is None:
            return np.zeros(len(self._target))
        return np.asarray(np.maximum(self._rows @ query.embedding, 0))

    def pieces(self, query: Query, place: int) -> list[Piece]:
        """One piece: the two texts."""
        return [
            Piece(
                1.0,
                "texts of like meaning, by word embeddings",
                _both(self._statements, query, self._target.iri(place)),
            )
        ]


def _both(statements: Statements, query: Query, iri: str) -> tuple[Triple, ...]:
    """The names and definitions of both sides."""
    mine = statements(query.iri)[:2] if query.iri else []
    return tuple(mine + statements(iri)[:2])


def _with_words(strongest: list[str], statements: list[Triple]) -> list[Triple]:
    """The statements in which the words stand: for each word the first."""
    found = []
    for word in strongest:
        holding = (statement for statement in statements if word in stems(_value(statement)))
        found += [statement for statement in [next(holding, None)] if statement]
    return list(dict.fromkeys(found))


def _value(statement: Triple) -> str:
    return statement.object.value if isinstance(statement.object, Literal) else ""
