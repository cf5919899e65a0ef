"""``threatgraph serve``: the SPARQL 1.1 Protocol, the status of every failure, limits, and the life of the process."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
import rdflib
import uvicorn
from starlette.types import Receive, Scope, Send

from http_server import Reply, Running, serving
from threatgraph import ThreatGraph, resources
from threatgraph.server.http import LimitedProtocol

FORM, QUERY = "application/x-www-form-urlencoded", "application/sparql-query"
RESULTS = "application/sparql-results+json"
#: The graphs of the tests of the W3C for the protocol: each describes itself, as `<graph> a foaf:Document`.
DATA = [f"http://kasei.us/2009/09/sparql/data/data{number}.rdf" for number in range(4)]
PATTERN = resources.data_dir() / "patterns" / "goal-drift.ttl"
#: A query that takes longer than any limit: the product of all triples, three times.
RUNAWAY = "ASK { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(STRLEN(CONCAT(STR(?a), STR(?d), STR(?g))) = 1) }"
#: A mixture of literals whose order Oxigraph 0.5.13 cannot decide, so that it aborts its process.
ABORTS = "SELECT * { ?s ?p ?o } ORDER BY ?o LIMIT 10"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server over a store on disk, with the graphs of the W3C's tests beside the bundled ones."""
    folder = tmp_path_factory.mktemp("server")
    store = folder / "store"
    for number in (1, 2, 3):
        file = folder / f"data{number}.nt"
        kind = "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"
        file.write_text(f"<{DATA[number]}> {kind} <http://xmlns.com/foaf/0.1/Document> .\n", encoding="ascii")
        ThreatGraph.load(file, store=store, graph=DATA[number])
    with serving("--store", str(store)) as running:
        yield running


@pytest.fixture(scope="module")
def memory() -> Iterator[Running]:
    """A server over the bundled graph in memory, with short limits."""
    with serving("--timeout", "1", "--metrics", "--answer-size", "1M", "--workers", "2") as running:
        yield running


def get(running: Running, query: str, *more: tuple[str, str], **headers: str) -> Reply:
    return running.ask("/sparql?" + urlencode([("query", query), *more]), **headers)


def post(running: Running, query: str, **headers: str) -> Reply:
    return running.ask("/sparql", "POST", urlencode({"query": query}).encode(), Content_Type=FORM, **headers)


def default(*numbers: int) -> list[tuple[str, str]]:
    return [("default-graph-uri", DATA[number]) for number in numbers]


def named(*numbers: int) -> list[tuple[str, str]]:
    return [("named-graph-uri", DATA[number]) for number in numbers]


def is_document(number: int, graph: str = "") -> str:
    pattern = f"<{DATA[number]}> a ?type{number}"
    return f"GRAPH ?{graph} {{ {pattern} }}" if graph else f"{pattern} ."


def ask(*patterns: str, dataset: str = "") -> str:
    return f"ASK {dataset} {{ {' '.join(patterns)} }}"


