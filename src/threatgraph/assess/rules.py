"""Applies the rules of the EU AI Act to the facts of a system. A finding is a candidate to check, never a verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from threatgraph.assess.conditions import holds, stated
from threatgraph.assess.duties import high_risk_duties
from threatgraph.assess.facts import QUOTATION, Facts
from threatgraph.assess.law import Law
from threatgraph.assess.lexicon import load
from threatgraph.assess.model import ProvisionFinding, Status
from threatgraph.assess.resemblance import OF_USE, Resemblance
from threatgraph.assess.ruling import Ruling
from threatgraph.layout import beginning

#: The roles that a user's organization can have, with those that it is checked for if the text names none.
ASSUMED = ("provider", "deployer")
_TRANSPARENCY = {
    "article-50-1": "provider",
    "article-50-2": "provider",
    "article-50-3": "deployer",
    "article-50-4": "deployer",
}


def apply(law: Law, facts: Facts, resembling: Callable[[], Sequence[Resemblance]] | None = None) -> Ruling:
    """Apply the rules to the facts.

    Args:
        law: the provisions of the EU AI Act.
        facts: the facts of the description and the profile.
        resembling: finds the example uses that the description resembles; asked only if no fact states a use of a
            provision.

    Returns:
        The findings: prohibited practices, high-risk uses and products, transparency, models, and the duties of the
        roles. Without an exclusion or a match, a provision has no finding.
    """
    roles, settled = _roles(facts)
    ruling = Ruling(law, facts, roles, settled)
    for rule in load("rules")["rule"]:
        _apply_rule(ruling, rule)
    if resembling and not any(OF_USE.match(slug) and ruling.open(slug) for slug in ruling.findings):
        _apply_examples(ruling, resembling())
    _classify(ruling)
    high_risk_duties(ruling)
    _transparency_form(ruling)
    _literacy(ruling)
    _scope(ruling)
    _voluntary(ruling)
    return ruling


def _roles(facts: Facts) -> tuple[tuple[str, ...], bool]:
    """The roles to check, and whether the text or the profile settles them.

    Who develops a system may also use it, and who uses one may have built it: only a sale or a purchase
    distinguishes them.
    """
    stated = facts.values("role")
    if any(fact.words == "profile" for fact in facts.find("role=*")) or set(stated) - set(ASSUMED):
        return stated, True
    if stated == ("provider",) and facts.has("supply=sells") and not facts.has("supply=buys"):
        return stated, True
    if stated == ("deployer",) and facts.has("supply=buys"):
        return stated, True
    if set(stated) == set(ASSUMED) and facts.has("supply=buys") and not facts.has("supply=sells"):
        return ASSUMED, False
    return ASSUMED, set(stated) == set(ASSUMED)


def _apply_rule(ruling: Ruling, rule: Mapping[str, Any]) -> None:
    outcomes: tuple[tuple[str, Status], ...] = (("exclude", "ruled out"), ("check", "to check"), ("when", "candidate"))
    for key, status in outcomes:
        for case in rule.get(key, ()):
            if holds(case["if"], ruling.facts):
                matched = ruling.facts.words(stated(case["if"]))
                ruling.add(rule["provision"], *_addressed(ruling, rule["provision"], status, case["because"]), matched)
                return
    for case in (*rule.get("when", ()), *rule.get("check", ())):
        denied = ruling.facts.denies(stated(case["if"])[0])
        if denied and denied[0].name != "autonomy":
            ruling.add(
                rule["provision"],
                "ruled out",
                f"It is stated that this is not so: “{denied[0].words}”.",
                [denied[0].words],
            )
            return


def _addressed(ruling: Ruling, slug: str, status: Status, because: str) -> tuple[Status, str]:
    """The status of a transparency paragraph, which binds one role only."""
    if slug == "article-50-2" and status != "ruled out":
        because += " A system that was on the market before 2 August 2026 has until 2 December 2026 (Article 111(4))."
    addressee = _TRANSPARENCY.get(slug)
    if addressee is None or status == "ruled out":
        return status, because
    if not ruling.role_settled:
        return status, f"{because} The paragraph binds the {addressee}."
    if addressee in ruling.roles:
        return status, f"{because} It binds you as {addressee}."
    if not any(fact.words == "profile" for fact in ruling.facts.find("role=*")):
        # Who runs a system under its own name may be its provider: only the user settles that.
        return "to check", f"{because} The paragraph binds the {addressee}; check whether you are one."
    return "ruled out", f"{because} The paragraph binds the {addressee}, not the {' or '.join(ruling.roles)}."


def _apply_examples(ruling: Ruling, resembling: Sequence[Resemblance]) -> None:
    for found in resembling:
        because = f"The description resembles an example of a use that the provision covers: “{found.example}”"
        ruling.add(
            found.slug, *_addressed(ruling, found.slug, "to check", because), [beginning(found.sentence, QUOTATION)]
        )


def _classify(ruling: Ruling) -> None:
    """Both routes of Article 6: products of Annex I, and the uses of Annex III with the derogation."""
    _products(ruling)
    points = ruling.points()
    if not points:
        return
    codes = ", ".join(ruling.findings[slug].code for slug in points)
    sure = any(ruling.findings[slug].status == "candidate" for slug in points)
    matched = [words for slug in points for words in ruling.findings[slug].matched]
    ruling.add(
        "article-6-2", "candidate" if sure else "to check", f"A use in {codes} makes a system high-risk.", matched
    )
    profiling = ruling.facts.find("profiling=yes")
    narrow = ruling.facts.words(["autonomy=narrow-task", "autonomy=advice-only"])
    if profiling and profiling[0].words == "profile":
        ruling.add("article-6-3", "ruled out", "The system profiles people, so the derogation is not available.")
        return
    if profiling:
        reason = (
            "The system seems to profile people; if it does, it remains high-risk and the derogation is not available."
        )
    elif narrow:
        reason = "The text names a limited task; the derogation may apply unless the system profiles people."
    else:
        reason = (
            "The derogation may apply if the system performs a narrow or preparatory task and does not profile people."
        )
    ruling.add("article-6-3", "to check", reason, [fact.words for fact in profiling] or narrow)
    if "provider" in ruling.roles:
        ruling.add(
            "article-6-4",
            "to check",
            "A provider that relies on Article 6(3) must document its assessment and register.",
        )


def _products(ruling: Ruling) -> None:
    facts = ruling.facts
    denied = facts.denies("product=third-party assessment")
    for product in load("rules")["product"]:
        found = facts.find(f"product={product['value']}")
        if not found:
            continue
        if denied:
            ruling.add(
                "article-6-1",
                "ruled out",
                "No third-party conformity assessment is required, according to the profile.",
            )
            return
        assessed = facts.has("product=third-party assessment")
        status: Status = "candidate" if assessed else product["status"]
        reason = (
            f"The system may be, or be a safety component of, a product ({product['value']}) under {product['law']}; "
            "it is high-risk if that law requires a third-party conformity assessment for health or safety risks."
        )
        matched = [fact.words for fact in found]
        ruling.add("article-6-1", status, reason, matched, product=True)
        ruling.add("annex-i", status, "Annex I lists the product legislation that Article 6(1) refers to.", matched)
        return


def _transparency_form(ruling: Ruling) -> None:
    if any(ruling.open(slug) for slug in _TRANSPARENCY):
        ruling.add(
            "article-50-5", "candidate", "The information must be clear and given at the first interaction or exposure."
        )


def _literacy(ruling: Ruling) -> None:
    if {"provider", "deployer"} & set(ruling.roles):
        ruling.add("article-4", "candidate", "Providers and deployers of every AI system must support AI literacy.")


def _voluntary(ruling: Ruling) -> None:
    """Codes of conduct, if the Act places no other duty on the system."""
    general = {"article-2", "article-4"}
    if ruling.open("article-4") and not any(ruling.open(slug) for slug in ruling.findings.keys() - general):
        ruling.add(
            "article-95",
            "candidate",
            "No stricter rule was found for the system; you can still follow codes of conduct voluntarily.",
        )


def _scope(ruling: Ruling) -> None:
    """Exclusions of Article 2: what they cover is ruled out."""
    for case in load("rules")["scope"]:
        if not holds(case["if"], ruling.facts):
            continue
        because, matched = case["because"], ruling.facts.words(stated(case["if"]))
        for slug, finding in list(ruling.findings.items()):
            covered = case["covers"] == "all" or _binds_deployer(slug, finding)
            if finding.status != "ruled out" and covered:
                provision = ruling.law.get(slug)
                if provision is not None:
                    ruling.findings[slug] = ruling.law.finding(
                        provision, "ruled out", f"{because[0].upper()}{because[1:]}.", matched
                    )
        scope = ruling.law.get("article-2")
        if scope is not None:
            finding = ruling.law.finding(scope, "candidate", f"The exclusion must be checked: {because}.", matched)
            rest = {slug: other for slug, other in ruling.findings.items() if slug != "article-2"}
            ruling.findings = {"article-2": finding, **rest}
        return


def _binds_deployer(slug: str, finding: ProvisionFinding) -> bool:
    return ("deployer" in finding.roles and "provider" not in finding.roles) or slug == "article-4"
