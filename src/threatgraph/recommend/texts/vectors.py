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
from threatgraph.recommend.texts.tfidf import Vocabulary, stems, surface_forms, unit
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


class TextVectors:
    """The texts of a corpus as vectors.

    Args:
        corpus: the records.
        embedded: whether to compute word embeddings too.

    Raises:
        ImportError: if embeddings are requested but not installed.
    """

    def __init__(self, corpus: Corpus, *, embedded: bool) -> None:
        self._corpus, self.embedded = corpus, embedded
        full_texts = [text.full for text in corpus.texts]
        documents = [stems(text) for text in full_texts]
        self.vocabulary = Vocabulary(documents)
        self.words = self.vocabulary.matrix(documents)
        always = [kind != "incident" for kind in corpus.kinds]
        self.model = Topics(self.words.take(np.array(sample(full_texts, always), dtype=int)))
        self.topics = self.model.transform(self.words)
        # Topics and embeddings of a text without common words are noise.
        self._alone = self.words @ self.vocabulary.shared.astype(float) == 0
        self.topics[self._alone] = 0
        if embedded:
            raw = embedding.embed([text.short for text in corpus.texts])
            # Subtract the common component of all texts (Mu and Viswanath 2018, "All-but-the-top").
            self._common = raw.mean(axis=0) if len(raw) else np.zeros(raw.shape[1])
            self.vectors: np.ndarray | None = self._centered(raw)
            self.vectors[self._alone] = 0
        else:
            self.vectors = None
        self.by_word = LastQuery(lambda query: self._records_of_words.sum_of_rows(query.words))
        self.by_name = LastQuery(lambda query: self._records_of_names.sum_of_rows(query.label))

    @cached_property
    def labels(self) -> SparseMatrix:
        """The TF-IDF matrix of the names."""
        return self.vocabulary.matrix([stems(text.label) for text in self._corpus.texts])

    @cached_property
    def _records_of_words(self) -> SparseMatrix:
        return self.words.transposed()

    @cached_property
    def _records_of_names(self) -> SparseMatrix:
        return self.labels.transposed()

    @cached_property
    def _surface(self) -> dict[str, str]:
        return surface_forms(text.full for text in self._corpus.texts)

    def surface(self, columns: Iterable[int]) -> str:
        """The most frequent forms of words of the vocabulary, separated by commas."""
        found = [self.vocabulary.words[column] for column in columns]
        return ", ".join(self._surface.get(word, word) for word in found)

    def record(self, index: CorpusIndex, links: tuple[Link, ...] = ()) -> Query:
        """Build the query for a record of the corpus."""
        corpus, alone = self._corpus, bool(self._alone[index])
        return Query(
            name=corpus.labels[index],
            iri=corpus.iris[index],
            index=index,
            kind=corpus.kinds[index],
            words=self.words.row(index),
            label=self.labels.row(index),
            topics=self.topics[index],
            embedding=None if self.vectors is None or alone else self.vectors[index],
            stems=tuple(stems(corpus.texts[index].full)),
            links=links,
        )

    def query(self, text: Text, name: str, links: tuple[Link, ...] = ()) -> Query:
        """Build the query for a text, or for a record that is not in the corpus."""
        roots = stems(text.full)
        matrix = self.vocabulary.matrix([roots])
        words = matrix.row(0)
        known = bool(len(words.columns))
        topics = self.model.transform(matrix)[0]
        return Query(
            name=name,
            iri=None,
            index=None,
            kind=None,
            words=words,
            label=self.vocabulary.matrix([stems(text.label)]).row(0),
            topics=topics if known else np.zeros_like(topics),
            embedding=self._centered(embedding.embed([text.short]))[0] if self.embedded and known else None,
            stems=tuple(roots),
            known=len(words.columns) / max(len(set(roots)), 1),
            links=links,
        )

    def similarity(self, query: Query) -> np.ndarray:
        """The similarity of a text to that of every record: the mean of the cosines of words and of topics."""
        by_word = self.by_word(query)
        by_topic = self._topics_in_short @ query.topics.astype(np.float32)
        return np.asarray((by_word + np.maximum(by_topic, 0)) / 2)

    def similar_meaning(self, query: Query) -> np.ndarray:
        """The similarity of a text to that of every record by word embeddings; 0 without embeddings."""
        if self.vectors is None or query.embedding is None:
            return np.zeros(len(self._corpus))
        return np.asarray(np.maximum(self.vectors @ query.embedding, 0))

    def of_texts(self, texts: Sequence[str]) -> TextRows:
        """The vectors of further texts, such as the rationales of mappings."""
        words = self.vocabulary.matrix([stems(text) for text in texts])
        vectors = self._centered(embedding.embed(texts)) if self.embedded and texts else None
        return TextRows(words, self.model.transform(words), vectors)

    @cached_property
    def _topics_in_short(self) -> np.ndarray:
        """The topics in single precision, which halves memory traffic."""
        return self.topics.astype(np.float32)

    def _centered(self, raw: np.ndarray) -> np.ndarray:
        return unit(raw - self._common)
