"""HTTP requests with limits: on the total time, on the size of the response, and on redirects.

SPARQLWrapper and ``urllib.request.urlopen`` cannot limit these: their timeout applies to each read, they read responses
of any length, and they follow redirects to ``ftp:`` URLs. So requests built by SPARQLWrapper are sent here.
"""

from __future__ import annotations

import contextlib
import email.utils
import http.client
import io
import math
import netrc
import os
import socket
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from threatgraph.display import redact
from threatgraph.errors import EndpointError

CONNECT_TIMEOUT = 10.0
"""Connection timeout in seconds."""
DEADLINE = 300.0
"""Total time limit of a request in seconds, including retries and waiting."""
LARGEST = 1024**3
"""Maximum size of a response in bytes."""
RETRIES = 4
"""Maximum number of retries of a throttled request."""
_THROTTLED = {429, 503}
_END: ContextVar[float] = ContextVar("end", default=math.inf)
_CHUNK = 1 << 16
_SHOWN = 200
_REDIRECTS = 5
_ADVICE = {
    401: "it requires a password: set `user=` and THREATGRAPH_PASSWORD, or add an entry to ~/.netrc",
    403: "the user does not have permission: ask the owner for access, or use another endpoint",
    404: "not found: check the path, such as /sparql or /query",
    405: "method not allowed: check whether this is the endpoint for queries or for updates",
}


@dataclass(frozen=True, slots=True)
class Response:
    """The response of a server."""

    url: str
    content: bytes
    headers: Mapping[str, str]

    @property
    def kind(self) -> str:
        """The media type without parameters, in lower case."""
        return str(self.headers.get("Content-Type", "")).partition(";")[0].strip().lower()


class RequestTimeout(EndpointError):
    """A request that exceeded its time limit."""


