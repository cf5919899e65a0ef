"""The endpoint for AI agents, if the packages of the extra ``mcp`` are installed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import NamedTuple

from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from threatgraph.server.methods import AGENTS, is_installed, wrong_method
from threatgraph.server.problems import Problem, respond_to
from threatgraph.server.requests import read_body
from threatgraph.server.responses import server_of
from threatgraph.service import Backend


class Agents(NamedTuple):
    """The routes of the endpoint, and what has to run as long as it is served."""

    routes: list[Route]
    run: Callable[[], AbstractAsyncContextManager[None]]


def agents(backend: Backend) -> Agents:
    """Return the endpoint for agents; without routes if its packages are not installed."""
    if not is_installed():
        return Agents([], nullcontext)
    from threatgraph.mcp.http import build

    found = build(backend)
    # Without its methods, since a route of another method would be that of a record.
    return Agents([Route(AGENTS, _Guarded(found.app))], found.run)


class _Guarded:
    """Refuses other methods than POST, and requests that a page of another site sends: agents do not run in pages.

    Args:
        app: the endpoint.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if (problem := _problem(request)) is not None:
            await respond_to(request, problem)(scope, receive, send)
            return
        # Read here, since the endpoint would wait for the end of a body without a limit of time.
        body = await read_body(request, server_of(request).settings)
        await self._app(scope, _again(body, receive), send)


def _again(body: bytes, receive: Receive) -> Receive:
    """The channel of a request whose body has been read, with the body in it."""
    rest: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def received() -> Message:
        return rest.pop() if rest else await receive()

    return received


def _problem(request: Request) -> Problem | None:
    if request.method != "POST":
        return wrong_method(request)
    origin, host = request.headers.get("origin"), request.headers.get("host", "")
    if origin and origin.partition("://")[2].lower() != host.lower():
        return Problem(403, f"requests from pages of {origin!r} are refused here.")
    return None
