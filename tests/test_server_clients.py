"""Programs of others query a server that runs: what they get is what is in the graph, and errors reach their users."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import urllib.error
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
import rdflib
from rdflib import SKOS, URIRef
from rdflib.compare import isomorphic
from rdflib.plugins.stores.sparqlstore import SPARQLStore
from SPARQLWrapper import (
    CSV,
    GET,
    JSON,
    JSONLD,
    N3,
    POST,
    POSTDIRECTLY,
    RDFXML,
    TSV,
    TURTLE,
    URLENCODED,
    XML,
    SPARQLWrapper,
)
from SPARQLWrapper.SPARQLExceptions import EndPointInternalError, QueryBadFormed

from http_server import Running, serving
from threatgraph import EndpointError, InvalidQuery, ThreatGraph

DRIFT = "https://w3id.org/threatgraph/pattern/goal-drift"
PREFIXES = "PREFIX skos: <http://www.w3.org/2004/02/skos/core#> PREFIX tg: <https://w3id.org/threatgraph/ontology#> "
DOMAINS = PREFIXES + "SELECT ?domain ?label { ?domain a tg:Domain ; skos:prefLabel ?label } ORDER BY ?domain"
LABELS = PREFIXES + "CONSTRUCT { ?domain skos:prefLabel ?label } { ?domain a tg:Domain ; skos:prefLabel ?label }"
#: A query that takes longer than any limit: the product of all triples, three times.
RUNAWAY = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(STRLEN(CONCAT(STR(?a), STR(?d), STR(?g))) = 1) }"
#: A query with a larger answer than the server sends.
TOO_LARGE = "SELECT * { ?s ?p ?o }"
CRASH = f"SELECT * {{ {'{' * 20_000}{'}' * 20_000} }}"
#: What clients of HTTP/2 send with their first request, in case that the server has HTTP/2 too (RFC 7540, section 3.2).
UPGRADE = b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n"
LOGGED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ 127\.0\.0\.1 [A-Z]+ /\S* \d{3} \d+ [\d.]+ms\n")
Rows = list[tuple[str, ...]]


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with serving("--timeout", "5", "--answer-size", "4M") as running:
        yield running


@pytest.fixture(scope="module")
def endpoint(server: Running) -> str:
    return f"{server.url}/sparql"


@pytest.fixture(scope="module")
def domains(graph: ThreatGraph) -> Rows:
    """The IRIs and labels of the domains, in order."""
    return strings(graph.query(DOMAINS))


@pytest.fixture(scope="module")
def labels(graph: ThreatGraph) -> rdflib.Graph:
    """The triples with the labels of the domains."""
    found = graph.query(LABELS)
    assert isinstance(found, rdflib.Graph)
    return found


@pytest.fixture(scope="module")
def drift(graph: ThreatGraph) -> rdflib.Graph:
    """The document of one record, by the library."""
    return read(graph.export("ntriples", node=DRIFT), "nt")


def strings(rows: Any) -> Rows:
    return [tuple(str(value) for value in row) for row in rows]


def read(content: bytes | str, form: str) -> rdflib.Graph:
    return rdflib.Graph().parse(data=content, format=form)


def from_csv(text: str) -> Rows:
    return [tuple(row) for row in csv.reader(io.StringIO(text, newline=""))][1:]


def logged(server: Running) -> list[str]:
    """The new lines of the log."""
    lines = []
    while True:
        try:
            lines.append(server.lines.get(timeout=0.2))
        except Empty:
            return lines


def complaints(server: Running) -> list[str]:
    """The new lines of the log that are not about a request."""
    return [line for line in logged(server) if not LOGGED.fullmatch(line)]


# curl.


@pytest.fixture(scope="module")
def run_curl(curl: str) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs curl; an HTTP status from 400 gives exit status 22."""

    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [curl, "--silent", "--show-error", "--fail-with-body", "--max-time", "60", *words]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    return run


Curl = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.mark.parametrize("version", ["--http1.0", "--http1.1", "--http2"])
@pytest.mark.parametrize("method", [("--get", "--data-urlencode"), ("--data-urlencode",)], ids=["get", "post"])
def test_curl_gets_rows_by_every_method_and_version(
    run_curl: Curl, endpoint: str, domains: Rows, method: tuple[str, ...], version: str
) -> None:
    done = run_curl(version, "--compressed", *method, f"query={DOMAINS}", "-H", "Accept: text/csv", endpoint)
    assert done.returncode == 0, done.stderr
    assert from_csv(done.stdout) == domains


