"""Servers that misbehave, and what we make of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from threatgraph.cli import main
from threatgraph.errors import EndpointError, QueryRefused, QueryTimeout
from threatgraph.store.http import Http, check_url
from threatgraph.store.remote import RemoteStore

JSON = "application/sparql-results+json"
ROWS = b'{"head":{"vars":["x"]},"results":{"bindings":[{"x":{"type":"literal","value":"7"}}]}}'
Reply = Callable[[BaseHTTPRequestHandler], None]


class Bad:
    """A server whose every answer is ours."""

    def __init__(self) -> None:
        self.seen: list[dict[str, str]] = []
        self.replies: list[Reply] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                owner.seen.append(dict(self.headers))
                reply = owner.replies.pop(0) if len(owner.replies) > 1 else owner.replies[0]
                reply(self)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}/sparql"


@pytest.fixture
def bad(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bad]:
    for name in ("THREATGRAPH_USER", "THREATGRAPH_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    server = Bad()
    thread = threading.Thread(target=server.http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield server
    server.http.shutdown()
    server.http.server_close()


def say(status: int = 200, body: bytes = ROWS, kind: str = JSON, length: int | None = None, **headers: str) -> Reply:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(status)
        handler.send_header("Content-Type", kind)
        handler.send_header("Content-Length", str(len(body) if length is None else length))
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(body)

    return reply


def ask(bad: Bad, *replies: Reply, **options: object) -> list[object]:
    bad.replies = list(replies)
    store = RemoteStore(bad.url, graph="urn:x:g", **options)  # type: ignore[arg-type]
    return list(store.select("SELECT ?x { ?s ?p ?x }").column("x"))


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (say(body=b"<html>hello</html>", kind="text/html"), "check that this is a SPARQL endpoint"),
        (say(body=b"", kind=JSON), "cut off"),
        (say(body=ROWS[:-20]), "cut off"),
        (say(length=len(ROWS) + 50), "before the answer was whole"),
        (say(401), "THREATGRAPH_PASSWORD"),
        (say(403), "403"),
        (say(404), "check the path"),
        (say(405), "queries or for updates"),
        (say(500, b"out of luck", "text/plain"), "out of luck"),
        (say(302, Location="file:///etc/passwd"), "redirects to a file: address"),
        (say(302, Location="ftp://127.0.0.1/x"), "redirects to a ftp: address"),
        (say(X_SPARQL_MaxRows="1", Server="Virtuoso/07"), "cuts answers at 1 rows"),
    ],
)
def test_bad_answers(bad: Bad, reply: Reply, said: str) -> None:
    with pytest.raises(EndpointError, match=said) as error:
        ask(bad, reply)
    assert str(error.value).startswith(bad.url)


def test_put_off_and_then_answered(bad: Bad) -> None:
    assert ask(bad, say(503, Retry_After="0"), say(429, Retry_After="0"), say()) == ["7"]
    assert len(bad.seen) == 3


def test_waits_ever_longer(bad: Bad) -> None:
    waited: list[float] = []
    http = Http(bad.url, pause=waited.append)
    bad.replies = [say(503)]
    import urllib.request

    with pytest.raises(EndpointError, match="503"):
        http.send(urllib.request.Request(bad.url, data=b"query="))
    assert waited == [0.5, 1.0, 2.0, 4.0]
    with pytest.raises(EndpointError, match="503"):
        http.send(urllib.request.Request(bad.url, data=b"query="), again=False)
    assert len(bad.seen) == 6  # five, and one that must not be sent again


def test_a_byte_a_time_does_not_hang_us(bad: Bad) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        try:
            for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 400:
                handler.wfile.write(bytes([byte]))
                time.sleep(0.05)
        except OSError:
            pass

    bad.replies = [drip]
    begun = time.monotonic()
    with pytest.raises(QueryTimeout, match="time limit"):
        RemoteStore(bad.url, graph="urn:x:g").query("SELECT * { ?s ?p ?o }", timeout=0.5)
    assert time.monotonic() - begun < 3


def test_too_long_an_answer(bad: Bad) -> None:
    import urllib.request

    bad.replies = [say(body=b"x" * 5000)]
    with pytest.raises(EndpointError, match="longer than 1,000 bytes"):
        Http(bad.url, largest=1000).send(urllib.request.Request(bad.url, data=b"query="))


def test_a_password_stays_with_its_host(bad: Bad, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THREATGRAPH_PASSWORD", "hush")
    other = Bad()
    other.replies = [say(401, WWW_Authenticate='Basic realm="x"')]
    thread = threading.Thread(target=other.http.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    challenge = say(401, WWW_Authenticate='Basic realm="x"')
    try:
        assert ask(bad, challenge, say(), user="me") == ["7"]
        assert bad.seen[-1]["Authorization"] == "Basic bWU6aHVzaA=="
        with pytest.raises(EndpointError, match="401") as error:
            ask(bad, challenge, say(307, Location=other.url), user="me")
        assert "hush" not in str(error.value)
    finally:
        other.http.shutdown()
        other.http.server_close()
    assert other.seen
    assert not any("Authorization" in headers for headers in other.seen)


def test_what_would_write_is_refused_before_it_is_sent(bad: Bad) -> None:
    store = RemoteStore(bad.url, graph="urn:x:g")
    for text in ("INSERT DATA { <urn:a> <urn:b> <urn:c> }", "SELECT * { SERVICE <http://x.test/> { ?s ?p ?o } }"):
        with pytest.raises(QueryRefused):
            store.query(text)
    assert bad.seen == []


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "ftp://x/y", "localhost:80", "http://me:hush@x/sparql", "http://"]
)
def test_addresses(url: str) -> None:
    with pytest.raises(EndpointError) as error:
        check_url(url)
    assert "hush" not in str(error.value)


@pytest.mark.parametrize("host", ["127.0.0.1:1", "no-such-host.invalid"])
def test_nobody_there(host: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["stats", "--endpoint", f"http://{host}/sparql"]) == 2
    assert capsys.readouterr().err.startswith(f"threatgraph: error: http://{host}/sparql: ")


def test_no_password(monkeypatch: pytest.MonkeyPatch, tmp_path: object) -> None:
    monkeypatch.delenv("THREATGRAPH_PASSWORD", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(EndpointError, match="no password for me"):
        RemoteStore("http://127.0.0.1:1/", user="me")
