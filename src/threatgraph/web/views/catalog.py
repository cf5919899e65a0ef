"""The list of the views, and the view at a path."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from threatgraph.graph import ThreatGraph
from threatgraph.web.document import Document
from threatgraph.web.links import Links
from threatgraph.web.view import Text
from threatgraph.web.views import causes, compare, coverage, crosswalk, explore, timeline
from threatgraph.web.views.page import Given, View, document, read, to_table

PATH = "views"
_LEAD = "Each view shows many records at once, and links to the pages of the records."


class Listed(NamedTuple):
    """A view in the list."""

    path: str
    title: str
    summary: str
    render: Callable[[ThreatGraph, str, str, Links, Given], Document | None]


#: The views, in the order of their list.
VIEWS = {
    module.PATH: Listed(module.PATH, module.TITLE, module.SUMMARY, module.render)
    for module in (coverage, crosswalk, compare, causes, timeline, explore)
}


def render(graph: ThreatGraph, path: str, form: str, links: Links, given: Given = ()) -> Document | None:
    """Return a view, or the list of the views.

    Args:
        graph: the graph.
        path: the path of the view.
        form: a name from :data:`threatgraph.web.document.VIEW_FORMS`.
        links: where documents are.
        given: the parameters of the request.

    Returns:
        The document, or ``None`` if there is none at this path.

    Raises:
        UnknownName: for a parameter or a name that does not exist.
        AmbiguousName: if several records have a name.
        InvalidQuery: for a parameter that is not valid.
    """
    name, _, rest = path.partition("/")
    if name in VIEWS:
        return VIEWS[name].render(graph, rest, form, links, given)
    return None if rest else _list(form, links, given)


def _list(form: str, links: Links, given: Given) -> Document:
    read(given, ())
    rows = [(one.title, one.summary, links.page(one.path)) for one in VIEWS.values()]
    shown = [(Text(title, url), summary) for title, summary, url in rows]
    view = View(PATH, "Views", _LEAD, to_table(("view", "summary", "page"), rows))
    return document(view, form, links, "list", shown=shown)
