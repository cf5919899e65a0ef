"""The JSON API: search, recommendations, assessments and named queries."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from starlette.responses import Response
from starlette.routing import Route

from threatgraph.catalog import find_query
from threatgraph.errors import InvalidQuery, UnknownName
from threatgraph.server.forms import located, pick
from threatgraph.server.negotiation import Form, named
from threatgraph.server.operations import ASSESSMENT, OPERATIONS, Operation, run_query
from threatgraph.server.parameters import Values, read
from threatgraph.server.problems import Problem
from threatgraph.server.requests import media_type, parameters, read_body
from threatgraph.server.responses import respond, server_of
from threatgraph.server.site import base_url, graph_version

if TYPE_CHECKING:
    from starlette.requests import Request

_TEXTS = ("text/plain", "text/markdown")
_PROFILE = "application/json"
#: The suffixes of forms, where they are not their names.
_SUFFIXES = {"markdown": "md"}
_SURROGATE = re.compile("[\ud800-\udfff]")
FORM = "application/x-www-form-urlencoded"


def routes() -> list[Route]:
    """Return the routes of the API."""
    return [
        *(Route(operation.path, _endpoint(operation)) for operation in OPERATIONS if operation is not ASSESSMENT),
        Route("/queries/{name}", run),
        Route("/openapi.json", openapi),
    ]


def _endpoint(operation: Operation) -> Callable[[Request], Awaitable[Response]]:
    """The endpoint of an operation."""

    async def endpoint(request: Request) -> Response:
        return await answer(request, operation)

    return endpoint


async def run(request: Request) -> Response:
    """Run a named query; a suffix of the path, such as ``.csv``, has priority over ``format=``.

    Raises:
        UnknownName: if there is no such query or form.
    """
    name = request.path_params["name"]
    query, dot, suffix = name.rpartition(".")
    operation = run_query(find_query(query if dot else name))
    return await answer(request, operation, suffix if dot else None, name=operation.name)


async def assess(request: Request) -> Response:
    """Assess the system that the body describes; the answer is not cached, since a description may be private.

    Raises:
        InvalidQuery: for a body or parameter that is not valid.
        Problem: with status 413 or 415, if the body is too large or has another media type.
    """
    kind = media_type(request)
    if kind not in (*_TEXTS, _PROFILE, FORM):
        raise Problem(415, f"the media type of the request body must be {', '.join(_TEXTS)}, {_PROFILE} or {FORM}.")
    allowed = [parameter for parameter in ASSESSMENT.all_parameters if parameter.name != "text"]
    values = read(request.scope["query_string"], allowed)
    body = await read_body(request, server_of(request).settings)
    profile = _profile(body) if kind == _PROFILE else None
    if kind == FORM:
        values |= read(body, (parameter._replace(longest=len(body)) for parameter in ASSESSMENT.all_parameters))
    elif kind in _TEXTS:
        values["text"] = _text(body)
    form = _form(request, ASSESSMENT, values)
    return await respond(
        request,
        ASSESSMENT.function,
        stage=ASSESSMENT.stage,
        private=True,
        form=form.name,
        version=graph_version(request),
        values=values,
        profile=profile,
    )


async def openapi(request: Request) -> Response:
    """Describe the server by OpenAPI."""
    return await respond(
        request,
        "threatgraph.server.work.files:openapi",
        base_url=base_url(request),
        version=graph_version(request),
    )


async def answer(request: Request, operation: Operation, suffix: str | None = None, **further: Any) -> Response:
    """Answer a request for an operation.

    Args:
        request: the request.
        operation: the operation.
        suffix: the suffix of the path, which chooses the form.
        further: further arguments of the function of the operation.

    Raises:
        InvalidQuery: for a parameter that is not valid.
        UnknownName: if there is no such form.
    """
    values = read(request.scope["query_string"], operation.all_parameters)
    form = _form(request, operation, values)
    headers: tuple[tuple[str, str], ...] = ()
    if suffix is not None:
        form = _suffixed(request, operation, suffix)
    elif operation.has_suffixes and "format" not in parameters(request):
        suffix = _SUFFIXES.get(form.name, form.name)
        headers = located(request, operation.path[1:], suffix, parameters(request).pairs)
    return await respond(
        request,
        operation.function,
        stage=operation.stage,
        headers=headers,
        form=form.name,
        version=graph_version(request),
        values=values,
        **further,
    )


def _form(request: Request, operation: Operation, values: Values) -> Form:
    """The form of the answer; ``format`` is removed from the parameters."""
    wanted = values.pop("format", None)
    return pick(request, None if wanted is None else str(wanted), operation.forms)


def _suffixed(request: Request, operation: Operation, suffix: str) -> Form:
    """The form with a suffix."""
    names = {suffix: name for name, suffix in _SUFFIXES.items()}
    form = named(names.get(suffix, suffix), operation.forms)
    if form is None:
        known = [f".{_SUFFIXES.get(form.name, form.name)}" for form in operation.forms]
        raise UnknownName("suffix", f".{suffix}", known, f"The suffixes are {', '.join(known)}.")
    return form


def _text(body: bytes) -> str:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidQuery(f"the body is not UTF-8: byte {error.start + 1:,} is not valid.") from error
    if "\0" in text:
        raise InvalidQuery("the body contains a NUL character.")
    return text


def _refuse_constant(name: str) -> None:
    raise ValueError(name)  # NaN and Infinity, which are not JSON


def _profile(body: bytes) -> Mapping[str, Any]:
    text = _text(body)
    try:
        profile = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise InvalidQuery(f"the body is not valid JSON: {error}.") from error
    except (ValueError, RecursionError) as error:  # a number of thousands of digits, or thousands of brackets
        raise InvalidQuery(
            "the body is not valid JSON: a number is too long or not valid, or it nests too deeply."
        ) from error
    if _SURROGATE.search(json.dumps(profile, ensure_ascii=False)):
        raise InvalidQuery("the body contains half of a surrogate pair, which is not a character.")
    if not isinstance(profile, dict):
        raise InvalidQuery("the body must be a JSON object: a profile with keys such as description and purpose.")
    return profile
