"""What every request passes: the check of its host, headers for security, CORS, the access log and metrics."""

from __future__ import annotations

import ipaddress
import sys
import time
from collections.abc import Iterable
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from threatgraph.display import printable
from threatgraph.server.methods import AGENTS, methods_of
from threatgraph.server.problems import Problem, respond_to
from threatgraph.server.responses import Server

_LOCAL = frozenset(("localhost", "localhost.localdomain"))
_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Content-Location, ETag, Link, Location, Retry-After"),
)


class Gate:
    """The outermost layer of the application.

    Args:
        app: the application.
        server: what its endpoints share.
    """

    def __init__(self, app: ASGIApp, server: Server) -> None:
        self._app, self._server = app, server
        settings = server.settings
        self._any_host = "*" in settings.allowed_hosts
        self._hosts = _LOCAL | {name.lower() for name in (*settings.allowed_hosts, settings.host)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request, or pass on an event of another kind."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status, size = time.perf_counter(), 0, 0
        agents = scope["path"] == AGENTS  # it has rules of its own for origins

        async def noted(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = message.get("headers", ()) if agents else _secured(message.get("headers", ()))
            elif message["type"] == "http.response.body":
                size += len(message.get("body", b""))
            await send(message)

        try:
            response = self._refused(scope) or (None if agents else _options(scope))
            if response is None:
                await self._app(scope, receive, noted)
            else:
                await response(scope, receive, noted)
        finally:
            self._note(scope, status, size, time.perf_counter() - started)

    def _refused(self, scope: Scope) -> Response | None:
        """The response to a request for a host that is not ours, as a page of another site may send it."""
        if self._any_host:
            return None
        hosts = [value.decode("latin-1") for name, value in scope["headers"] if name == b"host"]
        if len(hosts) == 1 and self._is_ours(hosts[0]):
            return None
        reason = "the Host header does not name this server, or its owner has not allowed this name."
        return respond_to(Request(scope), Problem(421, reason))

    def _is_ours(self, host: str) -> bool:
        name = host.rpartition("]")[0].lstrip("[") if host.startswith("[") else host.partition(":")[0]
        name = name.lower().rstrip(".")
        if name in self._hosts:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True  # an address cannot be rebound to another server, as a name can

    def _note(self, scope: Scope, status: int, size: int, seconds: float) -> None:
        settings = self._server.settings
        self._server.metrics.note(scope["method"] if status != 405 else "OTHER", status, seconds)
        if not settings.access_log:
            return
        client = scope["client"][0] if scope.get("client") else "-"
        target = quote(scope["path"])
        if settings.log_queries and scope["query_string"]:
            target += "?" + printable(scope["query_string"].decode("latin-1"))
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        method = printable(scope["method"])[:20]
        sys.stderr.write(f"{moment} {client} {method} {target} {status or '-'} {size} {seconds * 1000:.1f}ms\n")


def _secured(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    """The headers of a response with those that every response has; its own ones count."""
    own = list(headers)
    names = {name for name, _ in own}
    return [*own, *(header for header in _HEADERS if header[0] not in names)]


def _options(scope: Scope) -> Response | None:
    """The answer to ``OPTIONS``, also that of browsers before a request to another site (CORS)."""
    if scope["method"] != "OPTIONS":
        return None
    methods = methods_of(scope["path"])
    headers = {
        "Allow": methods,
        "Access-Control-Allow-Methods": methods,
        "Access-Control-Allow-Headers": "Accept, Content-Type, If-None-Match",
        "Access-Control-Max-Age": "86400",
    }
    return Response(None, 204, headers)
