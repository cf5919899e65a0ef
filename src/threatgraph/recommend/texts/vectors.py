"""The readings of the records' texts, on which the signals of text rest: words, topics and word embeddings."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

import numpy as np
from scipy import sparse

from threatgraph.recommend.corpus import Corpus, Link, Text
from threatgraph.recommend.signals.base import Query
from threatgraph.recommend.texts import embedding
from threatgraph.recommend.texts.lsa import Topics, sample
from threatgraph.recommend.texts.tfidf import Vocabulary, spoken_forms, stems, unit


class Reading:
    """All texts of a corpus as vectors.

    Args:
        corpus: the records.
        embedded: whether to read them with word embeddings, too.

    Raises:
        ImportError: where embeddings are asked for and not installed.
    """

    def __init__(self, corpus: Corpus, *, embedded: bool) -> None:
        self._corpus, self.embedded = corpus, embedded
        wholes = [text.whole for text in corpus.texts]
        documents = [stems(whole) for whole in wholes]
        self.vocabulary = Vocabulary(documents)
        self.words = self.vocabulary.matrix(documents)
        self.by_word = sparse.csr_matrix(self.words.T)
        always = [kind != "incident" for kind in corpus.kinds]
        self.model = Topics(self.words[sample(wholes, always)])
        self.topics = self.model.place(self.words)
        # Topics and embeddings would still say something of a text that shares no word with another: noise.
        self._alone = self.words @ self.vocabulary.shared == 0
        self.topics[self._alone] = 0
        if embedded:
            raw = embedding.embed([text.short for text in corpus.texts])
            # What all texts have in common tells none from another (Mu and Viswanath 2018, "All-but-the-top").
            self._common = raw.mean(axis=0) if len(raw) else np.zeros(raw.shape[1])
            self.vectors: np.ndarray | None = self._centred(raw)
            self.vectors[self._alone] = 0
        else:
            self.vectors = None

    @cached_property
    def labels(self) -> sparse.csr_matrix:
        """The records' names by words."""
        return self.vocabulary.matrix([stems(text.label) for text in self._corpus.texts])

    @cached_property
    def _spoken(self) -> dict[str, str]:
        return spoken_forms(text.whole for text in self._corpus.texts)

    def spoken(self, positions: Iterable[int]) -> str:
        """Words of the vocabulary as people use them, with commas between them."""
        found = [self.vocabulary.words[position] for position in positions]
        return ", ".join(self._spoken.get(word, word) for word in found)

    def query(self, text: Text, name: str, iri: str | None, kind: str | None, links: tuple[Link, ...] = ()) -> Query:
        """A text, or a record, in the form in which signals take it."""
        words = self.vocabulary.matrix([stems(text.whole)])
        position = self._corpus.position.get(iri or "")
        alone = not words.nnz if position is None else bool(self._alone[position])
        topics = self.model.place(words)[0]
        vectors = self._centred(embedding.embed([text.short]))[0] if self.embedded and not alone else None
        return Query(
            name=name,
            iri=iri,
            position=position,
            kind=kind,
            words=words,
            label=self.vocabulary.matrix([stems(text.label)]),
            topics=np.zeros_like(topics) if alone else topics,
            embedding=vectors,
            links=links,
        )

    def alike(self, query: Query) -> np.ndarray:
        """How alike a text is to that of every record: the mean of its cosines by words and by topics."""
        by_word = (query.words @ self.by_word).toarray().ravel()
        by_topic = self._topics_in_short @ query.topics.astype(np.float32)
        return np.asarray((by_word + np.maximum(by_topic, 0)) / 2)

    @cached_property
    def _topics_in_short(self) -> np.ndarray:
        """The topics in single precision, half as much to read where all records are compared."""
        return self.topics.astype(np.float32)

    def _centred(self, raw: np.ndarray) -> np.ndarray:
        return unit(raw - self._common)
