"""Records: their statements by property name, with nested parts and with the labels of links."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from pyoxigraph import Literal, NamedNode

from threatgraph import notebook
from threatgraph.headings import FACTS, HIDDEN, LAST_SECTIONS, PROVENANCE, SECTIONS, heading
from threatgraph.sparql.values import batches, values_clause
from threatgraph.store import Store
from threatgraph.table import Value, to_frame, to_value
from threatgraph.vocab import KINDS, RDF_TYPE, Kind, kind_of, shorten, tg

if TYPE_CHECKING:
    import pandas

    from threatgraph.rdf.terms import Term

    _Statements = dict[str, list[tuple[int, Value | "Link"]]]
    """By property: each value with its position."""

_OF_SUBJECTS = """
SELECT ?subject ?property ?value ?label ?notation ?position {
  %s
  ?subject ?property ?value .
  FILTER(?property != tg:hasPart)
  OPTIONAL { ?value skos:prefLabel|foaf:name ?label } # an agent has a name
  OPTIONAL { ?value skos:notation ?notation }
  OPTIONAL { ?value tg:position|tg:rank ?position }
}
"""
_PARTS = "SELECT ?part { ?record tg:hasPart ?part }"
_FOREIGN_TEXTS = """
SELECT DISTINCT ?text {
  ?record tg:hasPart? ?subject .
  ?subject ?property ?text .
  FILTER(ISLITERAL(?text) && LANG(?text) NOT IN ("", "en"))
}
"""


#: Links from other records or their parts to a record, and predicted links in both directions. Derived shortcuts are
#: left out. The links are found in a query of their own, since the engine would join the alternatives with all labels.
_INBOUND = """
SELECT DISTINCT ?property ?code ?label ?owner ?confidence
WHERE {
  {
    SELECT ?property ?owner ?confidence {
      { ?owner ?property ?record . FILTER NOT EXISTS { ?whole tg:hasPart ?owner } }
      UNION
      { ?part ?inner ?record . ?owner tg:hasPart ?part ; ?property ?part }
      UNION
      {
        VALUES (?inner ?property) { (tg:recommendedFor tg:recommends) (tg:recommends tg:recommendedFor) }
        ?prediction ?inner ?record ; ?property ?owner ; sssom:confidence ?confidence .
      }
    }
  }
  ?owner skos:prefLabel ?label .
  OPTIONAL { ?owner skos:notation ?code }
  FILTER(?owner != ?record)
  FILTER(?property NOT IN (
    tg:affects, tg:hasPart, tg:mappedTo, tg:notCoveredBy, tg:involvesPattern, tg:primaryPattern,
    tg:secondaryPattern, tg:actor
  ))
  FILTER NOT EXISTS { ?owner a tg:ThreatPattern ; tg:domain ?record . FILTER(?property = skos:broader) }
}
ORDER BY STR(?property) DESC(xsd:decimal(?confidence)) STR(?code) STR(?label) STR(?owner)
"""


@dataclass(frozen=True, slots=True)
class Link:
    """A link to another record or concept, with its label and code."""

    iri: str
    label: str
    code: str | None = None
    confidence: float | None = None
    """The confidence of a predicted link; ``None`` for all others."""

    def __str__(self) -> str:
        return self._name() + ("" if self.confidence is None else f" [confidence {self.confidence}]")

    def _name(self) -> str:
        kind = kind_of(self.iri)
        if kind is not None and kind.name == "provision":  # provisions are identified by numbers
            return f"{shorten(self.iri)} {self.label}"
        return f"{self.label} ({self.code})" if self.code else self.label

    def to_dict(self) -> dict[str, str | float | None]:
        """The IRI and the label, and if present the code and the confidence."""
        plain: dict[str, str | float | None] = {"iri": self.iri, "label": self.label}
        optional = {"code": self.code, "confidence": self.confidence}
        return plain | {name: value for name, value in optional.items() if value is not None}

    def to_html(self) -> str:
        """The link as HTML."""
        return notebook.link(self.iri, str(self))


@dataclass(frozen=True, slots=True)
class Record:
    """A record of the graph, or one of its parts.

    ``record["severity"]`` gives the values of a property by its local name, always as a tuple: plain values,
    :class:`Link` for other records, and :class:`Record` for the record's own parts, in the order of their positions.
    """

    iri: str
    kind: str
    """The kind of the record; empty for a part."""
    label: str
    code: str | None
    statements: Mapping[str, tuple[Value | Link | Record, ...]] = field(repr=False)

    def __getitem__(self, name: str) -> tuple[Value | Link | Record, ...]:
        return self.statements.get(name, ())

    def __iter__(self) -> Iterator[str]:
        return iter(self.statements)

    def __contains__(self, name: object) -> bool:
        return name in self.statements

    def text(self, name: str) -> str:
        """Return the first value of a property as text; empty if there is none."""
        values = self[name]
        return str(values[0]) if values else ""

    def to_dict(self) -> dict[str, object]:
        """Return the record as nested dicts and lists of plain values."""
        plain: dict[str, object] = {"iri": self.iri}
        for name, values in self.statements.items():
            plain[name] = [_plain(value) for value in values]
        return plain

    def texts(self, name: str) -> list[str]:
        """Return the values of a property for display; properties are named by their headings.

        Args:
            name: the local name of the property.
        """
        return [_detail(value) if name == "addedProperty" else str(value) for value in self[name]]

    def line(self) -> str:
        """Return a part of a record as one line: its label or target, details and text."""
        label, links, details, text = self.outline()
        targets = "; ".join(map(str, links))
        head = f"{label} ({targets})" if label and targets else label or targets
        return head + (f" [{', '.join(details)}]" if details else "") + (f" — {text}" if text else "")

    def outline(self) -> Outline:
        """Return what a page shows of a part of a record."""
        targets = tuple(self[name][0] for name in _TARGETS if self[name])
        shown = [name for name in _DETAILS if self[name] and self.text(name) != self.label]
        details = tuple(_DETAILS[name] + ", ".join(map(_detail, self[name])) for name in shown)
        text = " ".join(filter(None, map(self.text, _TEXTS)))
        return Outline(self.label or self.text("publisherName"), targets, details, text)

    def to_pandas(self) -> pandas.DataFrame:
        """One row for each value, with the columns ``property``, ``value``, ``label`` and ``code``.

        Raises:
            ImportError: if pandas is not installed.
        """
        rows = []
        for name, values in self.statements.items():
            for value in values:
                iri = value.iri if isinstance(value, (Link, Record)) else None
                label = value.label if isinstance(value, (Link, Record)) else None
                code = value.code if isinstance(value, (Link, Record)) else None
                rows.append({"property": name, "value": iri or value, "label": label, "code": code})
        return to_frame(rows, ("property", "value", "label", "code"))

    def _repr_html_(self) -> str:
        """The record for a notebook."""
        order = [*FACTS, *(name for names in SECTIONS.values() for name in names)]
        last = [*(name for names in LAST_SECTIONS.values() for name in names), *PROVENANCE]
        rest = [name for name in self if name not in {*order, *last, *HIDDEN}]
        title = " ".join(filter(None, (self.code, self.label)))
        rows = [
            (notebook.escape(heading(name)), self._html_values(name)) for name in [*order, *rest, *last] if self[name]
        ]
        summary = f"<p>{notebook.escape(self.text('abstract'))}</p>" if self.text("abstract") else ""
        return f"<h4>{notebook.link(self.iri, title)}</h4>{summary}{notebook.table((), rows)}"

    def _html_values(self, name: str) -> str:
        items = []
        for value, text in zip(self[name], self.texts(name), strict=True):
            if name == "addedProperty":
                items.append(notebook.escape(text))
            elif isinstance(value, Link):
                items.append(value.to_html())
            elif isinstance(value, Record):
                items.append(notebook.escape(value.line()))
            else:
                items.append(notebook.link(text, text))
        numbered = any("position" in value for value in self[name] if isinstance(value, Record))
        reason = self.text(FACTS.get(name) or "")
        return notebook.bullets(items, numbered=numbered) + (f" — {notebook.escape(reason)}" if reason else "")


class Outline(NamedTuple):
    """What a page shows of a part of a record."""

    label: str
    targets: tuple[Value | Link | Record, ...]
    """The records or documents that the part is about."""
    details: tuple[str, ...]
    """Facts in a few words, such as ``confidence 0.9``."""
    text: str


#: The targets of a part, its texts, and its details with the words before each.
_TARGETS = ("group", "pattern", "subject_id", "object_id", "framework", "source")
_TEXTS = ("description", "rationale", "supports")
_DETAILS = {
    "impactRole": "",
    "patternRole": "",
    "mappingRelation": "",
    "predicate_id": "",
    "sourceKind": "",
    "reprint": "reprint: ",
    "curationStatus": "",
    "reviewState": "review: ",
    "sourceLabel": "source: ",
    "confidence": "confidence ",
    "count": "",
    "total": "out of ",
    "percentage": "percent: ",
    "severity": "severity: ",
    "asOf": "as of ",
}


def _detail(value: Value | Link | Record) -> str:
    """A detail as words: ``skos:relatedMatch`` becomes ``related match``."""
    text = str(value)
    if not text.startswith(("http://", "https://")):
        return text
    return heading(re.split(r"[#/]", text)[-1]).lower()


def read_record(store: Store, iri: str) -> Record:
    """Read a record and its parts from a store; ``iri`` must be a result of :func:`threatgraph.lookup.resolve`."""
    node = NamedNode(iri)
    parts = [str(row[0].value) for row in store.select(_PARTS, {"record": node}).rows if isinstance(row[0], NamedNode)]
    by_subject = _statements(store, [iri, *parts])
    nested = {part: _record(part, by_subject[part], {}) for part in parts}
    return _record(iri, by_subject[iri], nested)


def exists(store: Store, iri: str) -> bool:
    """Return whether the graph has a statement about an IRI."""
    try:
        return store.ask("ASK { ?record ?property ?value }", {"record": NamedNode(iri)})
    except ValueError:  # not a valid IRI
        return False


def read_inbound(store: Store, iri: str) -> dict[str, tuple[Link, ...]]:
    """Return the records that link to a record, by the local name of the property.

    A link from a part of a record counts as a link from the record, by the property that leads to the part. Shortcuts
    that the graph derives are left out. Predicted patterns of an incident are under ``recommends``, and predicted
    incidents of a pattern under ``recommendedFor``.
    """
    found: dict[str, list[Link]] = {}
    query = _INBOUND.replace("?record", str(NamedNode(iri)))  # a binding would not reach into the inner query
    for prop, code, label, owner, confidence in store.select(query).rows:
        assert isinstance(prop, NamedNode)
        assert isinstance(owner, NamedNode)
        trust = float(confidence.value) if isinstance(confidence, Literal) else None
        link = Link(owner.value, str(to_value(label)), str(to_value(code)) if code else None, trust)
        found.setdefault(_local_name(prop), []).append(link)
    return {name: tuple(links) for name, links in found.items()}


def read_languages(store: Store, iri: str) -> dict[str, str]:
    """Return the language of each text of a record and its parts that is in another language than English."""
    texts = [text for (text,) in store.select(_FOREIGN_TEXTS, {"record": NamedNode(iri)}).rows]
    return {text.value: text.language for text in texts if isinstance(text, Literal) and text.language}


def _local_name(prop: NamedNode) -> str:
    return prop.value.replace("#", "/").rpartition("/")[2]


def _statements(store: Store, subjects: Sequence[str]) -> dict[str, _Statements]:
    """The statements about some subjects; those of one property are not in order yet."""
    found: dict[str, _Statements] = {subject: {} for subject in subjects}
    for batch in batches(subjects):
        for subject, *row in store.select(_OF_SUBJECTS % values_clause("subject", map(NamedNode, batch))).rows:
            assert isinstance(subject, NamedNode)
            _add(found[subject.value], *row)
    return found


def _add(found: _Statements, prop: Term | None, value: Term | None, *details: Term | None) -> None:
    """Add a statement with the label, notation and position of its value."""
    label, notation, position = details
    assert isinstance(prop, NamedNode)
    order = int(position.value) if isinstance(position, Literal) else 0
    key = "type" if prop.value == RDF_TYPE else _local_name(prop)
    shown: Value | Link = to_value(value)
    if isinstance(value, NamedNode):
        name = str(to_value(label)) if label else value.value
        if key == "addedProperty":  # properties have no skos:prefLabel
            name = heading(_local_name(value)).lower()
        shown = Link(value.value, name, str(to_value(notation)) if notation else None)
    found.setdefault(key, []).append((order, shown))


def _record(iri: str, found: _Statements, parts: Mapping[str, Record]) -> Record:
    statements: dict[str, tuple[Value | Link | Record, ...]] = {}
    for name in sorted(found):
        ordered = sorted(found[name], key=lambda item: (item[0], str(item[1])))
        statements[name] = tuple(parts.get(v.iri, v) if isinstance(v, Link) else v for _, v in ordered)
    kind = kind_of(iri) or next((k for k in map(_kind_of_class, statements.get("type", ())) if k), None)
    label = statements.get("prefLabel", ("",))[0]
    code = statements.get("notation", (None,))[0]
    return Record(iri, kind.name if kind else "", str(label), str(code) if code else None, statements)


def _kind_of_class(value: Value | Link | Record) -> Kind | None:
    """The kind of the records of a class, for records whose IRI is outside the namespace of threatgraph."""
    iri = value.iri if isinstance(value, Link) else ""
    return next((kind for kind in KINDS.values() if tg(kind.class_name) == iri), None)


def _plain(value: Value | Link | Record) -> object:
    if isinstance(value, Record):
        return value.to_dict()
    return value.to_dict() if isinstance(value, Link) else value
