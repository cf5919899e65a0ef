"""The list of the views, and the view at a path."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple

from threatgraph.graph import ThreatGraph
from threatgraph.web.document import VIEW_FORMS
from threatgraph.web.links import Links
from threatgraph.web.view import Text
from threatgraph.web.views import causes, compare, coverage, crosswalk, explore, recommendations, timeline
from threatgraph.web.views.page import LIST, Given, Page, View, read, to_table

_LEAD = "Each view shows many records at once, and links to the pages of the records."


class Listed(NamedTuple):
    """A view in the list."""

    path: str
    title: str
    summary: str
    render: Callable[[ThreatGraph, str, Links, Given], Page | None]


class FilePage(NamedTuple):
    """A page of a site of files."""

    path: str
    forms: tuple[str, ...]
    render: Callable[[Links], Page | None]


#: The views, in the order of their list.
VIEWS = {
    module.PATH: Listed(module.PATH, module.TITLE, module.SUMMARY, module.render)
    for module in (coverage, crosswalk, compare, causes, timeline, explore, recommendations)
}


def render(graph: ThreatGraph, path: str, links: Links, given: Given = ()) -> Page | None:
    """Return a view, or the list of the views.

    Args:
        graph: the graph.
        path: the path of the view.
        links: where documents are.
        given: the parameters of the request.

    Returns:
        The page, or ``None`` if there is none at this path.

    Raises:
        UnknownName: for a parameter or a name that does not exist.
        AmbiguousName: if several records have a name.
        InvalidQuery: for a parameter that is not valid.
    """
    name, _, rest = path.partition("/")
    if name in VIEWS:
        return VIEWS[name].render(graph, rest, links, given)
    return None if rest else _list(links, given)


def pages(graph: ThreatGraph) -> Iterator[FilePage]:
    """Return the pages of the views in a site of files.

    Args:
        graph: the graph.
    """
    below = {
        coverage: coverage.frameworks_with_pages(graph),
        compare: ["/".join(pair) for pair in compare.pairs_with_pages(graph)],
        timeline: timeline.years_with_pages(graph),
        explore: explore.paths_with_pages(graph),
        recommendations: recommendations.paths_with_pages(graph),
    }
    paths = [LIST, *VIEWS, *(f"{module.PATH}/{rest}" for module, rests in below.items() for rest in rests)]
    for path in paths:
        yield FilePage(path, VIEW_FORMS, partial(_of_path, graph, path))
    reading = crosswalk.Reading(graph)
    for first, second, number in reading.pages():
        path = crosswalk.page_path(first, second, number)
        forms = crosswalk.FILE_FORMS if number == 1 else ("html",)
        yield FilePage(path, forms, partial(reading.page, first, second, number))


def _of_path(graph: ThreatGraph, path: str, links: Links) -> Page | None:
    return render(graph, path, links)


def _list(links: Links, given: Given) -> Page:
    read(given, ())
    rows = [(one.title, one.summary, links.page(one.path)) for one in VIEWS.values()]
    shown = [(Text(title, url), summary) for title, summary, url in rows]
    view = View(LIST, "Views", _LEAD, to_table(("view", "summary", "page"), rows))
    return Page(view, links, "list", shown=shown)