def test_curl_sends_a_query_from_a_file(run_curl: Curl, endpoint: str, labels: rdflib.Graph, tmp_path: Path) -> None:
    file = tmp_path / "labels.rq"
    file.write_text(LABELS, encoding="utf-8")
    kind = "Content-Type: application/sparql-query"
    done = run_curl("--data-binary", f"@{file}", "-H", kind, "-H", "Accept: application/n-triples", endpoint)
    assert isomorphic(read(done.stdout, "nt"), labels)


def test_curl_downloads_a_record_by_its_code(run_curl: Curl, server: Running, drift: rdflib.Graph) -> None:
    done = run_curl("--location", "-H", "Accept: text/turtle", f"{server.url}/pattern/PAT-AGT-003")
    assert isomorphic(read(done.stdout, "turtle"), drift)


def test_curl_fails_on_an_error_and_shows_the_reason(run_curl: Curl, endpoint: str) -> None:
    done = run_curl("--get", "--data-urlencode", "query=SELECT {", endpoint)
    assert done.returncode == 22
    assert done.stdout.startswith("the query does not parse at line 1")


# SPARQLWrapper.


@pytest.fixture(params=[(GET, URLENCODED), (POST, URLENCODED), (POST, POSTDIRECTLY)], ids="-".join)
def wrapper(endpoint: str, request: pytest.FixtureRequest) -> SPARQLWrapper:
    found = SPARQLWrapper(endpoint)
    found.setMethod(request.param[0])
    found.setRequestMethod(request.param[1])
    return found


def converted(wrapper: SPARQLWrapper, query: str, form: str) -> Any:
    wrapper.setQuery(query)
    wrapper.setReturnFormat(form)
    return wrapper.query().convert()


def test_sparqlwrapper_gets_rows_in_each_format(wrapper: SPARQLWrapper, domains: Rows) -> None:
    bindings = converted(wrapper, DOMAINS, JSON)["results"]["bindings"]
    assert [(row["domain"]["value"], row["label"]["value"]) for row in bindings] == domains
    nodes = converted(wrapper, DOMAINS, XML).getElementsByTagName("literal")
    assert [node.firstChild.data for node in nodes] == [label for _, label in domains]
    assert from_csv(converted(wrapper, DOMAINS, CSV).decode()) == domains
    lines = converted(wrapper, DOMAINS, TSV).decode().splitlines()
    assert lines == ["?domain\t?label", *(f'<{domain}>\t"{label}"@en' for domain, label in domains)]


def test_sparqlwrapper_gets_a_boolean(wrapper: SPARQLWrapper) -> None:
    assert converted(wrapper, "ASK { ?s ?p ?o }", JSON)["boolean"] is True
    assert (
        converted(wrapper, "ASK { <urn:x> ?p ?o }", XML).getElementsByTagName("boolean")[0].firstChild.data == "false"
    )


@pytest.mark.parametrize("form", [TURTLE, N3, XML, RDFXML, JSONLD])
def test_sparqlwrapper_gets_triples_in_each_format(wrapper: SPARQLWrapper, labels: rdflib.Graph, form: str) -> None:
    found = converted(wrapper, LABELS, form)
    assert isomorphic(read(found, "turtle") if isinstance(found, bytes) else found, labels)


def test_sparqlwrapper_raises_every_error(wrapper: SPARQLWrapper) -> None:
    with pytest.raises(QueryBadFormed, match="does not parse at line 1, column 9"):
        converted(wrapper, "SELECT {", JSON)
    with pytest.raises(urllib.error.HTTPError, match="503"):
        converted(wrapper, TOO_LARGE, JSON)
    if wrapper.method == POST:  # too long for a URL
        with pytest.raises(EndPointInternalError, match="crash"):
            converted(wrapper, CRASH, JSON)


def test_sparqlwrapper_raises_an_error_at_the_time_limit(endpoint: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="503") as caught:
        converted(SPARQLWrapper(endpoint), RUNAWAY, JSON)
    assert caught.value.headers["Retry-After"]
    assert "time limit of 5 seconds" in caught.value.read().decode()


