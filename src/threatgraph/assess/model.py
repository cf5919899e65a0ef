"""The parts of an assessment. All values are plain, so that every output format shows the same content."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Status = Literal["candidate", "to check", "ruled out"]
#: How a provision relates to the described system: it seems to apply; a fact must be settled first; a fact excludes it.
STATUSES: tuple[Status, ...] = ("candidate", "to check", "ruled out")
Certainty = Literal["strong", "likely", "weak"]


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact about the system, from the description or the profile.

    For example, ``name`` is ``sector``, ``value`` is ``employment``, and ``words`` is ``ranks job applicants``.
    """

    name: str
    value: str
    words: str
    """The words of the description that state it; ``profile`` for a fact of the profile."""
    negated: bool = False
    """Whether the description states that it is not so, as in *no decisions about people*."""
    sentence: int = 0
    """The number of the sentence in the description, from 1; 0 for a fact of the profile."""


@dataclass(frozen=True, slots=True)
class ProvisionFinding:
    """A provision to check, or one that a fact excludes. It is never a verdict."""

    iri: str
    framework: str
    code: str
    label: str
    status: Status
    reason: str
    """Why it has this status, in one sentence that names the facts."""
    matched: tuple[str, ...]
    """The words of the description that led to it."""
    summary: str
    conditions: tuple[str, ...]
    exceptions: tuple[str, ...]
    roles: tuple[str, ...]
    """The slugs of the roles that it obliges."""
    tier: str | None
    """The name of the risk tier."""
    applies_from: str | None
    """The first date of application, as amended where there is an amendment."""


@dataclass(frozen=True, slots=True)
class Control:
    """A mitigation of a pattern, or a control of a framework that it implements."""

    iri: str
    label: str
    text: str
    framework: str | None
    """The label of the framework; ``None`` for a mitigation of the pattern."""


@dataclass(frozen=True, slots=True)
class Precedent:
    """An incident that is comparable to the described system."""

    iri: str
    label: str
    occurred: str | None
    severity: str | None
    outcome: str | None
    sources: tuple[str, ...]
    """The URLs of its citations."""
    why: str


@dataclass(frozen=True, slots=True)
class ThreatFinding:
    """A threat pattern that the system may be exposed to."""

    iri: str
    code: str | None
    label: str
    abstract: str
    certainty: Certainty
    score: float
    why: str
    """The reasons in one sentence."""
    severity: str
    likelihood_trend: str
    causes: tuple[str, ...]
    affected: tuple[str, ...]
    provisions: tuple[str, ...]
    """The IRIs of the findings in :attr:`AssessmentData.provisions` that the pattern is mapped to."""
    mitigations: tuple[Control, ...]
    controls: tuple[Control, ...]
    indicators: tuple[str, ...]
    response_steps: tuple[str, ...]
    incidents: tuple[Precedent, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A fact that the description does not settle."""

    id: str
    """The key in the profile that answers it, such as ``profiling``."""
    text: str
    why: str
    """What depends on the answer."""
    options: tuple[str, ...]
    settles: tuple[str, ...]
    """The IRIs of the provisions whose status depends on it."""


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """A row of the risk register: one threat. The columns of the user (owner, status …) are not part of it."""

    id: str
    """Stable between runs: the code or slug of the pattern."""
    risk: str
    cause: str
    affected: str
    severity: str
    likelihood_trend: str
    certainty: str
    obligations: str
    controls: str
    incidents: str
    references: str


@dataclass(frozen=True, slots=True)
class AssessmentData:
    """The content of an assessment; :class:`~threatgraph.assess.assessment.Assessment` adds its output formats."""

    title: str
    description: str
    facts: tuple[Fact, ...]
    roles: tuple[str, ...]
    """The slugs of the roles of the user's organization, such as ``deployer``."""
    tier: str
    """``prohibited``, ``high-risk``, ``transparency``, ``general-purpose``, ``minimal`` or ``not settled``."""
    provisions: tuple[ProvisionFinding, ...]
    threats: tuple[ThreatFinding, ...]
    incidents: tuple[Precedent, ...]
    questions: tuple[Question, ...]
    register: tuple[RegisterRow, ...]
    notes: tuple[str, ...] = field(default=())
    """Limits of this answer, such as a language that is not supported."""
