"""Runs the HTTP server until it is stopped."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Iterator

from threatgraph.errors import ThreatGraphError, missing_extra
from threatgraph.mcp import WORKER_MODULES, is_installed
from threatgraph.server.settings import BACKLOG, Settings
from threatgraph.service import Backend, Source

MODULES = (
    "threatgraph.service.sparql",
    "threatgraph.server.work.answers",
    "threatgraph.server.work.files",
    "threatgraph.web.about",
    "threatgraph.web.answers",
    "threatgraph.web.assess",
    "threatgraph.web.queries",
    "threatgraph.web.search",
    "threatgraph.web.sparql",
)
"""The modules of the functions that run in workers."""


def serve(source: Source, settings: Settings) -> None:
    """Serve a graph over HTTP until SIGINT or SIGTERM; SIGHUP opens the graph anew.

    Args:
        source: the graph.
        settings: the settings.

    Raises:
        ThreatGraphError: if the address cannot be used, or the graph cannot be opened.
        ImportError: if the packages of the extra ``server`` are missing.
    """
    with _listening(settings) as listener:
        # Forked while this process has one thread and has imported little, and opens the graph beside what follows.
        agents = WORKER_MODULES if is_installed() else ()
        backend = Backend(source, settings.limits, (*MODULES, *agents))
        try:
            _require_packages()
            from threatgraph.server.life import run

            run(backend, settings, listener)
        finally:
            backend.end()


@contextlib.contextmanager
def _listening(settings: Settings) -> Iterator[socket.socket]:
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        family, kind, protocol, _, address = found[0]
        listener = socket.socket(family, kind, protocol)
    except OSError as error:
        raise ThreatGraphError(f"the address {settings.host!r} is not valid: {error.strerror}.") from error
    with listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(address)
        except OSError as error:
            reason = "another program uses this port" if error.errno == errno.EADDRINUSE else error.strerror
            raise ThreatGraphError(
                f"cannot listen on {settings.host}, port {settings.port}: {reason}; `port=` chooses another one."
            ) from error
        listener.listen(BACKLOG)
        listener.set_inheritable(False)
        yield listener


def _require_packages() -> None:
    try:
        import httptools  # noqa: F401
        import jinja2  # noqa: F401
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise missing_extra("serve", "server") from error
