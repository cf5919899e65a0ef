"""Names the duties that follow from a high-risk candidate, for the roles of the organization."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from threatgraph.assess.conditions import any_holds, holds, stated
from threatgraph.assess.lexicon import load
from threatgraph.assess.model import Status
from threatgraph.assess.ruling import Ruling

#: Duties of a role that the graph places on a narrower role, such as employers among deployers.
_NARROWER = {
    "deployer": {"deployer", "employer", "public-authority", "union-body", "law-enforcement-authority", "operator"},
    "provider": {"provider", "operator"},
}


def high_risk_duties(ruling: Ruling) -> None:
    """Add the duties of the roles, if the system is a high-risk candidate.

    The graph's obligations decide whom a provision binds. Whether a duty is a candidate or to check depends on the
    classification, on the role, and on the condition of the duty.
    """
    points = ruling.points()
    product = ruling.open("article-6-1")
    if not points and not product:
        return
    sure = ruling.role_settled and any(
        ruling.findings[slug].status == "candidate" for slug in (*points, *(["article-6-1"] if product else []))
    )
    for duty in load("rules")["duty"]:
        provision = ruling.law.get(duty["provision"])
        if provision is None:
            continue
        for role in ruling.roles:
            bound = _NARROWER.get(role, {role}) & set(provision.obliges)
            if role in duty["for"] and bound:
                _add(ruling, duty, role, points, sure=sure)
                break


def _add(ruling: Ruling, duty: Mapping[str, Any], role: str, points: list[str], *, sure: bool) -> None:
    slug = duty["provision"]
    if duty.get("route") == "annex-iii":
        points = [point for point in points if point not in duty.get("not_points", ())]
        if not points:
            return
    conditions = duty.get("when", ())
    if conditions and not any_holds(conditions, ruling.facts, ruling.found):
        if "otherwise" in duty:
            private = bool(ruling.facts.denies("setting=public-authority")) or holds(duty["private"], ruling.facts)
            words = ruling.facts.words([duty["private"]])
            if private or set(points) - set(duty.get("otherwise_not", ())):
                ruling.add(slug, "ruled out" if private else "to check", duty["otherwise"], words)
        return
    matched = [
        quoted
        for condition in conditions
        if holds(condition, ruling.facts, ruling.found)
        for quoted in ruling.facts.words(stated(condition))
    ]
    status: Status = duty.get("status", "candidate") if sure else "to check"
    who = f"It binds you as {role}" if ruling.role_settled else f"It binds the {role}"
    because = f"{duty['because']} " if "because" in duty else ""
    ruling.add(slug, status, f"{because}{who}, if the system is high-risk.", matched, product=not ruling.points())