BOTH, EACH = ask(is_document(1), is_document(2)), ask(is_document(1, "g1"), is_document(2, "g2"))
FULL = ask(is_document(3), is_document(1, "g1"), is_document(2, "g2"))
#: The tests of the W3C for queries (rdf-tests, sparql11/protocol): the name, parameters of the URL, the media type and
#: the body of a POST (none for GET), and the answer.
PROTOCOL: list[tuple[str, list[tuple[str, str]], str | None, str, bool]] = [
    ("query_post_form", default(0), FORM, urlencode({"query": "ASK {}"}), True),
    ("query_dataset_default_graphs_get", [("query", BOTH), *default(1, 2)], None, "", True),
    ("query_dataset_default_graphs_post", default(1, 2), QUERY, BOTH, True),
    ("query_dataset_named_graphs_post", named(1, 2), QUERY, EACH, True),
    ("query_dataset_named_graphs_get", [("query", EACH), *named(1, 2)], None, "", True),
    ("query_dataset_full", [*default(3), *named(1, 2)], QUERY, FULL, True),
    (
        "query_multiple_dataset",
        named(1, 2),
        QUERY,
        ask(is_document(1, "g1"), is_document(2, "g2"), dataset=f"FROM <{DATA[3]}>"),
        True,
    ),
    ("query_get", [("query", "ASK {}"), *default(0)], None, "", True),
    ("query_post_direct", default(0), QUERY, "ASK {}", True),
    # Further datasets: graphs that are not chosen are not seen, also those that the query names.
    ("default graph alone", default(1), QUERY, BOTH, False),
    ("no named graph", default(1, 2), QUERY, EACH, False),
    ("no default graph", named(1, 2), QUERY, BOTH, False),
    ("the protocol beats FROM", default(1), QUERY, ask(is_document(3), dataset=f"FROM <{DATA[3]}>"), False),
    ("all graphs are merged by default", [], QUERY, ask(is_document(1), is_document(2), is_document(3)), True),
    ("a graph that is not loaded is empty", default(0), QUERY, "ASK { ?s ?p ?o }", False),
]


@pytest.mark.parametrize(
    ("given", "kind", "body", "answer"), [row[1:] for row in PROTOCOL], ids=[r[0] for r in PROTOCOL]
)
def test_queries_and_their_datasets_follow_the_protocol(
    server: Running, given: list[tuple[str, str]], kind: str | None, body: str, answer: bool
) -> None:
    path = f"/sparql/?{urlencode(given)}"
    reply = server.ask(path, "POST", body.encode(), Content_Type=kind) if kind else server.ask(path)
    assert (reply.status, reply.kind) == (200, RESULTS), reply.text
    assert json.loads(reply.body)["boolean"] is answer


@pytest.mark.parametrize(
    ("query", "kinds"),
    [
        ("SELECT (1 AS ?value) {}", {RESULTS, "application/sparql-results+xml", "text/csv"}),
        ("ASK {}", {RESULTS, "application/sparql-results+xml"}),
        ("DESCRIBE <http://example.org/>", {"text/turtle", "application/n-triples", "application/rdf+xml"}),
        ("CONSTRUCT { <s> <p> 1 } WHERE {}", {"text/turtle", "application/n-triples", "application/rdf+xml"}),
    ],
)
def test_each_kind_of_query_has_a_type_of_its_own(server: Running, query: str, kinds: set[str]) -> None:
    reply = server.ask("/sparql/", "POST", query.encode(), Content_Type=QUERY)
    assert reply.status == 200
    assert reply.kind in kinds


