"""The ontology, its JSON-LD context, and named graphs."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

from pyoxigraph import RdfFormat, Triple, parse

from threatgraph import resources
from threatgraph.export import export_triples
from threatgraph.graph import ThreatGraph
from threatgraph.schema import list_terms
from threatgraph.vocab import BASE, KINDS, TG, tg
from threatgraph.web.document import GRAPH_FORMS, ONTOLOGY_FORMS, RDF_FORMS, Document, signposts
from threatgraph.web.html import render
from threatgraph.web.links import Links
from threatgraph.web.static_files import page_files
from threatgraph.web.view import Text

PATH, CONTEXT_PATH = "ontology", "ontology/context"
_RELEASED = "threatgraph"
"""The name of the files of the ontology in a release, without a suffix."""
_DESCRIPTION = (
    "The classes and properties of the records of threatgraph: threat patterns, incidents, frameworks with their "
    "provisions, and the links between them."
)
_TYPES = ("http://www.w3.org/2002/07/owl#Ontology",)


class Term(NamedTuple):
    """A class or property on the page of the ontology."""

    name: str
    label: str
    comment: str
    kind: str
    """The kind of the records of a class; empty for others."""


def render_ontology(form: str, links: Links) -> Document:
    """Return the ontology.

    Args:
        form: a name from :data:`threatgraph.web.document.ONTOLOGY_FORMS`.
        links: where documents are.
    """
    found = signposts(PATH, ONTOLOGY_FORMS, links, types=_TYPES)
    if form == "ttl":
        return Document((resources.ontology_dir() / "threatgraph.ttl").read_bytes(), form, PATH, found)
    if form in RDF_FORMS:
        return Document(export_triples(_triples(), RDF_FORMS[form]), form, PATH, found)
    page = render(
        "ontology",
        links=links,
        signposts=found,
        title="Ontology",
        description=_DESCRIPTION,
        namespace=TG,
        trail=(Text("Home", links.page()),),
        groups=_groups(),
    )
    return Document(page, form, PATH, found)


class _ReleaseLinks(Links):
    """Links of the page in the folder of a release: other forms and the style sheet are beside it."""

    def form(self, path: str, form: str) -> str:
        """Return the URL of another form of the ontology; other pages are those of the IRIs."""
        return f"{_RELEASED}.{form}" if path == PATH else super().form(path, form)

    def static(self, name: str) -> str:
        """Return the URL of a static file."""
        return name


def reference() -> dict[str, bytes]:
    """Return the page of the ontology and its style sheet, script and icon as files of a release, by name."""
    page = render_ontology("html", _ReleaseLinks(BASE)).content
    return {f"{PATH}/{_RELEASED}.html": page, **{f"{PATH}/{file.name}": file.content for file in page_files()}}


def render_context() -> Document:
    """Return the JSON-LD context."""
    return Document((resources.ontology_dir() / "context.jsonld").read_bytes(), "jsonld", CONTEXT_PATH)


def render_graph(graph: ThreatGraph, path: str, form: str, links: Links) -> Document | None:
    """Return the triples of a named graph, such as those of a file, or ``None`` if it does not exist.

    Args:
        graph: the graph.
        path: the path of its IRI, such as ``graph/data/patterns/goal-drift.ttl``.
        form: a name from :data:`threatgraph.web.document.GRAPH_FORMS`.
        links: where documents are.
    """
    iri = BASE + path
    if iri not in graph.store.graphs():
        return None
    content = export_triples(graph.store.graph_triples(iri), RDF_FORMS[form])
    return Document(content, form, path, signposts(path, GRAPH_FORMS, links))


def _groups() -> list[tuple[str, list[Term]]]:
    kinds = {tg(kind.class_name): kind.name for kind in KINDS.values()}
    groups: dict[str, list[Term]] = {"Classes": [], "Properties": []}
    for term in list_terms():
        shown = Term(term.iri.removeprefix(TG), term.label, term.comment, kinds.get(term.iri, ""))
        groups["Classes" if term.type == "class" else "Properties"].append(shown)
    return [(heading, sorted(terms, key=lambda term: term.name.lower())) for heading, terms in groups.items()]


@cache
def _triples() -> list[Triple]:
    file = resources.ontology_dir() / "threatgraph.ttl"
    return [quad.triple for quad in parse(path=str(file), format=RdfFormat.TURTLE)]
