"""Links imported incidents to the threat patterns of the graph, by what they say and how MIT classes them.

Such a link is a guess of a machine and is written as one: a ``tg:Recommendation`` with a confidence, never as a
statement of the record itself, so that no count of curated links changes. Two things speak for a link: the text of the
record reads like the pattern, as :mod:`threatgraph.recommend` scores it; and people have given the record, and the
pattern, the same subdomain of the MIT AI Risk Repository. The thresholds and confidences were measured by
``tests/bench/import_links.py``; see there and in the documentation how.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode

from threatgraph.importers.builder import Draft, ImportResult
from threatgraph.recommend import Recommender
from threatgraph.recommend.model import LONGEST_TEXT
from threatgraph.store import Store
from threatgraph.vocab import BASE, PREFIXES, XSD, tg

#: The most patterns that one record is linked to.
MOST = 3
#: The fewest words of a text that says enough: no measured one had fewer, and a few words score high by chance.
FEWEST_WORDS = 18
#: The class of what is linked. Links of provisions are not guessed: nothing is known that could say how good they are.
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
class Guess:
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


class Guesser:
    """Guesses which patterns a text tells of."""

    def __init__(self, store: Store) -> None:
        """Read the patterns of a graph.

        Args:
            store: the graph; what is imported need not be in it.
        """
        self._recommender = Recommender(store)
        self._subdomains: dict[str, set[str]] = {}
        for row in store.select(_SUBDOMAINS).to_dicts():
            self._subdomains.setdefault(str(row["pattern"]), set()).add(str(row["subdomain"]))

    def guesses(self, text: str, subdomains: set[str]) -> list[Guess]:
        """The patterns that a text reads like most, the best first; strong and weak ones alike.

        Args:
            text: what the record says.
            subdomains: IRIs of the subdomains of MIT that it has been given.
        """
        query = self._recommender.text_query(text[:LONGEST_TEXT])
        values = self._recommender.values(query, "pattern")
        scores = self._recommender.fuse([query], [values], "pattern").round(_DIGITS).tolist()
        candidates = self._recommender.target("pattern")
        ordered = sorted(range(len(scores)), key=lambda place: (-scores[place], candidates.iri(place)))[:MOST]
        return [
            Guess(iri, rank, scores[place], bool(subdomains & self._subdomains.get(iri, set())))
            for rank, place in enumerate(ordered, 1)
            if scores[place] > 0 and (iri := candidates.iri(place))
        ]


def add_links(harvest: ImportResult, store: Store, above: float = 0.0) -> None:
    """Add to a harvest the links of its records to patterns that are strong enough.

    A record that says to be the same as an incident of the graph gets none: people have linked that one.

    Args:
        harvest: records that have passed the gate.
        store: the graph with the patterns.
        above: the least confidence of a link, from 0 to 1.
    """
    tiers = [tier for tier in (TEXT, BOTH) if tier.confidence >= above]
    records = [draft for draft in harvest.drafts.values() if draft.class_name == _LINKED and not _is_known(draft)]
    if not tiers or not records:
        return
    guesser = Guesser(store)
    for draft in records:
        text = " ".join(_texts(draft))
        if len(text.split()) < FEWEST_WORDS:
            continue
        strong = [
            guess
            for guess in guesser.guesses(text, _subdomains(draft))
            if guess.tier in tiers and guess.score >= guess.tier.least
        ]
        for standing, guess in enumerate(strong, 1):
            harvest.add(_link(draft, guess, standing))


def _is_known(draft: Draft) -> bool:
    return any(
        triple.predicate.value == _SAME
        and isinstance(triple.object, NamedNode)
        and triple.object.value.startswith(f"{BASE}incident/")
        for triple in draft.triples
    )


def _texts(draft: Draft) -> Iterator[str]:
    """The name of a record and what it says, in that order."""
    for prop in _TEXTS:
        for triple in draft.triples:
            own = triple.subject == NamedNode(draft.iri)
            if own and triple.predicate.value == prop and isinstance(triple.object, Literal):
                yield triple.object.value


def _subdomains(draft: Draft) -> set[str]:
    """The subdomains of MIT that a record is mapped to."""
    values = [t.object.value for t in draft.triples if t.predicate.value == _CLASS and isinstance(t.object, NamedNode)]
    return {value for value in values if value.startswith(_MIT) and "." in value.removeprefix(_MIT)}


def _link(draft: Draft, guess: Guess, standing: int) -> Draft:
    ends = [iri.removeprefix(BASE).replace("/", "-") for iri in (draft.iri, guess.pattern)]
    link = Draft(f"{BASE}recommendation/{ends[0]}/{ends[1]}", "Recommendation", draft.path, draft.line)
    link.put("tg:recommendedFor", NamedNode(draft.iri))
    link.put("tg:recommends", NamedNode(guess.pattern))
    link.put("tg:rankPosition", Literal(standing))
    link.put("tg:score", _decimal(f"{guess.score:.6f}"))
    link.put("tg:recommendationBasis", Literal("signals"))
    link.put("sssom:confidence", _decimal(f"{guess.tier.confidence:.2f}"))
    link.put("sssom:mapping_justification", NamedNode(PREFIXES["semapv"] + guess.tier.justification))
    return link


def _decimal(text: str) -> Literal:
    return Literal(text, datatype=NamedNode(XSD + "decimal"))