ASK = urlencode({"query": "ASK {}"})
LONG = "ASK%20%7B%7D" + "+" * 65_530
#: Requests that the protocol forbids: the method, the path, the media type, the body, and the status.
BAD: list[tuple[str, str, str, str | None, bytes | None, int]] = [
    ("bad_query_method", "PUT", f"/sparql?{ASK}", None, None, 405),
    ("bad_multiple_queries", "GET", f"/sparql?{ASK}&query=SELECT%20%2A%20%7B%7D", None, None, 400),
    ("bad_query_wrong_media_type", "POST", "/sparql", "text/plain", b"ASK {}", 415),
    ("bad_query_missing_form_type", "POST", "/sparql", None, ASK.encode(), 415),
    ("bad_query_missing_direct_type", "POST", "/sparql", None, b"ASK {}", 415),
    ("bad_query_non_utf8", "POST", "/sparql", f"{QUERY}; charset=UTF-16", "ASK {}".encode("utf-16"), 415),
    ("bytes that are not UTF-8", "POST", "/sparql", QUERY, b"ASK { ?s ?p '\xff' }", 400),
    ("escapes that are not UTF-8", "GET", "/sparql?query=ASK%20%7B%7D%23%FF", None, None, 400),
    ("bad_query_syntax", "POST", "/sparql", FORM, urlencode({"query": "ASK {"}).encode(), 400),
    ("bad_update_get", "GET", f"/sparql?{urlencode({'update': 'CLEAR ALL'})}", None, None, 400),
    ("update in a form", "POST", "/sparql", FORM, urlencode({"update": "CLEAR ALL"}).encode(), 400),
    ("update in a body", "POST", "/sparql", "application/sparql-update", b"CLEAR ALL", 400),
    ("update as a query", "POST", "/sparql", QUERY, b"CLEAR ALL", 400),
    ("query and update", "POST", "/sparql", FORM, f"{ASK}&update=CLEAR%20ALL".encode(), 400),
    ("query in URL and body", "POST", f"/sparql?{ASK}", QUERY, b"ASK {}", 400),
    ("an empty query", "GET", "/sparql?query=", None, None, 400),
    ("a form without a query", "POST", "/sparql", FORM, b"quary=ASK", 400),
    ("a graph without IRI", "GET", f"/sparql?{ASK}&default-graph-uri=not%20an%20iri", None, None, 400),
    ("a format that does not exist", "GET", f"/sparql?{ASK}&format=excel", None, None, 400),
    ("a federated query", "POST", "/sparql", QUERY, b"ASK { SERVICE <http://127.0.0.1:1/> { ?s ?p ?o } }", 400),
    ("10,000 parameters", "GET", f"/sparql?{ASK}&{'&'.join(['a=1'] * 10_000)}", None, None, 400),
    (
        "a long query",
        "GET",
        f"/sparql?query={LONG}",
        None,
        None,
        414,
    ),
    ("a long query in a body", "POST", "/sparql", QUERY, b"ASK {}" + b" " * 70_000, 413),
    ("a large body", "POST", "/sparql", QUERY, b"ASK {}" + b" " * 200_000, 413),
    ("a path that does not exist", "GET", "/sparql/x", None, None, 404),
    ("a method for other resources", "DELETE", "/sparql", None, None, 405),
]


@pytest.mark.parametrize(
    ("method", "path", "kind", "body", "status"), [row[1:] for row in BAD], ids=[row[0] for row in BAD]
)
def test_a_wrong_request_gets_its_status_and_a_sentence(
    server: Running, method: str, path: str, kind: str | None, body: bytes | None, status: int
) -> None:
    headers = {} if kind is None else {"Content_Type": kind}
    reply = server.ask(path, method, body, Accept="application/json", **headers)
    assert reply.status == status, reply.text
    if status == 414:  # the parser refuses the URL before there is a request
        assert "POST" in reply.text
        return
    assert reply.kind == "application/problem+json"
    problem = json.loads(reply.body)
    assert problem["status"] == status
    assert len(problem["detail"]) > 20
    assert "Traceback" not in reply.text
    assert server.ask("/health").status == 200


def test_a_syntax_error_has_its_place(server: Running) -> None:
    reply = post(server, "SELECT ?s {\n ?s a tg:ThreatPattern LIMIT 2")
    assert reply.status == 400
    assert reply.kind == "text/plain"
    assert "line 2, column" in reply.text


def test_problems_have_the_form_that_the_client_reads(server: Running) -> None:
    kinds = {
        "*/*": "text/plain",
        RESULTS: "application/problem+json",
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": "text/html",
    }
    for accept, kind in kinds.items():
        assert post(server, "SELECT", Accept=accept).kind == kind


SELECT = "SELECT ?label { pattern:goal-drift skos:prefLabel ?label }"


