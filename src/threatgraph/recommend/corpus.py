"""What recommendations are made from: the records of three kinds, their words and their links, as plain arrays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple, TypeVar

import numpy as np
from pyoxigraph import Literal

from threatgraph.rdf.terms import Term
from threatgraph.store import Store
from threatgraph.vocab import KINDS, PREFIXES, tg

#: The kinds of record that can be recommended.
TARGETS = ("pattern", "incident", "provision")

_LABELS = "skos:prefLabel skos:altLabel skos:hiddenLabel"
_BRIEF = "skos:definition dcterms:description dcterms:abstract skos:scopeNote"
_GUIDANCE = "tg:mechanismSummary tg:indicatorSummary tg:responseTrigger tg:retrievalTopic tg:retrievalQuestion"
#: How much a statement says of what its record is about: its name first, then its definition, then the guidance.
FIELDS = {"label": _LABELS, "brief": _BRIEF, "guidance": _GUIDANCE}

#: The properties of a record that lead to its guidance.
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
SELECT ?record ?text {{
  VALUES ?class {{ {_CLASSES} }}
  ?record a ?class ; {PARTS} ?part .
  ?part skos:prefLabel|dcterms:description ?text .
  FILTER(isLiteral(?text))
}}
"""
#: The statements that two records may share. What only tells how a record was made or rated is not among them.
SHARED = """
tg:causalFactor tg:affects tg:harmType tg:asset tg:exposurePathway tg:lifecycleStage tg:failureStage tg:sector
tg:region tg:actor tg:mappedTo tg:addresses tg:tactic tg:involvesPattern
""".split()
#: The statements by which a record says itself what is related to it: shown as curated, kept out of every score.
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
_NAMES = """
SELECT ?node ?label { ?node skos:prefLabel ?label }
ORDER BY STR(?node) (LANGMATCHES(LANG(?label), "en")) STR(?label)
"""


class Link(NamedTuple):
    """A statement about a record: the property's and the other node's IRI."""

    property: str
    node: str


Value = TypeVar("Value", str, Link)


@dataclass(frozen=True, slots=True)
class Text:
    """The words of a record, from its name outwards."""

    label: str = ""
    brief: str = ""
    guidance: str = ""

    @property
    def whole(self) -> str:
        """Everything, the name twice: a word of the name says more of a record than one of its guidance."""
        return f"{self.label}. {self.label}. {self.brief} {self.guidance}"

    @property
    def short(self) -> str:
        """Name and definition."""
        return f"{self.label}. {self.brief}"


@dataclass(frozen=True)
class Corpus:
    """The records that can be recommended, sorted by IRI; positions in these lists are what the signals reckon with."""

    iris: list[str]
    kinds: list[str]
    labels: list[str]
    codes: list[str | None]
    schemes: list[str | None]
    """The scheme that a record stands in: of a provision, its framework."""
    texts: list[Text]
    links: list[list[Link]]
    names: dict[str, str] = field(repr=False)
    """The label of every node of the graph that has one."""

    def __len__(self) -> int:
        return len(self.iris)

    @cached_property
    def position(self) -> dict[str, int]:
        """Where each record stands, by its IRI."""
        return {iri: place for place, iri in enumerate(self.iris)}

    @cached_property
    def of_kind(self) -> dict[str, np.ndarray]:
        """The positions of the records of each kind, in order."""
        kinds = np.array(self.kinds, dtype=object)
        return {kind: np.flatnonzero(kinds == kind) for kind in TARGETS}

    def kind_of(self, iri: str) -> str | None:
        """The kind of a record; ``None`` for a node that cannot be recommended."""
        position = self.position.get(iri)
        return None if position is None else self.kinds[position]

    def name(self, iri: str) -> str:
        """What people call a node."""
        return self.names.get(iri) or iri.rstrip("/").replace("#", "/").rpartition("/")[2]

    @cached_property
    def linked_by(self) -> dict[int, list[tuple[int, str]]]:
        """For each record, the records that link to it: position and property."""
        back: dict[int, list[tuple[int, str]]] = defaultdict(list)
        for source, links in enumerate(self.links):
            for link in links:
                target = self.position.get(link.node)
                if target is not None:
                    back[target].append((source, link.property))
        return dict(back)


def read_corpus(store: Store) -> Corpus:
    """Read the records that can be recommended out of a store.

    Args:
        store: the graph.

    Returns:
        The corpus; the same one whatever the order in which the store gives its rows.
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
        texts=_read_texts(store, iris),
        links=[links.get(iri, []) for iri in iris],
        names=names,
    )


def _read_texts(store: Store, iris: Sequence[str]) -> list[Text]:
    field_of = {full(name): part for part, names in FIELDS.items() for name in names.split()}
    parts: dict[str, dict[str, list[str]]] = {part: _gather([]) for part in FIELDS}
    rows = [(_iri(record), field_of[_iri(prop)], _text(text)) for record, prop, text in store.select(_TEXTS).rows]
    rows += [(_iri(record), "guidance", _text(text)) for record, text in store.select(_PART_TEXTS).rows]
    for part in FIELDS:
        parts[part] = _gather((record, text) for record, of, text in rows if of == part)
    return [Text(**{part: " ".join(parts[part].get(iri, ())) for part in FIELDS}) for iri in iris]


def _gather(pairs: Iterable[tuple[str, Value]]) -> dict[str, list[Value]]:
    """The values of each key, sorted and without repetition."""
    gathered: dict[str, set[Value]] = defaultdict(set)
    for key, value in pairs:
        gathered[key].add(value)
    return {key: sorted(values) for key, values in gathered.items()}


def full(name: str) -> str:
    """The IRI of a prefixed name."""
    prefix, _, local = name.partition(":")
    return PREFIXES[prefix] + local


def _iri(term: Term | None) -> str:
    return str(getattr(term, "value", ""))


def _text(term: Term | None) -> str:
    return term.value if isinstance(term, Literal) else ""
