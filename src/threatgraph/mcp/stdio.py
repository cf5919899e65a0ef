"""The protocol over standard input and output, for ``threatgraph mcp``."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress
from typing import NoReturn

from threatgraph.mcp import WORKER_MODULES, require_sdk
from threatgraph.service import SEARCH, Backend, Limits, Source

_INTERRUPTED = 128


def run(source: Source, limits: Limits | None = None) -> NoReturn:
    """Serve a graph until standard input ends, and end the process.

    Args:
        source: the graph.
        limits: the limits of a request.

    Raises:
        ImportError: if the SDK of the protocol is not installed.
        ThreatGraphError: if the graph cannot be opened.
    """
    backend = Backend(source, limits, WORKER_MODULES)  # it opens the graph while this process imports the SDK
    try:
        require_sdk()
        asyncio.run(_serve(backend))
    except* BrokenPipeError:
        pass  # the client has gone
    finally:
        backend.end()
    _leave(0)


async def _serve(backend: Backend) -> None:
    from mcp.server.stdio import stdio_server

    from threatgraph.mcp.server import build_server

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # on Windows
            loop.add_signal_handler(number, _leave, _INTERRUPTED + number)
    await backend.start()
    warmed = loop.create_task(backend.prepare(SEARCH))
    server = build_server(backend)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())
    warmed.cancel()
    _leave(0)


def _leave(status: int) -> NoReturn:
    """End this process at once.

    The thread that reads standard input cannot be ended in any other way, and a process that prepares workers may take
    seconds; it ends by itself when this process is gone.
    """
    os._exit(status)
