"""The assessment as triples, which can be validated, queried and joined with the graph."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import asdict

from pyoxigraph import Literal, NamedNode, Triple

from threatgraph.assess.model import AssessmentData, ProvisionFinding, ThreatFinding
from threatgraph.export import export_triples
from threatgraph.vocab import BASE, PREFIXES, RDF_TYPE, tg

_DERIVED = NamedNode(PREFIXES["prov"] + "wasDerivedFrom")
_TYPE = NamedNode(RDF_TYPE)


def to_turtle(data: AssessmentData) -> bytes:
    """Write the assessment as Turtle.

    Args:
        data: the assessment.
    """
    return export_triples(to_triples(data), "turtle")


def to_jsonld(data: AssessmentData) -> bytes:
    """Write the assessment as JSON-LD.

    Args:
        data: the assessment.
    """
    return export_triples(to_triples(data), "jsonld")


def to_triples(data: AssessmentData) -> list[Triple]:
    """Convert an assessment to ``tg:Assessment``.

    The provisions and threats are parts of it. Each part is ``prov:wasDerivedFrom`` the records that it rests on, and
    the assessment is ``prov:wasDerivedFrom`` the comparable incidents.

    Args:
        data: the assessment.

    Returns:
        Triples without blank nodes, the same ones for the same assessment.
    """
    node = NamedNode(f"{BASE}assessment/{_slug(data)}")
    triples = [
        Triple(node, _TYPE, NamedNode(tg("Assessment"))),
        Triple(node, NamedNode(tg("proposedTier")), Literal(data.tier)),
        *(Triple(node, NamedNode(tg("organizationRole")), NamedNode(f"{PREFIXES['role']}{r}")) for r in data.roles),
        *_derived(node, [incident.iri for incident in data.incidents]),
    ]
    if data.description:
        triples.append(Triple(node, NamedNode(tg("systemDescription")), Literal(data.description)))
    for provision in data.provisions:
        triples += _provision(node, provision)
    for position, threat in enumerate(data.threats, 1):
        triples += _threat(node, position, threat)
    return triples


def _provision(node: NamedNode, provision: ProvisionFinding) -> list[Triple]:
    part = _part(node, "provision", provision.iri)
    return [
        Triple(node, NamedNode(tg("assessedProvision")), part),
        Triple(part, _TYPE, NamedNode(tg("AssessedProvision"))),
        Triple(part, NamedNode(tg("provision")), NamedNode(provision.iri)),
        Triple(part, NamedNode(tg("provisionStatus")), Literal(provision.status)),
        Triple(part, NamedNode(tg("findingReason")), Literal(provision.reason)),
        *(Triple(part, NamedNode(tg("matchedText")), Literal(words)) for words in dict.fromkeys(provision.matched)),
        *_derived(part, [provision.iri]),
    ]


def _threat(node: NamedNode, position: int, threat: ThreatFinding) -> list[Triple]:
    part = _part(node, "threat", threat.iri)
    return [
        Triple(node, NamedNode(tg("assessedThreat")), part),
        Triple(part, _TYPE, NamedNode(tg("AssessedThreat"))),
        Triple(part, NamedNode(tg("pattern")), NamedNode(threat.iri)),
        Triple(part, NamedNode(tg("position")), Literal(position)),
        Triple(part, NamedNode(tg("certainty")), Literal(threat.certainty)),
        Triple(part, NamedNode(tg("findingReason")), Literal(threat.why)),
        *_derived(part, [threat.iri, *threat.provisions, *(incident.iri for incident in threat.incidents)]),
    ]


def _derived(node: NamedNode, iris: Sequence[str]) -> list[Triple]:
    return [Triple(node, _DERIVED, NamedNode(iri)) for iri in dict.fromkeys(iris)]


def _part(node: NamedNode, kind: str, iri: str) -> NamedNode:
    """A part of the assessment, named after the record that it is about."""
    path = iri.removeprefix(BASE).partition("/")[2] if iri.startswith(BASE) else iri
    name = re.sub(r"[^A-Za-z0-9]+", "-", path).strip("-")
    return NamedNode(f"{node.value}#{kind}-{name}")


def _slug(data: AssessmentData) -> str:
    """A name that depends on what was assessed: the description, the facts and the roles."""
    asked = json.dumps([data.title, data.description, [asdict(fact) for fact in data.facts], data.roles])
    return f"system-{hashlib.sha256(asked.encode()).hexdigest()[:12]}"
