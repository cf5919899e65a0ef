"""Links imported incidents to the threat patterns of the graph, by what they say and how MIT classes them.

Such a link is a predict of a machine and is written as one: a ``tg:Recommendation`` with a confidence, never as a
statement of the record itself, so that no count of curated links changes. Two things speak for a link: the text of the
record reads like the pattern, as :mod:`threatgraph.recommend` scores it; and people have given the record, and the
pattern, the same subdomain of the MIT AI Risk Repository. The thresholds and confidences were measured by
``tests/bench/import_links.py``; see there and in the documentation how.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode

from threatgraph.importers.builder import ImportResult, RecordBuilder
from threatgraph.recommend import Recommender
from threatgraph.recommend.model import LONGEST_TEXT
from threatgraph.store import Store
from threatgraph.vocab import BASE, PREFIXES, XSD, tg

#: The most patterns that one record is linked to.
MOST = 3
#: The fewest words of a text that says enough: no measured one had fewer, and a few words score high by chance.
FEWEST_WORDS = 18
#: The class of the records to link. Links of provisions are not predicted, since there is no data to measure them.
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
#: Digits to which scores are compared, so that the last bits of a sum never decide an order.
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Tier:
    """How strong a text must be for a link, and how far to trust the link then."""

    justification: str
    """How the link was made, a term of the Semantic Mapping Vocabulary."""
    least: float
    """The least score of the text."""
    confidence: float
    """The share of such links that people had made, too; among incidents that had no say in the threshold."""


#: The text alone; and the text together with the subdomain of MIT. Chosen on one half of the incidents, measured on
#: the other.
TEXT = Tier("SemanticSimilarityThresholdMatching", least=0.28, confidence=0.69)
BOTH = Tier("CompositeMatching", least=0.23, confidence=0.63)


@dataclass(frozen=True, slots=True)
class Prediction:
    """A pattern that a record may be a case of."""

    pattern: str
    rank: int
    score: float
    agrees: bool
    """Whether record and pattern have a subdomain of MIT in common."""

    @property
    def tier(self) -> Tier:
        """What speaks for it."""
        return BOTH if self.agrees else TEXT


class LinkPredictor:
    """Predictiones which patterns a text tells of."""

    def __init__(self, store: Store) -> None:
        """Read the patterns of a graph.

        Args:
            store: the graph; what is imported need not be in it.
        """
        self._recommender = Recommender(store)
        self._subdomains: dict[str, set[str]] = {}
        for row in store.select(_SUBDOMAINS).to_dicts():
            self._subdomains.setdefault(str(row["pattern"]), set()).add(str(row["subdomain"]))

    def predictions(self, text: str, subdomains: set[str]) -> list[Prediction]:
        """The patterns that a text reads like most, the best first; strong and weak ones alike.

        Args:
            text: what the record says.
            subdomains: IRIs of the subdomains of MIT that it has been given.
        """
        query = self._recommender.text_query(text[:LONGEST_TEXT])
        values = self._recommender.values(query, "pattern")
        scores = self._recommender.fuse([query], [values], "pattern").round(_DIGITS).tolist()
        candidates = self._recommender.target("pattern")
        ordered = sorted(candidates.candidates(), key=lambda c: (-scores[c], candidates.iri(c)))[:MOST]
        return [
            Prediction(iri, rank, scores[c], bool(subdomains & self._subdomains.get(iri, set())))
            for rank, c in enumerate(ordered, 1)
            if scores[c] > 0 and (iri := candidates.iri(c))
        ]


def add_links(result: ImportResult, store: Store, above: float = 0.0) -> None:
    """Add to a result the links of its records to patterns that are strong enough.

    A record that says to be the same as an incident of the graph gets none: people have linked that one.

    Args:
        result: records that have passed the gate.
        store: the graph with the patterns.
        above: the least confidence of a link, from 0 to 1.
    """
    tiers = [tier for tier in (TEXT, BOTH) if tier.confidence >= above]
    records = [
        builder for builder in result.records.values() if builder.class_name == _LINKED and not _is_known(builder)
    ]
    if not tiers or not records:
        return
    guesser = LinkPredictor(store)
    for builder in records:
        text = " ".join(_texts(builder))
        if len(text.split()) < FEWEST_WORDS:
            continue
        strong = [
            predict
            for predict in guesser.predictions(text, _subdomains(builder))
            if predict.tier in tiers and predict.score >= predict.tier.least
        ]
        for standing, predict in enumerate(strong, 1):
            result.add(_link(builder, predict, standing))


def _is_known(builder: RecordBuilder) -> bool:
    return any(
        triple.predicate.value == _SAME
        and isinstance(triple.object, NamedNode)
        and triple.object.value.startswith(f"{BASE}incident/")
        for triple in builder.triples
    )


def _texts(builder: RecordBuilder) -> Iterator[str]:
    """The name of a record and what it says, in that order."""
    for prop in _TEXTS:
        for triple in builder.triples:
            own = triple.subject == NamedNode(builder.iri)
            if own and triple.predicate.value == prop and isinstance(triple.object, Literal):
                yield triple.object.value


def _subdomains(builder: RecordBuilder) -> set[str]:
    """The subdomains of MIT that a record is mapped to."""
    values = [
        t.object.value for t in builder.triples if t.predicate.value == _CLASS and isinstance(t.object, NamedNode)
    ]
    return {value for value in values if value.startswith(_MIT) and "." in value.removeprefix(_MIT)}


def _link(builder: RecordBuilder, predict: Prediction, standing: int) -> RecordBuilder:
    ends = [iri.removeprefix(BASE).replace("/", "-") for iri in (builder.iri, predict.pattern)]
    link = RecordBuilder(f"{BASE}recommendation/{ends[0]}/{ends[1]}", "Recommendation", builder.path, builder.line)
    link.add("tg:recommendedFor", NamedNode(builder.iri))
    link.add("tg:recommends", NamedNode(predict.pattern))
    link.add("tg:rankPosition", Literal(standing))
    link.add("tg:score", _decimal(f"{predict.score:.6f}"))
    link.add("tg:recommendationBasis", Literal("signals"))
    link.add("sssom:confidence", _decimal(f"{predict.tier.confidence:.2f}"))
    link.add("sssom:mapping_justification", NamedNode(PREFIXES["semapv"] + predict.tier.justification))
    return link


def _decimal(text: str) -> Literal:
    return Literal(text, datatype=NamedNode(XSD + "decimal"))
