"""The endpoint for AI agents, if the packages of the extra ``mcp`` are installed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from threatgraph.mcp import is_installed
from threatgraph.server.methods import AGENTS, wrong_method
from threatgraph.server.problems import Problem, respond_to
from threatgraph.server.requests import read_body
from threatgraph.server.responses import server_of
from threatgraph.service import Backend


class Agents:
    """The endpoint. It is built at its first request, since its packages take a second to import, and 50 MB.

    Args:
        backend: the graph.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._building, self._closing = asyncio.Lock(), asyncio.Event()
        self._app: ASGIApp | None = None
        self._serving: asyncio.Task[None] | None = None

    def routes(self) -> list[Route]:
        """Return its routes; none if its packages are not installed."""
        # Without its methods, since a route of another method would be that of a record.
        return [Route(AGENTS, _Guarded(self))] if is_installed() else []

    async def app(self) -> ASGIApp:
        """Return the application, and start what has to run as long as it is served."""
        async with self._building:
            if self._app is None:
                from threatgraph.mcp.http import build

                found = await asyncio.to_thread(build, self._backend)
                started = asyncio.Event()
                self._serving = asyncio.create_task(self._serve(found.run, started))
                await started.wait()
                self._app = found.app
            return self._app

    async def close(self) -> None:
        """End what runs."""
        self._closing.set()
        if self._serving is not None:
            await self._serving

    async def _serve(self, run: Callable[[], AbstractAsyncContextManager[None]], started: asyncio.Event) -> None:
        try:
            async with run():
                started.set()
                await self._closing.wait()
        finally:
            started.set()


class _Guarded:
    """Refuses other methods than POST, and requests that a page of another site sends: agents do not run in pages.

    Args:
        agents: the endpoint.
    """

    def __init__(self, agents: Agents) -> None:
        self._agents = agents

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        if (problem := _problem(request)) is not None:
            await respond_to(request, problem)(scope, receive, send)
            return
        # Read here, since the endpoint would wait for the end of a body without a limit of time.
        body = await read_body(request, server_of(request).settings)
        app = await self._agents.app()
        await app(scope, _again(body, receive), send)


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
