"""A summary of the assessment for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

from threatgraph.assess.formats.wording import (
    DISCLAIMER,
    NOTHING,
    STATUS_TITLES,
    answers,
    counted,
    fact_value,
    further_notes,
    names,
    provision_name,
    threat_name,
    with_status,
)
from threatgraph.assess.model import STATUSES, AssessmentData, ProvisionFinding, ThreatFinding
from threatgraph.layout import fill

_NEXT = (
    "Answer the questions in a profile of the system. "
    "The formats markdown, html and xlsx show obligations, mitigations, controls and the risk register."
)
#: Provisions that are ruled out, and incidents, are shown up to this number; other formats have all of them.
_SHOWN = 5


def render(data: AssessmentData, width: int | None) -> str:
    """Format the findings as text, without the details of each threat.

    Args:
        data: the assessment.
        width: the maximum width of a line; ``None`` for no limit.
    """
    parts = [
        _head(data, width),
        *(_provisions(data, status, width) for status in STATUSES),
        _threats(data, width),
        _incidents(data, width),
        _questions(data, width),
        _wrapped(DISCLAIMER, width),
        _wrapped(_NEXT, width),
    ]
    return "\n\n".join("\n".join(lines) for lines in map(list, parts) if lines) + "\n"


def _head(data: AssessmentData, width: int | None) -> Iterator[str]:
    yield from _wrapped(data.title, width)
    yield ""
    yield from _wrapped(f"Risk tier, to check: {data.tier}", width)
    yield from _wrapped(f"Roles: {names(data.roles) or 'not settled'}", width)
    if data.facts:
        yield "Facts:"
    by_name: dict[str, list[str]] = {}
    for fact in data.facts:
        by_name.setdefault(fact.name, []).append(f"{fact_value(fact)} (“{fact.words}”)")
    for name, values in by_name.items():
        yield from _wrapped(f"{names([name])}: {', '.join(values)}", width, "  ", "  ")
    for note in further_notes(data):
        yield from _wrapped(f"Note: {note}", width, hang="  ")


def _provisions(data: AssessmentData, status: str, width: int | None) -> Iterator[str]:
    found = with_status(data, status)
    if not found:
        if status == "candidate" and not with_status(data, "to check"):
            yield NOTHING
        return
    yield f"{STATUS_TITLES[status]} ({len(found)})"
    shown = found[:_SHOWN] if status == "ruled out" else found
    for framework, of_framework in groupby(shown, key=lambda provision: provision.framework):
        yield from _wrapped(framework, width, "  ", "  ")
        # What has the same reason is listed below it.
        for reason, group in _grouped(of_framework).items():
            yield from _wrapped(reason, width, "  - ", "")
            for provision in group:
                yield from _provision(provision, width)
    if len(found) > len(shown):
        yield f"  … and {len(found) - len(shown)} more"


def _grouped(provisions: Iterable[ProvisionFinding]) -> dict[str, list[ProvisionFinding]]:
    found: dict[str, list[ProvisionFinding]] = {}
    for provision in provisions:
        found.setdefault(provision.reason, []).append(provision)
    return found


def _provision(provision: ProvisionFinding, width: int | None) -> Iterator[str]:
    date = f", applies from {provision.applies_from}" if provision.applies_from else ""
    yield from _wrapped(f"{provision_name(provision)}{date}", width, "      ", "  ")
    if provision.status == "candidate":
        for name, texts in (("Condition", provision.conditions), ("Exception", provision.exceptions)):
            for text in texts:
                yield from _wrapped(f"{name}: {text}", width, "        ", "  ")


def _threats(data: AssessmentData, width: int | None) -> Iterator[str]:
    if not data.threats:
        yield "No threat pattern fits the description well."
        return
    yield f"Threats ({len(data.threats)})"
    for rank, threat in enumerate(data.threats, 1):
        yield from _wrapped(threat_name(threat), width, f"{rank:>2}. ")
        yield from _wrapped(_facts(threat), width, "      ")
        yield from _wrapped(threat.why, width, "      ")


def _facts(threat: ThreatFinding) -> str:
    found = counted(len(threat.mitigations), "mitigation"), counted(len(threat.controls), "control")
    rating = f"{threat.certainty}; {threat.severity.lower()} severity, {threat.likelihood_trend.lower()} likelihood"
    return f"{rating}; {', '.join(found)}"


def _incidents(data: AssessmentData, width: int | None) -> Iterator[str]:
    if data.incidents:
        yield f"Comparable incidents ({len(data.incidents)})"
    for incident in data.incidents[:_SHOWN]:
        facts = ", ".join(filter(None, (incident.occurred, incident.severity)))
        yield from _wrapped(f"{incident.label}{f' ({facts})' if facts else ''}", width, "  ", "    ")
    if len(data.incidents) > _SHOWN:
        yield f"  … and {len(data.incidents) - _SHOWN} more"


def _questions(data: AssessmentData, width: int | None) -> Iterator[str]:
    if data.questions:
        yield f"Questions to settle ({len(data.questions)})"
    for number, question in enumerate(data.questions, 1):
        yield from _wrapped(question.text, width, f"{number:>2}. ")
        yield from _wrapped(question.why, width, "      ")
        yield from _wrapped(answers(question), width, "      ")


def _wrapped(text: str, width: int | None, indent: str = "", hang: str = "") -> Iterator[str]:
    """The lines of a text; the second and later ones stand ``hang`` further in."""
    room = None if width is None else max(width - len(indent) - len(hang), 20)
    for number, line in enumerate(fill(text, room)):
        yield f"{' ' * len(indent) + hang if number else indent}{line}"
