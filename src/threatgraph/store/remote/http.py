"""Talks to servers over HTTP with bounds: on the time of a whole request, on the size of an answer, on where it goes.

Neither SPARQLWrapper nor ``urllib.request.urlopen`` can bound these: they wait for each byte anew, read answers of any
length, and follow redirects to ``ftp:`` addresses. So the requests that SPARQLWrapper builds are opened here.
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

from threatgraph.display import redacted
from threatgraph.errors import EndpointError

CONNECT_TIMEOUT = 10.0
"""Seconds that a server may take to accept a connection."""
DEADLINE = 300.0
"""Seconds that a whole request may take, retries and waiting included."""
LARGEST = 1024**3
"""Bytes that an answer may have."""
RETRIES = 4
"""How often a request is sent again that a server has put off."""
_PUT_OFF = {429, 503}
_END: ContextVar[float] = ContextVar("end", default=math.inf)
_CHUNK = 1 << 16
_SHOWN = 200
_REDIRECTS = 5
_ADVICE = {
    401: "it asks for a password: give --user NAME and set THREATGRAPH_PASSWORD, or write an entry into ~/.netrc",
    403: "the user may not do this there: ask its owner for the right, or name an endpoint that is open to you",
    404: "there is nothing at this address: check the path, such as /sparql or /query",
    405: "this address does not take such requests: check whether it is the one for queries or for updates",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said."""

    url: str
    content: bytes
    headers: Mapping[str, str]

    @property
    def kind(self) -> str:
        """The media type, without its parameters, in lower case."""
        return str(self.headers.get("Content-Type", "")).partition(";")[0].strip().lower()


class RequestTimeout(EndpointError):
    """A request that took longer than it may."""


def check_url(url: str) -> str:
    """The address of an endpoint, where it is one that we may ask.

    Raises:
        EndpointError: for another scheme than http and https, an address without host, and one that holds a password.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise EndpointError(url, "this is no address: write one such as http://localhost:8890/sparql.") from None
    if parts.scheme not in ("http", "https") or not host or any(ord(sign) <= 32 or ord(sign) > 126 for sign in url):
        raise EndpointError(url, "an endpoint is an http: or https: address, such as http://localhost:8890/sparql.")
    if "@" in parts.netloc:
        reason = "an address must not hold a user or password: give --user NAME and set THREATGRAPH_PASSWORD."
        raise EndpointError(url, reason)
    return url


def credentials(url: str, user: str | None = None) -> tuple[str, str] | None:
    """User and password for a server: from the environment, or else from the entry of its host in ``~/.netrc``.

    The ``default`` entry of that file is for any server, and so for none of ours.

    Args:
        url: the address of the endpoint.
        user: the user; by default THREATGRAPH_USER.

    Returns:
        User and password; ``None`` where nobody is named.

    Raises:
        EndpointError: where there is a user but no password, or the netrc file does not parse.
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
    except netrc.NetrcParseError as error:  # its message quotes what it stumbled over, which may be a password
        place = f" (line {error.lineno})" if error.lineno else " (others may read it: chmod 600)"
        raise EndpointError(url, f"~/.netrc cannot be read{place}: correct it.") from None
    except (OSError, ValueError) as error:
        raise EndpointError(url, f"~/.netrc cannot be read: {getattr(error, 'strerror', 'it is not UTF-8')}.") from None
    if entry and entry[0] and entry[2] is not None and user in (None, entry[0]):
        return entry[0], entry[2]
    if user:
        raise EndpointError(url, f"no password for {user}: set THREATGRAPH_PASSWORD, or write it into ~/.netrc.")
    return None


