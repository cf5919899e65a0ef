"""Latent semantic analysis (LSA), by which texts without common words can share topics."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from threatgraph.recommend.texts.axes import leading_axes
from threatgraph.recommend.texts.tfidf import unit
from threatgraph.sparse import SparseMatrix

#: The number of topics; 50 to 150 perform equally on incidents with published classifications.
TOPICS = 100
#: The maximum number of texts for training, to bound its cost.
SAMPLE = 2_500
_FEWEST = 20


class Topics:
    """A topic model of a collection of texts (Deerwester et al. 1990, "Indexing by latent semantic analysis").

    Args:
        matrix: the TF-IDF matrix of texts by words, of all texts or of a sample (see :func:`sample`).
    """

    def __init__(self, matrix: SparseMatrix) -> None:
        size = min(TOPICS, *(side // 3 for side in matrix.shape))
        self._words: np.ndarray | None = None
        if min(matrix.shape) >= _FEWEST and len(matrix.values):
            self._words = leading_axes(matrix, size)

    def __bool__(self) -> bool:
        return self._words is not None

    def transform(self, matrix: SparseMatrix) -> np.ndarray:
        """Map texts to unit vectors over the topics; zeros if there were too few texts for training."""
        if self._words is None:
            return np.zeros((matrix.shape[0], 1))
        return unit(matrix @ self._words)

    def project(self, topics: np.ndarray) -> np.ndarray:
        """The projection of each word of the vocabulary on a topic vector."""
        return np.zeros(1) if self._words is None else np.asarray(self._words @ topics)


def sample(texts: Sequence[str], always: Sequence[bool]) -> list[int]:
    """Select the texts for training: all required ones, and others up to :data:`SAMPLE` in order of their digest.

    The selection depends only on the content of the texts, not on their order or names.
    """
    kept = [i for i, must in enumerate(always) if must]
    rest = [i for i, must in enumerate(always) if not must]
    if len(texts) > SAMPLE:
        rest.sort(key=lambda i: hashlib.sha256(texts[i].encode("utf-8", "replace")).digest())
        rest = rest[: max(0, SAMPLE - len(kept))]
    return sorted(kept + rest)
