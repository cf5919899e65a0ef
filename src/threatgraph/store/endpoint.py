"""Requests to a SPARQL server, bounded in time and size, and repeated where the server is busy.

They follow the SPARQL 1.1 Protocol and the SPARQL 1.1 Graph Store HTTP Protocol. SPARQLWrapper writes the requests.
They are opened here, since it would follow a redirect with the password, install its Digest authentication for the
whole process, and wait without end for a server that sends a byte now and then.
"""

from __future__ import annotations

import http.client
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import IO, Any
from urllib.parse import quote, urlsplit

from SPARQLWrapper import POST, SPARQLWrapper

from threatgraph.errors import EndpointError, InvalidQuery, QueryTimeout

DEFAULT_TIMEOUT = 300.0
"""Seconds that a request of our own may take; queries of users have the limit that they ask for."""
MOST_BYTES = 2 * 1024**3
"""Bytes that an answer may have."""
TRIES = 5
"""How often a request is sent where the server says that it is busy (429, 502, 503, 504)."""
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 60.0
_BUSY = frozenset({429, 502, 503, 504})
_CHUNK = 1 << 20
_SHOWN = 400
"""Characters of a server's own message that are shown."""

SPARQL_JSON = "application/sparql-results+json"
N_TRIPLES = "application/n-triples"


@dataclass(frozen=True)
class Address:
    """Where a SPARQL server is, and who asks it.

    Args:
        query: URL of the SPARQL protocol's query operation.
        update: URL of its update operation; needed to change what the server holds.
        graph_store: URL of the Graph Store Protocol, which is quicker than updates; where the server has it.
        user: name to sign in with. The password is read from ``THREATGRAPH_PASSWORD``, or both from ``~/.netrc``.
    """

    query: str
    update: str | None = None
    graph_store: str | None = None
    user: str | None = None

    def __post_init__(self) -> None:
        for url in (self.query, self.update, self.graph_store):
            parts = urlsplit(url or "http://none")
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise InvalidQuery(f"{url!r} is no address of a server: write http://… or https://….")
            if parts.password is not None:
                raise InvalidQuery(
                    "a password has no place in an address, where others can read it: put it into "
                    "THREATGRAPH_PASSWORD or ~/.netrc, and the name into --user."
                )


@dataclass
class Answer:
    """What a server sent."""

    content: bytes
    form: str
    """The media type, without parameters."""
    headers: dict[str, str] = field(default_factory=dict)
    """Names in lower case."""


