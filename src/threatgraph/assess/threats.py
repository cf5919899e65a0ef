"""Ranks the threat patterns for a system: by its facts, by the similarity of texts, and by comparable incidents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from threatgraph.assess.conditions import any_holds, holds, stated
from threatgraph.assess.facts import Facts
from threatgraph.assess.lexicon import load
from threatgraph.assess.model import Certainty
from threatgraph.assess.similarity import similar
from threatgraph.recommend import Recommender
from threatgraph.vocab import KINDS

#: The share of each kind of evidence in the score.
_FACTS, _TEXT, _INCIDENTS = 0.62, 0.2, 0.18
#: The share of texts and incidents that counts for a pattern to which no fact leads.
_WITHOUT_FACTS = 0.45
#: The number of incidents whose patterns are counted.
_VOTERS = 20
#: From which score a threat is strong or likely; below the minimum it is left out.
_STRONG, _LIKELY, _LEAST = 0.48, 0.3, 0.1
#: The minimum if no fact leads to any pattern, so that only texts and incidents count.
_LEAST_WITHOUT_FACTS = 0.22
#: The fewest words of a text without facts that is compared with the graph.
_FEWEST_WORDS = 4
#: The number of patterns that are compared with the text.
_MOST = 1000
#: The number of words of facts, and of incidents, in a reason.
_SHOWN = 3


@dataclass(slots=True)
class Ranked:
    """A pattern with its score and what led to it."""

    iri: str
    score: float
    words: tuple[str, ...] = ()
    """The words of the description, the strongest first."""
    incidents: tuple[str, ...] = ()
    """The IRIs of comparable incidents that show the pattern, the most similar first."""
    voters: int = 0
    similarity: float = 0.0
    named: bool = field(default=False)
    """Whether the user named the pattern."""

    @property
    def certainty(self) -> Certainty:
        """The certainty that corresponds to the score; without a fact or a name, it is weak."""
        if self.named:
            return "strong"
        if not self.words:
            return "weak"
        if self.score >= _STRONG:
            return "strong"
        return "likely" if self.score >= _LIKELY else "weak"


def rank(
    recommender: Recommender,
    facts: Facts,
    text: str,
    involved: Mapping[str, tuple[str, ...]],
    named: Sequence[str] = (),
    top: int = 10,
) -> list[Ranked]:
    """Rank the patterns of the graph for a system.

    Args:
        recommender: the recommender of the graph.
        facts: the facts of the system.
        text: the sentences that state its purpose; may be empty.
        involved: the incidents of each pattern.
        named: the IRIs of patterns that the user named; they come first.
        top: the maximum number of patterns; named ones are always included.

    Returns:
        The patterns, the most relevant first.
    """
    if not facts.items and len(text.split()) < _FEWEST_WORDS:
        text = ""  # a word or two is similar to anything that has them
    by_text = similar(recommender, text, "pattern", _MOST)
    incidents = similar(recommender, text, "incident", _VOTERS)
    target = recommender.target("pattern")
    known = {target.iri(candidate) for candidate in target.candidates()}
    weights = {iri: found for iri, found in by_facts(facts).items() if iri in known}
    strongest = max(incidents.values(), default=1.0) or 1.0
    total = sum(incidents.values()) or 1.0
    best_text = max(by_text.values(), default=1.0) or 1.0
    any_fact = any(relevant for _, _, relevant in weights.values())
    ranked = []
    for iri in sorted(known):
        weight, words, relevant = weights.get(iri, (0.0, (), False))
        shown = [incident for incident in incidents if incident in set(involved.get(iri, ()))]
        votes = sum(incidents[incident] for incident in shown) / total
        likeness = by_text.get(iri, 0.0) / best_text
        damping = 1.0 if relevant or not any_fact else _WITHOUT_FACTS
        other = damping * (
            _TEXT * likeness * min(1.0, best_text / 0.25)
            + _INCIDENTS * min(1.0, 2.5 * votes) * min(1.0, strongest / 0.25)
        )
        score = _FACTS * weight + other
        ranked.append(Ranked(iri, round(score, 6), words, tuple(shown), len(shown), round(likeness, 4), iri in named))
    ranked.sort(key=lambda item: (not item.named, -item.score, item.iri))
    least = _LEAST if any_fact else _LEAST_WITHOUT_FACTS
    chosen = [item for item in ranked if item.named or item.score >= least]
    return chosen[: max(top, len([item for item in chosen if item.named]))]


def by_facts(facts: Facts) -> dict[str, tuple[float, tuple[str, ...], bool]]:
    """Return the weight of each pattern by facts, the words that led to it, and whether it is relevant at all.

    Args:
        facts: the facts of the system.

    Returns:
        The values by the IRI of the pattern.
    """
    found: dict[str, tuple[float, tuple[str, ...], bool]] = {}
    for pattern in load("threats")["pattern"]:
        relevant = any_holds(pattern["needs"], facts)
        rest, words = 1.0, list[str]()
        for condition, weight in sorted(pattern["facts"].items(), key=lambda pair: -pair[1]):
            if relevant and holds(condition, facts):
                rest *= 1 - weight
                words += facts.words(stated(condition)[:1])
        found[KINDS["pattern"].namespace + pattern["slug"]] = (1 - rest, tuple(dict.fromkeys(words)), relevant)
    return found


def reason(item: Ranked, labels: Mapping[str, str]) -> str:
    """Explain in one sentence why a pattern is listed, with the words of the description and the incidents.

    Args:
        item: the ranked pattern.
        labels: the labels of incidents.
    """
    parts = []
    if item.named:
        parts.append("you named it")
    words = [word for word in item.words if word != "profile"][:_SHOWN]
    if words:
        parts.append("the description states " + _listed([f"“{word}”" for word in words]))
    elif item.words:
        parts.append("the profile states facts that lead to it")
    if item.incidents:
        names = _listed([labels.get(iri, iri) for iri in item.incidents[:2]])
        count = (
            f"{item.voters} of the {_VOTERS} most similar incidents show it"
            if item.voters > 1
            else "a similar incident shows it"
        )
        parts.append(f"{count} ({names})")
    if not parts:
        parts.append("its text is similar to the description")
    sentence = "; ".join(parts)
    return f"{sentence[0].upper()}{sentence[1:]}."


def _listed(items: Sequence[str]) -> str:
    return f"{', '.join(items[:-1])} and {items[-1]}" if len(items) > 1 else items[0]
