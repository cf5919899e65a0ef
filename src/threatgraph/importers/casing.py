"""Names for things that a file knows by an identifier alone, such as ``keolis-north-america``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from threatgraph.importers.builder import tidy

_GAP = re.compile(r"[-_\s]+")
_WORD = re.compile(r"\w+(?:['’.]\w+)*")
# A word at the start of a sentence has a capital whatever it is.
_FIRST_WORD = re.compile(r"(?:^|[.!?:“\"]\s*)\w+", re.MULTILINE)


class NameCasing:
    """Spells names as texts do that speak of them."""

    def __init__(self, prose: Iterable[str]) -> None:
        """Learn how words are spelt.

        Args:
            prose: sentences, not titles, in which every word may have a capital.
        """
        spellings: dict[str, Counter[str]] = {}
        for text in prose:
            for word in _WORD.findall(_FIRST_WORD.sub(" ", text)):
                spellings.setdefault(word.lower(), Counter())[word] += 1
        self._usual = {word: _most_frequent(counted) for word, counted in spellings.items()}

    def spell(self, identifier: str, texts: Iterable[str]) -> str:
        """The name behind an identifier.

        Args:
            identifier: words in lower case with hyphens between them.
            texts: texts that may hold the name as it is.

        Returns:
            The most frequent spelling in those texts (of two, the first by alphabet), or else the words as the prose
            spells them; one that the prose does not know is taken for a proper name. It begins with a capital.
        """
        words = [word for word in _GAP.split(identifier) if word]
        pattern = re.compile(rf"(?<!\w){'[-_ ]'.join(map(re.escape, words))}(?!\w)", re.IGNORECASE)
        found = Counter(match[0] for text in texts for match in pattern.finditer(text)) if words else None
        name = _most_frequent(found) if found else " ".join(self._usual.get(word, _proper(word)) for word in words)
        starts_small = name.partition(" ")[0].islower()  # unlike xAI or eBay
        return tidy(name[:1].upper() + name[1:] if starts_small else name) or identifier


def _most_frequent(counted: Counter[str]) -> str:
    return min(counted, key=lambda word: (-counted[word], word))


def _proper(word: str) -> str:
    """A word that begins with a capital, behind a bracket too."""
    return re.sub(r"[^\W\d_]", lambda letter: letter[0].upper(), word, count=1)
