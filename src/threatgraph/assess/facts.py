"""Extracts what a description states about a system, each fact with the words that state it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from threatgraph.assess.lexicon import BETWEEN, Entry, Span, derivations, entries, expression
from threatgraph.assess.model import Fact
from threatgraph.assess.sentences import Sentence, split

#: The reach of a negation in characters, before and after it.
_REACH, _REACH_BACK = 90, 60
#: Facts that phrases with a negation state, such as *does not make decisions*.
_SELF_NEGATED = {
    ("autonomy", "advice-only"),
    ("autonomy", "automated-decision"),
    ("setting", "outside-union"),
    ("audience", "only companies"),
}
#: Facts whose phrases span a subject and a verb, between which a negation may be.
_CONTIGUOUS = {"role", "supply", "developer"}
#: Facts that two neighboring sentences may state together.
_ACROSS = {"use", "practice"}
#: The longest quotation of a description.
QUOTATION = 90


@dataclass(frozen=True, slots=True)
class Facts:
    """The facts of a description and of a profile."""

    items: tuple[Fact, ...]

    def __iter__(self) -> Iterator[Fact]:
        return iter(self.items)

    def find(self, key: str) -> tuple[Fact, ...]:
        """Return the facts with a name and value, such as ``use=recruitment``; ``use=*`` for any value."""
        name, _, value = key.partition("=")
        return tuple(f for f in self.items if f.name == name and value in ("*", f.value) and not f.negated)

    def has(self, key: str) -> bool:
        """Return whether a fact is stated."""
        return bool(self.find(key))

    def denies(self, key: str) -> tuple[Fact, ...]:
        """Return the facts that state that something is not so, unless it is stated elsewhere."""
        if self.has(key):
            return ()
        name, _, value = key.partition("=")
        return tuple(f for f in self.items if f.name == name and f.value == value and f.negated)

    def values(self, name: str) -> tuple[str, ...]:
        """Return the values of a fact, in the order of the description."""
        return tuple(dict.fromkeys(f.value for f in self.items if f.name == name and not f.negated))

    def words(self, keys: Iterable[str]) -> tuple[str, ...]:
        """Return the words that state any of the facts."""
        return tuple(dict.fromkeys(fact.words for key in keys for fact in self.find(key)))

    def replaced(self, answers: Iterable[Fact]) -> Facts:
        """Return the facts with those of a profile, which replace facts of the same name and value.

        A fact of the profile named ``role`` replaces all facts of that name: the profile settles it.
        """
        given = tuple(answers)
        settled = {fact.name for fact in given if fact.name in _SETTLED}
        settled |= {fact.name for fact in given if fact.value == "*"}
        same = {(fact.name, fact.value) for fact in given}
        kept = [f for f in self.items if f.name not in settled and (f.name, f.value) not in same]
        return Facts((*dict.fromkeys(given), *kept))


#: Facts of which a profile states all values.
_SETTLED = {"role", "audience"}


def extract(text: str, sentences: list[Sentence] | None = None) -> Facts:
    """Extract the facts that a description states.

    Args:
        text: the description.
        sentences: its sentences, if they are known.

    Returns:
        One fact for each name and value. A statement wins over its negation, and an earlier or more central sentence
        over another. Sentences about something else state nothing.
    """
    parts = split(text) if sentences is None else sentences
    found: dict[tuple[str, str], Fact] = {}
    for sentence in sorted(parts, key=lambda part: (-part.purpose, part.number)):
        if sentence.is_aside:
            continue
        for entry in entries():
            key = (entry.name, entry.value)
            known = found.get(key)
            if known is not None and not known.negated:
                continue
            fact = _match(entry, sentence)
            if fact is not None and (known is None or not fact.negated):
                found[key] = fact
    _across(found, [part for part in parts if not part.is_aside])
    _derive(found)
    return Facts(tuple(sorted(found.values(), key=lambda fact: (fact.sentence, fact.name, fact.value))))


def _across(found: dict[tuple[str, str], Fact], stated: list[Sentence]) -> None:
    """Add the uses that two neighboring sentences state together."""
    for first, second in itertools.pairwise(stated):
        for entry in entries():
            if entry.name in _ACROSS and (entry.name, entry.value) not in found:
                fact = _match(entry, first, second)
                if fact is not None and not fact.negated:
                    found[entry.name, entry.value] = fact


def _derive(found: dict[tuple[str, str], Fact]) -> None:
    """Add the facts that follow from several sentences; topics and actions alone are left out."""
    for name, value, condition in derivations():
        known = found.get((name, value))
        if known is not None:
            continue
        parts = [
            found.get((key, term)) for key, _, term in (item.strip().partition("=") for item in condition.split("&"))
        ]
        stated = [fact for fact in parts if fact is not None and not fact.negated]
        if len(stated) == len(parts):
            words = " … ".join(dict.fromkeys(fact.words for fact in sorted(stated, key=lambda fact: fact.sentence)))
            found[name, value] = Fact(name, value, words, sentence=stated[0].sentence)
    for key in [key for key in found if key[0] in ("topic", "action")]:
        del found[key]


def _match(entry: Entry, sentence: Sentence, following: Sentence | None = None) -> Fact | None:
    """The fact of an entry in a sentence, or in two together: stated if one occurrence is not negated."""
    denied: Fact | None = None
    text = sentence.text if following is None else BETWEEN.join((sentence.text, following.text))
    for phrase in entry.phrases:
        if following is not None and len(phrase.parts) == 1:
            continue
        for spans in phrase.find(sentence.lowered, following.lowered if following is not None else None):
            words = _quote(text, spans)
            if entry.name in _CONTIGUOUS and expression("negation").search(words):
                continue
            if (entry.name, entry.value) in _SELF_NEGATED or not any(
                _negated(_without(text, spans, span), span) for span in spans
            ):
                return Fact(entry.name, entry.value, words, sentence=sentence.number)
            denied = denied or Fact(entry.name, entry.value, words, negated=True, sentence=sentence.number)
    return denied


def _without(sentence: str, spans: tuple[Span, ...], kept: Span) -> str:
    """The sentence without the other parts of a phrase, so that *blocks fraud* does not negate itself."""
    for start, end in spans:
        if (start, end) != kept:
            sentence = sentence[:start] + " " * (end - start) + sentence[end:]
    return sentence


def _negated(sentence: str, span: Span) -> bool:
    """Whether a negation before or after the place, in the same clause, reaches it."""
    after = expression("clause").split(sentence[span[1] : span[1] + _REACH_BACK], maxsplit=1)[0]
    if expression("negation-after").match(after):
        return True
    before = sentence[max(0, span[0] - _REACH) : span[0]]
    clause = 0
    for match in expression("clause").finditer(before):
        clause = match.end()
    reach = before[clause:]
    reach = expression("not-negation").sub(lambda match: " " * len(match[0]), reach)
    return expression("negation").search(reach) is not None


def _quote(sentence: str, spans: tuple[Span, ...]) -> str:
    """The words from the first to the last part; for parts far apart, the parts alone."""
    start, end = min(s for s, _ in spans), max(e for _, e in spans)
    if end - start <= QUOTATION:
        return sentence[start:end].strip(" ,;:.")
    return " … ".join(sentence[s:e].strip() for s, e in sorted(spans))
