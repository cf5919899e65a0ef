"""Tokenization, stemming and TF-IDF vectors."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
import Stemmer

from threatgraph.sparse import SparseMatrix

#: Function words, and words such as "AI" that occur in nearly every record.
STOP_WORDS = frozenset(
    """
    a about above after again against ai all also although am among an and any are artificial as at be became because
    been before being below between both but by can cannot could did do does doing done down during each either else
    etc even ever every few for from further had has have having he her here hers him his how however i if in instead
    intelligence into is it its itself just less like made make makes many may me might more most much must my neither
    no nor not now of off on once one only onto or other others our out over own per rather same she should since so
    some such than that the their them then there these they this those though through thus to too toward towards
    under until up upon us use used uses using very via was we well were what when where whether which while who whom
    whose why will with within without would you your
    """.split()
)
_WORD = re.compile(r"[^\W\d_]{2,}")
_STEMMER = Stemmer.Stemmer("english")


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """The stem of a word in lower case (Snowball English, Porter 2001)."""
    return str(_STEMMER.stemWord(word))


def words(text: str) -> list[str]:
    """The words of a text in order and in lower case, without stop words and numbers."""
    return [word for word in _WORD.findall(text.lower()) if word not in STOP_WORDS]


def stems(text: str) -> list[str]:
    """The stems of the words of a text, in order."""
    return [stem(word) for word in words(text)]


def surface_forms(texts: Iterable[Sequence[str]]) -> dict[str, str]:
    """Map each stem to its most frequent word, for display.

    Args:
        texts: the words of each text.
    """
    used: Counter[str] = Counter()
    for text in texts:
        used.update(text)
    forms: dict[str, str] = {}
    for word, _ in sorted(used.items(), key=lambda item: (-item[1], item[0])):
        forms.setdefault(stem(word), word)
    return forms


@dataclass(frozen=True)
class Vocabulary:
    """The words of a collection of texts with their inverse document frequency."""

    words: list[str]
    """The stems, sorted; the place of a word is its column."""
    idf: np.ndarray
    """Smoothed inverse document frequency (Spärck Jones 1972), by column."""
    shared: np.ndarray
    """Whether more than one text has the word, by column."""

    @classmethod
    def of(cls, documents: Sequence[Sequence[str]]) -> Vocabulary:
        """Collect the words of texts.

        Args:
            documents: the stems of each text.
        """
        frequency: Counter[str] = Counter(word for document in documents for word in set(document))
        found = sorted(frequency)
        counts = np.array([frequency[word] for word in found], dtype=float)
        return cls(found, np.log((len(documents) + 1) / (counts + 1)) + 1, counts > 1)

    @cached_property
    def column(self) -> dict[str, int]:
        """The column of each word."""
        return {word: i for i, word in enumerate(self.words)}

    def matrix(self, documents: Sequence[Sequence[str]]) -> SparseMatrix:
        """Compute TF-IDF vectors of unit length with logarithmic term frequency (Salton and Buckley 1988).

        Args:
            documents: the stems of each text; unknown words are ignored.

        Returns:
            A sparse matrix of texts by words; the row of a text without known words is empty.
        """
        starts, columns, values = [0], [], []
        for document in documents:
            counts = Counter(self.column[word] for word in document if word in self.column)
            for column in sorted(counts):
                columns.append(column)
                values.append((1 + np.log(counts[column])) * self.idf[column])
            starts.append(len(columns))
        cells = np.array(values, dtype=float)
        return SparseMatrix(np.array(starts), np.array(columns, dtype=np.int32), cells, len(self.words)).unit_rows()


def unit(array: np.ndarray) -> np.ndarray:
    """Normalize the rows of a dense matrix to length 1; zero rows stay zero."""
    length = np.linalg.norm(array, axis=1, keepdims=True)
    return np.asarray(array / np.where(length > 0, length, 1))