class Endpoint:
    """Sends requests to one server."""

    def __init__(self, address: Address) -> None:
        self.address = address
        passwords = _passwords(address)
        self._digest = urllib.request.HTTPDigestAuthHandler(passwords) if passwords else None
        handlers: list[urllib.request.BaseHandler] = [_SameSite()]
        if self._digest is not None:
            handlers += [self._digest, urllib.request.HTTPBasicAuthHandler(passwords)]
        self._opener = urllib.request.build_opener(*handlers)

    def ask(
        self, sparql: str, accept: str, *, default_graph: str | None = None, timeout: float | None = DEFAULT_TIMEOUT
    ) -> Answer:
        """Send a query by POST; SPARQL 1.1 Protocol, section 2.1.

        Args:
            sparql: the text.
            accept: the media type that is wanted.
            default_graph: the graph to ask in place of the server's default graph.
            timeout: seconds after which to give up; ``None`` for no limit.

        Raises:
            EndpointError: where there is no usable answer; the message says what to do.
            InvalidQuery: where the server does not understand the query (400).
            QueryTimeout: where the answer is not whole in time.
        """
        wrapper = _Wrapper(self.address.query, accept)
        wrapper.setQuery(sparql)
        wrapper.queryType = "SELECT"  # whatever its form: a query, not an update
        wrapper.setMethod(POST)
        if default_graph is not None:
            wrapper.addParameter("default-graph-uri", default_graph)
        return self._send(wrapper.request, timeout, repeat=True)

    def update(self, sparql: str, timeout: float | None = DEFAULT_TIMEOUT) -> None:
        """Send an update; errors as in :meth:`ask`. It is not sent again, since it may have been carried out."""
        if self.address.update is None:
            raise EndpointError("the server's address for updates is not known: give it with --update-endpoint.")
        wrapper = _Wrapper(self.address.update, "*/*")
        wrapper.setQuery(sparql)
        wrapper.queryType = "INSERT"
        wrapper.setMethod(POST)
        self._send(wrapper.request, timeout, repeat=False)

    def put(self, graph: str | None, content: bytes, timeout: float | None = DEFAULT_TIMEOUT) -> None:
        """Replace a graph by N-Triples (Graph Store Protocol, section 5.3); ``None`` is the default graph."""
        assert self.address.graph_store is not None  # noqa: S101 - callers look first
        which = "default" if graph is None else f"graph={quote(graph, safe='')}"
        url = f"{self.address.graph_store}?{which}"

        def request() -> urllib.request.Request:
            headers = {"Content-Type": "text/turtle; charset=utf-8"}  # which N-Triples are, and all servers read
            made = urllib.request.Request(url, data=content, method="PUT", headers=headers)  # noqa: S310 - http, as checked
            self._sign(made)
            return made

        self._send(request, timeout, repeat=True)

    def _sign(self, request: urllib.request.Request) -> None:
        """Sign a request with a long body beforehand: a server that asks for it at the end may not read that far."""
        if self._digest is None:
            return
        probe = urllib.request.Request(request.full_url, method="PUT", data=b"")  # noqa: S310 - http, as checked
        try:
            with urllib.request.build_opener(_SameSite()).open(probe, timeout=30):
                return
        except urllib.error.HTTPError as error:
            with error:
                scheme, _, challenge = (error.headers.get("WWW-Authenticate") or "").partition(" ")
        except OSError:
            return  # the request itself will say what is wrong
        if scheme.lower() == "digest":
            asked = urllib.request.parse_keqv_list(urllib.request.parse_http_list(challenge))
            request.add_unredirected_header("Authorization", f"Digest {self._digest.get_authorization(request, asked)}")

    def _send(self, request: Callable[[], urllib.request.Request], timeout: float | None, *, repeat: bool) -> Answer:
        deadline = time.monotonic() + (timeout if timeout is not None else float("inf"))
        pause = _FIRST_PAUSE
        for left in reversed(range(TRIES if repeat else 1)):
            try:
                return self._once(request(), deadline)
            except urllib.error.HTTPError as error:
                with error:
                    wait = max(_asked_pause(error.headers.get("Retry-After")), pause)
                    late = wait > _LONGEST_PAUSE or time.monotonic() + wait > deadline
                    if error.code not in _BUSY or not left or late:
                        raise _explained(error, self.address) from None
            time.sleep(wait)
            pause *= 2
        raise AssertionError  # the last try returns or raises

    def _once(self, request: urllib.request.Request, deadline: float) -> Answer:
        url = _shown(request.full_url)
        seconds = _left(deadline, url)
        try:
            with self._opener.open(request, timeout=seconds) as response:
                content = _read(response, deadline, url)
                headers = {name.lower(): value for name, value in response.headers.items()}
        except urllib.error.HTTPError:
            raise
        except (TimeoutError, urllib.error.URLError, http.client.HTTPException, OSError) as error:
            reason = getattr(error, "reason", error)
            if isinstance(reason, TimeoutError):
                raise _late(url) from None
            if isinstance(reason, http.client.IncompleteRead):
                got = len(reason.partial)
                raise EndpointError(f"{url}: the answer broke off after {got} bytes: ask again.") from None
            raise EndpointError(f"{url}: no answer ({reason}). Is the address right, and the server running?") from None
        return Answer(content, headers.get("content-type", "").partition(";")[0].strip().lower(), headers)


class _Wrapper(SPARQLWrapper):
    """SPARQLWrapper as a writer of requests alone."""

    def __init__(self, url: str, accept: str) -> None:
        super().__init__(url, updateEndpoint=url, agent="threatgraph")
        self._accept = accept
        self.setOnlyConneg(True)

    def _getAcceptHeader(self) -> str:  # noqa: N802 - its name there
        return self._accept

    def request(self) -> urllib.request.Request:
        """The request."""
        made: urllib.request.Request = self._createRequest()
        return made


