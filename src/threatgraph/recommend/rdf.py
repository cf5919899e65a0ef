"""Recommendations as triples, which can be exported, validated and queried."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from pyoxigraph import Literal, NamedNode, Triple

from threatgraph.recommend.recommendation import PLACES, Reason, Recommendation
from threatgraph.vocab import BASE, PREFIXES, RDF_TYPE, XSD, kind_of, tg

_RDF = PREFIXES["rdf"]
_DERIVED = NamedNode(PREFIXES["prov"] + "wasDerivedFrom")
_DESCRIPTION = NamedNode(PREFIXES["dcterms"] + "description")
_TYPE = NamedNode(RDF_TYPE)


def to_triples(items: Sequence[Recommendation], asked: Sequence[str], text: str | None, basis: str) -> list[Triple]:
    """Convert recommendations to ``tg:Recommendation``.

    A recommendation has its query, the recommended record, rank and score; its reasons are parts of it. The statements
    that a reason is based on are reified (RDF Schema 1.1, section 5.3), and both the reason and the recommendation are
    ``prov:wasDerivedFrom`` them (PROV-O, section 3.1).

    Args:
        items: the recommendations.
        asked: the query: IRIs of records, or the text.
        text: the query text, if the query was a text.
        basis: ``signals`` or ``popularity``.

    Returns:
        Triples without blank nodes, the same ones for the same recommendations.
    """
    return [found for item in items for found in _recommendation(item, asked, text, basis)]


def _recommendation(item: Recommendation, asked: Sequence[str], text: str | None, basis: str) -> list[Triple]:
    node = NamedNode(f"{BASE}recommendation/{_slug(asked, text)}/{_name(item.iri)}")
    triples = [
        Triple(node, _TYPE, NamedNode(tg("Recommendation"))),
        Triple(node, NamedNode(tg("recommends")), NamedNode(item.iri)),
        Triple(node, NamedNode(tg("rankPosition")), Literal(item.rank)),
        Triple(node, NamedNode(tg("score")), _number(item.score)),
        Triple(node, NamedNode(tg("recommendationBasis")), Literal(basis)),
    ]
    if text is None:
        triples += [Triple(node, NamedNode(tg("recommendedFor")), NamedNode(iri)) for iri in asked]
    else:
        triples.append(Triple(node, NamedNode(tg("queryText")), Literal(text)))
    names: dict[Triple, NamedNode] = {}
    parts = (part for reason in item.reasons for part in reason.parts)
    for number, reason in enumerate(parts, 1):
        triples += _reason(node, NamedNode(f"{node.value}#reason-{number}"), reason, names)
    for statement in item.curated:
        triples.append(Triple(node, NamedNode(tg("existingLink")), _numbered(node, statement, names)))
    for statement, name in names.items():
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
    return Literal(f"{value:.{PLACES}f}", datatype=NamedNode(XSD + "decimal"))


def _slug(asked: Sequence[str], text: str | None) -> str:
    if text is None and len(asked) == 1:
        return _name(asked[0])
    digest = hashlib.sha256("\n".join(asked).encode("utf-8", "replace")).hexdigest()[:12]
    return f"{'text' if text is not None else 'set'}-{digest}"


def _name(iri: str) -> str:
    """The name of a record in the IRI of a recommendation: its slug, or a digest for an IRI in another namespace."""
    kind = kind_of(iri)
    if kind:
        return f"{kind.name}-{iri.removeprefix(kind.namespace).replace('/', '-')}"
    return f"record-{hashlib.sha256(iri.encode()).hexdigest()[:12]}"
