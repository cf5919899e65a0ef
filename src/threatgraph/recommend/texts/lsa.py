"""Latent semantic analysis (LSA), by which texts without common words can share topics."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from threatgraph.recommend.texts.axes import leading_axes
from threatgraph.recommend.texts.tfidf import unit
from threatgraph.sparse import SparseMatrix, SparseVector

#: The number of topics; 50 to 150 perform equally on incidents with published classifications.
TOPICS = 100
#: The maximum number of texts for training, to bound its cost.
SAMPLE = 2_500
_FEWEST = 20


@dataclass(frozen=True, slots=True)
class Topics:
    """A topic model of a collection of texts (Deerwester et al. 1990, "Indexing by latent semantic analysis")."""

    axes: np.ndarray | None
    """The weight of each word, by row, in each topic; ``None`` if there were too few texts for training."""

    @classmethod
    def of(cls, matrix: SparseMatrix) -> Topics:
        """Train a model.

        Args:
            matrix: the TF-IDF matrix of texts by words, of all texts or of a sample (see :func:`sample`).
        """
        enough = min(matrix.shape) >= _FEWEST and len(matrix.values)
        return cls(leading_axes(matrix, min(TOPICS, *(side // 3 for side in matrix.shape))) if enough else None)

    def __bool__(self) -> bool:
        return self.axes is not None

    def transform(self, matrix: SparseMatrix) -> np.ndarray:
        """Map texts to unit vectors over the topics; zeros if there were too few texts for training."""
        return np.zeros((len(matrix), 1)) if self.axes is None else unit(matrix @ self.axes)

    def project(self, words: SparseVector, topics: np.ndarray) -> SparseVector:
        """Multiply each word of a text by its projection on a topic vector."""
        factors = 0.0 if self.axes is None else self.axes[words.columns] @ topics
        return SparseVector(words.columns, words.values * factors)


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
