"""Words of queries and records: tokens, stems, and the words that carry no meaning in a query."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import Stemmer

_TOKEN = re.compile(r"[^\W_]+")
#: Function words, and words of questions that say nothing about the subject of the question.
STOP_WORDS = frozenset(
    """
    a about after again all also am an and another any anyone anything are as at be because been before being between
    both but by can cannot could did do does doing done during each either else etc ever every everyone everything find
    for from further get gets getting give given gives go goes going got had happen happened happening happens has have
    having he help her here hers him his how i if in into is it its itself just kind know let lets like list look made
    make makes making many may me mean means might more most much must my need needs no nor not of off on once one ones
    only onto or other others our ours out over own per please s same say says shall she should show so some someone
    something such t than that the their theirs them then there these they thing things this those through to too
    under until up upon us use used using very via want was way ways we were what whats when where whether which while
    who whom whose why will with within without would you your yours explain describe example examples occur occurs
    differ differs different difference distinguish distinguishes distinguished versus vs compare compared related
    relate relates cover covers common happen
    """.split()
)


def tokens(text: str) -> list[str]:
    """Return the words and numbers of a text, in lower case and without diacritics, as the index has them."""
    if not text.isascii():
        text = unicodedata.normalize("NFKD", text)
        if any(map(unicodedata.combining, text)):
            text = "".join(sign for sign in text if not unicodedata.combining(sign))
    return _TOKEN.findall(text.lower())


def stems(words: Sequence[str]) -> list[str]:
    """Return the stem of each word, as the tokenizer ``porter`` of SQLite computes it."""
    found: list[str] = _stemmer().stemWords(list(words))
    return found


def stems_of(text: str) -> list[str]:
    """Return the stems of the words of a text, in order."""
    return stems(tokens(text))


def content(words: Iterable[str]) -> list[str]:
    """Return the words that are not stop words; all of them if there are no others."""
    given = list(words)
    return [word for word in given if word not in STOP_WORDS] or given


def name_words(words: Iterable[str]) -> list[str]:
    """Return the words that distinguish names: most names here could begin with *AI*."""
    found = content(words)
    return [word for word in found if word != "ai"] or found


@cache
def _stemmer() -> Stemmer.Stemmer:
    import Stemmer

    return Stemmer.Stemmer("porter")
