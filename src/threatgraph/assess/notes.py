"""States the limits of an assessment: what it is not, what was not read, and what could not be found."""

from __future__ import annotations

import re
from collections.abc import Sequence

from threatgraph.assess.facts import Facts
from threatgraph.assess.model import ThreatFinding
from threatgraph.assess.rules import Ruling
from threatgraph.assess.sentences import MOST_CHARACTERS

DISCLAIMER = (
    "This assessment lists candidates to check. It is not a verdict and not legal advice. Only the Official Journal of "
    "the European Union is authentic."
)
#: The fewest words of a description that can be judged.
_FEW = 4
_ENGLISH = frozenset(
    "the a an of to and in is are for that it we our with on by as or from this be not uses use".split()
)
_OTHER = {
    "German": frozenset("der die das und ist nicht ein eine für mit von wir zu den dem werden sich auf".split()),
    "French": frozenset("le la les des est et une pour dans nous avec que qui sur pas du au".split()),
    "Spanish": frozenset("el los las es una para con que en por del se y nuestro sistema".split()),
    "Italian": frozenset("il gli è una per con che di della dei nostro sistema sono non".split()),
    "Dutch": frozenset("het een van voor met wij is niet zijn door naar op ons deze".split()),
    "Polish": frozenset("jest nie dla się na do oraz przez który które nasz jak".split()),
    "Portuguese": frozenset("o os uma para com que não dos em por nosso são ao".split()),
}
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
    words = re.findall(r"\w+", text.lower())
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
            "The description states nothing about an AI system that is known here; the threats rest on similar texts only."
        )
    if not threats:
        found.append("No threat pattern of the graph fits.")
    if ruling is not None:
        found += _on_law(ruling)
    return tuple(found)


def other_language(text: str) -> str | None:
    """Return the language of a text if it is not English, as far as common words show it."""
    letters = [c for c in text[:20_000] if c.isalpha()]
    if letters and sum(ord(c) > 0x24F for c in letters) / len(letters) > _FOREIGN_LETTERS:
        return "another language"
    words = re.findall(r"[^\W\d_]+", text[:20_000].lower())
    english = sum(word in _ENGLISH for word in words)
    counts = {name: sum(word in common for word in words) for name, common in _OTHER.items()}
    best = max(counts, key=lambda name: (counts[name], name))
    return best if counts[best] >= 3 and counts[best] > english else None


def _describes_system(facts: Facts) -> bool:
    return any(
        facts.values(name) for name in ("use", "practice", "model", "autonomy", "product", "interaction", "role")
    )


def _on_law(ruling: Ruling) -> list[str]:
    found = []
    decisive = [slug for slug in ruling.findings if ruling.open(slug) and slug not in ("article-4", "article-50-5")]
    if not ruling.law.by_iri:
        return ["The graph does not have the EU AI Act, so no provisions were checked."]
    if "article-2" in ruling.findings:
        found.append("An exclusion of Article 2 seems to apply; what it covers is listed as ruled out.")
    elif not decisive:
        found.append(
            "No candidate was found: minimal risk, unless the system has a use, product or practice that the description "
            "does not state. Article 4 (AI literacy) applies to every system; Article 95 offers voluntary codes."
        )
    if not ruling.role_settled:
        found.append("The role is not settled; the provisions for providers and deployers are both listed.")
    return found
