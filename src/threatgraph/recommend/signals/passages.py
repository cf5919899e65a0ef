"""Passages: sentences that belong to a candidate, such as the rationale of a mapping or an example of a use."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from pyoxigraph import Literal, NamedNode, Triple

from threatgraph.recommend.corpus import Corpus, Mapping, expand
from threatgraph.recommend.signals.base import CandidateIndex, Contribution, LastQuery, Query, Target, shares
from threatgraph.recommend.texts.tfidf import Vocabulary, stems
from threatgraph.recommend.texts.vectors import TextModel, TextRows
from threatgraph.sparse import SparseMatrix

_RATIONALE, _EXAMPLE = NamedNode(expand("tg:rationale")), NamedNode(expand("skos:example"))


class _Passages(ABC):
    """The similarity of a query to the passages of the candidate that are most similar: their mean.

    Args:
        target: the candidates.
        columns: the candidate of each passage.
        texts: the passages.
        most: the number of passages of a candidate that count.
    """

    name: str

    def __init__(self, target: Target, columns: Sequence[int], texts: Sequence[Literal], most: int) -> None:
        self._target, self._texts, self._most = target, texts, most
        self._columns = np.array(columns, dtype=int)
        self._similarity = LastQuery(self._compared)

    def scores(self, query: Query) -> np.ndarray:
        """The mean of the greatest similarities for each candidate."""
        values = np.zeros(len(self._target))
        if self._texts:
            similarity = self._similarity(query)
            order = np.lexsort((-similarity, self._columns))
            starts = np.flatnonzero(np.diff(self._columns[order], prepend=-1))
            columns = self._columns[order][starts]
            counts = np.diff([*starts, len(order)])
            for place in range(self._most):
                held = counts > place
                values[columns[held]] += similarity[order[starts[held] + place]]
            values[columns] /= np.minimum(counts, self._most)
        return values

    @abstractmethod
    def _compared(self, query: Query) -> np.ndarray:
        """The similarity of the query to each passage."""

    def contributions(self, query: Query, candidate: CandidateIndex) -> list[Contribution]:
        """The passages that are most similar."""
        rows = np.flatnonzero(self._columns == candidate)
        similarity = self._similarity(query)[rows].round(9)
        best = rows[np.argsort(-similarity, kind="stable")[: self._most]].tolist()

        def describe(i: int) -> tuple[str, tuple[Triple, ...]]:
            return self._described(best[i], candidate)

        return shares(np.sort(similarity)[::-1][: self._most].tolist(), describe, "further passages")

    @abstractmethod
    def _described(self, passage: int, candidate: CandidateIndex) -> tuple[str, tuple[Triple, ...]]:
        """The explanation of a passage, and its statement."""


class Rationales(_Passages):
    """The similarity to the curators' reason for a mapping of the candidate, the most similar of all its mappings.

    The mappings of the query itself are left out, so that known answers do not affect the score.

    Args:
        target: the candidates.
        rows: returns the vectors of the rationales of all mappings of the corpus (see :func:`rationale_rows`).
    """

    name = "rationales"

    def __init__(self, target: Target, rows: Callable[[], TextRows]) -> None:
        self._mappings: list[Mapping] = []
        self._rows = rows
        columns, texts, places = [], [], []
        for place, mapping in enumerate(target.corpus.mappings):
            candidate = target.find(mapping.provision if target.kind == "provision" else mapping.record)
            if candidate is not None and mapping.rationale is not None:
                self._mappings.append(mapping)
                columns.append(candidate)
                texts.append(mapping.rationale)
                places.append(place)
        self._places = np.array(places, dtype=int)
        super().__init__(target, columns, texts, most=1)

    def _compared(self, query: Query) -> np.ndarray:
        own = query.iri if query.index is None else self._target.corpus.iris[query.index]
        others = np.array([own not in (mapping.record, mapping.provision) for mapping in self._mappings])
        return np.asarray(self._rows().similarity(query)[self._places] * others)

    def _described(self, passage: int, candidate: CandidateIndex) -> tuple[str, tuple[Triple, ...]]:
        mapping, text = self._mappings[passage], self._texts[passage]
        other = self._target.corpus.name(mapping.record if self._target.kind == "provision" else mapping.provision)
        return (
            f"similar to the rationale of its mapping to {other}: “{text.value}”",
            (Triple(NamedNode(mapping.node), _RATIONALE, text),),
        )


def rationale_rows(corpus: Corpus, model: TextModel) -> TextRows:
    """Compute the vectors of the rationales of all mappings, in their order; empty for one without a rationale."""
    return model.rows([mapping.rationale.value if mapping.rationale else "" for mapping in corpus.mappings])


class Examples(_Passages):
    """The similarity to the example uses of a provision: the mean of the three most similar ones.

    Args:
        target: the candidates.
        rows: returns the vectors of all examples of the corpus (see :func:`example_rows`).
    """

    name = "examples"

    def __init__(self, target: Target, rows: Callable[[], ExampleRows]) -> None:
        self._rows = rows
        found = [
            (place, candidate, text)
            for place, (iri, text) in enumerate(target.corpus.examples)
            if (candidate := target.find(iri)) is not None
        ]
        self._places = np.array([place for place, _, _ in found], dtype=int)
        super().__init__(target, [candidate for _, candidate, _ in found], [text for _, _, text in found], most=3)

    def _compared(self, query: Query) -> np.ndarray:
        """The cosine of words and, counted twice, of embeddings: a sentence is too short for topics."""
        rows = self._rows()
        by_word = rows.words @ rows.vocabulary.matrix([query.stems]).to_dense()[0]
        if rows.vectors is None or query.embedding is None:
            return np.asarray(by_word[self._places])
        return np.asarray((by_word + 2 * np.maximum(rows.vectors @ query.embedding, 0))[self._places] / 3)

    def _described(self, passage: int, candidate: CandidateIndex) -> tuple[str, tuple[Triple, ...]]:
        text = self._texts[passage]
        statement = Triple(NamedNode(self._target.iri(candidate)), _EXAMPLE, text)
        return f"similar to the example “{text.value}”", (statement,)


@dataclass(frozen=True, slots=True)
class ExampleRows:
    """The vectors of all example uses, one row each."""

    vocabulary: Vocabulary
    """The words of the examples, with their frequency there: plain words that other records do not use."""
    words: SparseMatrix
    vectors: np.ndarray | None


def example_rows(corpus: Corpus, model: TextModel) -> ExampleRows:
    """Compute the vectors of the example uses of a corpus, in their order."""
    texts = [text.value for _, text in corpus.examples]
    documents = [stems(text) for text in texts]
    vocabulary = Vocabulary.of(documents)
    return ExampleRows(vocabulary, vocabulary.matrix(documents), model.rows(texts).vectors)
