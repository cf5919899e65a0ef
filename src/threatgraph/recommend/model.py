"""The recommender: the signals for each kind of candidate, and their weighted sum."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import cache, cached_property

import numpy as np
from pyoxigraph import Literal, NamedNode, Triple

from threatgraph.errors import ThreatGraphError, UnknownName
from threatgraph.recommend.corpus import FIELDS, PARTS, SHARED, TARGETS, Link, Text, expand, read_corpus
from threatgraph.recommend.kept import kept_examples, kept_parts
from threatgraph.recommend.signals.base import Query, Signal, Target, triple
from threatgraph.recommend.signals.cooccurrence import Cooccurrence
from threatgraph.recommend.signals.nearest import NearestRecords
from threatgraph.recommend.signals.neighbors import SharedNeighbors
from threatgraph.recommend.signals.passages import ExampleRows, Examples, Rationales, rationale_rows
from threatgraph.recommend.signals.random_walk import Network, RandomWalk
from threatgraph.recommend.signals.rules import NamedByRules, Rules
from threatgraph.recommend.signals.taxonomy import TaxonomySimilarity
from threatgraph.recommend.signals.text import Embedded, SharedTopics, Words
from threatgraph.recommend.texts import embedding
from threatgraph.recommend.texts.vectors import TextRows, TextVectors, text_model
from threatgraph.recommend.weights import Learned, learned
from threatgraph.store import Store

#: Maximum length of a query text in characters.
LONGEST_TEXT = 2_000_000
_ORDER = " ".join(
    f"({name} {i})" for i, name in enumerate(" ".join(FIELDS[part] for part in ("label", "brief", "guidance")).split())
)
# The last properties are filtered: from VALUES, the engine would begin with every label.
_STATEMENTS = f"""
SELECT ?subject ?holder ?property ?text {{
  {{
    VALUES (?property ?order) {{ {_ORDER} }}
    ?subject ?property ?text .
    BIND(?subject AS ?holder)
  }}
  UNION
  {{
    ?subject {PARTS} ?holder .
    ?holder ?property ?text .
    FILTER(?property IN (skos:prefLabel, dcterms:description))
    BIND(100 AS ?order)
  }}
  FILTER(isLiteral(?text))
}}
ORDER BY xsd:integer(?order) (!LANGMATCHES(LANG(?text), "en")) STR(?holder) STR(?text)
"""
_KINDS_OF_LINK = """
SELECT DISTINCT ?property { ?record ?property ?subject . ?record a ?class FILTER(STRSTARTS(STR(?property), STR(tg:))) }
ORDER BY STR(?property)
"""


class Recommender:
    """Computes recommendations; one recommender can answer any number of queries.

    Args:
        store: the graph. Create a new recommender after the graph has changed.
        embedded: whether to use word embeddings; by default, if the extra is installed.
        without: properties that signals ignore, so that an evaluation can leave out the links to predict.
        rules: what rules find in a text, such as the provisions of the use that it names, by the kind of the records.

    Raises:
        ImportError: if embeddings are requested but not installed.
    """

    def __init__(
        self,
        store: Store,
        *,
        embedded: bool | None = None,
        without: Collection[str] = frozenset(),
        rules: Mapping[str, Rules] | None = None,
    ) -> None:
        self._store = store
        self.embedded = embedding.available() if embedded is None else embedded
        self._kept = kept_parts(store, embedded=self.embedded)
        self.corpus = self._kept.corpus if self._kept else read_corpus(store)
        self.without = frozenset(without)
        self.rules = dict(rules or {})
        self.statements = cache(self._read_statements)
        self.signals = cache(self._make_signals)
        self.target = cache(self._make_target)

    @cached_property
    def vectors(self) -> TextVectors:
        """The vectors of the texts of all records."""
        model = self._kept.model if self._kept else text_model(self.corpus, embedded=self.embedded)
        return TextVectors(self.corpus, model)

    @cached_property
    def _rationales(self) -> TextRows:
        return self._kept.rationales if self._kept else rationale_rows(self.corpus, self.vectors.model)

    @cached_property
    def _examples(self) -> ExampleRows:
        return kept_examples(self._store, self.corpus, self.vectors.model)

    @cached_property
    def network(self) -> Network:
        """The records and their neighbors as a network."""
        return Network(self.corpus)

    def _make_target(self, kind: str) -> Target:
        if kind not in TARGETS:
            raise UnknownName(
                "kind to recommend", kind, TARGETS, f"Kinds that can be recommended: {', '.join(TARGETS)}."
            )
        target = Target(kind, self.corpus.of_kind[kind], self.corpus)
        if not len(target):
            raise ThreatGraphError(f"the graph has no {kind}s to recommend.")
        return target

    def _make_signals(self, kind: str) -> tuple[Signal, ...]:
        target = self.target(kind)
        signals = (build(self, target) for build in _SIGNALS)
        return tuple(signal for signal in signals if signal is not None)

    # Queries.

    def query(self, iri: str, kind: str) -> Query:
        """Build the query for a record of the graph."""
        index = self.corpus.index.get(iri)
        if index is None:
            return self._query_of_other_kind(iri)
        links = [link for link in self.corpus.links[index] if self.corpus.kind_of(link.node) != kind]
        return self.vectors.record(index, tuple(link for link in links if link.property not in self.without))

    def _query_of_other_kind(self, iri: str) -> Query:
        """Build the query for another record, such as a causal factor, which candidates may be linked to."""
        node = NamedNode(iri)
        shared = {expand(name) for name in SHARED}
        found = self._store.select(_KINDS_OF_LINK, {"subject": node}).column("property")
        links = tuple(Link(str(prop), iri) for prop in found if str(prop) in shared)
        texts = [str(getattr(statement.object, "value", "")) for statement in self.statements(iri)]
        text = Text(texts[0] if texts else "", " ".join(texts[1:]))
        return self.vectors.query(text, self.corpus.name(iri), links=links)

    def text_query(self, text: str) -> Query:
        """Build the query for a text."""
        return replace(self.vectors.query(Text(brief=text), "the text"), text=text)

    # Scores.

    def values(self, query: Query, kind: str) -> dict[str, np.ndarray]:
        """Compute the value of every signal for every candidate of a kind."""
        return {signal.name: signal.scores(query) for signal in self.signals(kind)}

    def weights(
        self, query: Query, values: Mapping[str, np.ndarray], kind: str, allowed: np.ndarray | None = None
    ) -> dict[str, float]:
        """The weights of the signals for a query; they sum to 1.

        Args:
            query: the query.
            values: the values of the signals for every candidate, from :meth:`values`.
            kind: the kind of the candidates.
            allowed: which candidates the query is about, such as those of one framework; by default, all. The query
                itself is never one of them.
        """
        others = self.target(kind).indexes != (-1 if query.index is None else query.index)
        allowed = others if allowed is None else others & allowed
        return self.learned(query, kind).scaled({name: row[allowed] for name, row in values.items()})

    def learned(self, query: Query, kind: str) -> Learned:
        """What was learned for questions like a query."""
        # Records of other kinds have incoming links, as patterns do.
        known = (query.kind or "pattern") if query.links else None
        return learned(known, kind, embedded=self.embedded)

    def scores(self, queries: Sequence[Query], kind: str) -> np.ndarray:
        """The score of every candidate: the weighted sum of the signals, averaged over the queries."""
        return self.fuse(queries, [self.values(query, kind) for query in queries], kind)

    def fuse(
        self,
        queries: Sequence[Query],
        values: Sequence[dict[str, np.ndarray]],
        kind: str,
        allowed: np.ndarray | None = None,
    ) -> np.ndarray:
        """Combine the values of the signals into scores; ``allowed`` as for :meth:`weights`."""
        total = np.zeros(len(self.target(kind)))
        for query, of_query in zip(queries, values, strict=True):
            weighted = self.weights(query, of_query, kind, allowed)
            total += sum(weighted[name] * of_query[name] for name in sorted(of_query))
        return total / max(len(queries), 1)

    def popularity(self, kind: str) -> np.ndarray:
        """The number of records that link to each candidate, the fallback without any signal."""
        linked, target = self.corpus.linked_by, self.target(kind)
        return np.array(
            [len(linked.get(target.corpus_index(candidate), ())) for candidate in target.candidates()], dtype=float
        )

    def curated(self, iri: str, other: str) -> tuple[Triple, ...]:
        """The existing links between two records."""
        found = []
        for one, two in ((iri, other), (other, iri)):
            index = self.corpus.index.get(one)
            if index is not None:
                found += [triple(one, link) for link in self.corpus.links[index] if link.node == two]
        return tuple(found)

    def _read_statements(self, iri: str) -> list[Triple]:
        """The statements that contain the text of a record."""
        if iri in self.corpus.index:
            return self.corpus.triples(self.corpus.index[iri])
        rows = self._store.select(_STATEMENTS, {"subject": NamedNode(iri)}).rows
        return [
            Triple(holder, prop, text)
            for _, holder, prop, text in rows
            if isinstance(holder, NamedNode) and isinstance(prop, NamedNode) and isinstance(text, Literal)
        ]


#: The signals in order. Each entry creates a signal for a kind of candidate, or ``None`` if the signal does not apply.
#: A new signal needs a module in ``signals/``, an entry here, and weights from ``tests/bench/learn_weights.py``.
_SIGNALS: tuple[Callable[[Recommender, Target], Signal | None], ...] = (
    lambda model, target: Words(target, model.vectors, model.statements, names_only=True),
    lambda model, target: Words(target, model.vectors, model.statements),
    lambda model, target: SharedTopics(target, model.vectors, model.statements),
    lambda model, target: SharedNeighbors(target, model.without),
    lambda model, target: RandomWalk(target, model.network),
    lambda model, target: Embedded(target, model.vectors, model.statements) if model.embedded else None,
    lambda model, target: NearestRecords(target, model.vectors.similarity) if target.kind != "incident" else None,
    lambda model, target: (
        NearestRecords(target, model.vectors.similar_meaning, "meaning")
        if model.embedded and target.kind != "incident"
        else None
    ),
    lambda model, target: Rationales(target, lambda: model._rationales) if target.kind != "incident" else None,
    lambda model, target: Examples(target, lambda: model._examples) if target.kind == "provision" else None,
    lambda model, target: (
        NamedByRules(target, model.rules[target.kind], model.statements) if target.kind in model.rules else None
    ),
    lambda model, target: TaxonomySimilarity(target) if target.kind == "pattern" else None,
    lambda model, target: Cooccurrence(target) if target.kind == "pattern" else None,
)
