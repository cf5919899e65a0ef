"""What workers do for the tools that recommend: ``related`` and ``assess``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from threatgraph.errors import InvalidQuery
from threatgraph.mcp.lookups import name_line
from threatgraph.mcp.replies import Rows, clipped
from threatgraph.service import ServedGraph
from threatgraph.summaries import Summary, read_summaries
from threatgraph.vocab import kind_of, shorten

if TYPE_CHECKING:
    from threatgraph.assess import Assessment
    from threatgraph.recommend.recommendation import ExistingLink, Recommendation

_REASON, _SHORT, _NAMES = 300, 120, 200
_MOST_STATEMENTS = 3
_CANDIDATES = "Candidates to check, not a verdict and no legal advice."


def related(
    served: ServedGraph,
    *,
    id: str | None = None,
    text: str | None = None,
    kind: str = "pattern",
    framework: str | None = None,
    limit: int = 5,
) -> Rows:
    """Recommend related records with reasons; curated links are rows of their own."""
    if (id is None) == (text is None):
        raise InvalidQuery("give either id, a record, or text, a description.")
    found = served.graph.recommend(id, text=text, kind=kind, framework=framework, top=limit)
    linked = found.linked[:limit]
    new = found.new if found.linked else found.items
    iris = [*(item.iri for item in new), *(link.iri for link in linked)]
    summaries = read_summaries(served.graph.store, iris)
    rows = [_recommended(item, summaries[item.iri]) for item in new]
    rows += [_curated(link, kind, summaries[link.iri]) for link in linked]
    lines = []
    for row in rows:
        how = f"{row['certainty']} {row['score']}" if row["link"] == "recommended" else f"curated: {row['meaning']}"
        lines.append(f"- {name_line(row)} [{how}] {row['reason']}")
    more = len(found.linked) - len(linked)
    rest = f"{more} more curated links: get lists them, or raise limit." if more else ""
    head = f"{kind}s related to {clipped(' and '.join(found.names), _NAMES)}; recommended first, then curated links"
    total = len(new) + len(found.linked)
    return Rows(rows, lines, total, head=head, note=found.note, rest=rest)


def _recommended(item: Recommendation, summary: Summary) -> dict[str, Any]:
    statements = [part["statements"] for reason in item.to_dict()["reasons"] for part in reason["parts"]]
    triples = [" ".join(clipped(text, 80) for text in triple) for part in statements for triple in part]
    return {
        "link": "recommended",
        "iri": item.iri,
        "kind": item.kind,
        "code": item.code,
        "label": item.label,
        "score": round(item.score, 3),
        "certainty": item.certainty,
        "reason": clipped(item.explanation, _REASON),
        "triples": triples[:_MOST_STATEMENTS],
        "source": summary.source,
        "curation_status": summary.curation_status,
    }


def _curated(link: ExistingLink, kind: str, summary: Summary) -> dict[str, Any]:
    return {
        "link": "curated",
        "iri": link.iri,
        "kind": kind,
        "code": link.code,
        "label": link.label,
        "meaning": link.meaning,
        "reason": clipped(link.rationale, _REASON),
        "source": summary.source,
        "curation_status": summary.curation_status,
    }


def assess(
    served: ServedGraph,
    *,
    text: str,
    role: str | None = None,
    frameworks: Sequence[str] = (),
    top: int = 10,
    start: int = 0,
) -> Rows:
    """Assess a system: provisions that seem to apply, threats, open questions, and further provisions to check."""
    found = served.graph.assess(text, role=role, frameworks=frameworks, top=top)
    rows = [*_provisions(found, "candidate"), *_threats(found), *_questions(found), *_provisions(found, "to check")]
    summaries = read_summaries(served.graph.store, [row["iri"] for row in rows if "iri" in row])
    for row in rows:
        if "iri" in row:
            summary = summaries[row["iri"]]
            row.update(source=summary.source, curation_status=summary.curation_status)
    total, rows = len(rows), rows[start:]
    head = "" if start else _head(found)
    note = " ".join([*found.notes, _CANDIDATES])
    return Rows(rows, [_line(row) for row in rows], total, head=head, note=note, start=start)


def _head(found: Assessment) -> str:
    facts: dict[str, list[str]] = {}
    for fact in found.facts:
        facts.setdefault(fact.name, []).append(f"{'not ' if fact.negated else ''}{fact.value}")
    stated = "; ".join(f"{name}: {', '.join(values)}" for name, values in facts.items())
    roles = ", ".join(found.roles)
    return f"Risk tier, to check: {found.tier}\nRoles: {roles or 'not settled'}\nFacts: {stated or 'none found'}"


def _threats(found: Assessment) -> Iterable[dict[str, Any]]:
    for threat in found.threats:
        yield {
            "section": "threats",
            "iri": threat.iri,
            "code": threat.code,
            "label": threat.label,
            "certainty": threat.certainty,
            "severity": threat.severity,
            "reason": clipped(threat.why, _SHORT),
            "mitigations": [clipped(control.label, 60) for control in threat.mitigations[:2]],
            "incidents": [shorten(incident.iri) for incident in threat.incidents[:1]],
        }


def _questions(found: Assessment) -> Iterable[dict[str, Any]]:
    for question in found.questions:
        yield {"section": "questions", "id": question.id, "text": question.text, "options": list(question.options)}


def _provisions(found: Assessment, status: str) -> Iterable[dict[str, Any]]:
    for provision in found.provisions:
        if provision.status == status:
            yield {
                "section": "provisions",
                "iri": provision.iri,
                "code": provision.code,
                "label": provision.label,
                "status": status,
                "applies_from": provision.applies_from,
                "reason": clipped(provision.reason, _SHORT),
            }


def _line(row: dict[str, Any]) -> str:
    if row["section"] == "questions":
        return f"- question {row['id']}: {row['text']} ({', '.join(row['options'])})"
    kind = kind_of(row["iri"])
    named = name_line(row | {"kind": kind.name if kind else ""})
    if row["section"] == "threats":
        return f"- threat: {named} [{row['certainty']}; {row['severity']}] {row['reason']}"
    since = f", applies from {row['applies_from']}" if row["applies_from"] else ""
    return f"- {row['status']}: {named}{since}. {row['reason']}"
