"""Pages for browsers at the paths of the JSON API: search, and named queries.

A client that prefers HTML, or Markdown for a query, gets the page; all others get data.
"""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from threatgraph.server import api, linked_data
from threatgraph.server.negotiation import Form, choose
from threatgraph.server.operations import QUERIES, SEARCH_RECORDS
from threatgraph.server.requests import parameters
from threatgraph.server.responses import respond
from threatgraph.server.site import root
from threatgraph.service import SEARCH

_HTML = Form("html", "text/html", ("application/xhtml+xml",))
#: Forms of data that clients prefer to a page, the default first.
_DATA = (Form("json", "application/json"), Form("csv", "text/csv"), Form("tsv", "text/tab-separated-values"))


def routes() -> list[Route]:
    """Return the routes, which come before those of the API."""
    return [
        Route("/search", search),
        Route("/queries", queries),
        Route("/queries.json", queries_data),
        Route("/queries/{name}", query),
    ]


async def search(request: Request) -> Response:
    """Search the records."""
    if not _wants_page(request):
        return await api.answer(request, SEARCH_RECORDS)
    given = parameters(request)
    values = {name: given.all(name)[0] for name in given.names()}
    return await respond(request, "threatgraph.web.search:page", stage=SEARCH, values=values, root=root(request))


async def queries(request: Request) -> Response:
    """List the named queries."""
    if not _wants_page(request):
        return await api.answer(request, QUERIES)
    return await linked_data.queries(request)


async def queries_data(request: Request) -> Response:
    """List the named queries as data."""
    return await api.answer(request, QUERIES, "json")


async def query(request: Request) -> Response:
    """Run a named query."""
    name, dot, suffix = str(request.path_params["name"]).rpartition(".")
    if dot and suffix in linked_data.PAGES:
        return await linked_data.query_page(request, name, suffix)
    if dot or not _wants_page(request):
        return await api.run(request)
    return await linked_data.query_page(request, str(request.path_params["name"]), "html")


def _wants_page(request: Request) -> bool:
    formats = parameters(request).all("format")
    if formats:
        return formats == ["html"]
    return choose(request.headers.get("accept"), (*_DATA, _HTML)) is _HTML
