"""The endpoint for AI agents, if the packages of the extra ``mcp`` are installed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext
from importlib.util import find_spec
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from threatgraph.server.problems import Problem, respond_to
from threatgraph.service import Backend

PATH = "/mcp"


class Agents(NamedTuple):
    """The routes of the endpoint, and what has to run as long as it is served."""

    routes: list[Route]
    run: Callable[[], AbstractAsyncContextManager[None]]


def is_installed() -> bool:
    """Whether the packages of the extra ``mcp`` are installed."""
    return find_spec("mcp") is not None


def agents(backend: Backend) -> Agents:
    """Return the endpoint for agents; without routes if its packages are not installed."""
    if not is_installed():
        return Agents([], nullcontext)
    from threatgraph.mcp.http import build

    found = build(backend)
    return Agents([Route(PATH, _SameOrigin(found.app), methods=["POST"])], found.run)


class _SameOrigin:
    """Refuses requests that a page of another site sends, since agents do not run in pages.

    Args:
        app: the endpoint.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope)
        origin, host = request.headers.get("origin"), request.headers.get("host")
        if origin and urlsplit(origin).netloc != host:
            response = respond_to(request, Problem(403, f"requests from pages of {origin!r} are refused here."))
            await response(scope, receive, send)
            return
        await self._app(scope, receive, send)
