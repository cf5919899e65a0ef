"""The life of the server process: it waits for the graph, serves, opens the graph anew, and stops."""

from __future__ import annotations

import asyncio
import signal
import socket

import uvicorn

from threatgraph.errors import ThreatGraphError
from threatgraph.server.app import build
from threatgraph.server.http import LimitedProtocol
from threatgraph.server.responses import Server
from threatgraph.server.settings import BACKLOG, Settings
from threatgraph.service import Backend
from threatgraph.service.failures import log

_MOST_CONNECTIONS = 900
"""Fewer than the files that most systems let a process open, so that one is left to refuse a connection with."""
_GRACE = 4
"""Seconds for requests that run when the server has to stop."""


def run(backend: Backend, settings: Settings, listener: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM.

    Args:
        backend: the graph, which may still be opening.
        settings: the settings.
        listener: the socket that clients connect to.

    Raises:
        ThreatGraphError: if the graph cannot be opened.
    """
    server = Server(settings, backend)
    config = uvicorn.Config(
        build(server),
        http=type("Protocol", (LimitedProtocol,), {"largest": settings.headers, "slowest": settings.slow}),
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
        forwarded_allow_ips=settings.trusted_proxies,
        timeout_graceful_shutdown=_GRACE,
        timeout_keep_alive=int(settings.slow),
        limit_concurrency=_MOST_CONNECTIONS,
        backlog=BACKLOG,
    )
    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(_serve(uvicorn.Server(config), server, listener))


async def _serve(http: uvicorn.Server, server: Server, listener: socket.socket) -> None:
    facts = await server.backend.start()
    host, port = listener.getsockname()[:2]
    log(f"serving the graph {facts.location} at http://{f'[{host}]' if ':' in host else host}:{port}/")
    wanted = asyncio.Event()
    if hasattr(signal, "SIGHUP"):
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, wanted.set)
    reloading = asyncio.create_task(_reload(server, wanted))
    await http.serve(sockets=[listener])
    reloading.cancel()


async def _reload(server: Server, wanted: asyncio.Event) -> None:
    """Open the graph anew whenever it is wanted: once at a time, and once more for all signals that came meanwhile."""
    while await wanted.wait():
        wanted.clear()
        await _reload_once(server)


async def _reload_once(server: Server) -> None:
    try:
        await server.reload()
    except ThreatGraphError as error:
        log(f"the graph could not be opened, so the former one stays in use: {error}")
    else:
        log(f"serving the graph {server.backend.facts.location}, version {server.backend.facts.version}")