# rdflib: its store for endpoints, and its client of linked data.


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_sparqlstore_of_rdflib_queries_and_matches(
    endpoint: str, graph: ThreatGraph, domains: Rows, labels: rdflib.Graph, method: str
) -> None:
    remote = rdflib.Graph(SPARQLStore(endpoint, method=method))
    assert strings(remote.query(DOMAINS)) == domains
    assert remote.query("ASK { ?s ?p ?o }").askAnswer is True
    constructed = remote.query(LABELS).graph
    assert constructed is not None
    assert isomorphic(constructed, labels)
    query = "SELECT ?label { ?record skos:prefLabel ?label }"
    found = remote.query(query, initBindings={"record": URIRef(DRIFT)}, initNs={"skos": SKOS})
    assert strings(found) == [("Goal Drift",)]
    assert strings(remote.triples((URIRef(DRIFT), SKOS.prefLabel, None))) == [
        (DRIFT, str(SKOS.prefLabel), "Goal Drift")
    ]
    assert len(remote) == len(graph)


def test_sparqlstore_of_rdflib_sees_named_graphs(endpoint: str, graph: ThreatGraph) -> None:
    one = "https://w3id.org/threatgraph/graph/data/patterns/goal-drift.ttl"
    (count,) = strings(graph.query(f"SELECT (COUNT(*) AS ?count) {{ GRAPH <{one}> {{ ?s ?p ?o }} }}"))
    context = rdflib.Graph(SPARQLStore(endpoint), identifier=one)
    assert len(context) == int(count[0])
    assert str(context.value(URIRef(DRIFT), SKOS.prefLabel)) == "Goal Drift"
    assert not list(context.triples((None, rdflib.RDF.type, SKOS.ConceptScheme)))


@pytest.mark.parametrize("query", ["SELECT {", TOO_LARGE])
def test_sparqlstore_of_rdflib_raises_errors(endpoint: str, query: str) -> None:
    with pytest.raises((ValueError, urllib.error.HTTPError)):
        rdflib.Graph(SPARQLStore(endpoint)).query(query)


@pytest.mark.parametrize("form", [None, "turtle", "xml", "json-ld"])
def test_rdflib_reads_a_record_as_linked_data(server: Running, drift: rdflib.Graph, form: str | None) -> None:
    assert isomorphic(rdflib.Graph().parse(f"{server.url}/pattern/goal-drift", format=form), drift)


@pytest.mark.parametrize("suffix", ["ttl", "nt", "rdf", "jsonld"])
def test_rdflib_reads_a_record_by_its_suffix(server: Running, drift: rdflib.Graph, suffix: str) -> None:
    assert isomorphic(rdflib.Graph().parse(f"{server.url}/pattern/goal-drift.{suffix}"), drift)


# threatgraph itself.


def test_threatgraph_connects(endpoint: str, graph: ThreatGraph, domains: Rows) -> None:
    remote = ThreatGraph.connect(endpoint)
    assert remote.record("PAT-AGT-003") == graph.record("PAT-AGT-003")
    assert remote.export(node=DRIFT) == graph.export(node=DRIFT)
    assert strings(remote.query(DOMAINS)) == domains
    assert strings(remote.run("domains")) == strings(graph.run("domains"))
    assert len(remote) == len(graph)


def test_threatgraph_counts_a_remote_graph_with_few_requests(
    server: Running, endpoint: str, graph: ThreatGraph
) -> None:
    logged(server)
    assert strings(ThreatGraph.connect(endpoint).stats()) == strings(graph.stats())
    assert len(logged(server)) < 20


def test_threatgraph_exports_all_within_the_limits_of_the_server(endpoint: str, graph: ThreatGraph) -> None:
    assert ThreatGraph.connect(endpoint).export("ntriples") == graph.export("ntriples")


def test_threatgraph_reports_errors_of_the_server(endpoint: str) -> None:
    remote = ThreatGraph.connect(endpoint)
    with pytest.raises(InvalidQuery, match="line 1, column 9"):
        remote.query("SELECT {")
    with pytest.raises(EndpointError, match="503"):
        remote.query(TOO_LARGE, timeout=4)  # less than the server asks to wait


# Apache Jena.


@pytest.fixture(scope="module")
def rsparql(java: list[str], endpoint: str) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a query by Jena's client; ``--post`` sends it in a form."""

    def run(query: str, *words: str) -> subprocess.CompletedProcess[str]:
        command = [*java, "arq.rsparql", f"--service={endpoint}", *words, query]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)

    return run