def check_url(url: str) -> str:
    """Check the URL of an endpoint.

    Raises:
        EndpointError: if the scheme is not http or https, the host is missing, or the URL has a password.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise EndpointError(url, "not a valid URL: use one such as http://localhost:8890/sparql.") from None
    if parts.scheme not in ("http", "https") or not host or any(ord(sign) <= 32 or ord(sign) > 126 for sign in url):
        raise EndpointError(url, "an endpoint must be an http: or https: URL, such as http://localhost:8890/sparql.")
    if "@" in parts.netloc:
        reason = "the URL must not contain a user or password: set `user=` and THREATGRAPH_PASSWORD."
        raise EndpointError(url, reason)
    return url


def credentials(url: str, user: str | None = None) -> tuple[str, str] | None:
    """Look up user and password: in the environment, or in the entry of the host in ``~/.netrc``.

    The ``default`` entry of that file is ignored, so that no password is sent to an arbitrary server.

    Args:
        url: the URL of the endpoint.
        user: the user name; by default THREATGRAPH_USER.

    Returns:
        User and password; ``None`` without a user.

    Raises:
        EndpointError: if there is a user but no password, or the netrc file does not parse.
    """
    user = user or os.environ.get("THREATGRAPH_USER") or None
    password = os.environ.get("THREATGRAPH_PASSWORD")
    if user and password is not None:
        return user, password
    host = urllib.parse.urlsplit(url).hostname or ""
    try:
        entry = None if host == "default" else netrc.netrc().hosts.get(host)
    except FileNotFoundError:
        entry = None
    except netrc.NetrcParseError as error:  # its message quotes the invalid token, which may be a password
        place = f" (line {error.lineno})" if error.lineno else " (others may read it: chmod 600)"
        raise EndpointError(url, f"~/.netrc does not parse{place}: correct it.") from None
    except (OSError, ValueError) as error:
        raise EndpointError(url, f"~/.netrc cannot be read: {getattr(error, 'strerror', 'it is not UTF-8')}.") from None
    if entry and entry[0] and entry[2] is not None and user in (None, entry[0]):
        return entry[0], entry[2]
    if user:
        raise EndpointError(url, f"no password for {user}: set THREATGRAPH_PASSWORD, or add it to ~/.netrc.")
    return None


class Http:
    """Sends requests to one server.

    Args:
        url: the URL that the credentials are for; they are not sent to other hosts.
        user: the user name; :func:`credentials` looks up the password.
        deadline: total time limit of a request in seconds.
        largest: maximum size of a response in bytes.
        pause: sleeps for a number of seconds; replaced in tests.
    """

    def __init__(
        self,
        url: str,
        user: str | None = None,
        *,
        deadline: float = DEADLINE,
        largest: int = LARGEST,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._login = credentials(url, user)
        self._origin = urllib.parse.urlsplit(url)._replace(path="/", query="", fragment="").geturl()
        self.deadline, self._largest, self._pause = deadline, largest, pause

    def send(
        self, request: urllib.request.Request, *, timeout: float | None = None, idempotent: bool = True
    ) -> Response:
        """Send a request and read the complete response.

        Args:
            request: the request.
            timeout: total time limit in seconds; by default the deadline of this object.
            idempotent: whether the request may be retried if the server throttles it.

        Raises:
            EndpointError: for any failure, with the URL and what to do.
        """
        end = min(time.monotonic() + min(timeout or self.deadline, self.deadline), _END.get())
        for attempt in range(RETRIES + 1):
            try:
                return self._once(request, end)
            except urllib.error.HTTPError as error:
                wait = _wait(error, attempt)
                last = attempt == RETRIES or time.monotonic() + wait >= end
                if error.code not in _THROTTLED or not idempotent or last:
                    raise self._refusal(request.full_url, error) from None
                self._pause(wait)
        raise AssertionError("the last attempt returns or raises")

    @contextlib.contextmanager
    def within(self, seconds: float | None) -> Iterator[None]:
        """Limit the total time of all requests in the block; ``None`` keeps only the limit of each request."""
        token = _END.set(min(_END.get(), math.inf if seconds is None else time.monotonic() + seconds))
        try:
            yield
        finally:
            _END.reset(token)

    def _refusal(self, url: str, error: urllib.error.HTTPError) -> EndpointError:
        return _refusal(url, error, self._login[1] if self._login else None)

    def _once(self, request: urllib.request.Request, end: float) -> Response:
        left = end - time.monotonic()
        sockets: list[socket.socket] = []
        # A server that sends a byte per second never exceeds the timeout of a read; closing the socket ends it.
        late = threading.Event()
        watch = threading.Timer(max(left, 0), _hang_up, (sockets, late))
        watch.daemon = True
        watch.start()
        url = redact(request.full_url)
        try:
            with self._opener(sockets).open(request, timeout=max(min(left, CONNECT_TIMEOUT), 0.001)) as response:
                content = self._read(response, url)
                return Response(url, content, response.headers)
        except urllib.error.HTTPError as error:
            response = _said(error)  # within the time limit, since the body of an error can be slow too
            if late.is_set():
                raise RequestTimeout(url, _LATE) from None
            error.close()
            raise urllib.error.HTTPError(url, error.code, error.reason, error.headers, io.BytesIO(response)) from None
        except (OSError, http.client.HTTPException, ValueError) as error:
            if late.is_set() or _is_timeout(error):
                raise RequestTimeout(url, _LATE) from None
            raise EndpointError(url, _reason(error)) from None
        finally:
            watch.cancel()
            for connection in sockets:
                connection.close()

    def _read(self, response: http.client.HTTPResponse, url: str) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while chunk := response.read(_CHUNK):
            chunks.append(chunk)
            size += len(chunk)
            if size > self._largest:
                reason = (
                    f"the response is larger than {self._largest:,} bytes: reduce the result, for example with LIMIT."
                )
                raise EndpointError(url, reason)
        expected = response.headers.get("Content-Length")
        if expected is not None and expected.isdigit() and size < int(expected):
            raise http.client.IncompleteRead(b"", int(expected) - size)
        return b"".join(chunks)

    def _opener(self, sockets: list[socket.socket]) -> urllib.request.OpenerDirector:
        opener = urllib.request.OpenerDirector()
        passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
        if self._login:
            passwords.add_password(None, self._origin, *self._login)
        for handler in (
            urllib.request.ProxyHandler(),
            _Plain(sockets),
            _Secure(sockets),
            _Redirects(),
            urllib.request.HTTPDigestAuthHandler(passwords),
            urllib.request.HTTPBasicAuthHandler(passwords),
            urllib.request.HTTPDefaultErrorHandler(),
            urllib.request.HTTPErrorProcessor(),
        ):
            opener.add_handler(handler)
        return opener


_LATE = "no complete response within the time limit: reduce the result, or raise the limit (`timeout=`)."


class _Plain(urllib.request.HTTPHandler):
    """Opens connections and keeps their sockets, so that they can be closed."""

    def __init__(self, sockets: list[socket.socket]) -> None:
        super().__init__()
        self._sockets = sockets

    def http_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_held(http.client.HTTPConnection, self._sockets), req)


class _Secure(urllib.request.HTTPSHandler):
    """The same by TLS."""

    def __init__(self, sockets: list[socket.socket]) -> None:
        super().__init__()
        self._sockets = sockets

    def https_open(self, req: urllib.request.Request) -> http.client.HTTPResponse:
        return self.do_open(_held(http.client.HTTPSConnection, self._sockets), req)


def _held(connection: type[http.client.HTTPConnection], sockets: list[socket.socket]) -> Any:
    class Noted(http.client.HTTPConnection):
        def connect(self) -> None:
            super().connect()
            # A duplicate, since TLS detaches the original socket; the limit covers the handshake too.
            sockets.append(self.sock.dup())

    bases = (Noted,) if connection is http.client.HTTPConnection else (connection, Noted)

    class Held(*bases):  # type: ignore[misc]
        def connect(self) -> None:
            super().connect()
            # The connection timeout is short; the total limit applies to the response.
            self.sock.settimeout(None)

    return Held


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects with the same body, to http and https only; credentials stay with their host."""

    max_redirections = _REDIRECTS

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        target = urllib.parse.urlsplit(newurl)
        before = urllib.parse.urlsplit(req.full_url)
        if "@" in target.netloc:
            raise EndpointError(req.full_url, "redirects to a URL with a user or password are refused.")
        if target.scheme not in ("http", "https") or (before.scheme, target.scheme) == ("https", "http"):
            reason = f"redirects to {target.scheme}: URLs are refused. Give the final URL of the endpoint."
            raise EndpointError(req.full_url, reason)
        if target.netloc != before.netloc and req.get_method() != "GET" and _writes(req):
            raise EndpointError(
                req.full_url,
                f"redirects of updates to another host ({redact('//' + target.netloc)[2:]}) are refused.",
            )
        kept = {name: value for name, value in req.headers.items() if name.lower() not in ("host", "authorization")}
        return urllib.request.Request(  # noqa: S310 - the scheme is checked above
            newurl, data=req.data, headers=kept, method=req.get_method(), unverifiable=True
        )


