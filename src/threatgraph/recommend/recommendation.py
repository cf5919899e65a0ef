"""A recommendation with its reasons, as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pyoxigraph import Triple

from threatgraph.table import to_text

#: Decimal places of scores in JSON and RDF.
PLACES = 6


@dataclass(frozen=True, slots=True)
class Reason:
    """A reason for a recommendation: the contribution of one signal, or a part of it."""

    signal: str
    """The name of the signal, such as ``neighbors``."""
    contribution: float
    """Its contribution to the score."""
    text: str
    statements: tuple[Triple, ...] = field(repr=False)
    """The triples of the graph that it is based on."""
    merged: int = 1
    """The number of reasons merged into it; 1 for a single one."""
    parts: tuple[Reason, ...] = field(default=(), repr=False)
    """The reasons of the signal one by one, in order of contribution."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as in JSON."""
        return {
            "signal": self.signal,
            "contribution": round(self.contribution, PLACES),
            "text": self.text,
            "parts": [
                {
                    "contribution": round(part.contribution, PLACES),
                    "text": part.text,
                    "statements": [_to_texts(statement) for statement in part.statements],
                }
                for part in self.parts
            ],
        }


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A recommended record with its reasons."""

    rank: int
    """The rank, from 1."""
    iri: str
    kind: str
    label: str
    code: str | None
    score: float
    """The score from 0 to 1: the sum of the contributions or, if the basis is popularity, the share of all links."""
    signals: dict[str, float]
    """The contribution of each signal, in descending order."""
    reasons: tuple[Reason, ...]
    """One reason per signal, in order of contribution; the contributions sum to the score."""
    curated: tuple[Triple, ...]
    """Existing curated links to it, which do not affect the score."""
    certainty: str = "weak"
    """``strong``, ``likely`` or ``weak``: how often results with such a score are right."""
    explanation: str = ""
    """One sentence that says why it is recommended, with the rarest shared statements first."""

    def __str__(self) -> str:
        return f"{self.label} ({self.code})" if self.code else self.label

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as in JSON."""
        return {
            "rank": self.rank,
            "iri": self.iri,
            "kind": self.kind,
            "label": self.label,
            "code": self.code,
            "score": round(self.score, PLACES),
            "certainty": self.certainty,
            "explanation": self.explanation,
            "signals": {name: round(value, PLACES) for name, value in self.signals.items()},
            "reasons": [reason.to_dict() for reason in self.reasons],
            "curated": [_to_texts(statement) for statement in self.curated],
        }


@dataclass(frozen=True, slots=True)
class ExistingLink:
    """A curated link between the query and a record of the requested kind."""

    iri: str
    label: str
    code: str | None
    meaning: str
    """The meaning of the mapping, such as *Obliges mitigation*, or the name of the property."""
    rationale: str
    """Why curators made the link; empty if it is not stated."""
    statement: Triple = field(repr=False)

    def __str__(self) -> str:
        return f"{self.label} ({self.code})" if self.code else self.label

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as in JSON."""
        return {
            "iri": self.iri,
            "label": self.label,
            "code": self.code,
            "meaning": self.meaning,
            "rationale": self.rationale,
            "statement": _to_texts(self.statement),
        }


def _to_texts(statement: Triple) -> list[str]:
    return [to_text(statement.subject), to_text(statement.predicate), to_text(statement.object)]
