"""The records of a graph as documents: names, codes, texts, and the values to filter by."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from pyoxigraph import Literal, NamedNode

from threatgraph.rdf.terms import Term
from threatgraph.store import Store
from threatgraph.vocab import KINDS, PREFIXES, SKOS, TG, shorten, tg

#: The columns of the index with the properties that fill them, from the most to the least specific.
COLUMNS = {
    "label": "skos:prefLabel",
    "alternatives": "skos:altLabel tg:systemName",
    "keywords": "skos:hiddenLabel",
    "codes": "skos:notation dcterms:identifier tg:aiidNumber tg:occurred",
    "topics": "tg:retrievalTopic tg:retrievalQuestion",
    "text": "skos:definition dcterms:description dcterms:abstract",
    "context": "skos:scopeNote tg:condition tg:exception tg:outcome tg:harmedParty tg:placeName",
    "examples": "skos:example",
    "guidance": "tg:mechanismSummary tg:indicatorSummary tg:responseTrigger tg:incidentSummary",
}
#: Links whose labels are part of the context of a record: who built and used the system, and the parent of a provision.
_NAMED_BY = "tg:developer tg:deployer tg:victim tg:actor skos:broader"
_FILTERED_BY = "skos:inScheme tg:sector tg:severity tg:mappedTo tg:appliesFrom tg:appliesFromAsAmended"
_PAGES = "schema:subjectOf skos:exactMatch"
_SOURCES = "dcterms:source"
_PARTS = "tg:mechanism|tg:indicator|tg:measure|tg:responseStep"
_CLASSES = " ".join(f"tg:{kind.class_name}" for kind in KINDS.values())

_VALUES = """
SELECT DISTINCT ?record ?class ?property ?value {
  VALUES ?class { %s }
  VALUES ?property { %s }
  ?record a ?class ; ?property ?value .
}
"""
_PART_TEXTS = f"""
SELECT DISTINCT ?record ?text {{
  VALUES ?class {{ {_CLASSES} }}
  ?record a ?class ; {_PARTS} ?part .
  ?part dcterms:description ?description .
  OPTIONAL {{ ?part skos:prefLabel ?label }}
  BIND(CONCAT(COALESCE(STR(?label), ""), ". ", STR(?description)) AS ?text)
}}
"""
_YEAR = re.compile(r"\d{4}(?=-|$)")


@dataclass(frozen=True, slots=True)
class Document:
    """A record as it is indexed."""

    iri: str
    kind: str
    label: str
    code: str | None
    columns: dict[str, str]
    """The text of each column of the index."""
    names: tuple[str, ...]
    """The label and the alternative labels."""
    phrases: tuple[str, ...]
    """Keywords and topics."""
    passages: tuple[str, ...]
    """Its texts one by one: definition, conditions, mechanisms, indicators, measures and others."""
    identifiers: tuple[str, ...]
    """Codes, and identifiers of other projects."""
    pages: tuple[str, ...]
    """The URLs of pages about the record."""
    sources: tuple[str, ...]
    """The URLs of the sources of an incident."""
    facets: dict[str, frozenset[str]] = field(default_factory=dict)
    """The values to filter by: ``framework``, ``sector``, ``severity`` (IRIs) and ``year``."""


def read_documents(store: Store, without: Collection[str] = ()) -> list[Document]:
    """Read the records of a graph, sorted by IRI.

    Args:
        store: the graph.
        without: the local names of properties to leave out, such as ``retrievalQuestion``; for measurements.
    """
    kind_of_class = {tg(kind.class_name): kind.name for kind in KINDS.values()}
    order = list(KINDS)
    kinds: dict[str, str] = {}
    values: dict[str, dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
    for group in (*COLUMNS.values(), _NAMED_BY, _FILTERED_BY, f"{_PAGES} {_SOURCES}"):
        names = [name for name in group.split() if name.partition(":")[2] not in without]
        # One query for each group: servers limit the rows of a result.
        rows = store.select(_VALUES % (_CLASSES, " ".join(names))).rows if names else []
        for record, class_, prop, value in sorted(rows, key=str):
            if isinstance(record, NamedNode) and isinstance(prop, NamedNode) and value is not None:
                kind = kind_of_class[_plain(class_)]
                kinds[record.value] = min(kinds.get(record.value, kind), kind, key=order.index)
                found = values[record.value][prop.value]
                if value not in found:
                    found.append(value)
    parts: dict[str, set[str]] = defaultdict(set)
    for record, text in store.select(_PART_TEXTS).rows:
        parts[_plain(record)].add(_plain(text))
    labels = {
        iri: _plain(found[f"{SKOS}prefLabel"][0]) for iri, found in values.items() if found.get(f"{SKOS}prefLabel")
    }
    schemes = {iri: {_plain(term) for term in found.get(f"{SKOS}inScheme", ())} for iri, found in values.items()}
    reader = _Reader(labels, schemes)
    return [reader.document(iri, kinds[iri], values[iri], sorted(parts[iri])) for iri in sorted(kinds)]


def _expand(names: str) -> list[str]:
    return [PREFIXES[prefix] + local for prefix, _, local in (name.partition(":") for name in names.split())]


def _plain(term: Term | None) -> str:
    return str(getattr(term, "value", ""))


class _Reader:
    """Makes documents of the values of records.

    Args:
        labels: the labels of all records.
        schemes: the concept schemes of all records; those of a provision are its frameworks.
    """

    def __init__(self, labels: dict[str, str], schemes: dict[str, set[str]]) -> None:
        self._labels, self._schemes = labels, schemes
        self._columns = {column: _expand(names) for column, names in COLUMNS.items()}
        self._named_by = _expand(_NAMED_BY)
        self._pages, self._sources = _expand(_PAGES), _expand(_SOURCES)

    def document(self, iri: str, kind: str, values: dict[str, list[Term]], parts: Iterable[str]) -> Document:
        """Make the document of a record."""
        texts = {column: self._literals(values, names) for column, names in self._columns.items()}
        codes = self._literals(values, [f"{SKOS}notation"])
        aiid = [f"AIID {number}" for number in self._literals(values, [tg("aiidNumber")])]
        label = self._labels.get(iri) or shorten(iri)
        named = [
            self._labels.get(_plain(term), "") or _literal(term) for p in self._named_by for term in values.get(p, ())
        ]
        texts["context"] += [text for text in named if text]
        texts["guidance"] += parts
        alternatives = self._literals(values, [f"{SKOS}altLabel"])
        return Document(
            iri=iri,
            kind=kind,
            label=label,
            code=codes[0] if codes else None,
            columns={column: " · ".join(found) for column, found in texts.items()},
            names=tuple(dict.fromkeys([label, *alternatives, *texts["alternatives"]])),
            phrases=(*texts["keywords"], *texts["topics"]),
            passages=tuple(
                text for column in ("topics", "text", "context", "examples", "guidance") for text in texts[column]
            ),
            identifiers=(*codes, *self._literals(values, _expand("dcterms:identifier")), *aiid),
            pages=_urls(values, self._pages),
            sources=_urls(values, self._sources) if kind == "incident" else (),
            facets=self._facets(iri, kind, values),
        )

    @staticmethod
    def _literals(values: dict[str, list[Term]], names: Iterable[str]) -> list[str]:
        return [text for name in names for term in values.get(name, ()) if (text := _literal(term))]

    def _facets(self, iri: str, kind: str, values: dict[str, list[Term]]) -> dict[str, frozenset[str]]:
        """A provision is in its framework, and other records in the frameworks that they are mapped to."""
        if kind == "framework":
            frameworks = {iri}
        elif kind == "provision":
            frameworks = self._schemes.get(iri, set())
        else:
            mapped = [_plain(term) for term in values.get(tg("mappedTo"), ())]
            frameworks = {scheme for provision in mapped for scheme in self._schemes.get(provision, ())}
        dated = ("occurred",) if kind == "incident" else ("appliesFrom", "appliesFromAsAmended")
        dates = [_plain(term) for name in dated for term in values.get(TG + name, ())]
        return {
            "framework": frozenset(frameworks),
            "sector": frozenset(_plain(term) for term in values.get(tg("sector"), ())),
            "severity": frozenset(_plain(term) for term in values.get(tg("severity"), ())),
            "year": frozenset(found[0] for date in dates if (found := _YEAR.match(date))),
        }


def _literal(term: Term) -> str:
    return term.value if isinstance(term, Literal) else ""


def _urls(values: dict[str, list[Term]], names: Iterable[str]) -> tuple[str, ...]:
    return tuple(text for name in names for term in values.get(name, ()) if "://" in (text := _plain(term)))