def test_rows_have_the_form_that_the_client_prefers(server: Running) -> None:
    assert json.loads(get(server, SELECT).body)["results"]["bindings"][0]["label"]["value"] == "Goal Drift"
    xml = ElementTree.fromstring(get(server, SELECT, Accept="application/sparql-results+xml").body)
    assert [e.text for e in xml.iter("{http://www.w3.org/2005/sparql-results#}literal")] == ["Goal Drift"]
    rows = csv.reader(io.StringIO(get(server, SELECT, Accept="text/csv").text))
    assert list(rows) == [["label"], ["Goal Drift"]]
    assert get(server, SELECT, Accept="text/tab-separated-values").text.split("\n")[:2] == ["?label", '"Goal Drift"@en']
    # RFC 9110, section 12.5.1: the most specific range counts, and a quality of 0 excludes.
    assert get(server, SELECT, Accept="text/*").kind == "text/csv"
    assert get(server, SELECT, Accept="text/csv;q=0.1, application/*;q=0.2").kind == RESULTS
    assert get(server, SELECT, Accept="*/*; q=0.1").kind == RESULTS
    assert get(server, SELECT, Accept=f"{RESULTS};q=0, */*").kind == "application/sparql-results+xml"
    # RDF is no form of rows, so that the next best counts.
    assert get(server, SELECT, Accept="text/turtle, application/sparql-results+xml;q=0.5").kind.endswith("results+xml")
    assert get(server, SELECT, ("format", "csv"), Accept=RESULTS).kind == "text/csv"


def test_triples_have_the_form_that_the_client_prefers(server: Running) -> None:
    construct = "CONSTRUCT { ?s skos:prefLabel ?o } { ?s a tg:Domain ; skos:prefLabel ?o }"
    wanted: set[rdflib.Graph] | None = None
    for accept, kind in {
        "*/*": "text/turtle",
        "application/n-triples": "application/n-triples",
        "application/rdf+xml": "application/rdf+xml",
        "application/ld+json": "application/ld+json",
        "application/json": "application/ld+json",
    }.items():
        reply = get(server, construct, Accept=accept)
        assert (reply.status, reply.kind) == (200, kind)
        found = set(rdflib.Graph().parse(data=reply.body, format=kind))
        assert found
        assert wanted is None or wanted == found
        wanted = found  # type: ignore[assignment]


@pytest.mark.parametrize(
    ("query", "accept"), [(SELECT, "text/turtle"), ("DESCRIBE pattern:goal-drift", "text/csv"), (SELECT, "image/png")]
)
def test_a_type_that_does_not_exist_gets_the_list_of_types(server: Running, query: str, accept: str) -> None:
    reply = get(server, query, Accept=accept)
    assert reply.status == 406
    assert ("application/sparql-results+json" if query == SELECT else "text/turtle") in reply.text


def test_head_and_options(server: Running) -> None:
    head = server.ask(f"/sparql?{ASK}", "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert int(head.headers["content-length"]) > 0
    options = server.ask("/sparql", "OPTIONS", Origin="https://example.org", Access_Control_Request_Method="POST")
    assert options.status == 204
    assert "POST" in options.headers["access-control-allow-methods"]
    assert options.headers["access-control-allow-origin"] == "*"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("DELETE", "/pattern/goal-drift", "GET, HEAD, OPTIONS"),
        ("POST", "/search", "GET, HEAD, OPTIONS"),
        ("PUT", "/sparql", "GET, HEAD, POST, OPTIONS"),
        ("PATCH", "/assess", "GET, HEAD, POST, OPTIONS"),
        ("GET", "/mcp", "POST"),
        ("OPTIONS", "/mcp", "POST"),
    ],
)
def test_a_method_that_a_path_does_not_have(server: Running, method: str, path: str, allowed: str) -> None:
    reply = server.ask(path, method)
    assert (reply.status, reply.headers["allow"]) == (405, allowed)
    assert f"use {allowed}" in reply.text


@pytest.mark.parametrize("origin", ["http://[evil", "null", "http://evil.example", "://", "http://127.0.0.1:1"])
def test_agents_of_other_pages_are_refused(server: Running, origin: str) -> None:
    reply = server.ask("/mcp", "POST", b"{}", Content_Type="application/json", Origin=origin)
    assert reply.status == 403
    assert "refused" in reply.text


