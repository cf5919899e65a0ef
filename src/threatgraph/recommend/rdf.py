"""Recommendations as triples, so that they can be exported, validated and asked like everything else."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode, Triple

from threatgraph.vocab import BASE, PREFIXES, RDF_TYPE, XSD, kind_of, tg

if TYPE_CHECKING:
    from threatgraph.recommend.result import Reason, Recommendation, Recommendations

#: Places behind the point of a number.
_PLACES = 6
_RDF = PREFIXES["rdf"]
_DERIVED = NamedNode(PREFIXES["prov"] + "wasDerivedFrom")
_DESCRIPTION = NamedNode(PREFIXES["dcterms"] + "description")
_TYPE = NamedNode(RDF_TYPE)


def to_triples(recommendations: Recommendations) -> list[Triple]:
    """Every recommendation as a ``tg:Recommendation``.

    A recommendation names what it is for, what it recommends, its place and its score; its reasons are parts of it. The
    statements that a reason rests on are reified (RDF Schema 1.1, section 5.3), and both the reason and the
    recommendation are ``prov:wasDerivedFrom`` them (PROV-O, section 3.1).

    Returns:
        Triples of named nodes alone; the same ones for the same recommendations.
    """
    return [found for item in recommendations for found in _recommendation(recommendations, item)]


def _recommendation(asked: Recommendations, item: Recommendation) -> list[Triple]:
    node = NamedNode(f"{BASE}recommendation/{_slug(asked)}/{_name(item.iri)}")
    triples = [
        Triple(node, _TYPE, NamedNode(tg("Recommendation"))),
        Triple(node, NamedNode(tg("recommends")), NamedNode(item.iri)),
        Triple(node, NamedNode(tg("rankPosition")), Literal(item.rank)),
        Triple(node, NamedNode(tg("score")), _number(item.score)),
        Triple(node, NamedNode(tg("recommendationBasis")), Literal(asked.basis)),
    ]
    if asked.text is None:
        triples += [Triple(node, NamedNode(tg("recommendedFor")), NamedNode(iri)) for iri in asked.asked]
    else:
        triples.append(Triple(node, NamedNode(tg("queryText")), Literal(asked.text)))
    numbers: dict[Triple, NamedNode] = {}
    parts = (part for reason in item.reasons for part in reason.parts)
    for place, reason in enumerate(parts, 1):
        triples += _reason(node, NamedNode(f"{node.value}#reason-{place}"), reason, numbers)
    for statement in item.curated:
        triples.append(Triple(node, NamedNode(tg("existingLink")), _numbered(node, statement, numbers)))
    for statement, name in numbers.items():
        triples += _reified(name, statement)
    return triples


def _reason(node: NamedNode, part: NamedNode, reason: Reason, numbers: dict[Triple, NamedNode]) -> list[Triple]:
    triples = [
        Triple(node, NamedNode(tg("reason")), part),
        Triple(part, _TYPE, NamedNode(tg("RecommendationReason"))),
        Triple(part, NamedNode(tg("signal")), Literal(reason.signal)),
        Triple(part, NamedNode(tg("contribution")), _number(reason.contribution)),
        Triple(part, _DESCRIPTION, Literal(reason.text, language="en")),
    ]
    for statement in reason.statements:
        name = _numbered(node, statement, numbers)
        triples += [Triple(part, _DERIVED, name), Triple(node, _DERIVED, name)]
    return triples


def _numbered(node: NamedNode, statement: Triple, numbers: dict[Triple, NamedNode]) -> NamedNode:
    return numbers.setdefault(statement, NamedNode(f"{node.value}#statement-{len(numbers) + 1}"))


def _reified(name: NamedNode, statement: Triple) -> list[Triple]:
    return [
        Triple(name, _TYPE, NamedNode(_RDF + "Statement")),
        Triple(name, NamedNode(_RDF + "subject"), statement.subject),
        Triple(name, NamedNode(_RDF + "predicate"), statement.predicate),
        Triple(name, NamedNode(_RDF + "object"), statement.object),
    ]


def _number(value: float) -> Literal:
    return Literal(f"{value:.{_PLACES}f}", datatype=NamedNode(XSD + "decimal"))


def _slug(asked: Recommendations) -> str:
    if asked.text is None and len(asked.asked) == 1:
        return _name(asked.asked[0])
    digest = hashlib.sha256("\n".join(asked.asked).encode("utf-8", "replace")).hexdigest()[:12]
    return f"{'text' if asked.text is not None else 'set'}-{digest}"


def _name(iri: str) -> str:
    """A name for a record inside the IRI of a recommendation: its own slug, or a digest of an IRI outside our space."""
    kind = kind_of(iri)
    if kind:
        return f"{kind.name}-{iri.removeprefix(kind.namespace).replace('/', '-')}"
    return f"record-{hashlib.sha256(iri.encode()).hexdigest()[:12]}"
