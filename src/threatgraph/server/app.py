"""The application: its routes, its errors, and its life."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp

from threatgraph.errors import ThreatGraphError
from threatgraph.server import api, browsers, linked_data, site_files, sparql
from threatgraph.server.agents import Agents
from threatgraph.server.gate import Gate
from threatgraph.server.methods import wrong_method
from threatgraph.server.problems import Problem, problem_of, respond_to
from threatgraph.server.responses import ClientGone, Server, server_of
from threatgraph.service import RECOMMEND, SEARCH


def build(server: Server) -> ASGIApp:
    """Build the application.

    Args:
        server: the settings and the graph.
    """
    agents = Agents(server.backend)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        preparing = asyncio.create_task(_prepare(server))
        yield
        preparing.cancel()
        await agents.close()

    app = Starlette(
        routes=[*_routes(server), *agents.routes(), *linked_data.routes()],  # the last one matches every path,
        exception_handlers={
            ClientGone: _gone,
            **dict.fromkeys((Problem, ThreatGraphError, HTTPException, Exception), _refused),
        },
        lifespan=lifespan,
    )
    app.state.server = server
    return Gate(app, server)


async def _prepare(server: Server) -> None:
    """Start what the first requests would wait for: workers for queries, the search index, and recommendations."""
    backend = server.backend
    pings = [backend.run("threatgraph.service.facts:ping", query=True) for _ in range(backend.limits.workers)]
    await asyncio.gather(*pings, return_exceptions=True)
    await backend.prepare(SEARCH)
    await backend.prepare(RECOMMEND)


def _routes(server: Server) -> list[BaseRoute]:
    found: list[BaseRoute] = [
        *sparql.routes(),
        *browsers.routes(),
        *api.routes(),
        *site_files.routes(),
        Route("/health", _health),
    ]
    if server.settings.metrics:
        found.append(Route("/metrics", _metrics))
    return found


async def _health(request: Request) -> Response:
    """Whether the server can answer."""
    backend = server_of(request).backend
    alive = await backend.is_alive()
    status = {"status": "ok" if alive else "failing", "version": backend.facts.version}
    return JSONResponse(status, 200 if alive else 503, {"Cache-Control": "no-store"})


async def _metrics(request: Request) -> Response:
    server = server_of(request)
    text = server.metrics.render(server.backend.load, server.cache.size)
    return PlainTextResponse(text, media_type="text/plain; version=0.0.4")


async def _refused(request: Request, error: Exception) -> Response:
    """Answer a request that failed."""
    if isinstance(error, ThreatGraphError):
        return respond_to(request, problem_of(error))
    if isinstance(error, HTTPException):
        return respond_to(request, _problem(request, error))
    if isinstance(error, Problem):
        return respond_to(request, error)
    # The details are for the log, where uvicorn writes them, and not for strangers.
    return respond_to(request, Problem(500, "the server failed on this request; its log has the reason."))


def _problem(request: Request, error: HTTPException) -> Problem:
    """The problem for an error of Starlette: no route, or a method that the route does not have."""
    if error.status_code == 405:
        return wrong_method(request)
    if error.status_code == 404:
        return Problem(404, f"nothing is at {request.url.path}.")
    return Problem(error.status_code, str(error.detail))


async def _gone(request: Request, error: Exception) -> Response:
    return Response(None, 499)  # nobody reads it
