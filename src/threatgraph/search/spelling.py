"""Corrections of misspelled words, from the words of labels, alternative labels and keywords."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property

from threatgraph.search.documents import Document
from threatgraph.search.index import Index
from threatgraph.search.words import STOP_WORDS, tokens

#: The minimum length of a word to correct, and of a word with two errors; shorter words are similar by chance.
_ONE_ERROR, _TWO_ERRORS = 5, 8
_CANDIDATES = 60


class Speller:
    """Corrects words that no document has.

    Args:
        documents: the documents of the index.
        index: the index, which has :attr:`words` as names.
    """

    def __init__(self, documents: Sequence[Document], index: Index) -> None:
        self._documents, self._index = documents, index

    @cached_property
    def words(self) -> Sequence[str]:
        """The known words, sorted."""
        return sorted(self._counts)

    @cached_property
    def _counts(self) -> Mapping[str, int]:
        """The number of names and phrases that have each known word; counted when a word is unknown."""
        counts: dict[str, int] = {}
        for document in self._documents:
            for text in (*document.names, *document.phrases):
                for word in tokens(text):
                    if len(word) >= _ONE_ERROR - 1 and not word.isdecimal() and word not in STOP_WORDS:
                        counts[word] = counts.get(word, 0) + 1
        # A misspelled stop word must not pass for a rare word.
        return counts | {word: 0 for word in STOP_WORDS if len(word) > _ONE_ERROR}

    def correct(self, word: str) -> str | None:
        """Return the known word that is most similar to a word; ``None`` if none is similar enough."""
        allowed = 0 if len(word) < _ONE_ERROR else 1 if len(word) < _TWO_ERRORS else 2
        if not allowed or word.isdecimal():
            return None
        trigrams = {word[i : i + 3] for i in range(len(word) - 2)}
        # Two swapped letters change most trigrams of a short word.
        swapped = (word[:i] + word[i + 1] + word[i] + word[i + 2 :] for i in range(len(word) - 1))
        trigrams |= {other[i : i + 3] for other in swapped for i in range(len(other) - 2)}
        best: tuple[int, int, str] | None = None
        for position in self._index.similar(sorted(trigrams), _CANDIDATES):
            known = self.words[position]
            distance = edit_distance(word, known, allowed)
            if distance <= allowed and (distance < allowed or distance == 1 or word[0] == known[0]):
                candidate = (distance, -self._counts[known], known)
                best = min(best or candidate, candidate)
        return best[2] if best else None


def edit_distance(a: str, b: str, most: int) -> int:
    """Return the number of insertions, deletions, substitutions and swaps of neighbors between two words.

    Args:
        a: a word.
        b: another word.
        most: the number from which on the exact distance does not matter.
    """
    if abs(len(a) - len(b)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        current = [i]
        for j, y in enumerate(b, 1):
            cost = min(row[j] + 1, current[j - 1] + 1, row[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        before, row = row, current
        if min(row) > most:
            return most + 1
    return row[-1]
