"""A document in one of its forms, and the typed links that describe it."""

from __future__ import annotations

import json
from typing import NamedTuple

from threatgraph.vocab import BASE
from threatgraph.web.links import Links, to_uri

LICENSE = "https://creativecommons.org/licenses/by/4.0/"
"""The license of the bundled data."""

#: The media type of each form, without parameters.
MEDIA_TYPES = {
    "html": "text/html",
    "ttl": "text/turtle",
    "jsonld": "application/ld+json",
    "nt": "application/n-triples",
    "rdf": "application/rdf+xml",
    "json": "application/json",
    "csv": "text/csv",
    "md": "text/markdown",
}
#: The names of forms for people.
FORM_NAMES = {
    "html": "HTML",
    "ttl": "Turtle",
    "jsonld": "JSON-LD",
    "nt": "N-Triples",
    "rdf": "RDF/XML",
    "json": "JSON",
    "csv": "CSV",
    "md": "Markdown",
}
#: The export format of each RDF form.
RDF_FORMS = {"ttl": "turtle", "jsonld": "jsonld", "nt": "ntriples", "rdf": "rdfxml"}

RECORD_FORMS = ("html", "ttl", "jsonld", "nt", "rdf", "json", "md")
LIST_FORMS = ("html", "json", "csv", "ttl", "jsonld", "nt", "rdf", "md")
ONTOLOGY_FORMS = ("html", "ttl", "jsonld", "nt", "rdf")
PAGE_FORMS = ("html", "json", "md")
"""The forms of the home page and of the list of queries."""
VIEW_FORMS = ("html", "json", "csv", "md")
"""The forms of the views of the explorer."""
GRAPH_FORMS = ("ttl", "jsonld", "nt", "rdf")
"""The forms of a named graph."""


class TypedLink(NamedTuple):
    """A link of a document with its relation (RFC 8288)."""

    relation: str
    url: str
    media_type: str = ""


class Document(NamedTuple):
    """The content of a document in one form."""

    content: bytes
    form: str
    path: str = ""
    """The path below the root, without a suffix; empty for the home page."""
    links: tuple[TypedLink, ...] = ()
    """The links of FAIR Signposting and, for a list, to the next and previous page."""

    @property
    def media_type(self) -> str:
        """The media type, with the character encoding for text."""
        return content_type(self.form)


def content_type(form: str) -> str:
    """Return the media type of a form, with the character encoding for text."""
    media_type = MEDIA_TYPES[form]
    return f"{media_type}; charset=utf-8" if media_type.startswith("text/") else media_type


def signposts(
    path: str, forms: tuple[str, ...], links: Links, *, types: tuple[str, ...] = (), collection: str = ""
) -> tuple[TypedLink, ...]:
    """Return the links of FAIR Signposting for a document.

    Args:
        path: the path of the document below the root.
        forms: the forms that the document has.
        links: where documents are.
        types: IRIs of the types of the thing that the document describes.
        collection: the path of the list that the thing is in.
    """
    forms = tuple(form for form in forms if links.forms is None or form in links.forms)
    found = [TypedLink("cite-as", to_uri(BASE + path))]
    found += [
        TypedLink("describedby", links.form(path, form), MEDIA_TYPES[form])
        for form in ("ttl", "jsonld")
        if form in forms
    ]
    found += [TypedLink("type", iri) for iri in types]
    found.append(TypedLink("license", LICENSE))
    if collection and links.has(collection):
        found.append(TypedLink("collection", links.page(collection)))
    return (*found, *(TypedLink("alternate", links.form(path, form), MEDIA_TYPES[form]) for form in forms))


def to_json(value: object) -> bytes:
    """Return plain values as JSON."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()
