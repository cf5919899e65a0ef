"""The protocol over standard input and output, for ``threatgraph mcp``."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, NoReturn

from threatgraph.mcp import WORKER_MODULES, require_sdk
from threatgraph.service import SEARCH, Backend, Limits, Source

_INTERRUPTED = 128
#: Seconds after the end of input in which requests that run are answered.
_GRACE = 0.7


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
    server = build_server(backend, is_local=True)
    running = _Running()
    server.middleware.append(running.count)
    async with stdio_server() as (incoming, outgoing), running.kept_open(incoming) as requests:
        await server.run(requests, outgoing, server.create_initialization_options())
    warmed.cancel()
    _leave(0)


class _Running:
    """The requests that run, which are answered in a short time after the end of input, as in a shell pipeline."""

    def __init__(self) -> None:
        self._count = 0

    async def count(self, ctx: Any, call_next: Any) -> Any:
        """Count a request as long as it runs."""
        self._count += 1
        try:
            return await call_next(ctx)
        finally:
            self._count -= 1

    @asynccontextmanager
    async def kept_open(self, incoming: Any) -> AsyncIterator[Any]:
        """A stream with the messages of another one, which ends a short time later."""
        import anyio  # comes with the SDK

        sender, receiver = anyio.create_memory_object_stream[Any](0)

        async def pass_on() -> None:
            async with sender, incoming:
                async for message in incoming:
                    await sender.send(message)
                with suppress(TimeoutError):
                    async with asyncio.timeout(_GRACE):
                        await asyncio.sleep(_GRACE / 10)  # the last request has begun
                        while self._count:
                            await asyncio.sleep(_GRACE / 50)

        passing = asyncio.create_task(pass_on())
        try:
            yield receiver
        finally:
            passing.cancel()


def _leave(status: int) -> NoReturn:
    """End this process at once.

    The thread that reads standard input cannot be ended in any other way, and a process that prepares workers may take
    seconds; it ends by itself when this process is gone.
    """
    os._exit(status)