def test_an_entity_tag_is_known_without_evaluation(server: Running) -> None:
    query = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
    first = get(server, query)
    tag = first.headers["etag"]
    again = get(server, query, If_None_Match=f'"other", {tag}')
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == tag
    assert "Accept" in again.headers["vary"]
    assert get(server, query, If_None_Match='"other"').status == 200
    assert get(server, query, Accept="text/csv").headers["etag"] != tag
    # The tag of a query that never ends is known too, but only where there is an answer.
    assert post(server, "ASK {", If_None_Match=tag).status == 400


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/pattern/goal-drift", "text/turtle"),
        ("/incident?page=2&limit=10", "text/csv"),
        ("/", "text/html"),
        ("/ontology", "application/ld+json"),
        ("/queries", "application/json"),
        ("/queries/domains", "text/csv"),
        ("/queries/domains", "text/html"),
    ],
)
def test_what_is_negotiated_has_an_address_of_its_own_also_if_unchanged(
    server: Running, path: str, accept: str
) -> None:
    reply = server.ask(path, Accept=accept)
    assert (reply.status, reply.kind) == (200, accept)
    itself = server.ask(reply.headers["content-location"])
    assert (itself.status, itself.headers["content-type"], itself.body) == (
        200,
        reply.headers["content-type"],
        reply.body,
    )
    assert "content-location" not in itself.headers
    unchanged = server.ask(path, Accept=accept, If_None_Match=reply.headers["etag"])
    assert (unchanged.status, unchanged.body) == (304, b"")
    for name in ("content-location", "vary", "cache-control", "etag"):  # RFC 9110, section 15.4.5
        assert unchanged.headers.get(name) == reply.headers.get(name)


def test_the_style_sheet_stays_fresh_when_it_is_unchanged(server: Running) -> None:
    path = next(iter(re.findall(r'href="(/static/[^"]+)"', server.ask("/", Accept="text/html").text)))
    reply = server.ask(path)
    unchanged = server.ask(path, If_None_Match=reply.headers["etag"])
    assert unchanged.status == 304
    assert "immutable" in unchanged.headers["cache-control"] == reply.headers["cache-control"]


def test_any_entity_tag_matches_only_what_exists(server: Running) -> None:
    for _ in range(2):  # the second time, the answer may be in the cache
        assert server.ask("/pattern/goal-drift", If_None_Match="*").status == 304
        assert server.ask("/pattern/no-such-pattern", If_None_Match="*").status == 404
        assert get(server, "SELECT {", If_None_Match="*").status == 400


@pytest.mark.parametrize(
    ("accepted", "encoding"),
    [
        ("gzip", "gzip"),
        ("GZIP", "gzip"),
        ("br;q=1.0, gzip;q=0.8, *;q=0.1", "gzip"),
        ("*", "gzip"),
        ("gzip;q=0", None),
        ("gzip;q=0, *", None),
        ("*;q=0, identity", None),
        ("notgzip", None),
        ("identity", None),
    ],
)
def test_the_encoding_is_one_that_the_client_accepts(server: Running, accepted: str, encoding: str | None) -> None:
    assert server.ask("/pattern/goal-drift", Accept_Encoding=accepted).headers.get("content-encoding") == encoding


def test_a_large_answer_is_compressed_for_those_who_accept_it(server: Running) -> None:
    query = "SELECT * { ?s skos:prefLabel ?o } LIMIT 500"
    plain, packed = get(server, query), get(server, query, Accept_Encoding="gzip")
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    assert len(packed.body) < len(plain.body) / 4


def test_pages_of_other_sites_cannot_reach_a_local_server(server: Running) -> None:
    assert server.ask("/health", Host="evil.example").status == 421
    assert server.ask("/health", Host="localhost:1234").status == 200
    assert server.ask("/health", Host="[::1]:80").status == 200
    assert server.ask("/health", Host="10.1.2.3").status == 200
    headers = server.ask("/health").headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "set-cookie" not in headers


