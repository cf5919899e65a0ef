"""The score of a document for a query: how much of the query it has, where, and whether a name of it is the query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from threatgraph.search.documents import COLUMNS, Document
from threatgraph.search.words import content, stems, stems_of, tokens

#: How much a match in a column counts.
QUALITY = {
    "label": 1.0,
    "alternatives": 0.95,
    "topics": 0.9,
    "keywords": 0.9,
    "codes": 0.8,
    "text": 0.7,
    "context": 0.5,
    "guidance": 0.45,
}
#: The shares of the parts of a score.
COVERAGE, BM25, NAME, PRIOR = 0.45, 0.25, 0.25, 0.05
#: How likely a record of a kind is meant, other things being equal; kinds that are not listed are rarely meant.
KIND_PRIOR = {"pattern": 1.0, "provision": 0.7, "incident": 0.6, "framework": 0.6, "domain": 0.3, "causal-factor": 0.3}
EXACT = 1.0 - PRIOR
_SYNONYM, _KEYWORD, _PARTIAL = 0.95, 0.85, 0.5
#: The weight of a word of a name that is not in the query.
_OTHER = 0.5
#: What records of the kind or framework that the query names gain.
HINT = 0.12


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a query: a word, or a phrase that has synonyms."""

    alternatives: tuple[tuple[str, ...], ...]
    """The stems of the part itself, then those of each synonym."""
    weight: float
    """How rare it is."""


@dataclass(frozen=True, slots=True)
class Analysis:
    """A query in the form that scores need."""

    terms: tuple[Term, ...]
    phrases: tuple[tuple[str, ...], ...]
    """The stems of the whole query without stop words, and of whole-query synonyms."""
    kinds: frozenset[str] = frozenset()
    """The kinds that the query names."""
    frameworks: frozenset[str] = frozenset()
    """The frameworks that the query names."""


@dataclass(slots=True)
class _Stems:
    """The stems of a document."""

    quality: dict[str, float] = field(default_factory=dict)
    """Each stem, with the quality of the best column that has it."""
    names: tuple[tuple[str, ...], ...] = ()
    phrases: frozenset[tuple[str, ...]] = frozenset()


class Scorer:
    """Scores documents. The stems of a document are computed at its first use and kept.

    Args:
        documents: the documents of the index.
    """

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = documents
        self._cache: dict[int, _Stems] = {}

    def coverage(self, analysis: Analysis, document: int, *, plain: bool = False) -> float:
        """Return the share of the query that a document has, by weight.

        Args:
            analysis: the query.
            document: the document.
            plain: count a match in every column as one.
        """
        quality = self._stems(document).quality
        found = {stem: 1.0 for stem in quality} if plain else quality
        total = sum(term.weight for term in analysis.terms)
        return sum(term.weight * _match(term, found) for term in analysis.terms) / total if total else 0.0

    def score(self, analysis: Analysis, document: int, bm25: float) -> float:
        """Return the score of a document, from 0 to 1.

        Args:
            analysis: the query.
            document: the document.
            bm25: its bm25 score as a share of the best one.
        """
        record = self._documents[document]
        prior = PRIOR * KIND_PRIOR.get(record.kind, 0.0)
        name = self._name(analysis, document)
        if name >= 1.0:  # the query is a name of the record: nothing else matters
            return EXACT + prior
        score = COVERAGE * self.coverage(analysis, document) + BM25 * bm25 + NAME * name + prior
        if record.kind in analysis.kinds:
            score += HINT
        if analysis.frameworks & record.facets["framework"] and record.kind in ("provision", "framework"):
            score += HINT
        return min(score, EXACT)

    def _name(self, analysis: Analysis, document: int) -> float:
        """How far a name of the document and the query are the same."""
        found = self._stems(document)
        weights = {stem: term.weight for term in analysis.terms for other in term.alternatives for stem in other}
        best = 0.0
        for i, phrase in enumerate(analysis.phrases):
            factor = 1.0 if i == 0 else _SYNONYM
            if phrase in found.phrases:
                best = max(best, _KEYWORD * factor)
            for name in found.names:
                best = max(best, factor * _alike(phrase, name, weights))
        return best

    def _stems(self, document: int) -> _Stems:
        if document not in self._cache:
            record = self._documents[document]
            quality: dict[str, float] = {}
            for column in COLUMNS:
                for stem in set(stems_of(record.columns[column])):
                    quality[stem] = max(quality.get(stem, 0.0), QUALITY[column])
            names = tuple(_phrase(name) for name in record.names)
            self._cache[document] = _Stems(quality, names, frozenset(map(_phrase, record.phrases)))
        return self._cache[document]


def _phrase(text: str) -> tuple[str, ...]:
    return tuple(stems(content(tokens(text))))


def _match(term: Term, quality: Mapping[str, float]) -> float:
    best = 0.0
    for i, alternative in enumerate(term.alternatives):
        found = [quality[stem] for stem in alternative if stem in quality]
        value = sum(found) / len(alternative)
        if len(found) < len(alternative):
            value *= _PARTIAL
        best = max(best, value if i == 0 else value * _SYNONYM)
    return best


def _alike(phrase: Sequence[str], name: Sequence[str], weights: Mapping[str, float]) -> float:
    """1 for the same words in the same order; less if one has further words."""
    if phrase == name:
        return 1.0
    if not name or not phrase:
        return 0.0
    words, known = set(phrase), set(name)
    common = sum(weights.get(stem, _OTHER) for stem in words & known)
    of_phrase = common / _sum(weights, words)
    of_name = common / _sum(weights, known)
    return 0.9 * of_phrase * of_name if of_phrase < 1 or of_name < 1 else 0.95


def _sum(weights: Mapping[str, float], words: Iterable[str]) -> float:
    return sum(weights.get(stem, _OTHER) for stem in words) or 1.0
