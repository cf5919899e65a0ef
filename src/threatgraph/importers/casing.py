"""Recovers names from identifiers such as ``keolis-north-america``."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from threatgraph.importers.builder import tidy

_GAP = re.compile(r"[-_\s]+")
_WORD = re.compile(r"\w+(?:['’.]\w+)*")
# The first word of a sentence is capitalized, whether or not it is a proper name.
_FIRST_WORD = re.compile(r"(?:^|[.!?:“\"]\s*)\w+", re.MULTILINE)


class NameCasing:
    """Recovers the spelling and capitalization of names from texts that mention them."""

    def __init__(self, prose: Iterable[str]) -> None:
        """Learn the usual capitalization of words.

        Args:
            prose: sentences; titles are not suitable, since all their words may be capitalized.
        """
        spellings: dict[str, Counter[str]] = {}
        for text in prose:
            for word in _WORD.findall(_FIRST_WORD.sub(" ", text)):
                spellings.setdefault(word.lower(), Counter())[word] += 1
        self._usual = {word: _most_frequent(counted) for word, counted in spellings.items()}

    def spell(self, identifier: str, texts: Iterable[str]) -> str:
        """Recover the name from an identifier.

        Args:
            identifier: lowercase words separated by hyphens.
            texts: texts that may mention the name.

        Returns:
            The most frequent spelling in these texts; ties are resolved alphabetically. If the texts do not mention the
            name, each word as the prose spells it; a word not found there is treated as a proper name. The result
            starts with a capital letter.
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
    """Capitalize the first letter of a word, also after an opening bracket."""
    return re.sub(r"[^\W\d_]", lambda letter: letter[0].upper(), word, count=1)
