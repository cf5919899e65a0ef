"""Latent semantic analysis: texts that share no word may still share a topic."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import svds

from threatgraph.recommend.texts.tfidf import unit

#: Topics that are kept. Between 50 and 150 make no difference on incidents of which others judged the class.
TOPICS = 100
#: Texts that the topics are learned from at most, so that the cost of learning does not grow without end.
SAMPLE = 2_500
_FEWEST = 20


class Topics:
    """The topics of a collection of texts (Deerwester et al. 1990, "Indexing by latent semantic analysis").

    Args:
        matrix: texts by words, weighed; every text, or a sample of them (see :func:`sample`).
    """

    def __init__(self, matrix: sparse.csr_matrix) -> None:
        size = min(TOPICS, *(side // 3 for side in matrix.shape))
        self._words: np.ndarray | None = None
        if min(matrix.shape) >= _FEWEST and matrix.nnz:
            # A fixed start over the words, in alphabetical order, makes the answer the same on every run.
            start = np.ones(matrix.shape[1] if matrix.shape[1] <= matrix.shape[0] else matrix.shape[0])
            _, _, words = svds(matrix, k=size, v0=start, random_state=0)
            self._words = words.T

    def __bool__(self) -> bool:
        return self._words is not None

    def place(self, matrix: sparse.csr_matrix) -> np.ndarray:
        """Texts as rows of unit length over the topics; zeros where there were too few texts to learn from."""
        if self._words is None:
            return np.zeros((matrix.shape[0], 1))
        return unit(np.asarray(matrix @ self._words))

    def pull(self, place: np.ndarray) -> np.ndarray:
        """How strongly each word of the vocabulary points to where a text stands among the topics."""
        return np.zeros(1) if self._words is None else np.asarray(self._words @ place)


def sample(texts: Sequence[str], always: Sequence[bool]) -> list[int]:
    """The texts to learn topics from: all that must be in, and others up to :data:`SAMPLE` in order of their digest.

    The choice rests on what the texts say alone, not on their order or their names.
    """
    kept = [place for place, must in enumerate(always) if must]
    rest = [place for place, must in enumerate(always) if not must]
    if len(texts) > SAMPLE:
        rest.sort(key=lambda place: hashlib.sha256(texts[place].encode("utf-8", "replace")).digest())
        rest = rest[: max(0, SAMPLE - len(kept))]
    return sorted(kept + rest)
