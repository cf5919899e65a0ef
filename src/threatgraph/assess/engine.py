"""Assesses a system: reads what is stated, applies the rules, ranks the threats and collects what the graph has."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from threatgraph.assess import guidance as guide
from threatgraph.assess import notes
from threatgraph.assess.assessment import Assessment
from threatgraph.assess.comparison import Comparison
from threatgraph.assess.facts import extract
from threatgraph.assess.law import Law
from threatgraph.assess.lexicon import load, restore
from threatgraph.assess.model import Fact, ProvisionFinding, RegisterRow, ThreatFinding
from threatgraph.assess.profile import Profile, read_profile
from threatgraph.assess.questions import ask
from threatgraph.assess.resemblance import resembling
from threatgraph.assess.rows import register_row
from threatgraph.assess.rules import apply
from threatgraph.assess.ruling import Ruling
from threatgraph.assess.sentences import purpose_text, split
from threatgraph.assess.threats import Ranked, rank, reason
from threatgraph.errors import InvalidQuery, UnknownName
from threatgraph.layout import beginning
from threatgraph.recommend import Recommender
from threatgraph.recommend.model import LONGEST_TEXT
from threatgraph.store import Store

ROLES = ("provider", "deployer", "importer", "distributor", "product-manufacturer", "gpai-provider")
"""The roles that ``role`` accepts."""
#: The number of incidents of a threat, and of the whole assessment.
_PRECEDENTS, _INCIDENTS = 4, 10
_TITLE = 70


def assess(
    store: Store,
    recommender: Recommender,
    *,
    text: str | None = None,
    profile: str | Path | Mapping[str, Any] | None = None,
    patterns: Sequence[str] = (),
    role: str | Sequence[str] | None = None,
    frameworks: Sequence[str] = (),
    top: int = 10,
) -> Assessment:
    """Assess a system, from a description, a profile or patterns.

    Args:
        store: the graph.
        recommender: the recommender of the graph.
        text: a description of the system in English.
        profile: a system profile: a mapping, or the path of a YAML or Turtle file.
        patterns: the IRIs of threat patterns that are known to be relevant.
        role: the role or roles of the organization, such as ``deployer``; it overrides the text and the profile.
        frameworks: the IRIs of the frameworks to consider; all if empty.
        top: the maximum number of threats.

    Returns:
        The assessment. The same input gives the same assessment.

    Raises:
        InvalidQuery: if nothing is given, if the text is too long, or if ``top`` is below 1.
        InvalidFile: if the profile cannot be read.
        UnknownName: for an unknown role, or an unknown key or value of the profile.
    """
    restore(store)
    given = read_profile(profile) if profile is not None else Profile(None, "", (), frozenset())
    description = (text or "").strip()
    _check(text, profile, patterns, top)
    whole = "\n\n".join(part for part in (description, given.text) if part)
    sentences = split(whole)
    roles = _roles(role)
    facts = extract(whole, sentences).replaced((*given.facts, *roles))
    law = Law(store, load("rules")["framework"])
    considered = not frameworks or law.iri in frameworks
    ruling = apply(law, facts, lambda: resembling(recommender, law, sentences))
    purpose = purpose_text(sentences)
    involved = guide.read_involved(store)
    ranked = rank(recommender, facts, purpose, involved, patterns, top)
    relevance = {item.iri: item.score for item in ranked}
    comparison = Comparison(store, recommender, facts, ruling, purpose, involved, relevance)
    findings = tuple(ruling.findings.values()) if considered else ()
    threats, rows = _threats(store, ranked, comparison, findings, frameworks)
    answered = given.answered | ({"role"} if roles else frozenset())
    return Assessment(
        title=given.title or _title(whole, threats),
        description=whole,
        facts=facts.items,
        roles=facts.values("role"),
        tier=_tier(ruling, readable=notes.is_readable(whole)),
        provisions=findings,
        threats=threats,
        incidents=comparison.best(_INCIDENTS),
        questions=ask(ruling, frozenset(answered)) if considered and (whole or facts.items) else (),
        register=rows,
        notes=notes.collect(whole, facts, ruling if considered else None, threats),
    )


def _check(text: str | None, profile: object, patterns: Sequence[str], top: int) -> None:
    if top < 1:
        raise InvalidQuery(f"top={top}: must be at least 1.")
    if text is None and profile is None and not patterns:
        raise InvalidQuery("an assessment requires a description, a profile or patterns.")
    if text is not None and len(text) > LONGEST_TEXT:
        raise InvalidQuery(f"the description has {len(text):,} characters; the maximum is {LONGEST_TEXT:,}.")
    if text is not None and not text.strip() and profile is None and not patterns:
        raise InvalidQuery("the description is empty: state what the system does, for whom, and with which data.")


def _roles(role: str | Sequence[str] | None) -> tuple[Fact, ...]:
    names = [] if role is None else [role] if isinstance(role, str) else list(role)
    for name in names:
        if name not in ROLES:
            raise UnknownName("role", name, ROLES, f"The roles are {', '.join(ROLES)}.")
    return tuple(Fact("role", name, "profile") for name in names)


def _tier(ruling: Ruling, *, readable: bool) -> str:
    """The highest tier that the findings show; ``not settled`` if it depends on what must be checked.

    A description that cannot be read settles nothing.
    """
    candidates = [slug for slug, finding in ruling.findings.items() if finding.status == "candidate"]
    open_ones = [slug for slug in ruling.findings if ruling.open(slug)]
    if any(slug.startswith("article-5-1") for slug in candidates):
        return "prohibited"
    if {"article-6-1", "article-6-2"} & set(candidates):
        return "high-risk"
    if {"article-6-1", "article-6-2"} & set(open_ones) or any(slug.startswith("article-5-1") for slug in open_ones):
        return "not settled"
    if "article-53" in candidates:
        return "general-purpose"
    if any(slug.startswith("article-50") for slug in open_ones):
        return "transparency"
    return "minimal" if readable else "not settled"


def _title(whole: str, threats: Sequence[ThreatFinding]) -> str:
    line = whole.strip().split("\n", 1)[0].lstrip("# ").strip()
    if not line:
        return f"Assessment of {threats[0].label}" if threats else "Assessment"
    first = line.split(". ")[0].rstrip(".")
    return beginning(first, _TITLE, "…")


def _threats(
    store: Store,
    ranked: Sequence[Ranked],
    comparison: Comparison,
    findings: Sequence[ProvisionFinding],
    frameworks: Collection[str],
) -> tuple[tuple[ThreatFinding, ...], tuple[RegisterRow, ...]]:
    read = guide.read_patterns(store, [item.iri for item in ranked], frameworks)
    codes = guide.read_codes(store, [iri for item in read.values() for iri in item.mapped])
    open_findings = {finding.iri: finding for finding in findings if finding.status != "ruled out"}
    threats, rows = [], []
    for item in ranked:
        found = read[item.iri]
        incidents = comparison.of_pattern(item.iri, _PRECEDENTS)
        labels = comparison.labels(item.incidents)
        threat = ThreatFinding(
            iri=item.iri,
            code=found.code,
            label=found.label,
            abstract=found.abstract,
            certainty=item.certainty,
            score=min(1.0, item.score),
            why=reason(item, labels),
            severity=found.severity,
            likelihood_trend=found.trend,
            causes=tuple(found.causes),
            affected=tuple(found.affected),
            provisions=tuple(iri for iri in open_findings if iri in found.mapped),
            mitigations=tuple(found.mitigations),
            controls=tuple(found.controls),
            indicators=tuple(found.indicators),
            response_steps=tuple(found.steps),
            incidents=incidents,
        )
        threats.append(threat)
        rows.append(register_row(threat, open_findings, found, codes, frameworks))
    return tuple(threats), tuple(rows)
