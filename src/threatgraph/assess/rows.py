"""Writes the texts of a row of the risk register."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from threatgraph.assess.guidance import Guidance
from threatgraph.assess.model import ProvisionFinding, RegisterRow, ThreatFinding

#: The number of provisions that are listed for a threat; the assessment has all.
_OBLIGATIONS = 12


def register_row(
    threat: ThreatFinding,
    findings: Mapping[str, ProvisionFinding],
    found: Guidance,
    codes: Mapping[str, tuple[str, str, str]],
    frameworks: Collection[str],
) -> RegisterRow:
    """Make the row of a threat.

    Args:
        threat: the threat.
        findings: the findings that are candidates or to check, by IRI.
        found: the guidance of the pattern.
        codes: the framework and code of the provisions that the pattern is mapped to.
        frameworks: the IRIs of the frameworks to list; all if empty.
    """
    return RegisterRow(
        id=threat.code or threat.iri.rpartition("/")[2],
        risk=f"{threat.label}: {threat.abstract}",
        cause="; ".join(threat.causes),
        affected="; ".join(threat.affected),
        severity=threat.severity,
        likelihood_trend=threat.likelihood_trend,
        certainty=threat.certainty,
        obligations="; ".join(_obligation(findings[iri]) for iri in threat.provisions[:_OBLIGATIONS]),
        controls="; ".join(
            [m.label for m in threat.mitigations] + [f"{c.label} ({c.framework})" for c in threat.controls]
        ),
        incidents="; ".join(f"{p.label} ({p.occurred[:4]})" if p.occurred else p.label for p in threat.incidents),
        references=_references(threat, found, codes, frameworks),
    )


def _obligation(finding: ProvisionFinding) -> str:
    details = [finding.label]
    if finding.applies_from:
        details.append(f"from {finding.applies_from}")
    if finding.status == "to check":
        details.append("to check")
    return f"{finding.code} ({', '.join(details)})"


def _references(
    threat: ThreatFinding,
    found: Guidance,
    codes: Mapping[str, tuple[str, str, str]],
    frameworks: Collection[str],
) -> str:
    by_framework: dict[str, list[str]] = {}
    for iri in found.mapped:
        if iri not in codes or iri in threat.provisions:
            continue
        framework, label, code = codes[iri]
        if (frameworks and framework not in frameworks) or "eu-ai-act" in framework:
            continue
        by_framework.setdefault(label, []).append(code)
    parts = [f"{label}: {', '.join(sorted(listed))}" for label, listed in sorted(by_framework.items())]
    return "; ".join([*parts, threat.iri])
