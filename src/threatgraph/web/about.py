"""Pages about the project: what it is, how to cite it, and how accessible its pages are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from threatgraph.service import Answer, ServedGraph
from threatgraph.version import VERSION
from threatgraph.web.citation import cite_project
from threatgraph.web.document import LICENSE, content_type
from threatgraph.web.html import render
from threatgraph.web.links import Links
from threatgraph.web.view import Text


class About(NamedTuple):
    """A page about the project."""

    title: str
    description: str


#: The pages by their paths, which are also the names of their templates.
PAGES: Mapping[str, About] = {
    "about": About("About threatgraph", "What threatgraph is, where its data come from, and its licenses."),
    "cite": About("Cite threatgraph", "How to cite threatgraph, in words and for BibTeX."),
    "accessibility": About(
        "Accessibility", "What is tested on these pages, what is known not to work, and how to report."
    ),
}


def page(served: ServedGraph, path: str, root: str = "/") -> Answer:
    """Return a page about the project.

    Args:
        served: the graph.
        path: a key of :data:`PAGES`.
        root: the URL of the home page.
    """
    return Answer(render_about(path, Links(root)), content_type("html"))


def render_about(path: str, links: Links) -> bytes:
    """Render a page about the project.

    Args:
        path: a key of :data:`PAGES`.
        links: where documents are.
    """
    about = PAGES[path]
    return render(
        path,
        links=links,
        title=about.title,
        description=about.description,
        trail=(Text("Home", links.page()),),
        version=VERSION,
        license=LICENSE,
        citation=cite_project(),
    )
