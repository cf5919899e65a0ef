"""The protocol over HTTP (streamable HTTP, stateless), for ``threatgraph serve``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, NamedTuple

from threatgraph.mcp import require_sdk
from threatgraph.service import Backend

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_LARGEST_BODY = 128 * 1024
"""Bytes of a request."""


class Endpoint(NamedTuple):
    """The ASGI application, and what has to run as long as it is served.

    A Starlette application serves it with ``Route("/mcp", endpoint=found.app)`` and
    ``async with found.run(): …`` in its lifespan.
    """

    app: ASGIApp
    run: Callable[[], AbstractAsyncContextManager[None]]
    """Use it once: an application that starts again needs an endpoint of its own."""


def build(backend: Backend, *, allowed_hosts: Sequence[str], allowed_origins: Sequence[str] = ()) -> Endpoint:
    """Return the endpoint for a graph.

    Args:
        backend: the served graph, with the worker modules of :data:`threatgraph.mcp.WORKER_MODULES`.
        allowed_hosts: the values of ``Host`` to accept, such as ``127.0.0.1:8080``; ``127.0.0.1:*`` allows any
            port. Others get the status 421.
        allowed_origins: the values of ``Origin`` to accept, such as ``https://example.org``. Others get the status
            403; a request without ``Origin`` does not come from a web page and is accepted.

    Raises:
        ImportError: if the SDK of the protocol is not installed.
    """
    require_sdk()
    from mcp.server.streamable_http_manager import StreamableHTTPASGIApp, StreamableHTTPSessionManager
    from mcp.server.transport_security import TransportSecuritySettings

    from threatgraph.mcp.server import build_server

    manager = StreamableHTTPSessionManager(
        build_server(backend),
        json_response=True,
        stateless=True,
        security_settings=TransportSecuritySettings(allowed_hosts=[*allowed_hosts], allowed_origins=[*allowed_origins]),
        max_request_body_size=_LARGEST_BODY,
    )
    return Endpoint(StreamableHTTPASGIApp(manager), manager.run)
