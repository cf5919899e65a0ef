"""Errors as responses: the status, a sentence that says what to do, and the form that the client reads.

JSON clients get problem details (RFC 9457), browsers a page, all others plain text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus

from starlette.requests import Request
from starlette.responses import Response

from threatgraph.display import printable
from threatgraph.errors import (
    AmbiguousName,
    EndpointError,
    EngineFailed,
    InvalidQuery,
    NotRepresentable,
    QueryRefused,
    QueryTimeout,
    QueryTooLarge,
    ThreatGraphError,
    UnknownName,
)
from threatgraph.server.clients import TooManyRequests
from threatgraph.server.negotiation import Form, choose
from threatgraph.server.wording import as_http
from threatgraph.service import Busy
from threatgraph.service.failures import for_clients
from threatgraph.service.sparql import AnswerTooLarge, NotAcceptable
from threatgraph.web.html import render
from threatgraph.web.links import Links

TEXT = Form("text", "text/plain")
PROBLEM = Form(
    "json",
    "application/problem+json",
    ("application/json", "application/sparql-results+json", "application/ld+json", "application/geo+json"),
)
PAGE = Form("html", "text/html", ("application/xhtml+xml",))
_SOON, _LATER = "5", "60"
"""Seconds after which a client may try again: when others have ended, or when the machine is perhaps less busy."""
_POSITION = r"line (\d+), column (\d+)"

#: The status of each error; the first class that fits decides.
_STATUSES: Sequence[tuple[type[ThreatGraphError], int]] = (
    (TooManyRequests, 429),
    (Busy, 503),
    (NotAcceptable, 406),
    (AnswerTooLarge, 503),
    (QueryTimeout, 503),
    (QueryTooLarge, 503),
    (EngineFailed, 500),
    (UnknownName, 404),
    (AmbiguousName, 404),
    (QueryRefused, 400),
    (InvalidQuery, 400),
    (NotRepresentable, 406),
    (EndpointError, 502),
    (ThreatGraphError, 503),
)


class Problem(Exception):
    """A request that the server does not answer as asked.

    Args:
        status: the HTTP status.
        detail: what is wrong and what to do.
        headers: further headers, such as ``Allow``.
        more: further members of the problem details, such as the media types that exist.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail
        self.headers, self.more = dict(headers or {}), dict(more or {})


def problem_of(error: ThreatGraphError) -> Problem:
    """Return the problem for an error of the library."""
    status = next(status for kind, status in _STATUSES if isinstance(error, kind))
    more: dict[str, object] = {}
    if isinstance(error, UnknownName):
        more["suggestions"] = error.suggestions
    if isinstance(error, InvalidQuery | QueryRefused) and (found := re.search(_POSITION, str(error))):
        more |= {"line": int(found[1]), "column": int(found[2])}
    wait = {"Retry-After": _SOON if isinstance(error, Busy) else _LATER} if status in (429, 503) else {}
    return Problem(status, as_http(for_clients(error)), wait, more)


def respond_to(request: Request, problem: Problem) -> Response:
    """Write a problem in the form that the client prefers."""
    form = choose(request.headers.get("accept"), (TEXT, PROBLEM, PAGE)) or TEXT
    title = _title(problem.status)
    detail = printable(problem.detail)
    if form is PROBLEM:
        members = {"title": title, "status": problem.status, "detail": detail, **problem.more}
        text = json.dumps(members, ensure_ascii=False, indent=1) + "\n"
    elif form is PAGE:
        links = Links(f"{request.scope.get('root_path', '')}/")
        text = render("problem", links=links, title=title, detail=detail, near=(), trail=()).decode()
    else:
        text = f"{detail}\n"
    headers = {"Cache-Control": "no-store", "Vary": "Accept", **problem.headers}
    return Response(text.encode(), problem.status, headers, form.content_type)


def _title(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"
