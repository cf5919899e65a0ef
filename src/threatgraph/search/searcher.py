"""Searches the records of a graph by words, names and codes."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

from threatgraph.errors import InvalidQuery
from threatgraph.layout import beginning
from threatgraph.search.analysis import Analyzer, Query
from threatgraph.search.codes import Codes
from threatgraph.search.documents import read_documents
from threatgraph.search.filters import Values, read_filters
from threatgraph.search.kept import build_index, read_index
from threatgraph.search.results import SearchResult, SearchResults
from threatgraph.search.scoring import Analysis, Scorer
from threatgraph.search.spelling import Speller
from threatgraph.search.vocabulary import load_vocabulary
from threatgraph.store import Store

#: The longest query, in characters; a longer text is a description, for which there are recommendations.
LONGEST_QUERY = 2_000
_CANDIDATES = 120
#: The least share of a query, by weight, that the names and one passage of a record must have, by the number of terms
#: of the query up to six; if no record reaches it, nothing fits.
_LEAST_SHARES = (0.6, 0.6, 0.6, 0.6, 0.5, 0.4, 0.28)
_LEAST_IN_FRAMEWORK = 0.28
#: Results that score less than this share of the best one are left out.
_TAIL = 0.35
_SNIPPET = 160
_NOTHING_FITS = "Nothing in the graph fits these words."
_NOTHING_FITS_FILTERS = "Nothing in the graph fits these words and filters."


class Searcher:
    """A full-text index of a graph, which never changes.

    Args:
        store: the graph.
        without: the local names of properties to leave out of the index; for measurements.

    Raises:
        ThreatGraphError: if this build of SQLite has no FTS5.
    """

    def __init__(self, store: Store, without: Collection[str] = ()) -> None:
        self._store = store
        self._vocabulary = load_vocabulary()
        if without:
            self._documents = read_documents(store, without)
            self._index = build_index(self._documents)
        else:
            self._documents, self._index = read_index(store)
        self._scorer = Scorer(self._documents)

    @cached_property
    def _analyzer(self) -> Analyzer:
        codes = Codes(self._documents)
        return Analyzer(self._documents, self._index, self._vocabulary, codes, Speller(self._documents, self._index))

    def search(self, text: str, *, top: int = 10, **filters: Values) -> SearchResults:
        """Search the records; see :meth:`threatgraph.ThreatGraph.search`."""
        if top < 1:
            raise InvalidQuery(f"top must be at least 1, not {top}.")
        text = " ".join(text.encode("utf-8", "replace").decode().split())
        if not text:
            raise InvalidQuery("the search text is empty; give words, a name or a code.")
        if len(text) > LONGEST_QUERY:
            raise InvalidQuery(
                f"the search text has {len(text):,} characters, and at most {LONGEST_QUERY:,} are allowed;"
                " `recommend` accepts longer descriptions."
            )
        facets = read_filters(self._store, self._vocabulary, filters)
        query = self._analyzer.analyze(text)
        if query.refused:
            return SearchResults(text, query.note, ())
        ranked = self._rank(query, facets, max(top, _CANDIDATES))
        note = query.note if ranked else _NOTHING_FITS_FILTERS if facets else _NOTHING_FITS
        words = query.words
        items = [
            SearchResult(rank, found.iri, found.kind, found.label, found.code, score, self._snippet(document, words))
            for rank, (document, score) in enumerate(ranked[:top], 1)
            for found in [self._documents[document]]
        ]
        return SearchResults(text, note, tuple(items))

    def _rank(self, query: Query, facets: Mapping[str, Sequence[str]], limit: int) -> list[tuple[int, float]]:
        """The documents that the query names, then those with its words, with their scores."""
        named = [document for document in query.named if self._has(document, facets)]
        found = self._by_words(query, facets, limit) if query.words else []
        if named:
            below = [(document, score * 0.9) for document, score in found if document not in named]
            first = [(below[0][0], 1.0)] if below and self._is_part(below[0][0], named) else []
            return [*first, *((document, 1.0) for document in named), *below[len(first) :]]
        return found

    def _is_part(self, document: int, named: Sequence[int]) -> bool:
        """Whether a provision is within one that the query names: *lie detector, Annex III* means the point."""
        iri = self._documents[document].iri
        return any(iri.startswith(f"{self._documents[other].iri}-") for other in named)

    def _by_words(self, query: Query, facets: Mapping[str, Sequence[str]], limit: int) -> list[tuple[int, float]]:
        matches = self._index.matches(query.words, facets, limit)
        if not matches:
            return []
        highest = max(matches[0].bm25, 1e-9)
        focus = {match.document: self._scorer.focus(query.analysis, match.document) for match in matches}
        if not query.named and not self._fits(query, focus, facets):
            return []
        scored = [
            (document, self._scorer.score(query.analysis, document, bm25 / highest, focus[document]))
            for document, bm25 in matches
        ]
        scored.sort(key=lambda pair: (-pair[1], self._documents[pair[0]].iri))
        least = scored[0][1] * _TAIL
        return [(document, score) for document, score in scored if score >= least]

    def _fits(self, query: Query, focus: Mapping[int, float], facets: Mapping[str, Sequence[str]]) -> bool:
        """Whether the graph has the subject of the query, in these documents or in others that the filters exclude."""
        least = _least(query.analysis)
        if not facets or max(focus.values()) >= least:
            return max(focus.values()) >= least
        others = self._index.matches(query.words, {}, _CANDIDATES)
        return any(self._scorer.focus(query.analysis, other.document) >= least for other in others)

    def _has(self, document: int, facets: Mapping[str, Sequence[str]]) -> bool:
        record = self._documents[document]
        values = {"kind": frozenset([record.kind]), **record.facets}
        return all(values[name] & set(wanted) for name, wanted in facets.items())

    def _snippet(self, document: int, words: Sequence[str]) -> str:
        """The passage with most words of the query; for a record that only its code names, the start of its text."""
        if found := self._index.snippet(document, words) if words else "":
            return found
        return beginning(self._documents[document].columns["text"], _SNIPPET)


def _least(analysis: Analysis) -> float:
    if analysis.frameworks:  # the query is about something that the graph has
        return _LEAST_IN_FRAMEWORK
    return _LEAST_SHARES[min(len(analysis.terms), len(_LEAST_SHARES) - 1)]