class _SameSite(urllib.request.HTTPRedirectHandler):
    """Follows redirects to http and https alone; a changed request goes nowhere else than it was sent to."""

    def redirect_request(self, req: urllib.request.Request, *args: Any) -> urllib.request.Request | None:
        target = args[-1]
        if urlsplit(target).scheme not in ("http", "https"):
            raise EndpointError(f"{_shown(req.full_url)}: redirects to {target!r}, which is no address of a server.")
        if req.get_method() != "GET":
            raise EndpointError(f"{_shown(req.full_url)}: has moved to {_shown(target)}: use that address.")
        return super().redirect_request(req, *args)


def _passwords(address: Address) -> urllib.request.HTTPPasswordMgrWithDefaultRealm | None:
    """The password for the server's own addresses, and no other; ``None`` where there is none."""
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    found = False
    for url in filter(None, (address.query, address.update, address.graph_store)):
        user, password = _credentials(url, address.user)
        if user is not None and password is not None:
            passwords.add_password(None, url, user, password)
            found = True
    return passwords if found else None


def _credentials(url: str, user: str | None) -> tuple[str | None, str | None]:
    user = user or os.environ.get("THREATGRAPH_USER")
    password = os.environ.get("THREATGRAPH_PASSWORD")
    if user is not None and password is not None:
        return user, password
    import netrc

    try:
        entry = netrc.netrc().authenticators(urlsplit(url).hostname or "")
    except (OSError, netrc.NetrcParseError):
        return user, None
    if entry is None or (user is not None and entry[0] != user):
        return user, None
    return entry[0], entry[2]


def _read(response: IO[bytes], deadline: float, url: str) -> bytes:
    """The whole answer; for a server that sends little by little there is no more time than for one that hangs."""
    chunks, size = [], 0
    while chunk := response.read1(_CHUNK):  # type: ignore[attr-defined]
        chunks.append(chunk)
        size += len(chunk)
        if size > MOST_BYTES:
            raise EndpointError(f"{url}: the answer has more than {MOST_BYTES // 1024**3} GiB: ask for less.")
        _left(deadline, url)
    length = getattr(response, "length", None)
    if length:  # a connection that was cut reads like one that came to its end
        raise http.client.IncompleteRead(b"".join(chunks), length)
    return b"".join(chunks)


def _left(deadline: float, url: str) -> float | None:
    left = deadline - time.monotonic()
    if left <= 0:
        raise _late(url)
    return None if left == float("inf") else left


def _late(url: str) -> QueryTimeout:
    return QueryTimeout(
        f"{url}: no whole answer within the time limit: ask for less (LIMIT), or raise the limit (--timeout)."
    )


def _asked_pause(header: str | None) -> float:
    """Seconds that a ``Retry-After`` asks to wait (RFC 9110, section 10.2.3): a number, or a date."""
    if not header:
        return 0.0
    if header.strip().isdecimal():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except ValueError:
        return 0.0


def _explained(error: urllib.error.HTTPError, address: Address) -> Exception:
    """What a status means, in the words of one who can do something about it."""
    url = _shown(error.url or address.query)
    said = _words(error)
    if error.code == 400:
        return InvalidQuery(f"{url}: the server does not understand the request (400){said}")
    told = {
        401: "asks for a name and a password: give --user, and the password in THREATGRAPH_PASSWORD or ~/.netrc (401)",
        403: "does not permit this to you (403)",
        404: "there is nothing at this address (404)",
        405: "takes no such request (405): is this the address for queries, or that for updates?",
        413: "finds the request too large (413)",
        429: f"is still busy after {TRIES} tries (429): ask later",
        503: f"is still busy after {TRIES} tries (503): ask later",
    }.get(error.code, f"failed ({error.code} {error.reason})")
    return EndpointError(f"{url}: {told}{said}")


def _words(error: urllib.error.HTTPError) -> str:
    """The beginning of a server's own message, where it is text."""
    try:
        text = error.read(10 * _SHOWN).decode("utf-8", "replace")
    except (OSError, http.client.HTTPException):
        return "."
    line = " ".join(text.split())
    return f": {line[:_SHOWN]}" if line and "<" not in line[:1] else "."


def _shown(url: str) -> str:
    """An address without what it asks, and without names and passwords."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