class Http:
    """Sends requests to one server.

    Args:
        url: the address that the user and password are for; no other host gets them.
        user: name of the user; the password is looked for by :func:`credentials`.
        deadline: seconds that a whole request may take.
        largest: bytes that an answer may have.
        pause: waits so many seconds; tests replace it.
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

    def send(self, request: urllib.request.Request, *, timeout: float | None = None, again: bool = True) -> Answer:
        """Send a request and read the whole answer.

        Args:
            request: what to send.
            timeout: seconds for all of it; the deadline of this object by default.
            again: whether the request may be sent again where the server puts it off; only if twice is like once.

        Raises:
            EndpointError: whatever goes wrong, with the address and what to do.
        """
        end = min(time.monotonic() + min(timeout or self.deadline, self.deadline), _END.get())
        for attempt in range(RETRIES + 1):
            try:
                return self._once(request, end)
            except urllib.error.HTTPError as error:
                wait = _wait(error, attempt)
                last = attempt == RETRIES or time.monotonic() + wait >= end
                if error.code not in _PUT_OFF or not again or last:
                    raise self._refusal(request.full_url, error) from None
                self._pause(wait)
        raise AssertionError("the last attempt returns or raises")

    @contextlib.contextmanager
    def within(self, seconds: float | None) -> Iterator[None]:
        """Bound the time of all requests that are sent inside together; ``None`` for no bound but that of each."""
        token = _END.set(min(_END.get(), math.inf if seconds is None else time.monotonic() + seconds))
        try:
            yield
        finally:
            _END.reset(token)

    def _refusal(self, url: str, error: urllib.error.HTTPError) -> EndpointError:
        return _refusal(url, error, self._login[1] if self._login else None)

    def _once(self, request: urllib.request.Request, end: float) -> Answer:
        left = end - time.monotonic()
        sockets: list[socket.socket] = []
        # A server that sends a byte a second keeps each single read within its limit: only closing ends the whole.
        late = threading.Event()
        watch = threading.Timer(max(left, 0), _hang_up, (sockets, late))
        watch.daemon = True
        watch.start()
        url = redacted(request.full_url)
        try:
            with self._opener(sockets).open(request, timeout=max(min(left, CONNECT_TIMEOUT), 0.001)) as response:
                content = self._read(response, url)
                return Answer(url, content, response.headers)
        except urllib.error.HTTPError as error:
            said = _said(error)  # while the watch is on: the text of an error may come a byte a minute, too
            if late.is_set():
                raise RequestTimeout(url, _LATE) from None
            error.close()
            raise urllib.error.HTTPError(url, error.code, error.reason, error.headers, io.BytesIO(said)) from None
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
                reason = f"the answer is longer than {self._largest:,} bytes: ask for less, such as by a LIMIT."
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


_LATE = "no whole answer within the time limit: ask for less, or give it more time (--timeout)."


class _Plain(urllib.request.HTTPHandler):
    """Opens connections and keeps hold of their sockets."""

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
            # A second handle, since TLS takes the first one away; its handshake is watched as well.
            sockets.append(self.sock.dup())

    bases = (Noted,) if connection is http.client.HTTPConnection else (connection, Noted)

    class Held(*bases):  # type: ignore[misc]
        def connect(self) -> None:
            super().connect()
            # The limit of a connection is short; how long an answer may take, the watch decides.
            self.sock.settimeout(None)

    return Held


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect with the same body, to http and https alone; passwords are bound to a host."""

    max_redirections = _REDIRECTS

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        target = urllib.parse.urlsplit(newurl)
        before = urllib.parse.urlsplit(req.full_url)
        if "@" in target.netloc:
            raise EndpointError(req.full_url, "it redirects to an address with a user or password, which is refused.")
        if target.scheme not in ("http", "https") or (before.scheme, target.scheme) == ("https", "http"):
            reason = (
                f"it redirects to a {target.scheme}: address, which is refused. Give the address that it should be."
            )
            raise EndpointError(req.full_url, reason)
        if target.netloc != before.netloc and req.get_method() != "GET" and _writes(req):
            raise EndpointError(
                req.full_url, f"it redirects an update to {redacted('//' + target.netloc)[2:]}, which is refused."
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
        with contextlib.suppress(OSError):  # it is closed already
            connection.shutdown(socket.SHUT_RDWR)


def _wait(error: urllib.error.HTTPError, attempt: int) -> float:
    """Seconds until a request may be sent again: what the server says (RFC 9110, section 10.2.3), or ever longer."""
    said = error.headers.get("Retry-After") if error.headers else None
    if said and said.strip().isdigit():
        return float(said)
    if said:
        try:
            return max(email.utils.parsedate_to_datetime(said).timestamp() - time.time(), 0.0)
        except ValueError:
            pass
    return 0.5 * 2.0**attempt


def _said(error: urllib.error.HTTPError) -> bytes:
    try:
        return error.read(4096)
    except (OSError, http.client.HTTPException):
        return b""


def _refusal(url: str, error: urllib.error.HTTPError, secret: str | None) -> EndpointError:
    said = error.read().decode("utf-8", "replace")
    if secret:
        said = said.replace(secret, "…")
    said = " ".join("" if "<html" in said.lower() else said.split())[:_SHOWN] if "<html" not in said.lower() else ""
    if error.code in range(300, 400):
        target = urllib.parse.urlsplit(str(error.headers.get("Location", "")))
        return EndpointError(url, f"it redirects to a {target.scheme}: address or in a circle, which is refused.")
    advice = _ADVICE.get(error.code) or ("try again later" if error.code in _PUT_OFF else "its log may tell more")
    return EndpointError(
        url,
        f"the server answered {error.code} {error.reason}: {advice}." + (f" It says: {said}" if said else ""),
    )


def _is_timeout(error: BaseException) -> bool:
    return isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", None), TimeoutError)


def _reason(error: BaseException) -> str:
    cause = getattr(error, "reason", error)
    if isinstance(cause, socket.gaierror):
        return "there is no such host: check the name, and the network."
    if isinstance(cause, ConnectionRefusedError):
        return "nothing listens there: start the server, or check host and port."
    if isinstance(error, http.client.IncompleteRead | ConnectionError | http.client.RemoteDisconnected):
        return "the connection ended before the answer was whole: try again; the server's log may tell more."
    return f"the request failed: {cause}."
