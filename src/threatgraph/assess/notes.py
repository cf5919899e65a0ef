"""States the limits of an assessment: what it is not, what was not read, and what could not be found."""

from __future__ import annotations

import re
from collections.abc import Sequence

from threatgraph.assess.facts import Facts
from threatgraph.assess.lexicon import load
from threatgraph.assess.model import ThreatFinding
from threatgraph.assess.ruling import Ruling
from threatgraph.assess.sentences import MOST_CHARACTERS

DISCLAIMER = (
    "This assessment lists candidates to check. It is not a verdict and not legal advice. Only the Official Journal of "
    "the European Union is authentic."
)
#: The fewest words of a description that can be assessed.
_FEW = 4
#: The fewest common words that show a language.
_ENOUGH = 3
#: Provisions that apply beside others, or to every system.
_ACCOMPANYING = ("article-2", "article-4", "article-50-5", "article-95")
#: The share of letters outside the Latin alphabet above which a text is not English.
_FOREIGN_LETTERS = 0.3


def collect(text: str, facts: Facts, ruling: Ruling | None, threats: Sequence[ThreatFinding]) -> tuple[str, ...]:
    """Return the notes on an assessment.

    Args:
        text: the description.
        facts: the facts that were found.
        ruling: the findings; ``None`` if the EU AI Act was not considered.
        threats: the threats.
    """
    found = [DISCLAIMER]
    words = re.findall(r"\w+", text)
    language = other_language(text)
    if language:
        found.append(f"The description seems to be in {language}; only English is supported. Facts may be missing.")
    if text and len(words) < _FEW:
        found.append(
            "The description is very short. State what the system does, for whom, with which data, and who uses it."
        )
    if len(text) > MOST_CHARACTERS:
        found.append(f"Only the first {MOST_CHARACTERS:,} of {len(text):,} characters were read.")
    if text and not language and len(words) >= _FEW and not _describes_system(facts):
        found.append(
            "The description states no known facts about an AI system. The threats rest on similar texts only."
        )
    if not threats:
        found.append("No threat pattern of the graph fits.")
    if ruling is not None:
        found += _on_law(ruling)
    return tuple(found)


def is_readable(text: str) -> bool:
    """Return whether a description is long enough and in English; without one, the profile counts."""
    return not text or (len(re.findall(r"\w+", text)) >= _FEW and other_language(text) is None)


def other_language(text: str) -> str | None:
    """Return the language of a text if it is not English, as far as common words show it."""
    letters = [c for c in text[:20_000] if c.isalpha()]
    if letters and sum(ord(c) > 0x24F for c in letters) / len(letters) > _FOREIGN_LETTERS:
        return "another language"
    words = re.findall(r"[^\W\d_]+", text[:20_000].lower())
    common = {name: frozenset(listed.split()) for name, listed in load("languages")["words"].items()}
    counts = {name: sum(word in listed for word in words) for name, listed in common.items()}
    best = max(counts, key=lambda name: (counts[name], name == "English", name))
    return best if best != "English" and counts[best] >= _ENOUGH else None


def _describes_system(facts: Facts) -> bool:
    return any(
        facts.values(name) for name in ("use", "practice", "model", "autonomy", "product", "interaction", "role")
    )


def _on_law(ruling: Ruling) -> list[str]:
    found = []
    decisive = [slug for slug in ruling.findings if ruling.open(slug) and slug not in _ACCOMPANYING]
    if not ruling.law.by_iri:
        return ["The graph does not have the EU AI Act, so no provisions were checked."]
    scope = ruling.findings.get("article-2")
    if scope is not None and scope.status == "candidate":
        found.append("An exclusion of Article 2 seems to apply; what it covers is listed as ruled out.")
    elif not decisive:
        found.append(
            "No candidate was found: minimal risk, unless the system has a use, product or practice that the "
            "description does not state. Article 4 (AI literacy) applies to every system; the codes of conduct under "
            "Article 95 are voluntary."
        )
    if decisive and not ruling.role_settled:
        found.append("The role is not settled; the provisions for providers and deployers are both listed.")
    return found