def test_a_runaway_query_ends_at_its_limit(memory: Running) -> None:
    begun = time.monotonic()
    reply = post(memory, RUNAWAY)
    assert reply.status == 503, reply.text
    assert int(reply.headers["retry-after"]) > 0
    assert "1 seconds" in reply.text or "time limit" in reply.text
    assert time.monotonic() - begun < 10  # generous: the suite shares the machine
    assert get(memory, "ASK {}").status == 200


def test_a_crash_of_the_engine_costs_one_answer(memory: Running) -> None:
    literals = ['"a"', '"b"@en', '"2024-01-01"^^xsd:date', "1", '"c"', "2.5", '"2024"^^xsd:gYear']
    values = " ".join(literals[n % 7].replace("a", f"a{n}") for n in range(210))
    for query in (ABORTS, f"SELECT * {{ VALUES ?o {{ {values} }} }} ORDER BY ?o"):
        reply = post(memory, query)
        assert reply.status in (200, 500, 503), reply.text
        if reply.status == 500:
            assert "crashed" in reply.text
        assert get(memory, "ASK {}").status == 200


def test_an_answer_over_the_limit_is_refused_whole(memory: Running) -> None:
    reply = post(memory, "SELECT * { ?s ?p ?o }")
    assert reply.status == 503
    assert "1 MiB" in reply.text


def test_a_client_that_hangs_up_frees_its_worker(memory: Running) -> None:
    body = urlencode({"query": RUNAWAY}).encode()
    head = f"POST /sparql HTTP/1.1\r\nHost: localhost\r\nContent-Type: {FORM}\r\nContent-Length: {len(body)}\r\n\r\n"
    for _ in range(6):
        with socket.create_connection(("127.0.0.1", memory.port)) as connection:
            connection.sendall(head.encode() + body)
            time.sleep(0.1)
    begun = time.monotonic()
    assert get(memory, "ASK { ?s ?p 1 }").status == 200
    assert time.monotonic() - begun < 5  # six times the limit of one second, had they gone on


def test_a_killed_worker_costs_at_most_one_answer(memory: Running) -> None:
    def children(parent: int) -> list[int]:
        found = subprocess.run(["pgrep", "-P", str(parent)], capture_output=True, text=True, check=False).stdout
        return [int(word) for word in found.split()]

    assert get(memory, "ASK { ?s ?p 2 }").status == 200
    for zygote in children(memory.process.pid):
        for worker in children(zygote):
            os.kill(worker, signal.SIGKILL)
    replies = [get(memory, f"ASK {{ ?s ?p {n} }}").status for n in range(3, 6)]
    assert replies[1:] == [200, 200]
    assert set(replies) <= {200, 500, 503}
    for zygote in children(memory.process.pid):
        os.kill(zygote, signal.SIGKILL)
    replies = [get(memory, f"ASK {{ ?s ?p {n} }}").status for n in range(6, 10)]
    assert replies[-2:] == [200, 200]
    assert set(replies) <= {200, 500, 503}


def test_a_hundred_clients_at_once_get_answers_or_are_told_to_wait(memory: Running) -> None:
    queries = [f"SELECT * {{ ?s a ?kind{n} }} LIMIT 50" for n in range(100)]
    with ThreadPoolExecutor(100) as threads:
        replies = list(threads.map(lambda query: get(memory, query), queries))
    assert {reply.status for reply in replies} <= {200, 429, 503}
    assert sum(reply.status == 200 for reply in replies) >= 32
    assert all("retry-after" in reply.headers for reply in replies if reply.status != 200)


