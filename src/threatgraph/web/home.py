"""The home page."""

from __future__ import annotations

from typing import Any, NamedTuple

from threatgraph.graph import ThreatGraph
from threatgraph.publishing.downloads import downloads
from threatgraph.version import DATA_VERSION
from threatgraph.vocab import KINDS
from threatgraph.web import schema_org
from threatgraph.web.citation import cite
from threatgraph.web.document import PAGE_FORMS, Document, TypedLink, signposts, to_json
from threatgraph.web.html import render
from threatgraph.web.links import CANONICAL, Links
from threatgraph.web.markdown import linked
from threatgraph.web.overview import read_overview
from threatgraph.web.view import Text, plural

DESCRIPTION = (
    "A knowledge graph of AI threats: threat patterns, incidents, causes, affected groups and provisions of "
    "frameworks, linked to each other and to their sources."
)
#: The kinds of record that the page names at its top.
_MAIN = ("pattern", "incident", "framework", "provision")
_TYPES = (f"{schema_org.SCHEMA}Dataset", f"{schema_org.SCHEMA}DataCatalog")


class Count(NamedTuple):
    """A kind of record with the number of its records."""

    path: str
    title: str
    total: int


def render_home(graph: ThreatGraph, form: str, links: Links) -> Document:
    """Return the home page.

    Args:
        graph: the graph.
        form: a name from :data:`threatgraph.web.document.PAGE_FORMS`.
        links: where documents are.
    """
    counted = _count(graph)
    kinds = _kinds(counted)
    found = signposts("", PAGE_FORMS, links, types=_TYPES)
    if form == "html":
        content = _html(graph, kinds, counted["triples"], links, found)
    elif form == "json":
        content = to_json(_describe(kinds, counted["triples"], links))
    else:
        content = _markdown(kinds, links)
    return Document(content, form, "", found)


def count_kinds(graph: ThreatGraph) -> list[Count]:
    """Return the kinds that have records, with their numbers."""
    return _kinds(_count(graph))


def _count(graph: ThreatGraph) -> dict[str, int]:
    return {str(row["what"]): int(str(row["count"])) for row in graph.stats().to_dicts()}


def _kinds(counted: dict[str, int]) -> list[Count]:
    return [Count(one.name, plural(one), counted[one.plural]) for one in KINDS.values() if counted[one.plural]]


def _html(graph: ThreatGraph, kinds: list[Count], triples: int, links: Links, found: tuple[TypedLink, ...]) -> bytes:
    return render(
        "home",
        links=links,
        signposts=found,
        title="threatgraph",
        description=DESCRIPTION,
        structured=schema_org.describe_dataset(links if links.root.startswith("http") else CANONICAL, triples),
        kinds=kinds,
        main=[one for one in kinds if one.path in _MAIN],
        triples=triples,
        overview=read_overview(graph, links, sum(one.total for one in kinds if one.path == _MAIN[0])),
        queries=len(graph.queries),
        downloads=downloads().values(),
        citation=cite("threatgraph: a knowledge graph of AI threats", CANONICAL.page()),
    )


def _describe(kinds: list[Count], triples: int, links: Links) -> dict[str, Any]:
    return {
        "name": "threatgraph",
        "description": DESCRIPTION,
        "version": DATA_VERSION,
        "triples": triples,
        "kinds": {one.path: {"count": one.total, "url": links.page(one.path)} for one in kinds},
        "queries": links.page("queries"),
        **({} if links.is_static else {"sparql": links.page("sparql")}),
        "ontology": links.page("ontology"),
    }


def _markdown(kinds: list[Count], links: Links) -> bytes:
    lines = ["# threatgraph", "", DESCRIPTION, "", "## Records", ""]
    lines += [f"- {linked(Text(one.title, links.page(one.path)))}: {one.total}" for one in kinds]
    lines += ["", "## Query and download", ""]
    pages = {"queries": "Named queries", "sparql": "SPARQL endpoint", "ontology": "Ontology"}
    if links.is_static:
        del pages["sparql"]
    lines += [f"- {linked(Text(title, links.page(path)))}" for path, title in pages.items()]
    return ("\n".join(lines) + "\n").encode()
