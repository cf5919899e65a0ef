"""The recommender: the signals of each kind of candidate, and their weighed sum."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import cache, cached_property

import numpy as np
from pyoxigraph import Literal, NamedNode, Triple

from threatgraph.errors import ThreatGraphError, UnknownName
from threatgraph.recommend.corpus import FIELDS, PARTS, SHARED, TARGETS, Link, Text, full, read_corpus
from threatgraph.recommend.signals.base import Query, Signal, Target, triple
from threatgraph.recommend.signals.cooccurrence import CoOccurrence
from threatgraph.recommend.signals.nearest import Analogy
from threatgraph.recommend.signals.neighbors import SharedNeighbours
from threatgraph.recommend.signals.random_walk import Network, RandomWalk
from threatgraph.recommend.signals.taxonomy import TreeCloseness
from threatgraph.recommend.signals.text import Embedded, SharedTopics, Words
from threatgraph.recommend.texts import embedding
from threatgraph.recommend.texts.vectors import Reading
from threatgraph.recommend.weights import weights
from threatgraph.store import Store

#: Characters of a text that recommendations are asked for at most.
LONGEST_TEXT = 2_000_000
_ORDER = " ".join(
    f"({name} {place})"
    for place, name in enumerate(" ".join(FIELDS[part] for part in ("label", "brief", "guidance")).split())
)
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
    VALUES ?property {{ skos:prefLabel dcterms:description }}
    ?holder ?property ?text .
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
    """Recommends the records of a graph; made once, it answers any number of questions.

    Args:
        store: the graph, as it is now: make another recommender when the graph has changed.
        embedded: whether to read texts with word embeddings, too; by default where the extra is installed.
        without: properties that the signals pass over, so that a measurement can keep out what it asks for.

    Raises:
        ImportError: where embeddings are asked for and not installed.
    """

    def __init__(self, store: Store, *, embedded: bool | None = None, without: Collection[str] = frozenset()) -> None:
        self._store = store
        self.corpus = read_corpus(store)
        self.embedded = embedding.available() if embedded is None else embedded
        self._without = frozenset(without)
        self.statements = cache(self._read_statements)
        self.signals = cache(self._make_signals)
        self.target = cache(self._make_target)

    @cached_property
    def reading(self) -> Reading:
        """The texts of all records as vectors."""
        return Reading(self.corpus, embedded=self.embedded)

    @cached_property
    def _network(self) -> Network:
        return Network(self.corpus)

    def _make_target(self, kind: str) -> Target:
        if kind not in TARGETS:
            raise UnknownName("kind to recommend", kind, TARGETS, f"What can be recommended is {', '.join(TARGETS)}.")
        target = Target(kind, self.corpus.of_kind[kind], self.corpus)
        if not len(target):
            raise ThreatGraphError(f"the graph holds no {kind}s: there is nothing to recommend.")
        return target

    def _make_signals(self, kind: str) -> tuple[Signal, ...]:
        target, reading, statements = self.target(kind), self.reading, self.statements
        signals: list[Signal] = [
            Words(target, reading, statements, names_only=True),
            Words(target, reading, statements),
            SharedTopics(target, reading, statements),
            SharedNeighbours(target, self._without),
            RandomWalk(target, self._network),
        ]
        if self.embedded:
            signals.append(Embedded(target, reading, statements))
        if kind != "incident":
            signals.append(Analogy(target, reading.alike))
        if kind == "pattern":
            signals += [TreeCloseness(target), CoOccurrence(target)]
        return tuple(signals)

    # What is asked for.

    def query(self, iri: str, kind: str) -> Query:
        """A record of the graph as a question for records of a kind."""
        position = self.corpus.position.get(iri)
        if position is None:
            return self._query_of_other_kind(iri)
        links = [link for link in self.corpus.links[position] if self.corpus.kind_of(link.node) != kind]
        return self.reading.query(
            self.corpus.texts[position],
            self.corpus.labels[position],
            iri,
            self.corpus.kinds[position],
            tuple(link for link in links if link.property not in self._without),
        )

    def _query_of_other_kind(self, iri: str) -> Query:
        """A causal factor, a group or the like: a neighbour that the records wanted may name."""
        node = NamedNode(iri)
        shared = {full(name) for name in SHARED}
        found = self._store.select(_KINDS_OF_LINK, {"subject": node}).column("property")
        links = tuple(Link(str(prop), iri) for prop in found if str(prop) in shared)
        texts = [str(getattr(statement.object, "value", "")) for statement in self.statements(iri)]
        text = Text(texts[0] if texts else "", " ".join(texts[1:]))
        return self.reading.query(text, self.corpus.name(iri), None, None, links)

    def text_query(self, text: str) -> Query:
        """A text as a question."""
        return self.reading.query(Text(brief=text), "the text", None, None)

    # The answers.

    def values(self, query: Query, kind: str) -> dict[str, np.ndarray]:
        """The value of every signal for every candidate of a kind."""
        return {signal.name: signal.scores(query) for signal in self.signals(kind)}

    def weights(self, query: Query, kind: str) -> dict[str, float]:
        """The weights of the signals for a question."""
        # What is no pattern, incident or provision has links as a pattern has: to it, and not from it.
        known = (query.kind or "pattern") if query.links else None
        table = weights(known, kind, embedded=self.embedded)
        return {signal.name: table.get(signal.name, 0.0) for signal in self.signals(kind)}

    def scores(self, queries: Sequence[Query], kind: str) -> np.ndarray:
        """The score of every candidate of a kind: the weighed sum of the signals, as a mean over the questions."""
        return self.fuse(queries, [self.values(query, kind) for query in queries], kind)

    def fuse(self, queries: Sequence[Query], values: Sequence[dict[str, np.ndarray]], kind: str) -> np.ndarray:
        """The scores out of the signals' values for each question."""
        total = np.zeros(len(self.target(kind)))
        for query, of_query in zip(queries, values, strict=True):
            weighed = self.weights(query, kind)
            total += sum(weighed[name] * of_query[name] for name in sorted(of_query))
        return total / max(len(queries), 1)

    def popularity(self, kind: str) -> np.ndarray:
        """How many records link to each candidate: what is recommended where nothing is known."""
        linked = self.corpus.linked_by
        return np.array([len(linked.get(int(position), ())) for position in self.target(kind).positions], dtype=float)

    def curated(self, iri: str, other: str) -> tuple[Triple, ...]:
        """The statements by which one of two records says itself that the other is related to it."""
        found = []
        for one, two in ((iri, other), (other, iri)):
            position = self.corpus.position.get(one)
            if position is not None:
                found += [triple(one, link) for link in self.corpus.links[position] if link.node == two]
        return tuple(found)

    def _read_statements(self, iri: str) -> list[Triple]:
        rows = self._store.select(_STATEMENTS, {"subject": NamedNode(iri)}).rows
        return [
            Triple(holder, prop, text)
            for _, holder, prop, text in rows
            if isinstance(holder, NamedNode) and isinstance(prop, NamedNode) and isinstance(text, Literal)
        ]
