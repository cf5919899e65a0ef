"""Writes compact JSON-LD 1.1, which programs can use without an RDF library.

Each record is an object with its parts nested in it, short property names, and full IRIs as links. Values are always
lists. The document includes the context (``ontology/context.jsonld``), so no network access is needed to read it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import cache
from pathlib import Path
from typing import IO

from pyoxigraph import NamedNode, RdfFormat, parse

from threatgraph import resources
from threatgraph.errors import NotRepresentable
from threatgraph.export.limits import refuse_new_terms
from threatgraph.rdf.ntriples import SUBJECT_END, Cache, Record, records, term_of, unescape
from threatgraph.rdf.sorting import LineSorter
from threatgraph.rdf.terms import Term
from threatgraph.vocab import CLASSES, PREFIXES, RDF_TYPE, TG, XSD, tg

_VOCABULARIES = ("dcterms", "owl", "prov", "rdf", "rdfs", "schema", "skos", "sssom", "tg", "xsd")
#: Properties of other vocabularies with a short name, and whether their values are links.
_BORROWED = {
    "dcterms:abstract": False,
    "dcterms:created": False,
    "dcterms:creator": False,
    "dcterms:description": False,
    "dcterms:identifier": False,
    "dcterms:isReplacedBy": True,
    "dcterms:issued": False,
    "dcterms:license": True,
    "dcterms:modified": False,
    "dcterms:source": True,
    "dcterms:title": False,
    "prov:wasAttributedTo": True,
    "schema:subjectOf": True,
    "skos:altLabel": False,
    "skos:broadMatch": True,
    "skos:broader": True,
    "skos:closeMatch": True,
    "skos:definition": False,
    "skos:editorialNote": False,
    "skos:exactMatch": True,
    "skos:hasTopConcept": True,
    "skos:inScheme": True,
    "skos:narrowMatch": True,
    "skos:notation": False,
    "skos:prefLabel": False,
    "skos:related": True,
    "skos:relatedMatch": True,
    "skos:scopeNote": False,
    "sssom:confidence": False,
    "sssom:mapping_justification": True,
    "sssom:object_id": True,
    "sssom:predicate_id": True,
}
#: Datatypes of date properties. The shapes require them; OWL 2 DL lacks these datatypes, so the ontology cannot.
_DATES = {
    "appliesFrom": "xsd:date",
    "appliesFromAsAmended": "xsd:date",
    "asOf": "xsd:date",
    "firstYear": "xsd:gYear",
    "lastYear": "xsd:gYear",
    "sourceUpdated": "xsd:date",
}
#: Integers with up to this many digits are exact in every reader: JavaScript is exact below 2 to the power of 53.
_EXACT_DIGITS = 15
_RANGE = f"{PREFIXES['rdfs']}range"
_HAS_PART = f"<{tg('hasPart')}>".encode()
_TYPE = f"<{RDF_TYPE}>".encode()
_POSITION = f"<{tg('position')}> ".encode()
_LEXICAL = re.compile(rb'"([0-9]*)"')
_LANG_STRING = f"{PREFIXES['rdf']}langString"

Json = str | int | dict[str, "Json"] | list["Json"]


def jsonld_context() -> dict[str, dict[str, Json]]:
    """Build the context: short names and types of the terms of the ontology and of other vocabularies."""
    context: dict[str, Json] = {"id": "@id", "type": "@type", "graph": "@graph"}
    context |= {prefix: PREFIXES[prefix] for prefix in _VOCABULARIES}
    context |= {name: f"tg:{name}" for name in sorted(CLASSES)}
    for name, link in sorted(_BORROWED.items()):
        context[name.partition(":")[2]] = _definition(name, "@id" if link else _english(name))
    for iri, kind in sorted(_properties(resources.ontology_dir() / "threatgraph.ttl").items()):
        context[iri.removeprefix(TG)] = _definition(f"tg:{iri.removeprefix(TG)}", kind)
    return {"@context": context}


def write(lines: LineSorter, target: IO[bytes], *, main: str | None = None) -> None:
    """Write triples as a JSON-LD document.

    Args:
        lines: the triples as lines of N-Triples in the order of :func:`~threatgraph.rdf.ntriples.by_subject`, possibly
            with blank nodes.
        target: the file to write to.
        main: the IRI of the record to write first.

    Raises:
        ThreatGraphError: if JSON-LD cannot represent a statement, or would read it differently.
    """
    context = jsonld_context()["@context"]
    roots: Iterable[tuple[bytes, bytes]] = _Writer(context, _positions(lines)).roots(lines)
    if main is not None:
        roots = sorted(roots, key=lambda root: root[0] != f"<{main}".encode())
    head, _, foot = json.dumps({"@context": context, "graph": [0]}, ensure_ascii=False, indent=1).rpartition("\n  0")
    target.write(head.encode())
    separator = b"\n  "
    for _, node in roots:
        target.write(separator + node)
        separator = b",\n  "
    target.write((foot if separator.startswith(b",") else foot.lstrip()).encode() + b"\n")


def _positions(lines: LineSorter) -> dict[bytes, int]:
    """The position of each node that has one, by the node as it is written in N-Triples."""
    found: dict[bytes, int] = {}
    for block in lines.blocks():
        for line in block:
            if _POSITION in line:
                subject, _, rest = line.partition(SUBJECT_END)
                number = _LEXICAL.match(rest, len(_POSITION)) if rest.startswith(_POSITION) else None
                if number and _is_exact(number[1]):
                    found.setdefault(term_of(subject), int(number[1]))
    return found


class _Writer:
    """Writes the nodes of a graph with a context."""

    def __init__(self, context: Mapping[str, Json], positions: Mapping[bytes, int]) -> None:
        self._context = context
        self._positions = positions
        self._terms: dict[str, tuple[str, str | None]] = {}
        for name, definition in context.items():
            if isinstance(definition, dict):
                prefix, _, local = str(definition["@id"]).partition(":")
                kind = definition.get("@type", "@language" if "@language" in definition else None)
                self._terms[PREFIXES[prefix] + local] = (name, None if kind is None else str(kind))
        self._names: dict[bytes, tuple[str, str | None]] = {}
        self._links = Cache(self._link)
        """The JSON string of each IRI or blank node."""
        self._shorts = Cache(lambda iri: _short(iri[1:-1].decode()).encode() if iri.startswith(b"<") else iri)
        """The short name of each IRI, or a blank node."""

    def roots(self, lines: LineSorter) -> Iterator[tuple[bytes, bytes]]:
        """Yield the nodes that are not nested in another one, sorted: the subject, and the JSON object.

        Raises:
            ThreatGraphError: if JSON-LD cannot represent a statement, or would read it differently.
        """
        for record in records(lines):
            self._check(record)
            nested = {
                part
                for subject, statements in record.items()
                for predicate, values in statements.items()
                if predicate != _HAS_PART
                for value in values
                if value.startswith(b"%b#" % subject) and (part := value[:-1]) in record
            }
            for subject in record:
                if subject not in nested:
                    yield subject, self._node(subject, record, nested, b"\n   ")

    def _check(self, record: Record) -> None:
        """Reject statements that JSON-LD cannot represent, or would read differently."""
        links = self._links
        for subject, statements in record.items():
            links[term_of(subject)]
            for predicate, values in statements.items():
                links[predicate]
                for value in values:
                    if value.startswith(b"<<") or (b"--" in value and b"--" in value.rpartition(b'"')[2]):
                        line = b"%b %b %b ." % (term_of(subject), predicate, value)
                        (quad,) = parse(line, format=RdfFormat.N_TRIPLES)
                        refuse_new_terms(quad, "JSON-LD")
                    if not value.startswith(b'"'):
                        links[value]

    def _link(self, term: bytes) -> bytes:
        """The JSON string of an IRI; those that JSON-LD would read as a prefixed name are rejected."""
        iri = term.decode()
        if not iri.startswith("<"):
            return b'"%b"' % term
        if iri[1:].partition(":")[0] in self._context:
            reason = "JSON-LD reads this IRI as a prefixed name; if intended, remove the brackets in the source."
            raise NotRepresentable(f"{iri}: {reason}")
        return b'"%b"' % term[1:-1]

    def _name(self, predicate: bytes) -> tuple[str, str | None]:
        """The name of a property, and the kind of its values."""
        if predicate not in self._names:
            iri = predicate[1:-1].decode()
            self._names[predicate] = self._terms.get(iri, (_short(iri), None))
        return self._names[predicate]

    def _node(self, subject: bytes, record: Record, nested: AbstractSet[bytes], line: bytes) -> bytes:
        """The JSON object of a node with its nested parts; ``line`` begins each of its lines."""
        statements = record[subject]
        written = [b'"id": ' + self._links[term_of(subject)]]
        classes = [kind for kind in statements.get(_TYPE, ()) if not kind.startswith(b'"')]
        if classes:
            names = sorted((self._shorts[kind] for kind in classes), key=lambda name: name.decode() not in CLASSES)
            written.append(b'"type": ' + _array([b'"%b"' % name for name in names], line))
        part = b"%b#" % subject
        for predicate in sorted(statements, key=lambda predicate: self._name(predicate)[0]):
            name, kind = self._name(predicate)
            values = statements[predicate]
            if len(values) > 1 and self._positions:
                values = sorted(values, key=lambda value: self._positions.get(value, 0))
            if predicate == _TYPE:
                values = [value for value in values if value.startswith(b'"')]  # unusual, but valid RDF
            owner = predicate != _HAS_PART  # a part is nested once, under its specific property
            items = []
            for value in values:
                if value.startswith(b'"'):
                    items.append(self._literal(value, kind, line + b"  "))
                elif owner and value.startswith(part) and value[:-1] in nested:
                    items.append(self._node(value[:-1], record, nested, line + b"  "))
                else:
                    link = self._links[value]
                    items.append(link if kind == "@id" else _object([b'"id": ' + link], line + b"  "))
            if items:
                written.append(b'"%b": %b' % (name.encode(), _array(items, line)))
        return _object(written, line)

    def _literal(self, literal: bytes, kind: str | None, line: bytes) -> bytes:
        text, _, end = literal.rpartition(b'"')
        if b"\\" in text:
            text = unescape(text, _escape)
        text += b'"'
        if end.startswith(b"@"):
            plain = kind == "@language" and end == b"@en"
            return text if plain else _object([b'"@value": ' + text, b'"@language": "%b"' % end[1:]], line)
        if not end:
            return text if kind is None else _object([b'"@value": ' + text], line)
        datatype = self._shorts[end[2:]]
        if kind is not None and kind.encode() == datatype:
            return text[1:-1] if datatype == b"xsd:integer" and _is_exact(text[1:-1]) else text
        return _object([b'"@value": ' + text, b'"@type": "%b"' % datatype], line)


def _array(items: list[bytes], line: bytes) -> bytes:
    """A JSON array in a line that begins with ``line``."""
    return b"[%b %b%b]" % (line, (b",%b " % line).join(items), line)


def _object(items: list[bytes], line: bytes) -> bytes:
    """A JSON object whose lines begin with ``line``."""
    return b"{%b%b%b}" % (line, (b",%b" % line).join(items), line[:-1])


def _escape(character: bytes) -> bytes:
    """A character in a JSON string."""
    return json.dumps(character.decode(), ensure_ascii=False)[1:-1].encode()


def _is_exact(number: bytes) -> bool:
    """Whether a lexical form is a JSON number that every reader converts back into the same form."""
    return number.isdigit() and len(number) <= _EXACT_DIGITS and (number == b"0" or not number.startswith(b"0"))


@cache
def _properties(ontology: Path) -> Mapping[str, str | None]:
    """The properties of the ontology and their value types: ``@id``, ``@language``, a datatype, or ``None``."""
    ranges: dict[str, str | None] = {}
    links: set[str] = set()
    for quad in parse(path=str(ontology), format=RdfFormat.TURTLE):
        subject, value = _iri(quad.subject), _iri(quad.object)
        if not subject.startswith(TG):
            continue
        if quad.predicate.value == RDF_TYPE and value == f"{PREFIXES['owl']}ObjectProperty":
            links.add(subject)
        elif quad.predicate.value == RDF_TYPE and value == f"{PREFIXES['owl']}DatatypeProperty":
            ranges.setdefault(subject, None)
        elif quad.predicate.value == _RANGE and value.startswith((XSD, _LANG_STRING)):
            ranges[subject] = "@language" if value == _LANG_STRING else _short(value)
    return ranges | dict.fromkeys(links, "@id") | {tg(name): kind for name, kind in _DATES.items()}


def _definition(name: str, kind: str | None) -> Json:
    definition: dict[str, Json] = {"@id": name, "@container": "@set"}
    if kind == "@language":
        definition["@language"] = "en"
    elif kind and kind != "xsd:string":
        definition["@type"] = kind
    return definition


def _english(name: str) -> str | None:
    plain = {
        "dcterms:created",
        "dcterms:identifier",
        "dcterms:issued",
        "dcterms:modified",
        "skos:notation",
        "sssom:confidence",
    }
    return None if name in plain else "@language"


def _iri(term: Term) -> str:
    return term.value if isinstance(term, NamedNode) else str(term)


def _short(iri: str) -> str:
    for prefix in _VOCABULARIES:
        if iri.startswith(PREFIXES[prefix]):
            name = iri.removeprefix(PREFIXES[prefix])
            return name if prefix == "tg" and name in CLASSES else f"{prefix}:{name}"
    return iri
