"""The sentences that every format shares: limits of the answer, and names of its parts."""

from __future__ import annotations

from collections.abc import Sequence

from threatgraph.assess.model import AssessmentData, Fact, ProvisionFinding, Question, ThreatFinding
from threatgraph.assess.notes import DISCLAIMER

__all__ = [
    "DISCLAIMER",
    "LIMITS",
    "NOTHING",
    "STATUS_NOTES",
    "STATUS_TITLES",
    "answers",
    "counted",
    "fact_value",
    "further_notes",
    "names",
    "provision_name",
    "threat_name",
    "with_status",
]

LIMITS = (
    "Whether a provision applies depends on facts that a description may not state. Have the findings reviewed by a "
    "qualified person.",
    "The findings follow from words of the description, facts of the profile and curated links of the graph. "
    "No language model was used, and nothing was sent to another service.",
    "A threat that is not listed can still be relevant. The list covers the threat patterns of the graph.",
    "Comparable incidents are public reports. Allegations in them may be contested.",
)
STATUS_TITLES = {"candidate": "Candidates", "to check": "To check", "ruled out": "Ruled out"}
STATUS_NOTES = {
    "candidate": "These provisions seem to apply. Check their conditions and exceptions.",
    "to check": "Whether these provisions apply depends on a fact that the description does not settle.",
    "ruled out": "A fact excludes these provisions. If the fact is wrong, they may apply.",
}
NOTHING = "No candidate was found."


def provision_name(provision: ProvisionFinding) -> str:
    """The name of a provision: its code and title."""
    return f"{provision.code} {provision.label}".strip()


def threat_name(threat: ThreatFinding) -> str:
    """The name of a threat: its label and code."""
    return f"{threat.label} ({threat.code})" if threat.code else threat.label


def names(slugs: Sequence[str]) -> str:
    """Slugs as words: ``authorized-representative`` becomes ``authorized representative``."""
    return ", ".join(slug.replace("-", " ") for slug in slugs)


def fact_value(fact: Fact) -> str:
    """The value of a fact; one that the description denies is marked."""
    value = fact.value.replace("-", " ")
    return f"not {value}" if fact.negated else value


def further_notes(data: AssessmentData) -> list[str]:
    """The notes without the disclaimer, which documents have at their top."""
    return [note for note in data.notes if note != DISCLAIMER]


def with_status(data: AssessmentData, status: str) -> list[ProvisionFinding]:
    """The provisions with a status, in their order."""
    return [provision for provision in data.provisions if provision.status == status]


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: ``1 threat``, ``2 threats``."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def answers(question: Question) -> str:
    """How a profile answers a question: ``profiling: yes | no``."""
    return f"{question.id}: {' | '.join(question.options) or '…'}"
