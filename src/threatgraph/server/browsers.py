"""Pages for browsers at the paths of the JSON API: search, recommendations, assessments and named queries; and about.

A client that prefers HTML, or Markdown for a query, gets the page; all others get data.
"""

from __future__ import annotations

from collections.abc import Sequence

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from threatgraph.server import api, linked_data
from threatgraph.server.multipart import FORM_WITH_FILES, read_form
from threatgraph.server.negotiation import Form, choose, named
from threatgraph.server.operations import ASSESSMENT, QUERIES, RECOMMENDATIONS, SEARCH_RECORDS
from threatgraph.server.requests import Parameters, media_type, parameters, parse, read_body
from threatgraph.server.responses import respond, server_of
from threatgraph.server.site import root
from threatgraph.service import PLAIN, RECOMMEND, SEARCH
from threatgraph.web.about import PAGES as ABOUT

_HTML, _MARKDOWN = linked_data.FORMS["html"], linked_data.FORMS["md"]
#: Forms of data that clients prefer to a page, the default first.
_DATA = (Form("json", "application/json"), Form("csv", "text/csv"), Form("tsv", "text/tab-separated-values"))


def routes() -> list[Route]:
    """Return the routes, which come before those of the API."""
    return [
        Route("/search", search),
        Route("/recommend", recommend),
        Route("/assess", assessed, methods=["GET"]),
        Route("/assess", assess, methods=["POST"]),
        Route("/queries", queries),
        Route("/queries.json", queries_data),
        *(Route(f"/{path}", about) for path in ABOUT),
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


async def assessed(request: Request) -> Response:
    """The form for an assessment, or the assessment of what the parameters describe."""
    if not _wants_assessment_page(request):
        return await api.answer(request, ASSESSMENT)
    return await _assessment(request, parameters(request), stage=RECOMMEND if parameters(request).pairs else PLAIN)


async def assess(request: Request) -> Response:
    """Assess what a form describes; other bodies are those of the API."""
    kind = media_type(request)
    if kind == FORM_WITH_FILES:
        body = await read_body(request, server_of(request).settings)
        form, uploads = read_form(request.headers["content-type"], body)
        upload = next(((one.name, one.content) for one in uploads if one.field == "file"), None)
        return await _assessment(request, form, upload=upload, submitted=True)
    if kind == api.FORM and _wants_assessment_page(request):
        body = await read_body(request, server_of(request).settings)
        return await _assessment(request, parse(body, "the form"), submitted=True)
    return await api.assess(request)


def _wants_assessment_page(request: Request) -> bool:
    """Whether the client prefers HTML; ``format=html`` is the file of the API."""
    if "format" in parameters(request):
        return False
    form = choose(request.headers.get("accept"), ASSESSMENT.forms)
    return form is not None and form.name == "html"


async def _assessment(
    request: Request,
    given: Parameters,
    *,
    stage: int = RECOMMEND,
    upload: tuple[str, bytes] | None = None,
    submitted: bool = False,
) -> Response:
    return await respond(
        request,
        "threatgraph.web.assess:page",
        stage=stage,
        private=bool(given.pairs or submitted),
        given=tuple(given.pairs),
        upload=upload,
        root=root(request),
        submitted=submitted,
    )


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


async def about(request: Request) -> Response:
    """A page about the project."""
    path = request.url.path.rpartition("/")[2]
    return await respond(request, "threatgraph.web.about:page", path=path, root=root(request))


def _page(request: Request, pages: Sequence[Form] = (_HTML,)) -> Form | None:
    """The form of the page that the client wants; ``None`` if it wants data."""
    if (name := parameters(request).one("format")) is not None:
        return named(name, pages)
    form = choose(request.headers.get("accept"), (*_DATA, *pages))
    return form if form in pages else None
