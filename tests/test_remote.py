"""Servers that misbehave, and what we make of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from threatgraph.cli import main
from threatgraph.errors import EndpointError, QueryRefused, QueryTimeout
from threatgraph.store.remote.http import Http, check_url
from threatgraph.store.remote.store import RemoteStore

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
    ("reply", "response"),
    [
        (say(body=b"<html>hello</html>", kind="text/html"), "check that this is a SPARQL endpoint"),
        (say(body=b"", kind=JSON), "truncated"),
        (say(body=ROWS[:-20]), "truncated"),
        (say(length=len(ROWS) + 50), "before the response was complete"),
        (say(401), "THREATGRAPH_PASSWORD"),
        (say(403), "403"),
        (say(404), "check the path"),
        (say(405), "queries or for updates"),
        (say(500, b"out of luck", "text/plain"), "out of luck"),
        (say(302, Location="file:///etc/passwd"), "redirects to file: URLs"),
        (say(302, Location="ftp://127.0.0.1/x"), "redirects to ftp: URLs"),
        (say(X_SPARQL_MaxRows="1", Server="Virtuoso/07"), "truncates results at 1 rows"),
    ],
)
def test_bad_answers(bad: Bad, reply: Reply, response: str) -> None:
    with pytest.raises(EndpointError, match=response) as error:
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
        http.send(urllib.request.Request(bad.url, data=b"query="), idempotent=False)
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
    with pytest.raises(EndpointError, match="larger than 1,000 bytes"):
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


# Passwords, and what a server must not make us do.


@pytest.mark.parametrize(
    "url",
    [
        "http://me:hush@127.0.0.1:1/sparql",
        "http://me:hush@[::1/sparql",
        "http://me:hu/sh@127.0.0.1/",
        "http://me:hush@x:port/",
        "ftp://me:hush@x/",
        "me:hush@x/sparql",
        "http://127.0.0.1:1/sparql?password=hush",
    ],
)
@pytest.mark.parametrize("option", ["--endpoint", "--update-endpoint", "--graph-store-endpoint"])
def test_a_password_is_never_printed(url: str, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    words = [option, url] if option == "--endpoint" else ["--endpoint", "http://127.0.0.1:1/", option, url]
    assert main(["stats", *words]) == 2
    out, err = capsys.readouterr()
    assert err.startswith("threatgraph: error: ")
    assert not [part for part in ("hush", "hu/", "me:") if part in out + err]


def test_a_redirect_or_an_echo_does_not_print_one(bad: Bad, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THREATGRAPH_PASSWORD", "hush")
    host = bad.url.removeprefix("http://")
    for reply in (
        say(302, Location=f"http://me:hush@{host}"),
        say(500, b"login me:hush failed", "text/plain"),
    ):
        with pytest.raises(EndpointError) as error:
            ask(bad, reply, user="me")
        assert "hush" not in str(error.value)


@pytest.mark.parametrize(
    ("netrc", "sent"),
    [
        ("machine 127.0.0.1 login me password hush", True),
        ("default login me password hush", False),
        ("machine other.example login me password hush default login me password hush", False),
    ],
)
def test_only_the_entry_of_the_host_is_taken_from_netrc(
    bad: Bad, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, netrc: str, sent: bool
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text(netrc)
    (tmp_path / ".netrc").chmod(0o600)
    challenge = say(401, WWW_Authenticate='Basic realm="x"')
    if sent:
        assert ask(bad, challenge, say()) == ["7"]
    else:
        with pytest.raises(EndpointError, match="401"):
            ask(bad, challenge)
    assert any("Authorization" in headers for headers in bad.seen) == sent


def test_a_broken_netrc_is_named_without_what_is_in_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".netrc").write_text("machine x login me\npassword hush hush2")
    (tmp_path / ".netrc").chmod(0o600)
    with pytest.raises(EndpointError, match=r"~/\.netrc does not parse") as error:
        RemoteStore("http://127.0.0.1:1/")
    assert "hush" not in str(error.value)


def _slowly(text: bytes) -> Reply:
    def reply(handler: BaseHTTPRequestHandler) -> None:
        try:
            for byte in text:
                handler.wfile.write(bytes([byte]))
                time.sleep(0.05)
        except OSError:
            pass

    return reply


@pytest.mark.parametrize(
    "text",
    [
        b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 400,
        b"HTTP/1.1 500 No\r\nContent-Type: text/plain\r\nContent-Length: 400\r\n\r\n" + b"x" * 400,
        b"HTTP/1.1 401 No\r\nWWW-Authenticate: " + b"x" * 400,
    ],
    ids=["headers", "body of an error", "challenge"],
)
def test_the_limit_holds_for_the_first_request_too(bad: Bad, text: bytes) -> None:
    bad.replies = [_slowly(text)]  # what server it is, is asked first
    with pytest.raises(QueryTimeout, match="time limit"):
        RemoteStore(bad.url).query("SELECT * { ?s ?p ?o }", timeout=0.5)
    assert len(bad.seen) == 1


def test_a_server_that_puts_off_does_not_stretch_the_limit(bad: Bad) -> None:
    bad.replies = [say(503, Retry_After="1000")]
    with pytest.raises(EndpointError, match="503"):
        RemoteStore(bad.url, graph="urn:x:g").query("SELECT * { ?s ?p ?o }", timeout=1)
    assert len(bad.seen) == 1


def test_a_query_that_reaches_other_servers_is_sent_once(bad: Bad) -> None:
    bad.replies = [say(503, Retry_After="0")]
    store = RemoteStore(bad.url, graph="urn:x:g")
    with pytest.raises(EndpointError, match="503"):
        store.query("SELECT * { SERVICE <http://x.test/> { ?s ?p ?o } }", allow_service=True)
    assert len(bad.seen) == 1


def test_files_that_a_server_names_are_not_opened(bad: Bad, tmp_path: Path) -> None:
    secret = tmp_path / "secret.ttl"
    secret.write_text("<urn:a> <urn:b> 1 .")
    base = "https://w3id.org/threatgraph/graph/"
    named = [secret.as_uri(), f"{base}../../../../../../../../../../etc/passwd", f"{base}/etc/passwd"]
    rows = ",".join(f'{{"g":{{"type":"uri","value":"{iri}"}}}}' for iri in named)
    bad.replies = [say(body=f'{{"head":{{"vars":["g"]}},"results":{{"bindings":[{rows}]}}}}'.encode())]
    store = RemoteStore(bad.url, graph="urn:x:g")
    assert set(named) <= set(store.graphs())
    assert store.files == {}


@pytest.mark.parametrize("levels", [300, 100_000])
def test_an_answer_that_is_nested_too_deep_is_refused(bad: Bad, levels: int) -> None:
    iri = '{"type":"uri","value":"urn:a"}'
    term = f'{{"type":"triple","value":{{"subject":{iri},"predicate":{iri},"object":'
    value = term * levels + '{"type":"literal","value":"x"}' + "}}" * levels
    with pytest.raises(EndpointError, match="nested more than"):
        ask(bad, say(body=f'{{"head":{{"vars":["x"]}},"results":{{"bindings":[{{"x":{value}}}]}}}}'.encode()))
    triples = "<urn:a> <urn:b> " + "<<( <urn:a> <urn:b> " * levels + '"x"' + " )>>" * levels + " .\n"
    bad.replies = [say(body=triples.encode(), kind="application/n-triples")]
    with pytest.raises(EndpointError, match="nested more than"):
        RemoteStore(bad.url, graph="urn:x:g").construct("CONSTRUCT WHERE { ?s ?p ?o }")


def test_what_builds_our_requests_is_there() -> None:
    """It is no public part of SPARQLWrapper, whose version is bounded for this reason."""
    from SPARQLWrapper import SPARQLWrapper

    assert callable(SPARQLWrapper._createRequest)
