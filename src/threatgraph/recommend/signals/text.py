"""The text signals: names, words, topics and embeddings, with the statements that contain the words."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from pyoxigraph import Literal, Triple

from threatgraph.recommend.signals.base import CandidateIndex, Contribution, Query, Target
from threatgraph.recommend.texts.tfidf import stems
from threatgraph.recommend.texts.vectors import TextVectors

#: Returns the statements of a record that contain its text.
Statements = Callable[[str], list[Triple]]
#: The number of words in an explanation.
_NAMED = 6


class Words:
    """The cosine similarity of TF-IDF vectors (Salton and Buckley 1988).

    Args:
        target: the candidates.
        vectors: the text vectors.
        statements: returns the statements that contain the text of a record.
        names_only: compare only the names of the records.
    """

    def __init__(
        self, target: Target, vectors: TextVectors, statements: Statements, *, names_only: bool = False
    ) -> None:
        self.name = "names" if names_only else "words"
        self._target, self._vectors, self._statements, self._names_only = target, vectors, statements, names_only

    def scores(self, query: Query) -> np.ndarray:
        """The cosine similarity to each candidate."""
        cosines = self._vectors.by_name(query) if self._names_only else self._vectors.by_word(query)
        return np.asarray(cosines[self._target.indexes])

    def contributions(self, query: Query, candidate: CandidateIndex) -> list[Contribution]:
        """The words with the largest weights, in one contribution."""
        vectors, index = self._vectors, self._target.corpus_index(candidate)
        mine, theirs = (
            (query.label, vectors.model.labels.row(index))
            if self._names_only
            else (query.words, vectors.records.words.row(index))
        )
        product = mine.times(theirs.to_dense(vectors.records.words.width))
        order = np.lexsort((product.columns, -product.values))
        strongest = product.columns[order[product.values[order] > 0]][:_NAMED]
        stemmed = [self._vectors.model.vocabulary.words[i] for i in strongest]
        statements = _with_words(stemmed, self._statements(self._target.iri(candidate)))
        if query.iri:
            statements = _with_words(stemmed, self._statements(query.iri)) + statements
        text = f"common {self.name}: {self._vectors.surface(strongest)}"
        return [Contribution(1.0, text, tuple(dict.fromkeys(statements)))]


class SharedTopics:
    """The cosine similarity of topics, which texts without common words can share (Deerwester et al. 1990).

    Args:
        target: the candidates.
        vectors: the text vectors.
        statements: returns the statements that contain the text of a record.
    """

    name = "topics"

    def __init__(self, target: Target, vectors: TextVectors, statements: Statements) -> None:
        self._target, self._vectors, self._statements = target, vectors, statements
        self._rows = vectors.records.topics[target.indexes]

    def scores(self, query: Query) -> np.ndarray:
        """The cosine similarity to each candidate; negative values count as 0."""
        return np.asarray(np.maximum(self._rows @ query.topics, 0))

    def contributions(self, query: Query, candidate: CandidateIndex) -> list[Contribution]:
        """One contribution, for the two texts."""
        theirs = self._vectors.records.words.row(self._target.corpus_index(candidate))
        # The share of each word of either text in the cosine, by its projection on the topics of the other text.
        model = self._vectors.model.topics
        added = model.project(query.words, self._rows[candidate]).plus(model.project(theirs, query.topics))
        strongest = added.columns[np.lexsort((added.columns, -added.values.round(9)))][:_NAMED]
        text = f"similar topics: {self._vectors.surface(strongest)}"
        return [Contribution(1.0, text, _both(self._statements, query, self._target.iri(candidate)))]


class Embedded:
    """The cosine similarity of word embeddings, which were trained on other texts.

    Args:
        target: the candidates.
        vectors: the text vectors.
        statements: returns the statements that contain the text of a record.
    """

    name = "embedding"

    def __init__(self, target: Target, vectors: TextVectors, statements: Statements) -> None:
        self._target, self._statements = target, statements
        assert vectors.records.vectors is not None  # noqa: S101 - created only with embeddings
        self._rows = vectors.records.vectors[target.indexes]

    def scores(self, query: Query) -> np.ndarray:
        """The cosine similarity to each candidate; negative values count as 0."""
        if query.embedding is None:
            return np.zeros(len(self._target))
        return np.asarray(np.maximum(self._rows @ query.embedding, 0))

    def contributions(self, query: Query, candidate: CandidateIndex) -> list[Contribution]:
        """One contribution, for the two texts."""
        return [
            Contribution(
                1.0,
                "similar meaning by word embeddings",
                _both(self._statements, query, self._target.iri(candidate)),
            )
        ]


def _both(statements: Statements, query: Query, iri: str) -> tuple[Triple, ...]:
    """The names and definitions of both records."""
    mine = statements(query.iri)[:2] if query.iri else []
    return tuple(mine + statements(iri)[:2])


def _with_words(strongest: list[str], statements: list[Triple]) -> list[Triple]:
    """The first statement that contains each word."""
    found = []
    for word in strongest:
        holding = (statement for statement in statements if word in stems(_value(statement)))
        found += [statement for statement in [next(holding, None)] if statement]
    return list(dict.fromkeys(found))


def _value(statement: Triple) -> str:
    return statement.object.value if isinstance(statement.object, Literal) else ""