@pytest.mark.peers
@pytest.mark.parametrize("words", [[], ["--post"]], ids=["get", "post"])
def test_jena_gets_rows_and_triples(
    rsparql: Curl, server: Running, domains: Rows, labels: rdflib.Graph, words: list[str]
) -> None:
    complaints(server)
    rows = rsparql(DOMAINS, "--results=CSV", *words)
    assert (rows.returncode, rows.stderr) == (0, "")
    assert from_csv(rows.stdout.rstrip("\n")) == domains
    assert isomorphic(read(rsparql(LABELS, *words).stdout, "turtle"), labels)
    assert not complaints(server), "Jena asks for HTTP/2, about which there is nothing to say"


@pytest.mark.peers
def test_jena_reports_errors(rsparql: Curl) -> None:
    done = rsparql(TOO_LARGE)
    assert done.returncode == 1
    assert "503" in done.stderr
    assert not done.stdout.strip()


# Comunica.


@pytest.fixture(scope="module")
def comunica(npm: Callable[[str], Path]) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a query by Comunica on a source."""
    folder = npm("comunica")

    def run(kind: str, source: str, query: str) -> subprocess.CompletedProcess[str]:
        command = ["node", "query.js", kind, source, query]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=120)

    return run


@pytest.mark.peers
@pytest.mark.parametrize("kind", ["sparql", "auto"])
def test_comunica_queries_the_endpoint(
    comunica: Curl, endpoint: str, domains: Rows, labels: rdflib.Graph, kind: str
) -> None:
    done = comunica(kind, endpoint, DOMAINS)
    assert done.returncode == 0, done.stderr
    rows = json.loads(done.stdout)["results"]["bindings"]
    assert [(row["domain"]["value"], row["label"]["value"]) for row in rows] == domains
    assert isomorphic(read(comunica(kind, endpoint, LABELS).stdout, "nt"), labels)


@pytest.mark.peers
@pytest.mark.parametrize("suffix", ["", ".ttl", ".jsonld"])
def test_comunica_queries_a_record_as_linked_data(
    comunica: Curl, server: Running, drift: rdflib.Graph, suffix: str
) -> None:
    done = comunica("file", f"{server.url}/pattern/goal-drift{suffix}", "CONSTRUCT { ?s ?p ?o } { ?s ?p ?o }")
    assert done.returncode == 0, done.stderr
    assert isomorphic(read(done.stdout, "nt"), drift)


@pytest.mark.peers
def test_comunica_reports_errors(comunica: Curl, endpoint: str) -> None:
    done = comunica("sparql", endpoint, TOO_LARGE)
    assert done.returncode == 1
    assert "HTTP status 503" in done.stderr
    assert "the answer is larger than 4 MiB" in done.stderr


# Requests to upgrade to another protocol, which a server may ignore (RFC 9110, section 7.8).


def request(method: bytes, *fields: bytes, body: bytes = b"") -> bytes:
    target = b"/sparql" if method == b"POST" else b"/sparql?query=ASK%7B%7D"
    return b"%s %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n%s" % (method, target, b"".join(fields), body)


QUERY = b"Content-Type: application/sparql-query\r\n"
LAST = request(b"GET", b"Connection: close\r\n")


@pytest.mark.parametrize(
    "first",
    [
        request(b"GET", UPGRADE),
        request(b"GET", b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"),
        request(b"POST", UPGRADE, QUERY, b"Content-Length: 6\r\n", body=b"ASK {}"),
        request(b"POST", UPGRADE, QUERY, b"Transfer-Encoding: chunked\r\n", body=b"6\r\nASK {}\r\n0\r\n\r\n"),
    ],
    ids=["h2c", "websocket", "body", "chunks"],
)
@pytest.mark.parametrize("pieces", [1, 7])
def test_a_request_to_upgrade_is_answered_in_http_1(server: Running, first: bytes, pieces: int) -> None:
    complaints(server)
    answer = server.send(first + LAST, pieces=pieces)
    assert answer.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert answer.count(b'"boolean": true') == 2
    assert not complaints(server)


def test_connect_is_refused(server: Running) -> None:
    assert server.send(b"CONNECT localhost:1 HTTP/1.1\r\nHost: localhost\r\n" + UPGRADE + b"\r\n").startswith(
        b"HTTP/1.1 400"
    )
