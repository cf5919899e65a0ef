"""RDF descriptions of the dataset: statements by vocabulary term, and their serialization."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, serialize

from threatgraph.errors import UnknownName
from threatgraph.vocab import PREFIXES, RDF_TYPE, TG, XSD

#: The vocabularies of the descriptions.
VOCABULARIES: Mapping[str, str] = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": PREFIXES["dcterms"],
    "foaf": PREFIXES["foaf"],
    "format": "http://www.w3.org/ns/formats/",
    "owl": PREFIXES["owl"],
    "pav": "http://purl.org/pav/",
    "rdf": PREFIXES["rdf"],
    "rdfs": PREFIXES["rdfs"],
    "sd": "http://www.w3.org/ns/sparql-service-description#",
    "skos": PREFIXES["skos"],
    "spdx": "http://spdx.org/rdf/terms#",
    "tg": TG,
    "void": "http://rdfs.org/ns/void#",
    "xsd": XSD,
}
#: The formats of the descriptions, with their media types; the first is the default.
FORMATS: Mapping[str, tuple[RdfFormat, str]] = {
    "turtle": (RdfFormat.TURTLE, "text/turtle"),
    "jsonld": (RdfFormat.JSON_LD, "application/ld+json"),
    "rdfxml": (RdfFormat.RDF_XML, "application/rdf+xml"),
    "ntriples": (RdfFormat.N_TRIPLES, "application/n-triples"),
}
Value = NamedNode | Literal


def term(name: str) -> NamedNode:
    """Return a term of a vocabulary, such as ``void:triples``."""
    prefix, _, local = name.partition(":")
    return NamedNode(VOCABULARIES[prefix] + local)


def number(value: int) -> Literal:
    """Return an ``xsd:integer``."""
    return Literal(str(value), datatype=NamedNode(XSD + "integer"))


class Statements:
    """Statements that are collected for a description."""

    def __init__(self) -> None:
        self.triples: list[Triple] = []

    def add(self, subject: str, kind: str | None = None, **values: Value | Iterable[Value] | None) -> None:
        """Add statements about a subject.

        Args:
            subject: its IRI.
            kind: its class, such as ``void:Dataset``.
            values: the value or values of each property, named as ``void_triples``; ``None`` for no value.
        """
        node = NamedNode(subject)
        if kind is not None:
            self.triples.append(Triple(node, NamedNode(RDF_TYPE), term(kind)))
        for name, given in values.items():
            listed = () if given is None else (given,) if isinstance(given, NamedNode | Literal) else given
            self.triples += [Triple(node, term(name.replace("_", ":", 1)), value) for value in listed]

    def serialize(self, format: str) -> bytes:
        """Return the statements in a format, in a fixed order.

        Args:
            format: a name from :data:`FORMATS`.

        Raises:
            UnknownName: if the format does not exist.
        """
        if format not in FORMATS:
            raise UnknownName("format for descriptions", format, FORMATS, f"The formats are {', '.join(FORMATS)}.")
        ordered = sorted(set(self.triples), key=lambda triple: tuple(map(str, triple)))
        form = FORMATS[format][0]
        return serialize(ordered, format=form, prefixes=None if format == "ntriples" else _used(ordered)) or b""


def _used(triples: Iterable[Triple]) -> dict[str, str]:
    """The prefixes of the IRIs in triples."""
    iris = {str(part.value) for triple in triples for part in triple if not isinstance(part, Triple)}
    iris |= {part.datatype.value for triple in triples for part in triple if isinstance(part, Literal)}
    return {prefix: space for prefix, space in VOCABULARIES.items() if any(iri.startswith(space) for iri in iris)}