def test_a_body_that_does_not_arrive_is_not_waited_for(memory: Running) -> None:
    head = b"Host: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    with ThreadPoolExecutor(3) as threads:
        paths = (b"/mcp", b"/sparql", b"/assess")
        answers = threads.map(lambda path: memory.send(b"POST " + path + b" HTTP/1.1\r\n" + head), paths)
        assert {answer.partition(b"\r\n")[0] for answer in answers} <= {b"HTTP/1.1 408 Request Timeout"}


def test_headers_that_are_too_large_or_malformed(memory: Running) -> None:
    huge = b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Large: " + b"a" * 1_000_000
    try:
        answer = memory.send(huge)
    except ConnectionError:
        answer = b"HTTP/1.1 431"  # closed before all was sent
    assert answer.startswith(b"HTTP/1.1 431")
    assert memory.send(b"NONSENSE\r\n\r\n").startswith(b"HTTP/1.1 400")
    assert memory.send(b"GET /health HTTP/1.1\r\nConnection: close\r\n\r\n").startswith(b"HTTP/1.1 421")
    assert memory.ask("/health").status == 200


def test_metrics_count_requests(memory: Running) -> None:
    memory.ask("/health")
    text = memory.ask("/metrics").text
    assert 'threatgraph_requests_total{method="GET",status="200"}' in text
    assert "threatgraph_request_seconds_count" in text


def test_metrics_are_off_by_default(server: Running) -> None:
    assert server.ask("/metrics").status == 404


def test_the_log_has_no_queries() -> None:
    with serving("--no-bundled", "--data", str(Path(__file__).parents[1] / "ontology" / "schemes")) as running:
        get(running, "ASK { ?secret ?p ?o }")
        line = running.says("GET /sparql")
        assert "secret" not in line
        assert " 200 " in line


def test_the_server_stops_within_seconds_while_a_query_runs_away() -> None:
    with serving("--timeout", "60") as running:
        with ThreadPoolExecutor(1) as threads:
            threads.submit(lambda: post(running, RUNAWAY))
            time.sleep(0.5)
            begun = time.monotonic()
            running.stop(wait=20)
            assert time.monotonic() - begun < 10
        with pytest.raises(ConnectionError):
            running.ask("/health")


def test_a_reload_shows_new_records_and_keeps_the_graph_if_they_are_wrong(tmp_path: Path) -> None:
    file = tmp_path / "own.ttl"
    file.write_text("<urn:one> <urn:p> 1 .\n", encoding="ascii")
    question = "ASK { <urn:two> <urn:p> 2 }"
    with serving("--no-bundled", "--data", str(file)) as running:
        tag = get(running, question).headers["etag"]
        assert json.loads(get(running, question).body)["boolean"] is False
        file.write_text("<urn:two> <urn:p> 2 .\n", encoding="ascii")
        running.process.send_signal(signal.SIGHUP)
        running.says("version")
        reply = get(running, question, If_None_Match=tag)
        assert reply.status == 200
        assert json.loads(reply.body)["boolean"] is True
        file.write_text("this is not Turtle", encoding="ascii")
        running.process.send_signal(signal.SIGHUP)
        assert "own.ttl" in running.says("stays in use")
        assert json.loads(get(running, question).body)["boolean"] is True


def test_a_port_in_use_and_data_that_cannot_be_read_end_the_command() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for words, sentence in (
            (["--port", str(taken.getsockname()[1])], "another program uses this port"),
            (["--port", "0", "--data", "/nonexistent/x.ttl"], "x.ttl"),
            (["--port", "0", "--host", "not-a-host.invalid"], "not valid"),
            (["--port", "0", "--timeout", "61"], "at most 60"),
            (["--port", "0", "--memory", "much"], "must be a size"),
            (["--port", "0", "--base-url", "example.org"], "must be a URL"),
        ):
            done = subprocess.run(
                [sys.executable, "-m", "threatgraph", "serve", *words], capture_output=True, text=True, timeout=60
            )
            assert done.returncode == 2, done.stderr
            assert sentence in done.stderr
            assert "Traceback" not in done.stderr


