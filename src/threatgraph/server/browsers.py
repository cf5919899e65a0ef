"""Pages for browsers at the paths of the JSON API: search, recommendations, and named queries.

A client that prefers HTML, or Markdown for a query, gets the page; all others get data.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from threatgraph.server import api, linked_data
from threatgraph.server.negotiation import Form, choose, named
from threatgraph.server.operations import QUERIES, RECOMMENDATIONS, SEARCH_RECORDS
from threatgraph.server.requests import parameters
from threatgraph.server.responses import respond
from threatgraph.server.site import root
from threatgraph.service import SEARCH

_HTML, _MARKDOWN = linked_data.FORMS["html"], linked_data.FORMS["md"]
#: Forms of data that clients prefer to a page, the default first.
_DATA = (Form("json", "application/json"), Form("csv", "text/csv"), Form("tsv", "text/tab-separated-values"))


def routes() -> list[Route]:
    """Return the routes, which come before those of the API."""
    return [
        Route("/search", search),
        Route("/recommend", recommend),
        Route("/queries", queries),
        Route("/queries.json", queries_data),
        Route("/queries/{name}", query),
    ]


async def search(request: Request) -> Response:
    """Search the records."""
    if _page(request) is None:
        return await api.answer(request, SEARCH_RECORDS)
    values = parameters(request).single()
    return await respond(request, "threatgraph.web.search:page", stage=SEARCH, values=values, root=root(request))


async def recommend(request: Request) -> Response:
    """Recommend records."""
    if _page(request) is None:
        return await api.answer(request, RECOMMENDATIONS)
    return await linked_data.view(request, "recommend")


async def queries(request: Request) -> Response:
    """List the named queries."""
    if _page(request, (_HTML, _MARKDOWN)) is None:
        return await api.answer(request, QUERIES)
    return await linked_data.queries(request)


async def queries_data(request: Request) -> Response:
    """List the named queries as data."""
    return await api.answer(request, QUERIES, "json")


async def query(request: Request) -> Response:
    """Run a named query."""
    name, dot, suffix = str(request.path_params["name"]).rpartition(".")
    if dot and suffix in linked_data.PAGES:
        return await linked_data.query_page(request, name, suffix, has_suffix=True)
    form = None if dot else _page(request, (_HTML, _MARKDOWN))
    if form is None:
        return await api.run(request)
    return await linked_data.query_page(request, str(request.path_params["name"]), form.name)


def _page(request: Request, pages: Sequence[Form] = (_HTML,)) -> Form | None:
    """The form of the page that the client wants; ``None`` if it wants data."""
    if (name := parameters(request).one("format")) is not None:
        return named(name, pages)
    form = choose(request.headers.get("accept"), (*_DATA, *pages))
    return form if form in pages else None
