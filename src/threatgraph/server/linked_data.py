"""Linked data: each record at the path of its IRI, in the form that the client prefers; lists, and the ontology.

A suffix of the path (``.ttl``) chooses the form before ``format=``, and that before ``Accept``. Clients that accept
everything get HTML. What depends on ``Accept`` has ``Vary`` and the URL of the form itself as ``Content-Location``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from threatgraph.server.forms import located, pick
from threatgraph.server.negotiation import Form
from threatgraph.server.requests import parameters
from threatgraph.server.responses import respond, server_of
from threatgraph.server.site import root
from threatgraph.service import GRAPHS, PLAIN, RECOMMEND
from threatgraph.version import DATA_VERSION
from threatgraph.vocab import BASE, KINDS
from threatgraph.web.document import (
    GRAPH_FORMS,
    LIST_FORMS,
    MEDIA_TYPES,
    ONTOLOGY_FORMS,
    PAGE_FORMS,
    RECORD_FORMS,
    VIEW_FORMS,
)
from threatgraph.web.links import Links
from threatgraph.web.views import PATHS as VIEWS

_ALSO = {
    "html": ("application/xhtml+xml",),
    "rdf": ("application/xml", "text/xml"),
    "md": ("text/x-markdown", "text/plain"),
}
"""Other media types that clients use for a form."""
FORMS: Mapping[str, Form] = {name: Form(name, kind, _ALSO.get(name, ())) for name, kind in MEDIA_TYPES.items()}
PAGES = ("html", "md")
"""The forms of pages whose data are in the JSON API: named queries, and their list."""
_IMMUTABLE = ("Cache-Control", "public, max-age=31536000, immutable")
_PLURALS = {kind.plural: kind.name for kind in KINDS.values()}


class _Target(NamedTuple):
    """The document that a path names."""

    function: str
    """The function in :mod:`threatgraph.web.answers`."""
    forms: tuple[str, ...]
    arguments: Mapping[str, str]
    suffix: str | None = None
    """The form that the suffix of the path names; ``None`` if the form is negotiated."""
    stage: int = PLAIN


def routes() -> list[Route]:
    """Return the routes of linked data; the last one matches every path, so they come after all others."""
    return [
        Route("/static/{name}", _static),
        Route("/ontology/context.jsonld", _context),
        Route("/{path:path}", _document),
    ]


async def _document(request: Request) -> Response:
    """The document of a record, a list or another page."""
    path, home = str(request.path_params["path"]), root(request)
    given = parameters(request)
    query = f"?{request.url.query}" if request.url.query else ""
    canonical = _canonical(path)
    if canonical != path:
        return RedirectResponse(Links(home).page(canonical) + query, 301)
    target = _target(path)
    form = _form(request, target.forms, target.suffix)
    arguments: dict[str, Any] = {**target.arguments, "form": form.name, "root": home}
    chosen: list[tuple[str, str]] = []
    if target.function == "record":
        arguments |= {"suffix": target.suffix, "parameters": query, "edit_url": server_of(request).settings.edit_url}
        if form.name == "html" and path.startswith(KINDS["pattern"].namespace.removeprefix(BASE)):
            target = target._replace(stage=RECOMMEND)  # the page has similar patterns
    elif target.function in ("records", "view"):
        chosen = [pair for pair in given.pairs if pair[0] != "format"]
        arguments["given"] = tuple(chosen)
    is_negotiated = target.suffix is None and target.function != "named_graph"  # whose paths have suffixes anyway
    headers = located(request, path, form.name, chosen) if is_negotiated else ()
    return await _respond(request, target.function, stage=target.stage, headers=headers, **arguments)


async def queries(request: Request) -> Response:
    """The list of the named queries as a page."""
    form = _form(request, PAGES).name
    return await _respond(request, "queries", form=form, root=root(request), headers=located(request, "queries", form))


async def view(request: Request, path: str) -> Response:
    """The page of a view whose data are in the JSON API."""
    given = tuple(pair for pair in parameters(request).pairs if pair[0] != "format")
    stage = _page(path).stage if given else PLAIN  # the form alone needs no model
    return await _respond(request, "view", stage=stage, path=path, form="html", root=root(request), given=given)


async def query_page(request: Request, name: str, form: str, *, has_suffix: bool = False) -> Response:
    """The page of a named query with its form, results and text.

    Args:
        request: the request.
        name: the name of the query.
        form: ``html`` or ``md``.
        has_suffix: whether the path has a suffix, which chose the form.

    Raises:
        UnknownName: if there is no such query.
    """
    values = parameters(request).single()
    values.pop("format", None)
    return await respond(
        request,
        "threatgraph.web.queries:page",
        headers=() if has_suffix else located(request, f"queries/{name}", form, values.items()),
        name=name,
        values=values,
        form=form,
        root=root(request),
    )


async def _context(request: Request) -> Response:
    return await _respond(request, "context")


async def _static(request: Request) -> Response:
    name = str(request.path_params["name"])
    return await _respond(request, "static_file", name=name, root=root(request), headers=(_IMMUTABLE,))


async def _respond(
    request: Request, function: str, *, stage: int = PLAIN, headers: Sequence[tuple[str, str]] = (), **arguments: Any
) -> Response:
    """Call a function of :mod:`threatgraph.web.answers`."""
    return await respond(request, f"threatgraph.web.answers:{function}", stage=stage, headers=headers, **arguments)


def _canonical(path: str) -> str:
    """The path without a slash at its end, and with the name of the kind instead of its plural."""
    first, slash, rest = path.strip("/").partition("/")
    name, dot, suffix = first.partition(".")
    lower = name.lower()
    kind = _PLURALS.get(lower) or (lower if lower in KINDS else name)
    return kind + dot + suffix + slash + rest


def _target(path: str) -> _Target:
    if path.startswith("graph/"):
        return _Target("named_graph", GRAPH_FORMS, {"path": path}, stage=GRAPHS)
    stem, _, suffix = path.rpartition(".")
    target = _page(stem)
    return target._replace(suffix=suffix) if stem and suffix in target.forms else _page(path)


def _page(path: str) -> _Target:
    if path in ("", "index"):
        return _Target("home", PAGE_FORMS, {})
    if path == "queries":
        return _Target("queries", PAGES, {})
    if path in ("ontology", f"ontology/{DATA_VERSION}"):
        return _Target("ontology", ONTOLOGY_FORMS, {})
    if path.partition("/")[0] in VIEWS:
        stage = RECOMMEND if path.startswith("recommend") else PLAIN
        return _Target("view", VIEW_FORMS, {"path": path}, stage=stage)
    if path in KINDS:
        return _Target("records", LIST_FORMS, {"kind": path})
    return _Target("record", RECORD_FORMS, {"path": path})


def _form(request: Request, names: Sequence[str], suffix: str | None = None) -> Form:
    """The form that the client asks for.

    Raises:
        InvalidQuery: if ``format=`` names a form that the document does not have.
        Problem: with status 406, if the client accepts none.
    """
    if suffix is not None:
        return FORMS[suffix]
    return pick(request, parameters(request).one("format"), [FORMS[name] for name in names])
