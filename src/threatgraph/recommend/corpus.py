"""The corpus: the patterns, incidents and provisions of a graph with their texts and links, as plain lists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, NewType

import numpy as np
from pyoxigraph import Literal, NamedNode, Triple

from threatgraph.rdf.terms import Term
from threatgraph.store import Store
from threatgraph.vocab import KINDS, PREFIXES, tg

CorpusIndex = NewType("CorpusIndex", int)
"""The index of a record in the lists of a :class:`Corpus`."""

#: The kinds of record that can be recommended.
TARGETS = ("pattern", "incident", "provision")

_LABELS = "skos:prefLabel skos:altLabel skos:hiddenLabel"
_BRIEF = "skos:definition dcterms:description dcterms:abstract skos:scopeNote"
_GUIDANCE = "tg:mechanismSummary tg:indicatorSummary tg:responseTrigger tg:retrievalTopic tg:retrievalQuestion"
#: The properties of each field of text, from the most to the least specific: names, definitions, guidance.
FIELDS = {"label": _LABELS, "brief": _BRIEF, "guidance": _GUIDANCE}

#: The properties from a record to the parts that have its guidance.
PARTS = "tg:mechanism|tg:indicator|tg:measure|tg:responseStep"

_CLASSES = " ".join(f"tg:{KINDS[kind].class_name}" for kind in TARGETS)
_RECORDS = f"""
SELECT ?record ?class ?code ?scheme {{
  VALUES ?class {{ {_CLASSES} }}
  ?record a ?class .
  OPTIONAL {{ ?record skos:notation ?code }}
  OPTIONAL {{ ?record skos:inScheme ?scheme }}
}}
"""
_TEXTS = f"""
SELECT ?record ?property ?text {{
  VALUES ?class {{ {_CLASSES} }}
  VALUES ?property {{ {" ".join(FIELDS.values())} }}
  ?record a ?class ; ?property ?text .
  FILTER(isLiteral(?text))
}}
"""
_PART_TEXTS = f"""
SELECT ?record ?part ?property ?text {{
  VALUES ?class {{ {_CLASSES} }}
  ?record a ?class ; {PARTS} ?part .
  ?part ?property ?text .
  FILTER(?property IN (skos:prefLabel, dcterms:description) && isLiteral(?text))
}}
"""
#: The properties whose values two records may share; provenance and ratings are not included.
SHARED = """
tg:causalFactor tg:affects tg:harmType tg:asset tg:exposurePathway tg:lifecycleStage tg:failureStage tg:sector
tg:region tg:actor tg:mappedTo tg:addresses tg:tactic tg:involvesPattern
""".split()
#: The properties that link related records explicitly: shown as existing curated links, excluded from every score.
CURATED = """
tg:escalatesTo tg:distinguishedFrom tg:coOccursWith tg:relatedIncident tg:sameIncident skos:related skos:closeMatch
skos:exactMatch skos:broadMatch skos:narrowMatch skos:relatedMatch
""".split()
_TREE = ["tg:domain", "skos:broader"]
_LINKS = f"""
SELECT ?record ?property ?node {{
  VALUES ?class {{ {_CLASSES} }}
  VALUES ?property {{ {" ".join([*SHARED, *CURATED, *_TREE])} }}
  ?record a ?class ; ?property ?node .
  FILTER(isIRI(?node))
}}
"""
_MAPPINGS = f"""
SELECT ?record ?mapping ?provision ?rationale ?relation {{
  VALUES ?class {{ {_CLASSES} }}
  ?record a ?class ; tg:mapping ?mapping .
  ?mapping sssom:object_id ?provision .
  FILTER NOT EXISTS {{ ?mapping sssom:predicate_modifier sssom:NegatedPredicate }}
  OPTIONAL {{ ?mapping tg:rationale ?rationale }}
  OPTIONAL {{ ?mapping tg:mappingRelation ?relation }}
}}
"""
_EXAMPLES = f"""
SELECT ?record ?text {{
  VALUES ?class {{ {_CLASSES} }}
  ?record a ?class ; skos:example ?text .
  FILTER(isLiteral(?text))
}}
"""
_NAMES = """
SELECT ?node ?label { ?node skos:prefLabel ?label }
ORDER BY STR(?node) (LANGMATCHES(LANG(?label), "en")) STR(?label)
"""


class Link(NamedTuple):
    """A link of a record: the IRIs of the property and of the other node."""

    property: str
    node: str


class Mapping(NamedTuple):
    """A mapping of a record to a provision, as a node of the graph with its rationale."""

    record: str
    node: str
    provision: str
    rationale: Literal | None
    relation: str
    """IRI of its meaning, such as *obliges mitigation*; empty if it is not stated."""


class Statement(NamedTuple):
    """A statement that contains a text of a record."""

    holder: str
    """The IRI of the record, or of the part of it that has the text; empty for a blank node."""
    property: str
    text: Literal


@dataclass(frozen=True, slots=True)
class Text:
    """The text of a record, by field."""

    label: str = ""
    brief: str = ""
    guidance: str = ""

    @property
    def full(self) -> str:
        """All fields; the name counts twice, since its words are more specific than those of the guidance."""
        return f"{self.label}. {self.label}. {self.brief} {self.guidance}"

    @property
    def short(self) -> str:
        """Name and definition."""
        return f"{self.label}. {self.brief}"


@dataclass(frozen=True)
class Corpus:
    """The records that can be recommended, sorted by IRI; signals refer to them by :data:`CorpusIndex`."""

    iris: list[str]
    kinds: list[str]
    labels: list[str]
    codes: list[str | None]
    schemes: list[str | None]
    """The concept scheme of each record; for a provision, its framework."""
    statements: Sequence[list[Statement]] = field(repr=False)
    """The texts of each record: names, definitions, guidance and parts, in this order; English ones first."""
    links: list[list[Link]]
    mappings: list[Mapping] = field(repr=False)
    """The mappings of the records to provisions, except negated ones, in order of IRI."""
    examples: list[tuple[str, Literal]] = field(repr=False)
    """The example uses of the records, in order of IRI."""
    names: dict[str, str] = field(repr=False)
    """The labels of all nodes of the graph."""

    def __len__(self) -> int:
        return len(self.iris)

    @cached_property
    def index(self) -> dict[str, CorpusIndex]:
        """The index of each record, by IRI."""
        return {iri: CorpusIndex(i) for i, iri in enumerate(self.iris)}

    @cached_property
    def of_kind(self) -> dict[str, np.ndarray]:
        """The corpus indexes of the records of each kind, in order."""
        kinds = np.array(self.kinds, dtype=object)
        return {kind: np.flatnonzero(kinds == kind) for kind in TARGETS}

    def text(self, index: CorpusIndex) -> Text:
        """The text of a record."""
        found: dict[str, set[str]] = {part: set() for part in FIELDS}
        for holder, prop, text in self.statements[index]:
            part = _FIELD_OF[prop] if holder == self.iris[index] else "guidance"
            found[part].add(text.value)
        return Text(**{part: " ".join(sorted(texts)) for part, texts in found.items()})

    def triples(self, index: CorpusIndex) -> list[Triple]:
        """The statements of a record that contain its text."""
        return [
            Triple(NamedNode(holder), NamedNode(prop), text) for holder, prop, text in self.statements[index] if holder
        ]

    def kind_of(self, iri: str) -> str | None:
        """The kind of a record; ``None`` for other nodes."""
        index = self.index.get(iri)
        return None if index is None else self.kinds[index]

    def name(self, iri: str) -> str:
        """The label of a node, or the last part of its IRI."""
        return self.names.get(iri) or iri.rstrip("/").replace("#", "/").rpartition("/")[2]

    @cached_property
    def linked_by(self) -> dict[CorpusIndex, list[tuple[CorpusIndex, str]]]:
        """For each record, the index and the property of each record that links to it."""
        back: dict[CorpusIndex, list[tuple[CorpusIndex, str]]] = defaultdict(list)
        for source, links in enumerate(self.links):
            for link in links:
                target = self.index.get(link.node)
                if target is not None:
                    back[target].append((CorpusIndex(source), link.property))
        return dict(back)


def read_corpus(store: Store) -> Corpus:
    """Read the records that can be recommended from a store.

    Args:
        store: the graph.

    Returns:
        The corpus, independent of the order of the store's rows.
    """
    kind_of_class = {tg(KINDS[kind].class_name): kind for kind in TARGETS}
    found: dict[str, tuple[str, str | None, str | None]] = {}
    for record, cls, code, scheme in sorted(store.select(_RECORDS).rows, key=str, reverse=True):
        found[_iri(record)] = (kind_of_class[_iri(cls)], _text(code) or None, _iri(scheme) or None)
    iris = sorted(found)
    names = {_iri(node): _text(label) for node, label in store.select(_NAMES).rows}
    links = _gather((_iri(r), Link(_iri(p), _iri(n))) for r, p, n in store.select(_LINKS).rows)
    return Corpus(
        iris=iris,
        kinds=[found[iri][0] for iri in iris],
        labels=[names.get(iri, iri) for iri in iris],
        codes=[found[iri][1] for iri in iris],
        schemes=[found[iri][2] for iri in iris],
        statements=_read_statements(store, iris),
        links=[links.get(iri, []) for iri in iris],
        mappings=_read_mappings(store),
        examples=_read_examples(store),
        names=names,
    )


def _read_mappings(store: Store) -> list[Mapping]:
    """The mappings; of several rationales, the first one."""
    found: dict[str, Mapping] = {}
    for record, node, provision, rationale, relation in sorted(store.select(_MAPPINGS).rows, key=str):
        if isinstance(record, NamedNode) and isinstance(node, NamedNode) and isinstance(provision, NamedNode):
            text = rationale if isinstance(rationale, Literal) else None
            found.setdefault(node.value, Mapping(record.value, node.value, provision.value, text, _iri(relation)))
    return list(found.values())


def _read_examples(store: Store) -> list[tuple[str, Literal]]:
    rows = store.select(_EXAMPLES).rows
    return sorted(((_iri(record), text) for record, text in rows if isinstance(text, Literal)), key=str)


def _read_statements(store: Store, iris: Sequence[str]) -> list[list[Statement]]:
    """The texts of each record, without repetitions."""
    order = {expand(name): i for i, name in enumerate(" ".join(FIELDS.values()).split())}
    found: dict[str, dict[Statement, int]] = {iri: {} for iri in iris}
    for record, prop, text in store.select(_TEXTS).rows:
        if isinstance(text, Literal):
            found[_iri(record)][Statement(_iri(record), _iri(prop), text)] = order[_iri(prop)]
    for record, part, prop, text in store.select(_PART_TEXTS).rows:
        if isinstance(text, Literal):
            holder = part.value if isinstance(part, NamedNode) else ""
            found[_iri(record)].setdefault(Statement(holder, _iri(prop), text), len(order))

    def place(item: tuple[Statement, int]) -> tuple[int, bool, str, str, str, str]:
        (holder, prop, text), of_property = item
        language = text.language or ""
        return of_property, language.partition("-")[0] != "en", holder, text.value, language, prop

    return [[statement for statement, _ in sorted(found[iri].items(), key=place)] for iri in iris]


def _gather(pairs: Iterable[tuple[str, Link]]) -> dict[str, list[Link]]:
    """Group links by record, sorted and without duplicates."""
    gathered: dict[str, set[Link]] = defaultdict(set)
    for key, value in pairs:
        gathered[key].add(value)
    return {key: sorted(values) for key, values in gathered.items()}


def expand(name: str) -> str:
    """The IRI of a prefixed name."""
    prefix, _, local = name.partition(":")
    return PREFIXES[prefix] + local


_FIELD_OF = {expand(name): part for part, names in FIELDS.items() for name in names.split()}


def _iri(term: Term | None) -> str:
    return str(getattr(term, "value", ""))


def _text(term: Term | None) -> str:
    return term.value if isinstance(term, Literal) else ""
