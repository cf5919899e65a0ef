"""Splits a description into sentences, and finds the ones that say what the system does."""

from __future__ import annotations

import re
from dataclasses import dataclass

from threatgraph.assess.lexicon import expression

#: The part of a description that is read; the rest would only repeat it.
MOST_CHARACTERS = 100_000
#: The longest sentence; a text without punctuation is cut.
_LONGEST = 1_200
_BREAK = re.compile(
    r"(?<=;)\s+|(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]*[A-Z0-9])|(?<=[a-z]{3}[.!?])\s+(?=[a-z])|\n\s*(?:[-*#>|]|\d+[.)])+\s*|\n{2,}|\r\n\s*\r\n"
)
_SHORT = re.compile(
    r"\b(?:e\.g|i\.e|etc|approx|incl|art|vs|dr|mr|ms|mrs|prof|inc|ltd|co|st|fig|max|min|resp|tel|sec|dept|est|ca)\.$",
    re.IGNORECASE,
)
#: The answer to a question that the text itself asks: *Does it rate developers? No.*
_NO = re.compile(r"\W*(?:no|never|not yet|not at all)\b", re.IGNORECASE)
#: An abbreviation of *number* at the end of a part, if the next part starts with a digit.
_NUMBER = re.compile(r"\bno\.$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a description."""

    text: str
    lowered: str
    """The text in lower case, character by character, so that places in it are places in the text.

    Clauses about something else are blank.
    """
    number: int
    """Its number in the description, from 1."""
    purpose: float
    """How much it says about the purpose of the system; 0 for a sentence about something else."""

    @property
    def is_aside(self) -> bool:
        """Whether the sentence is about something other than the system."""
        return self.purpose == 0


def split(text: str) -> list[Sentence]:
    """Split a description into sentences.

    Args:
        text: the description. Only its first :data:`MOST_CHARACTERS` characters are read.

    Returns:
        The sentences in order, each with the weight of what it says about the purpose.
    """
    parts: list[str] = []
    for part in _BREAK.split(text[:MOST_CHARACTERS]):
        line = " ".join(part.split())
        if parts and (_SHORT.search(parts[-1]) or (line[:1].isdigit() and _NUMBER.search(parts[-1]))):
            parts[-1] += f" {line}"
        elif line:
            parts.append(line)
    cut = [part[i : i + _LONGEST] for part in parts for i in range(0, len(part), _LONGEST)]
    given_up = {i - 1 for i, part in enumerate(cut, 1) if expression("aside-before").search(part)}
    given_up |= {i for i, part in enumerate(cut[:-1], 1) if part.endswith("?") and _NO.match(cut[i])}
    return [
        Sentence(part, _stated(part), i, 0.0 if i > 1 and i in given_up else _purpose(part, i))
        for i, part in enumerate(cut, 1)
    ]


def _stated(text: str) -> str:
    """The text in lower case without its clauses about something else."""
    return expression("aside-clause").sub(lambda match: " " * len(match[0]), _lowered(text))


def _lowered(text: str) -> str:
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(sign.lower() if len(sign.lower()) == 1 else sign for sign in text)  # İ has two signs in lower case


def purpose_text(sentences: list[Sentence], most: int = 3) -> str:
    """Return the sentences that say most about the purpose, in the order of the text.

    Args:
        sentences: the sentences of a description.
        most: the maximum number of sentences.
    """
    best = sorted(sentences, key=lambda sentence: (-sentence.purpose, sentence.number))[:most]
    return " ".join(sentence.text for sentence in sorted(best, key=lambda sentence: sentence.number))


def _purpose(text: str, number: int) -> float:
    if number > 1 and expression("aside").search(text):  # the first sentence is about the system
        return 0.0
    stated = len(expression("purpose").findall(text))
    early = 1.0 if number <= 2 else 0.5 if number <= 4 else 0.0
    return 1.0 + min(stated, 2) + early
