"""Answers requests: from the cache where possible, else from a function on the graph in a worker."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import Response

from threatgraph.server.cache import Cache, Entry, compressed
from threatgraph.server.clients import Clients
from threatgraph.server.metrics import Metrics
from threatgraph.server.negotiation import accepts_gzip
from threatgraph.server.settings import Settings
from threatgraph.service import PLAIN, Answer, Backend

T = TypeVar("T")
_FRESH = "public, max-age=300, stale-while-revalidate=86400"
_IN_THREAD = 256 * 1024
"""Larger answers are compressed in a thread, so that other requests need not wait."""


class ClientGone(Exception):
    """The client has closed the connection."""


class Server:
    """What the endpoints share.

    Args:
        settings: the settings.
        backend: the graph.
    """

    def __init__(self, settings: Settings, backend: Backend) -> None:
        self.settings, self.backend = settings, backend
        self.cache = Cache(settings.cache)
        self.clients = Clients(settings.per_client, settings.limits.waiting - settings.per_client)
        self.metrics = Metrics()

    async def reload(self) -> None:
        """Open the graph anew and forget the answers."""
        await self.backend.reload()
        self.cache.clear()

    def etag(self, *key: object) -> str:
        """The entity tag of an answer, known before it is computed; empty if the graph may change at any time."""
        digest = self.backend.facts.digest
        if not digest:
            return ""
        return f'W/"{hashlib.blake2b(repr((digest, key)).encode(), digest_size=12).hexdigest()}"'


def server_of(request: Request) -> Server:
    """Return what the endpoints share."""
    server: Server = request.app.state.server
    return server


async def respond(
    request: Request,
    function: str,
    *,
    stage: int = PLAIN,
    query: bool = False,
    private: bool = False,
    headers: Sequence[tuple[str, str]] = (),
    **arguments: Any,
) -> Response:
    """Answer a request with the result of a function on the graph.

    Args:
        request: the request.
        function: ``module:function`` for :meth:`Backend.run`; it returns an :class:`Answer`.
        stage: the preparation that the function needs.
        query: whether it evaluates SPARQL from outside.
        private: whether the answer is only for this client, so that it is not kept and has no entity tag.
        headers: headers of the document, such as ``Content-Location``; a redirect or a problem does not get them.
        arguments: the arguments of the function.

    Raises:
        ThreatGraphError: as :meth:`Backend.run`.
        ClientGone: if the client hangs up.
    """
    server = server_of(request)
    etag = "" if private else server.etag(function, sorted(arguments.items()))
    condition = request.headers.get("if-none-match", "")
    if etag and _matches(condition, etag):
        return _unchanged(headers, etag)
    if etag and (entry := server.cache.get(etag)) is not None:
        return _unchanged(headers, etag) if _is_any(condition) else _response(request, entry, headers, etag)
    address = request.client.host if request.client else ""
    async with server.clients.turn(address, server.settings.limits.timeout):
        answer: Answer = await _unless_gone(
            request, server.backend.run(function, stage=stage, query=query, **arguments)
        )
    if answer.status != 200:
        return _response(request, Entry(answer, is_compressed=False), (), "", private=True)
    if private:
        return _response(request, Entry(answer, is_compressed=False), headers, "", private=True)
    if etag and _is_any(condition):  # which only a document that exists matches
        return _unchanged(headers, etag)
    entry = await asyncio.to_thread(compressed, answer) if len(answer.content) > _IN_THREAD else compressed(answer)
    if etag:
        server.cache.put(etag, entry)
    return _response(request, entry, headers, etag)


def _response(
    request: Request, entry: Entry, headers: Sequence[tuple[str, str]], etag: str, *, private: bool = False
) -> Response:
    answer, headers = entry.answer, [*headers, *entry.answer.headers]
    fields = _with(headers, etag, private=private)
    if entry.is_compressed and accepts_gzip(request.headers.get("accept-encoding")):
        content = answer.content
        fields["content-encoding"] = "gzip"
    else:
        content = entry.plain()
    fields["content-type"] = answer.media_type
    response = Response(content, answer.status, fields)
    for name, value in headers:
        if name.lower() == "link":  # there can be several
            response.headers.append(name, value)
    return response


def _unchanged(headers: Sequence[tuple[str, str]], etag: str) -> Response:
    return Response(None, 304, _with(headers, etag, private=False))


def _with(headers: Sequence[tuple[str, str]], etag: str, *, private: bool) -> dict[str, str]:
    """The headers of an answer, whose names are in lower case."""
    fields = {name.lower(): value for name, value in headers if name.lower() != "link"}
    fields["vary"] = "Accept, Accept-Encoding"
    fields.setdefault("cache-control", "no-store" if private else _FRESH if etag else "no-cache")
    if etag:
        fields["etag"] = etag
    return fields


def _matches(header: str, etag: str) -> bool:
    """Whether an ``If-None-Match`` header has an entity tag, in the weak comparison of RFC 9110."""
    bare = etag.removeprefix("W/")
    return any(tag.strip().removeprefix("W/") == bare for tag in header.split(","))


def _is_any(header: str) -> bool:
    """Whether an ``If-None-Match`` header matches any document."""
    return header.strip() == "*"


async def _unless_gone(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Await work, and cancel it if the client closes the connection, so that no worker computes for nobody."""
    task, gone = asyncio.ensure_future(work), asyncio.ensure_future(_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise ClientGone
        return task.result()
    finally:
        for one in (task, gone):
            one.cancel()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
