"""Predicts links from imported incidents to threat patterns, from their texts and their MIT risk subdomains.

A predicted link is a ``tg:Recommendation`` with a confidence, separate from the record, so that counts of curated links
do not change. Two signals support a link: the text similarity of incident and pattern, as scored by
:mod:`threatgraph.recommend`, and a shared subdomain of the MIT AI Risk Repository, assigned by people. The thresholds
and confidences were measured by ``tests/bench/import_links.py``; it and the documentation describe the method.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from pyoxigraph import Literal, NamedNode

from threatgraph.importers.builder import ImportResult, RecordBuilder
from threatgraph.recommend import Recommender
from threatgraph.recommend.model import LONGEST_TEXT
from threatgraph.store import Store
from threatgraph.vocab import BASE, PREFIXES, XSD, tg

#: The maximum number of predicted patterns of a record; second and third ones were right less often than not.
MOST = 1
#: The number of patterns that are ranked.
_RANKED = 3
#: The minimum number of words in a text: no measured text was shorter, and short texts score high by chance.
FEWEST_WORDS = 18
#: The class to predict links for. Provisions have none, since no data is available to measure accuracy.
_LINKED = "Incident"
_MIT = PREFIXES["mit"]
_TEXTS = tuple(PREFIXES[prefix] + name for prefix, name in (("skos", "prefLabel"), ("dcterms", "description")))
_SAME = tg("sameIncident")
_CLASS = PREFIXES["sssom"] + "object_id"
_SUBDOMAINS = f"""
SELECT ?pattern ?subdomain {{
  ?pattern a tg:ThreatPattern ; tg:mapping/sssom:object_id ?subdomain .
  FILTER(STRSTARTS(STR(?subdomain), "{_MIT}") && CONTAINS(STR(?subdomain), "."))
}}
"""
#: Scores are rounded to this many digits before sorting, so that rounding errors do not affect the order.
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Tier:
    """A score threshold for predicted links, with the confidence of the links above it."""

    justification: str
    """The matching method, a term of the Semantic Mapping Vocabulary."""
    least: float
    """The minimum text score."""
    confidence: float
    """The share of such links that curators had also made, among incidents not used to choose the threshold."""


#: Text alone, and text with a shared MIT subdomain. Thresholds were chosen on one half of the incidents, raised after
#: a strict reading of a sample, and the confidences measured on the other half.
TEXT = Tier("SemanticSimilarityThresholdMatching", least=0.23, confidence=0.89)
BOTH = Tier("CompositeMatching", least=0.18, confidence=0.92)


#: Higher minimum scores of patterns that attract texts about something else, by slug; chosen like those of the tiers.
FLOORS = {"deceptive-manipulative-interfaces": 0.23, "disinformation-campaigns": 0.25}


@dataclass(frozen=True, slots=True)
class Prediction:
    """A predicted pattern of a record."""

    pattern: str
    rank: int
    score: float
    agrees: bool
    """Whether record and pattern share a MIT subdomain."""

    @property
    def tier(self) -> Tier:
        """The tier of the prediction."""
        return BOTH if self.agrees else TEXT

    @property
    def least(self) -> float:
        """The minimum score of a link: that of the tier, or of the pattern."""
        return max(self.tier.least, FLOORS.get(self.pattern.rpartition("/")[2], 0.0))


class LinkPredictor:
    """Predicts the patterns that a text describes."""

    def __init__(self, store: Store) -> None:
        """Read the patterns of a graph.

        Args:
            store: the graph; the imported records need not be in it.
        """
        self._recommender = Recommender(store)
        self._subdomains: dict[str, set[str]] = {}
        for row in store.select(_SUBDOMAINS).to_dicts():
            self._subdomains.setdefault(str(row["pattern"]), set()).add(str(row["subdomain"]))

    def predictions(self, text: str, subdomains: set[str]) -> list[Prediction]:
        """Rank the patterns most similar to a text, best first; no threshold is applied.

        Args:
            text: the text of the record.
            subdomains: IRIs of the MIT subdomains assigned to the record.
        """
        query = self._recommender.text_query(text[:LONGEST_TEXT])
        values = self._recommender.values(query, "pattern")
        scores = self._recommender.fuse([query], [values], "pattern").round(_DIGITS).tolist()
        candidates = self._recommender.target("pattern")
        ordered = sorted(candidates.candidates(), key=lambda c: (-scores[c], candidates.iri(c)))[:_RANKED]
        return [
            Prediction(iri, rank, scores[c], bool(subdomains & self._subdomains.get(iri, set())))
            for rank, c in enumerate(ordered, 1)
            if scores[c] > 0 and (iri := candidates.iri(c))
        ]


def add_links(result: ImportResult, store: Store, above: float = 0.0) -> None:
    """Add predicted links from the records of a result to patterns.

    A record with ``tg:sameIncident`` to an incident in the graph gets none, since curators have linked that incident.

    Args:
        result: valid records.
        store: the graph with the patterns.
        above: the minimum confidence of a link, from 0 to 1.
    """
    tiers = [tier for tier in (TEXT, BOTH) if tier.confidence >= above]
    records = [
        builder for builder in result.records.values() if builder.class_name == _LINKED and not _is_known(builder)
    ]
    if not tiers or not records:
        return
    predictor = LinkPredictor(store)
    without = 0
    for builder in records:
        text = " ".join(_texts(builder))
        ranked = predictor.predictions(text, _subdomains(builder)) if len(text.split()) >= FEWEST_WORDS else []
        fitting = [found for found in ranked[:MOST] if found.tier in tiers and found.score >= found.least]
        for rank, prediction in enumerate(fitting, 1):
            result.add(_link(builder, prediction, rank))
        without += not fitting
    if without:
        result.notes.append(
            f"no pattern fits {without:,} of {len(records):,} incidents well enough for a predicted link."
        )


def _is_known(builder: RecordBuilder) -> bool:
    return any(
        triple.predicate.value == _SAME
        and isinstance(triple.object, NamedNode)
        and triple.object.value.startswith(f"{BASE}incident/")
        for triple in builder.triples
    )


def _texts(builder: RecordBuilder) -> Iterator[str]:
    """The label and the description of a record, in this order."""
    for prop in _TEXTS:
        for triple in builder.triples:
            own = triple.subject == NamedNode(builder.iri)
            if own and triple.predicate.value == prop and isinstance(triple.object, Literal):
                yield triple.object.value


def _subdomains(builder: RecordBuilder) -> set[str]:
    """The MIT subdomains that a record is mapped to."""
    values = [
        t.object.value for t in builder.triples if t.predicate.value == _CLASS and isinstance(t.object, NamedNode)
    ]
    return {value for value in values if value.startswith(_MIT) and "." in value.removeprefix(_MIT)}


def _link(builder: RecordBuilder, prediction: Prediction, rank: int) -> RecordBuilder:
    ends = [iri.removeprefix(BASE).replace("/", "-") for iri in (builder.iri, prediction.pattern)]
    link = RecordBuilder(f"{BASE}recommendation/{ends[0]}/{ends[1]}", "Recommendation", builder.path, builder.line)
    link.add("tg:recommendedFor", NamedNode(builder.iri))
    link.add("tg:recommends", NamedNode(prediction.pattern))
    link.add("tg:rankPosition", Literal(rank))
    link.add("tg:score", _decimal(prediction.score))
    link.add("tg:recommendationBasis", Literal("signals"))
    link.add("sssom:confidence", _decimal(prediction.tier.confidence))
    link.add("sssom:mapping_justification", NamedNode(PREFIXES["semapv"] + prediction.tier.justification))
    return link


def _decimal(value: float) -> Literal:
    """A number as a canonical xsd:decimal: stores normalize other forms, which makes validation slower."""
    text = format(Decimal(f"{value:.{_DIGITS}f}").normalize(), "f")
    return Literal(text, datatype=NamedNode(XSD + "decimal"))