def test_a_graph_on_another_server_is_served_with_the_same_limits(server: Running) -> None:
    with serving("--endpoint", f"{server.url}/sparql", "--timeout", "5") as proxy:
        reply = get(proxy, SELECT)
        assert json.loads(reply.body)["results"]["bindings"][0]["label"]["value"] == "Goal Drift"
        assert "etag" not in reply.headers  # the other server may change at any time
        assert reply.headers["cache-control"] == "no-cache"
        assert json.loads(get(proxy, BOTH, *default(1)).body)["boolean"] is False
        assert json.loads(get(proxy, BOTH, *default(1, 2)).body)["boolean"] is True
        assert post(proxy, "SELECT {").status == 400


def test_a_server_that_is_down_is_a_bad_gateway() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))  # bound, but it does not listen
        with serving("--endpoint", f"http://127.0.0.1:{unused.getsockname()[1]}/sparql") as proxy:
            reply = get(proxy, "ASK {}")
            assert reply.status == 502, reply.text
            assert "try again later" in reply.text
            assert "127.0.0.1" not in reply.text
            proxy.says(r"127\.0\.0\.1:\d+/sparql: connection refused")
            assert proxy.ask("/health").status == 200


def test_details_of_a_failure_are_in_the_log_and_not_in_the_answer(tmp_path: Path) -> None:
    folder = tmp_path / "store"
    ThreatGraph.load(PATTERN, store=folder)
    with serving("--store", str(folder)) as running:
        assert running.ask("/pattern/goal-drift").status == 200
        shutil.move(folder, tmp_path / "moved")
        query = "SELECT (COUNT(*) AS ?n) { ?s ?p ?o }"
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "sparql"}}
        message["params"]["arguments"] = {"query": query}  # type: ignore[index]
        kinds = {"Content_Type": "application/json", "Accept": "application/json, text/event-stream"}
        agents = running.ask("/mcp", "POST", json.dumps(message).encode(), **kinds)
        for reply in (get(running, query), get(running, query, Accept="text/html"), agents):
            assert reply.status in (503, 200)
            assert "cannot be read at the moment: try again later" in reply.text
            assert str(tmp_path) not in reply.text
        running.says(re.escape(str(folder)))


def test_a_value_that_a_format_cannot_represent_is_not_acceptable(tmp_path: Path) -> None:
    file = tmp_path / "data.ttl"
    label = "<http://www.w3.org/2004/02/skos/core#prefLabel>"
    file.write_text(f'<https://w3id.org/threatgraph/pattern/bell> {label} "rings \\u0007" .', encoding="utf-8")
    with serving("--data", str(file)) as running:
        assert running.ask("/pattern/bell.ttl").status == 200
        for path in ("/pattern/bell.rdf", "/export/graph.rdf"):
            reply = running.ask(path)
            assert (reply.status, "export as turtle" in reply.text) == (406, True)


def test_the_library_reads_what_the_server_writes(server: Running) -> None:
    graph = ThreatGraph.connect(f"{server.url}/sparql")
    assert graph.pattern("PAT-AGT-003").label == "Goal Drift"
    rows = graph.query("SELECT ?p { ?p a tg:ThreatPattern }")
    assert len(rows) == len(ThreatGraph.open().list("pattern"))  # type: ignore[arg-type]


def test_a_client_that_stops_reading_is_disconnected() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"x" * 50_000_000})

    class Impatient(LimitedProtocol):
        patience = 0.3

    server = uvicorn.Server(uvicorn.Config(app, http=Impatient, lifespan="off", log_level="critical"))
    with socket.socket() as listener, socket.socket() as client:
        listener.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            client.connect(listener.getsockname())
            client.settimeout(30)
            client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            time.sleep(2)
            received = 0
            with suppress(ConnectionError):
                while part := client.recv(1_000_000):
                    received += len(part)
            assert received < 50_000_000
        finally:
            server.should_exit = True
            thread.join(20)