def _writes(request: urllib.request.Request) -> bool:
    body = request.data if isinstance(request.data, bytes) else b""
    return request.get_method() in ("PUT", "DELETE") or not body.startswith((b"query=", b"default-graph-uri="))


def _hang_up(sockets: list[socket.socket], late: threading.Event) -> None:
    late.set()
    for connection in sockets:
        with contextlib.suppress(OSError):  # already closed
            connection.shutdown(socket.SHUT_RDWR)


def _wait(error: urllib.error.HTTPError, attempt: int) -> float:
    """Seconds until the next retry: as the server requests (RFC 9110, section 10.2.3), or exponentially increasing."""
    response = error.headers.get("Retry-After") if error.headers else None
    if response and response.strip().isdigit():
        return float(response)
    if response:
        try:
            return max(email.utils.parsedate_to_datetime(response).timestamp() - time.time(), 0.0)
        except ValueError:
            pass
    return 0.5 * 2.0**attempt


def _said(error: urllib.error.HTTPError) -> bytes:
    try:
        return error.read(4096)
    except (OSError, http.client.HTTPException):
        return b""


def _refusal(url: str, error: urllib.error.HTTPError, secret: str | None) -> EndpointError:
    response = error.read().decode("utf-8", "replace")
    if secret:
        response = response.replace(secret, "…")
    response = "" if "<html" in response.lower() else " ".join(response.split())[:_SHOWN]
    if error.code in range(300, 400):
        target = urllib.parse.urlsplit(str(error.headers.get("Location", "")))
        return EndpointError(url, f"redirect loops and redirects to {target.scheme}: URLs are refused.")
    advice = _ADVICE.get(error.code) or ("try again later" if error.code in _THROTTLED else "see the log of the server")
    return EndpointError(
        url,
        f"the server returned {error.code} {error.reason}: {advice}." + (f" It says: {response}" if response else ""),
    )


def _is_timeout(error: BaseException) -> bool:
    return isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", None), TimeoutError)


def _reason(error: BaseException) -> str:
    cause = getattr(error, "reason", error)
    if isinstance(cause, socket.gaierror):
        return "host not found: check the name and the network."
    if isinstance(cause, ConnectionRefusedError):
        return "connection refused: start the server, or check host and port."
    if isinstance(error, http.client.IncompleteRead | ConnectionError | http.client.RemoteDisconnected):
        return "the connection ended before the response was complete: try again, or see the log of the server."
    return f"the request failed: {cause}."
