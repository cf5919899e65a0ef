"""The score of a document for a query: how much of the query it has, where, and whether a name of it is the query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from threatgraph.search.documents import COLUMNS, Document
from threatgraph.search.words import name_words, stems, stems_of, tokens

#: How much a match in a column counts.
QUALITY = {
    "label": 1.0,
    "alternatives": 0.95,
    "topics": 0.9,
    "keywords": 0.9,
    "codes": 0.8,
    "text": 0.7,
    "context": 0.5,
    "examples": 0.45,
    "guidance": 0.45,
}
#: The shares of the parts of a score.
COVERAGE, PASSAGE, BM25, NAME, PRIOR = 0.35, 0.2, 0.15, 0.15, 0.15
#: How likely a record of a kind is meant, other things being equal; kinds that are not listed are rarely meant.
KIND_PRIOR = {"pattern": 1.0, "provision": 0.6, "incident": 0.6, "framework": 0.6, "domain": 0.3, "causal-factor": 0.3}
#: The scores, before the prior, of a record that has the query as a name: with the same words, and the same stems.
EXACT, STEMS = 1.0 - PRIOR, 0.98 - PRIOR
_SYNONYM, _KEYWORD, _PARTIAL = 0.95, 0.85, 0.5
#: The weight of a word of a name that is not in the query.
_OTHER = 0.5
#: What records of the kind or framework that the query names gain.
HINT = 0.1
#: What patterns gain in an answer to a question that names no kind: they have the guidance.
QUESTION = 0.2
#: The kinds that a query names by their label. Records of other kinds, such as actors and roles, have little text: a
#: query with their name mostly asks for the records about them.
NAMED_KINDS = frozenset("pattern provision incident framework domain causal-factor group glossary-term".split())
THIN = 0.7
_NAMING = ("label", "alternatives", "keywords", "codes")
#: What provisions of other frameworks than the query names lose.
OTHER_FRAMEWORK = 0.3


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
    """The stems of the whole query without stop words, and of its synonyms."""
    exact: tuple[str, ...]
    """The words of the whole query without stop words."""
    question: bool = False
    """Whether it is a question that names no kind."""
    defines: bool = False
    """Whether the query asks what its subject is."""
    kinds: frozenset[str] = frozenset()
    """The kinds that the query names."""
    frameworks: frozenset[str] = frozenset()
    """The frameworks that the query names."""


@dataclass(frozen=True, slots=True)
class _Stems:
    """The stems of a document."""

    quality: dict[str, float]
    """Each stem, with the quality of the best column that has it."""
    names: tuple[tuple[str, ...], ...]
    exact: frozenset[tuple[str, ...]]
    """The words of the names."""
    phrases: frozenset[tuple[str, ...]]
    in_names: frozenset[str]
    in_keywords: frozenset[str]
    """Those of names, keywords and codes."""
    passages: tuple[frozenset[str], ...]


class Scorer:
    """Scores documents. The stems of a document are computed at its first use and kept.

    Args:
        documents: the documents of the index.
    """

    def __init__(self, documents: Sequence[Document]) -> None:
        self._documents = documents
        self._cache: dict[int, _Stems] = {}

    def focus(self, analysis: Analysis, document: int) -> float:
        """Return the share of the query, by weight, that the names and keywords of a document and one passage have."""
        total = sum(term.weight for term in analysis.terms)
        if not total:
            return 0.0
        words = {stem for term in analysis.terms for other in term.alternatives for stem in other}
        found = self._stems(document)
        named = words & found.in_keywords
        # Most passages have the same few words of the query.
        parts = {frozenset(named | (words & passage)) for passage in found.passages} or {frozenset(named)}
        return (
            max(sum(t.weight * _match(t, dict.fromkeys(part, 1.0)) for t in analysis.terms) for part in parts) / total
        )

    def score(self, analysis: Analysis, document: int, bm25: float, focus: float) -> float:
        """Return the score of a document, from 0 to 1.

        Args:
            analysis: the query.
            document: the document.
            bm25: its bm25 score as a share of the best one.
            focus: its value of :meth:`focus`.
        """
        record, found = self._documents[document], self._stems(document)
        prior = PRIOR * KIND_PRIOR.get(record.kind, 0.0)
        name = _name(analysis, found)
        if name >= 1.0:  # the query is a name of the record: nothing else matters
            score = EXACT + prior if analysis.exact in found.exact else STEMS + prior
            other = analysis.frameworks and not analysis.frameworks & record.facets["framework"]
            thin = record.kind not in NAMED_KINDS and not analysis.defines
            return score * (THIN if thin or other else 1.0)
        total = sum(term.weight for term in analysis.terms) or 1.0
        coverage = sum(term.weight * _match(term, found.quality) for term in analysis.terms) / total
        score = COVERAGE * coverage + PASSAGE * focus + BM25 * bm25 + NAME * name + prior
        if record.kind in analysis.kinds:
            score += HINT if not analysis.question else QUESTION
        if analysis.frameworks:
            of = record.kind in ("provision", "framework")
            held = of and analysis.frameworks & record.facets["framework"]
            score += HINT if held else -OTHER_FRAMEWORK if of else -HINT
        return max(0.0, score * STEMS / (1.0 + QUESTION))  # below those of names

    def _stems(self, document: int) -> _Stems:
        if document not in self._cache:
            record = self._documents[document]
            quality: dict[str, float] = {}
            for column in COLUMNS:
                for stem in set(stems_of(record.columns[column])):
                    quality[stem] = max(quality.get(stem, 0.0), QUALITY[column])
            names = tuple(_phrase(name) for name in record.names)
            self._cache[document] = _Stems(
                quality=quality,
                names=names,
                exact=frozenset(tuple(name_words(tokens(name))) for name in record.names),
                phrases=frozenset(map(_phrase, record.phrases)),
                in_names=frozenset(stem for name in names for stem in name),
                in_keywords=frozenset(stem for column in _NAMING for stem in stems_of(record.columns[column])),
                passages=tuple(frozenset(stems_of(text)) for text in record.passages),
            )
        return self._cache[document]


def _name(analysis: Analysis, found: _Stems) -> float:
    """How far a name of a document and the query are the same."""
    weights = {stem: term.weight for term in analysis.terms for other in term.alternatives for stem in other}
    best = 0.0
    for i, phrase in enumerate(analysis.phrases):
        factor = 1.0 if i == 0 else _SYNONYM
        if phrase in found.phrases:
            best = max(best, _KEYWORD * factor)
        if found.in_names.isdisjoint(phrase):
            continue
        for name in found.names:
            best = max(best, factor * _alike(phrase, name, weights))
    return best


def _phrase(text: str) -> tuple[str, ...]:
    return tuple(stems(name_words(tokens(text))))


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
    if of_phrase == of_name == 1.0:
        return 0.95  # the same words in another order
    if tuple(name[: len(phrase)]) == tuple(phrase):
        return max(0.8, 0.9 * of_name)  # the beginning of a long title
    return 0.9 * of_name * (of_phrase**0.5 if of_name == 1.0 else of_phrase)


def _sum(weights: Mapping[str, float], words: Iterable[str]) -> float:
    return sum(weights.get(stem, _OTHER) for stem in words) or 1.0
