"""Splits a description into sentences, and finds the ones that say what the system does."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: The part of a description that is read; the rest would only repeat it.
MOST_CHARACTERS = 100_000
#: The longest sentence; a text without punctuation is cut.
_LONGEST = 1_200
_BREAK = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]*[A-Z0-9])|\n\s*(?:[-*#>|]|\d+[.)])+\s*|\n{2,}|\r\n\s*\r\n")
_SHORT = re.compile(r"\b(?:e\.g|i\.e|etc|approx|incl|art|no|vs|dr|mr|ms|mrs|prof|inc|ltd|co|st|fig)\.$", re.IGNORECASE)
_SYSTEM = (
    r"(?:it|this|that|which|ours?|the) ?(?:\w+[- ]){0,3}?(?:system|tool|model|assistant|bot|agent|app|application|platform|software|"
    r"engine|service|product|chat ?bot|voice ?bot|solution|algorithm|module|generator|program|project|copilot|plug-?in)s?"
)
_PURPOSE = re.compile(
    rf"\b(?:{_SYSTEM}\b[^.]{{0,60}}?\b(?:will |would |can |should )?\w+s\b"
    r"|(?:we|i|our \w+|they|start-?up|company|team|vendor) (?:\w+ ){0,4}(?:build\w*|develop\w*|creat\w*|use[sd]?|deploy\w*|want\w*|plan\w*|offer\w*|"
    r"sell\w*|introduc\w*|run|runs|launch\w*|operat\w*|train\w*|bought|design\w*)"
    r"|(?:is|are) (?:used|intended|designed|built|meant|supposed|going) to|(?:used|intended|designed|built|meant) (?:to|for)"
    r"|(?:purpose|aim|goal|task|job|idea|function) (?:of \w+ \w+ )?is|helps? \w+|so that)",
    re.IGNORECASE,
)
#: Sentences about something else: another product, a competitor, the past, or what is excluded.
ASIDE = re.compile(
    r"\b(?:competitors?|unrelated|another (?:team|department|project|product|company|vendor|start-?up)|other teams?|separate(?:ly)? "
    r"(?:from|system|tool|product|project|team|procur\w+)|not part of|nothing to do with|out of scope|outside (?:the|our) scope|formerly|previously worked|used to work"
    r"|in (?:his|her|their|my) previous (?:job|life|role|company)|before joining|(?:his|her) (?:sister|brother|wife|husband|uncle|cousin)"
    r"|unlike (?:the|other|some|our)|inspired by|was inspired|for comparison|years ago|the (?:old|previous|earlier) (?:system|tool|product|version|project|pilot)"
    r"|our (?:other|earlier|previous|first) (?:product|tool|system|project|pilot)|a (?:sister|parent) company|elsewhere in the (?:group|company|building)|next door"
    r"|slogan|investor\w*|sponsor\w*|canteen|christmas|conference|trade fair|newsletter mentions|rumou?r\w*|joke[sd]?|blog post)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a description."""

    text: str
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
        if parts and _SHORT.search(parts[-1]):
            parts[-1] += f" {line}"
        elif line:
            parts.append(line)
    cut = [part[i : i + _LONGEST] for part in parts for i in range(0, len(part), _LONGEST)]
    return [Sentence(part, i, _purpose(part, i)) for i, part in enumerate(cut, 1)]


def purpose_text(sentences: list[Sentence], most: int = 3) -> str:
    """Return the sentences that say most about the purpose, in the order of the text.

    Args:
        sentences: the sentences of a description.
        most: the maximum number of sentences.
    """
    best = sorted(sentences, key=lambda sentence: (-sentence.purpose, sentence.number))[:most]
    return " ".join(sentence.text for sentence in sorted(best, key=lambda sentence: sentence.number))


def _purpose(text: str, number: int) -> float:
    if ASIDE.search(text):
        return 0.0
    stated = len(_PURPOSE.findall(text))
    early = 1.0 if number <= 2 else 0.5 if number <= 4 else 0.0
    return 1.0 + min(stated, 2) + early
