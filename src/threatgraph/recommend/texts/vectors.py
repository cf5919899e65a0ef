"""The vectors of the texts of all records: TF-IDF, topics and word embeddings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from threatgraph.recommend.corpus import Corpus, CorpusIndex, Link, Text
from threatgraph.recommend.signals.base import LastQuery, Query
from threatgraph.recommend.texts import embedding
from threatgraph.recommend.texts.lsa import Topics, sample
from threatgraph.recommend.texts.tfidf import Vocabulary, stem, stems, surface_forms, unit, words
from threatgraph.sparse import SparseMatrix


@dataclass(frozen=True, slots=True)
class TextRows:
    """The vectors of several texts, one row each."""

    words: SparseMatrix
    topics: np.ndarray
    vectors: np.ndarray | None

    def similarity(self, query: Query) -> np.ndarray:
        """The mean of the cosines of words, of topics and, if available, of embeddings with a query."""
        by_word = self.words @ query.words.to_dense(self.words.width)
        by_topic, by_meaning = np.maximum(self.topics @ query.topics, 0), self.by_meaning(query)
        found = [by_word, by_topic, *([] if by_meaning is None else [by_meaning])]
        return np.asarray(np.mean(found, axis=0))

    def by_meaning(self, query: Query) -> np.ndarray | None:
        """The cosine of embeddings with a query; ``None`` without embeddings."""
        if self.vectors is None or query.embedding is None:
            return None
        return np.asarray(np.maximum(self.vectors @ query.embedding, 0))


@dataclass(frozen=True, slots=True)
class TextModel:
    """What is computed once from the texts of a corpus."""

    vocabulary: Vocabulary
    surface: list[str]
    """The most frequent form of each word of the vocabulary."""
    labels: SparseMatrix
    """The TF-IDF matrix of the names."""
    topics: Topics
    records: TextRows
    """The vectors of the records; topics and embeddings are zero for a record without words that others have."""
    alone: np.ndarray
    """Whether a record has no words that others have."""
    common: np.ndarray | None
    """The common component of all embeddings; ``None`` without embeddings."""

    def rows(self, texts: Sequence[str]) -> TextRows:
        """The vectors of further texts, such as the rationales of mappings."""
        matrix = self.vocabulary.matrix([stems(text) for text in texts])
        vectors = self.centered(embedding.embed(texts)) if self.common is not None and texts else None
        return TextRows(matrix, self.topics.transform(matrix), vectors)

    def centered(self, raw: np.ndarray) -> np.ndarray:
        """Embeddings without their common component, as unit vectors."""
        return unit(raw - self.common)


def text_model(corpus: Corpus, *, embedded: bool) -> TextModel:
    """Compute the vectors of the texts of a corpus.

    Args:
        corpus: the records.
        embedded: whether to compute word embeddings too.

    Raises:
        ImportError: if embeddings are requested but not installed.
    """
    texts = [corpus.text(CorpusIndex(index)) for index in range(len(corpus))]
    full_texts = [text.full for text in texts]
    spoken = [words(text) for text in full_texts]
    documents = [[stem(word) for word in text] for text in spoken]
    vocabulary = Vocabulary.of(documents)
    matrix = vocabulary.matrix(documents)
    topics = Topics.of(matrix.take(np.array(sample(full_texts, [kind != "incident" for kind in corpus.kinds]), int)))
    of_records = topics.transform(matrix)
    # Topics and embeddings of a text without common words are noise.
    alone = matrix @ vocabulary.shared.astype(float) == 0
    of_records[alone] = 0
    common = vectors = None
    if embedded:
        raw = embedding.embed([text.short for text in texts])
        # Subtract the common component of all texts (Mu and Viswanath 2018, "All-but-the-top").
        common = raw.mean(axis=0) if len(raw) else np.zeros(raw.shape[1])
        vectors = unit(raw - common)
        vectors[alone] = 0
    forms = surface_forms(spoken)
    return TextModel(
        vocabulary=vocabulary,
        surface=[forms[word] for word in vocabulary.words],
        labels=vocabulary.matrix([stems(text.label) for text in texts]),
        topics=topics,
        records=TextRows(matrix, of_records, vectors),
        alone=alone,
        common=common,
    )


class TextVectors:
    """The texts of a corpus, compared with queries.

    Args:
        corpus: the records.
        model: what was computed from their texts.
    """

    def __init__(self, corpus: Corpus, model: TextModel) -> None:
        self._corpus, self.model, self.records = corpus, model, model.records
        self.by_word = LastQuery(lambda query: self._records_of_words.sum_of_rows(query.words))
        self.by_name = LastQuery(lambda query: self._records_of_names.sum_of_rows(query.label))

    @cached_property
    def _records_of_words(self) -> SparseMatrix:
        return self.records.words.transposed()

    @cached_property
    def _records_of_names(self) -> SparseMatrix:
        return self.model.labels.transposed()

    def surface(self, columns: Iterable[int]) -> str:
        """The most frequent forms of words of the vocabulary, separated by commas."""
        return ", ".join(self.model.surface[column] for column in columns)

    def record(self, index: CorpusIndex, links: tuple[Link, ...] = ()) -> Query:
        """Build the query for a record of the corpus."""
        corpus, vectors = self._corpus, self.records.vectors
        return Query(
            name=corpus.labels[index],
            iri=corpus.iris[index],
            index=index,
            kind=corpus.kinds[index],
            words=self.records.words.row(index),
            label=self.model.labels.row(index),
            topics=self.records.topics[index],
            embedding=None if vectors is None or self.model.alone[index] else vectors[index],
            stems=tuple(stems(corpus.text(index).full)),
            links=links,
        )

    def query(self, text: Text, name: str, links: tuple[Link, ...] = ()) -> Query:
        """Build the query for a text, or for a record that is not in the corpus."""
        model, roots = self.model, stems(text.full)
        matrix = model.vocabulary.matrix([roots])
        found, topics = matrix.row(0), model.topics.transform(matrix)[0]
        known = bool(len(found.columns))
        embedded = model.common is not None and known
        return Query(
            name=name,
            iri=None,
            index=None,
            kind=None,
            words=found,
            label=model.vocabulary.matrix([stems(text.label)]).row(0),
            topics=topics if known else np.zeros_like(topics),
            embedding=model.centered(embedding.embed([text.short]))[0] if embedded else None,
            stems=tuple(roots),
            known=len(found.columns) / max(len(set(roots)), 1),
            links=links,
        )

    def similarity(self, query: Query) -> np.ndarray:
        """The similarity of a text to that of every record: the mean of the cosines of words and of topics."""
        by_topic = self._topics_in_short @ query.topics.astype(np.float32)
        return np.asarray((self.by_word(query) + np.maximum(by_topic, 0)) / 2)

    def similar_meaning(self, query: Query) -> np.ndarray:
        """The similarity of a text to that of every record by word embeddings; 0 without embeddings."""
        found = self.records.by_meaning(query)
        return np.zeros(len(self._corpus)) if found is None else found

    @cached_property
    def _topics_in_short(self) -> np.ndarray:
        """The topics in single precision, which halves memory traffic."""
        return self.records.topics.astype(np.float32)
