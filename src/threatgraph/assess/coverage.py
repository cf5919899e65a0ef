"""Coverage and gaps: what the graph holds for each threat, and which provisions no threat leads to."""

from __future__ import annotations

from dataclasses import dataclass

from threatgraph.assess.model import AssessmentData, ThreatFinding

_FIXED = ("Threat", "Provisions", "Mitigations")


@dataclass(frozen=True, slots=True)
class Coverage:
    """A row per threat, with the number of its provisions, mitigations, controls and incidents."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | int, ...], ...]
    unmapped: tuple[str, ...]
    """The IRIs of provisions to check that no listed threat is mapped to."""


def coverage(data: AssessmentData) -> Coverage:
    """Count what an assessment has for each threat.

    Args:
        data: the assessment.

    Returns:
        A column per framework has the number of its controls for the threat. The last column names what is missing.
    """
    frameworks = sorted({c.framework for threat in data.threats for c in threat.controls if c.framework})
    open_ = {p.iri for p in data.provisions if p.status != "ruled out"}
    rows: list[tuple[str | int, ...]] = []
    for threat in data.threats:
        by_framework = [sum(c.framework == name for c in threat.controls) for name in frameworks]
        provisions = sum(iri in open_ for iri in threat.provisions)
        numbers = (provisions, len(threat.mitigations), *by_framework, len(threat.indicators), len(threat.incidents))
        rows.append((_name(threat), *numbers, _gaps(threat, provisions)))
    mapped = {iri for threat in data.threats for iri in threat.provisions}
    columns = (*_FIXED, *(f"Controls: {name}" for name in frameworks), "Indicators", "Incidents", "Gaps")
    return Coverage(columns, tuple(rows), tuple(p.iri for p in data.provisions if p.iri in open_ - mapped))


def _gaps(threat: ThreatFinding, provisions: int) -> str:
    missing = {
        "no provision to check": not provisions,
        "no mitigation": not threat.mitigations,
        "no control": not threat.controls,
        "no indicator": not threat.indicators,
        "no comparable incident": not threat.incidents,
    }
    return "; ".join(text for text, is_missing in missing.items() if is_missing)


def _name(threat: ThreatFinding) -> str:
    return f"{threat.label} ({threat.code})" if threat.code else threat.label
