"""Splits a description into sentences, and finds the ones that say what the system does."""

from __future__ import annotations

import re
from dataclasses import dataclass

#: The part of a description that is read; the rest would only repeat it.
MOST_CHARACTERS = 100_000
#: The longest sentence; a text without punctuation is cut.
_LONGEST = 1_200
_BREAK = re.compile(
    r"(?<=;)\s+|(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]*[A-Z0-9])|\n\s*(?:[-*#>|]|\d+[.)])+\s*|\n{2,}|\r\n\s*\r\n"
)
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
#: Clauses about something else: another product, the past, a plan that was given up, or what is left to others.
ASIDE = re.compile(
    r"\b(?:competitors?|unrelated|another (?:team|department|project|story|budget)|other teams?|separately procured|procured separately"
    r"|(?:different|separate|other|older|another) (?:\w+ )?(?:system|program|project|budget|software|tool|product|programs|systems|manufacturer)s?\b"
    r"|neither (?:\w+ ){0,2}(?:belongs?|was|is|of)|not part of|nothing to do with|out of scope|outside (?:the|our) scope|sister company"
    r"|(?:previously|once|used to|formerly) (?:work(?:ed)?|buil[dt]|ma[dk]e|sold)|before joining|in (?:his|her|their|my) previous|by hand"
    r"|unlike (?:the|other|some|our)|inspired by|for comparison|years ago|the (?:old|previous|earlier) (?:system|tool|product|version|project)"
    r"|(?:a|one|the|two|an) (?:previous|earlier|first) pilot|our (?:other|earlier|previous) (?:product|tool|system|project)"
    r"|(?:was|were|been) (?:dropped|declined|postponed|rejected by|abandoned|turned down|given up|shelved|bought)\b|decided against|have heard about"
    r"|(?:legal|compliance|management|board) (?:refused|declined|rejected)|which \w+ (?:refused|declined|rejected)"
    r"|explicitly not|(?:asks?|asked|wondered) (?:whether|if)|(?:is|are) (?:still )?decided (?:by (?:a |the )?(?:committee|people|staff)|on paper)|is not offered|are not offered|as before|are fiction|in the story"
    r"|(?:we|they) (?:also )?(?:looked at|considered|thought about|discussed)|(?:in (?:the )?future|later|next year|some ?day|one day),? (?:we|they|it) (?:may|might|could)"
    r"|(?:we|they|which we) (?:may|might) (?:look|offer|add|later)|which we may)",
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
