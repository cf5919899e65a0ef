"""Writes compact JSON-LD 1.1, which programs can use without an RDF library.

Each record is an object with its parts nested in it, short property names, and full IRIs as links. Values are always
lists. The document includes the context (``ontology/context.jsonld``), so no network access is needed to read it.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from threatgraph import resources
from threatgraph.errors import ThreatGraphError
from threatgraph.export.limits import refuse_new_terms
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
_HAS_PART = tg("hasPart")
_LANG_STRING = f"{PREFIXES['rdf']}langString"

Json = str | int | dict[str, "Json"] | list["Json"]


def jsonld_context() -> dict[str, dict[str, Json]]:
    """Build the context: short names and types of the terms of the ontology and of other vocabularies."""
    context: dict[str, Json] = {"id": "@id", "type": "@type", "graph": "@graph"}
    context |= {prefix: PREFIXES[prefix] for prefix in _VOCABULARIES}
    context |= {name: f"tg:{name}" for name in sorted(CLASSES)}
    for name, link in sorted(_BORROWED.items()):
        context[name.partition(":")[2]] = _definition(name, "@id" if link else _english(name))
    for iri, kind in sorted(_properties().items()):
        context[iri.removeprefix(TG)] = _definition(f"tg:{iri.removeprefix(TG)}", kind)
    return {"@context": context}


def write(content: Iterable[Triple], *, main: str | None = None) -> bytes:
    """Write triples as a JSON-LD document.

    Args:
        content: the triples, possibly with blank nodes.
        main: the IRI of the record to write first.

    Raises:
        ThreatGraphError: if JSON-LD cannot represent a statement, or would read it differently.
    """
    about: dict[Term, dict[str, list[Term]]] = defaultdict(lambda: defaultdict(list))
    context = jsonld_context()["@context"]
    for triple in sorted(set(content), key=str):
        refuse_new_terms(triple, "JSON-LD")
        for term in triple:
            _refuse_misread(term, context)
        about[triple.subject][triple.predicate.value].append(triple.object)
    writer = _Writer(about, context)
    roots = sorted((s for s in about if not writer.is_nested(s)), key=lambda s: (_iri(s) != main, _iri(s)))
    document = {"@context": context, "graph": [writer.node(root) for root in roots]}
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


class _Writer:
    """Writes the nodes of a graph with a context."""

    def __init__(self, about: Mapping[Term, Mapping[str, list[Term]]], context: Mapping[str, Json]) -> None:
        self._about = about
        self._terms: dict[str, tuple[str, str | None]] = {}
        for name, definition in context.items():
            if isinstance(definition, dict):
                prefix, _, local = str(definition["@id"]).partition(":")
                kind = definition.get("@type", "@language" if "@language" in definition else None)
                self._terms[PREFIXES[prefix] + local] = (name, None if kind is None else str(kind))
        linked = {
            (value, subject)
            for subject, statements in about.items()
            for predicate, values in statements.items()
            if predicate != _HAS_PART
            for value in values
        }
        owners = {value: subject for value, subject in linked if _iri(value).startswith(f"{_iri(subject)}#")}
        self._nested = {part for part in owners if part in about}

    def is_nested(self, subject: Term) -> bool:
        """Whether a node is nested in its record."""
        return subject in self._nested

    def node(self, subject: Term) -> dict[str, Json]:
        """A node with its statements and its nested parts."""
        written: dict[str, Json] = {"id": _iri(subject)}
        statements = self._about[subject]
        classes = [kind for kind in statements.get(RDF_TYPE, ()) if not isinstance(kind, Literal)]
        if classes:
            written["type"] = sorted((_short(_iri(kind)) for kind in classes), key=lambda name: name not in CLASSES)
        for predicate in sorted(statements, key=lambda p: self._terms.get(p, (_short(p),))[0]):
            name, kind = self._terms.get(predicate, (_short(predicate), None))
            values = sorted(statements[predicate], key=lambda v: (self._position(v), str(v)))
            if predicate == RDF_TYPE:
                values = [value for value in values if isinstance(value, Literal)]  # unusual, but valid RDF
            if values:
                owner = (
                    None if predicate == _HAS_PART else subject
                )  # a part is nested once, under its specific property
                written[name] = [self._value(value, kind, owner) for value in values]
        return written

    def _position(self, value: Term) -> int:
        for position in self._about.get(value, {}).get(f"{TG}position", ()):
            if isinstance(position, Literal) and _is_exact(position.value):
                return int(position.value)
        return 0

    def _value(self, value: Term, kind: str | None, owner: Term | None) -> Json:
        if isinstance(value, Literal):
            return _literal(value, kind)
        if owner is not None and value in self._nested and _iri(value).startswith(f"{_iri(owner)}#"):
            return self.node(value)
        return _iri(value) if kind == "@id" else {"id": _iri(value)}


def _literal(value: Literal, kind: str | None) -> Json:
    datatype = value.datatype.value
    if value.language:
        plain = kind == "@language" and value.language == "en"
        return value.value if plain else {"@value": value.value, "@language": value.language}
    if kind == _short(datatype):
        return int(value.value) if kind == "xsd:integer" and _is_exact(value.value) else value.value
    if datatype == f"{XSD}string":
        return value.value if kind is None else {"@value": value.value}
    return {"@value": value.value, "@type": _short(datatype)}


def _is_exact(number: str) -> bool:
    """Whether a lexical form is a JSON number that every reader converts back into the same form."""
    is_short = number.isascii() and number.isdecimal() and len(number) <= _EXACT_DIGITS
    return is_short and str(int(number)) == number


def _refuse_misread(term: Term, context: Mapping[str, Json]) -> None:
    """Reject an IRI such as ``<skos:note>``, which JSON-LD would read as a prefixed name."""
    if isinstance(term, NamedNode) and term.value.partition(":")[0] in context:
        message = f"{term}: JSON-LD reads this IRI as a prefixed name; if intended, remove the brackets in the source."
        raise ThreatGraphError(message)


def _properties() -> dict[str, str | None]:
    """The properties of the ontology and their value types: ``@id``, ``@language``, a datatype, or ``None``."""
    ranges: dict[str, str | None] = {}
    links: set[str] = set()
    for quad in parse(path=str(resources.ontology_dir() / "threatgraph.ttl"), format=RdfFormat.TURTLE):
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
