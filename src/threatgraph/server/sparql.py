"""The SPARQL 1.1 Protocol: queries by GET, by POST of a form, and by POST of the query itself.

There are no updates. ``default-graph-uri`` and ``named-graph-uri`` choose among the loaded graphs; nothing is ever
fetched, and an IRI that is not loaded is an empty graph, as for ``FROM`` in the query.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from pyoxigraph import NamedNode
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from threatgraph.server.forms import not_acceptable, pick
from threatgraph.server.negotiation import Form, choose, named
from threatgraph.server.problems import Problem
from threatgraph.server.requests import Parameters, media_type, parameters, parse, read_body
from threatgraph.server.responses import respond, server_of
from threatgraph.server.site import base_url, root
from threatgraph.service import GRAPHS, PLAIN
from threatgraph.service.sparql import NotAcceptable, Written
from threatgraph.store.oxigraph import uses_named_graphs
from threatgraph.store.protocol import Dataset

WORK, PAGES, FILES = "threatgraph.service.sparql", "threatgraph.web.sparql", "threatgraph.server.work.files"
"""The modules whose functions run in workers."""
#: The forms of rows and Booleans, the default first; with names that clients such as SPARQLWrapper use for `format=`.
ROWS = (
    Form("json", "application/sparql-results+json", ("application/json",)),
    Form("xml", "application/sparql-results+xml", ("application/xml", "text/xml")),
    Form("csv", "text/csv"),
    Form("tsv", "text/tab-separated-values"),
)
#: The page for browsers, which has rows as a table, and triples as Turtle.
HTML = Form("html", "text/html", ("application/xhtml+xml",))
#: The forms of triples, the default first, and of the description of the endpoint.
TRIPLES = (
    Form("turtle", "text/turtle", ("application/x-turtle", "n3")),
    Form("ntriples", "application/n-triples", ("text/plain",)),
    Form("rdfxml", "application/rdf+xml", ("application/xml", "text/xml", "rdf+xml", "xml")),
    Form("jsonld", "application/ld+json", ("application/json", "json-ld", "json")),
)
_FORM = "application/x-www-form-urlencoded"
_QUERY = "application/sparql-query"
_UPDATE = "application/sparql-update"
_READ_ONLY = "this server is read-only: it runs no updates."


class _Question(NamedTuple):
    query: str
    dataset: Dataset | None
    forms: list[str]
    """The values of ``format=``: some clients send a name and a media type."""


def routes() -> list[Route]:
    """The routes of the endpoint."""
    return [Route(path, endpoint, methods=["GET", "POST"]) for path in ("/sparql", "/sparql/")]


async def endpoint(request: Request) -> Response:
    """Answer a query of the SPARQL Protocol."""
    question = await _posted(request) if request.method == "POST" else _got(request)
    if question is None:
        return await _described(request)
    rows, triples = _forms(request, question.forms)
    try:
        return await _answered(request, question, rows, triples)
    except NotAcceptable as error:
        raise not_acceptable(TRIPLES if error.has_triples else ROWS) from None


async def _answered(request: Request, question: _Question, rows: Form | None, triples: Form | None) -> Response:
    limits = server_of(request).settings.limits
    stage = GRAPHS if question.dataset is not None or uses_named_graphs(question.query) else PLAIN
    if HTML in (rows, triples):
        return await respond(
            request,
            f"{PAGES}:results",
            stage=stage,
            query=True,
            dataset=question.dataset,
            query_text=question.query,
            root=root(request),
            seconds=limits.timeout,
            endpoint=f"{base_url(request)}/sparql",
        )
    return await respond(
        request,
        f"{WORK}:evaluate",
        stage=stage,
        query=True,
        dataset=question.dataset,
        largest=limits.answer,
        rows=_written(rows),
        seconds=limits.timeout,
        triples=_written(triples),
        query_text=question.query,
    )


def _got(request: Request) -> _Question | None:
    given = parameters(request)
    if "update" in given:
        raise Problem(400, _READ_ONLY)
    return _question(request, given.one("query"), given, 414) if "query" in given else None


async def _posted(request: Request) -> _Question | None:
    kind = media_type(request)
    given = parameters(request)
    body = await read_body(request, server_of(request).settings)
    if kind == _FORM:
        form = parse(body, "the form")
        given = Parameters([(n, v) for source in (given, form) for n in source.names() for v in source.all(n)])
        if "update" in given:
            raise Problem(400, _READ_ONLY)
        if "query" not in given:
            raise Problem(400, "the form has no parameter 'query'.")
        return _question(request, given.one("query"), given, 413)
    if kind == _QUERY:
        if "query" in given:
            raise Problem(400, "the request has a query in its URL and another one in its body: send one.")
        try:
            return _question(request, body.decode("utf-8-sig"), given, 413)
        except UnicodeDecodeError as error:
            raise Problem(400, f"the query is not valid UTF-8 (byte 0x{body[error.start]:02x}).") from None
    if kind == _UPDATE:
        raise Problem(400, _READ_ONLY)
    sent = f"not {kind}" if kind else "and the request has none"
    raise Problem(415, f"the media type of the request body must be {_QUERY} or {_FORM}, {sent}.")


def _question(request: Request, query: str | None, given: Parameters, too_long: int) -> _Question:
    most = server_of(request).settings.query
    if not query or not query.strip():
        raise Problem(400, "the parameter 'query' is empty: send a SPARQL query.")
    if len(query.encode(errors="surrogatepass")) > most:
        raise Problem(too_long, f"the query is longer than {most // 1024} KiB, the limit of this server.")
    default, other = given.all("default-graph-uri"), given.all("named-graph-uri")
    for iri in (*default, *other):
        try:
            NamedNode(iri)
        except ValueError:
            raise Problem(400, f"{iri!r} is not a valid IRI of a graph: use an absolute IRI.") from None
    dataset = (tuple(default), tuple(other)) if default or other else None
    return _Question(query, dataset, given.all("format"))


def _forms(request: Request, names: Sequence[str]) -> tuple[Form | None, Form | None]:
    """The forms for rows and for triples; at least one of them."""
    if names:
        found = _first(names, ROWS), _first(names, TRIPLES)
        if not any(found):
            known = ", ".join(form.name for form in (*ROWS, *TRIPLES))
            raise Problem(400, f"unknown format {names[0]!r}: use one of {known}.")
    else:
        accept = request.headers.get("accept")
        found = choose(accept, (*ROWS, HTML)), choose(accept, (*TRIPLES, HTML))
        if not any(found):
            raise not_acceptable((*ROWS, *TRIPLES))
    return found


def _first(names: Sequence[str], forms: Sequence[Form]) -> Form | None:
    return next((form for name in names if (form := named(name, forms))), None)


def _written(form: Form | None) -> Written | None:
    return None if form is None else Written(form.name, form.content_type)


async def _described(request: Request) -> Response:
    """The description of the endpoint for programs, and a form for browsers."""
    forms = (*TRIPLES, HTML)
    name = parameters(request).one("format")
    form = pick(request, name, forms)
    if form is HTML:
        return await respond(request, f"{PAGES}:form", root=root(request), endpoint=f"{base_url(request)}/sparql")
    return await respond(request, f"{FILES}:description", name="sparql", form=form.name, base_url=base_url(request))
