"""The JSON API: its answers are those of the library, follow its OpenAPI description, and wrong requests say why."""

from __future__ import annotations

import http.client
import io
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode, urlsplit

import jsonschema
import openpyxl
import pytest
import rdflib

from threatgraph import InvalidQuery, ThreatGraph, UnknownName
from threatgraph.assess import json_schema
from threatgraph.catalog import ANY
from threatgraph.export import export_results, export_table
from threatgraph.server.openapi import describe
from threatgraph.server.operations import OPERATIONS, run_query
from threatgraph.server.parameters import Parameter, read
from threatgraph.server.work import answers
from threatgraph.service import ServedGraph, Source

SCHEMATHESIS_CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
DESCRIPTION = "A chatbot of a bank that ranks loan applications of customers in the EU."


class Reply(NamedTuple):
    """A response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def kind(self) -> str:
        """The media type without parameters."""
        return self.headers["content-type"].partition(";")[0]

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Site(NamedTuple):
    """A server that runs, and what it writes to standard error."""

    url: str
    log: list[str]

    def ask(self, path: str, *, method: str = "GET", body: bytes | None = None, **headers: str) -> Reply:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()

    def problem(self, path: str, **sent: Any) -> tuple[int, str]:
        """The status and the message of a refusal, as problem details."""
        reply = self.ask(path, accept="application/json", **sent)
        assert reply.kind == "application/problem+json"
        assert reply.json["status"] == reply.status
        return reply.status, reply.json["detail"]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    command = [sys.executable, "-m", "threatgraph", "serve", "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8")
    assert process.stderr is not None
    started = process.stderr.readline()
    found = re.search(r"http://\S+:\d+", started)
    assert found, started
    log: list[str] = []
    threading.Thread(target=log.extend, args=(process.stderr,), daemon=True).start()
    yield Site(found[0], log)
    process.kill()
    process.wait()


@pytest.fixture(scope="module")
def served(graph: ThreatGraph) -> ServedGraph:
    """The graph as the functions of workers get it, without the workers."""
    found = ServedGraph(Source())
    found._graph = graph
    return found


@pytest.fixture(scope="module")
def document(site: Site) -> dict[str, Any]:
    found: dict[str, Any] = site.ask("/openapi.json").json
    return found


def validate(document: Mapping[str, Any], name: str, answer: object) -> None:
    """Check an answer with a schema of the description."""
    schema = {**document, "$ref": f"#/components/schemas/{name}"}
    jsonschema.Draft202012Validator(schema).validate(answer)


def test_search_gives_the_results_of_the_library(site: Site, graph: ThreatGraph, document: dict[str, Any]) -> None:
    reply = site.ask("/search?q=deepfake+fraud&kind=incident&kind=pattern&top=3")
    assert (reply.status, reply.kind) == (200, "application/json")
    expected = graph.search("deepfake fraud", kind=["incident", "pattern"], top=3).to_dict()
    version = site.ask("/health").json["version"]
    assert reply.json == {"graph_version": version, **json.loads(json.dumps(expected))}
    validate(document, "SearchResults", reply.json)


def test_recommendations_have_the_reasons_of_the_library(
    site: Site, graph: ThreatGraph, document: dict[str, Any]
) -> None:
    found = site.ask("/recommend?node=PAT-SYS-005&node=goal-drift&kind=incident&top=2").json
    validate(document, "Recommendations", found)
    expected = graph.recommend(["PAT-SYS-005", "goal-drift"], kind="incident", top=2)
    assert [item["iri"] for item in found["recommendations"]] == [item.iri for item in expected]
    assert found["recommendations"][0]["reasons"]
    by_text = site.ask("/recommend?" + urlencode({"text": DESCRIPTION, "top": 1})).json
    assert by_text["for"] == [DESCRIPTION]


def test_a_framework_asks_for_its_provisions(site: Site) -> None:
    found = site.ask("/recommend?node=goal-drift&framework=nist-ai-rmf&top=2").json
    assert found["kind"] == "provision"
    assert all("/provision/nist-ai-rmf-1.0/" in item["iri"] for item in found["recommendations"])


def test_a_description_in_the_url_is_assessed(site: Site, graph: ThreatGraph, document: dict[str, Any]) -> None:
    reply = site.ask("/assess?" + urlencode({"text": DESCRIPTION, "role": "deployer", "top": 2}))
    found = reply.json
    validate(document, "Assessment", found)
    jsonschema.validate(found, json_schema())
    expected = graph.assess(DESCRIPTION, role="deployer", top=2).to_dict()
    assert {**expected, "graph_version": found["graph_version"]} == found


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("text/plain", DESCRIPTION.encode()),
        ("text/markdown; charset=utf-8", b"\xef\xbb\xbf" + DESCRIPTION.encode()),
        ("application/json", json.dumps({"description": DESCRIPTION}).encode()),
        ("application/x-www-form-urlencoded", urlencode({"text": DESCRIPTION, "framework": ""}).encode()),
    ],
)
def test_a_description_in_the_body_is_assessed_and_neither_kept_nor_logged(site: Site, kind: str, body: bytes) -> None:
    reply = site.ask("/assess?top=1", method="POST", body=body, content_type=kind)
    assert reply.status == 200
    assert reply.headers["cache-control"] == "no-store"
    assert "etag" not in reply.headers
    assert reply.json["description"] == DESCRIPTION
    jsonschema.validate(reply.json, json_schema())
    assert not [line for line in site.log if "bank" in line]


def test_an_assessment_has_the_forms_of_the_library(site: Site) -> None:
    bodies = {
        form.name: site.ask(f"/assess?top=1&format={form.name}", method="POST", body=DESCRIPTION.encode(),
                            content_type="text/plain")
        for operation in OPERATIONS if operation.path == "/assess" for form in operation.forms
    }  # fmt: skip
    assert {reply.status for reply in bodies.values()} == {200}
    assert bodies["markdown"].body.startswith(b"# ")
    assert bodies["csv"].kind == "text/csv"
    assert bodies["html"].body.lstrip().lower().startswith(b"<!doctype html>")
    assert openpyxl.load_workbook(io.BytesIO(bodies["xlsx"].body)).sheetnames
    triples = rdflib.Graph().parse(data=bodies["turtle"].body, format="turtle")
    assert len(triples) == len(rdflib.Graph().parse(data=bodies["jsonld"].body, format="json-ld")) > 0


def test_accept_chooses_the_form_and_format_has_priority(site: Site) -> None:
    path = "/search?q=fraud&top=1"
    assert site.ask(path, accept="text/csv").kind == "text/csv"
    assert site.ask(path, accept="text/csv, application/json;q=0.5").kind == "text/csv"
    assert site.ask(f"{path}&format=tsv", accept="text/csv").kind == "text/tab-separated-values"
    assert site.ask("/recommend?node=goal-drift&top=1", accept="text/turtle").kind == "text/turtle"
    status, detail = site.problem(f"{path}&format=cvs")
    assert status == 400
    assert "did you mean 'csv'" in detail
    reply = site.ask(path, accept="image/png")
    assert reply.status == 406
    assert b"text/csv" in reply.body


def test_the_queries_are_listed(site: Site, graph: ThreatGraph, document: dict[str, Any]) -> None:
    found = site.ask("/queries").json
    validate(document, "NamedQueries", found)
    listed = {query["name"]: query for query in found["queries"]}
    assert listed.keys() == graph.queries.keys()
    for name, query in graph.queries.items():
        assert listed[name]["question"] == query.question
        assert {item["name"]: item["required"] for item in listed[name]["parameters"]} == {
            parameter.name: parameter.default is None for parameter in query.parameters
        }
        assert [column["name"] for column in listed[name]["columns"]] == list(query.columns)


def test_a_named_query_has_the_rows_of_the_library(site: Site, graph: ThreatGraph, document: dict[str, Any]) -> None:
    path, table = "/queries/patterns-by-cause", graph.run("patterns-by-cause", cause="regulatory-gap")
    found = site.ask(f"{path}?cause=regulatory-gap").json
    validate(document, "QueryResult", found)
    assert found["rows"] == table.to_dicts()
    assert found["total"] == len(table)
    assert found["columns"] == list(table.columns)
    assert site.ask(f"{path}.csv?cause=regulatory-gap").body == export_table(table, "csv")
    assert site.ask(f"{path}.tsv?cause=regulatory-gap&format=json").body == export_table(table, "tsv")
    assert site.ask(f"{path}?cause=regulatory-gap&format=markdown").body == export_table(table, "markdown")
    sparql = site.ask(f"{path}?cause=regulatory-gap", accept="application/sparql-results+json")
    assert sparql.body == export_results(table, "json")


def test_every_named_query_runs(served: ServedGraph, graph: ThreatGraph, document: dict[str, Any]) -> None:
    """Each with the example of the description, which names a record of the graph."""
    for name, query in graph.queries.items():
        operation = document["paths"][f"/queries/{name}"]["get"]
        values = {
            parameter["name"]: str(parameter.get("example", "data"))
            for parameter in operation["parameters"]
            if parameter["required"]
        }
        answer = answers.run(served, form="json", version="1", values=values, name=name)
        validate(document, "QueryResult", json.loads(answer.content))
        assert [p.name for p in query.parameters] == [
            p["name"] for p in operation["parameters"] if p["name"] != "format"
        ]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/search", ["q is required"]),
        ("/search?q=", ["q is required"]),
        ("/search?q=a&tpo=1", ["unknown parameter 'tpo'", "did you mean 'top'"]),
        ("/search?q=a&q=b", ["q is given 2 times"]),
        ("/search?q=a&top=0", ["top must be an integer from 1 to 100"]),
        ("/search?q=a&top=101", ["top must be"]),
        ("/search?q=a&top=1.5", ["top must be"]),
        ("/search?q=a&top=" + "9" * 5000, ["top"]),
        ("/search?q=%zz", ["%25"]),
        ("/search?q=%ff", ["UTF-8"]),
        ("/search?q=%00", ["NUL"]),
        ("/search?q=" + "a" * 2001, ["2,001 characters", "2,000"]),
        ("/search?q=a&kind=patern", ["unknown kind 'patern'", "did you mean 'pattern'"]),
        ("/search?q=a&year=24", ["not a valid year"]),
        ("/search?" + "&".join(["kind=pattern"] * 101), ["101 parameters"]),
        ("/recommend", ["node"]),
        ("/recommend?node=goal-drift&text=x", ["node"]),
        ("/recommend?node=goal-drfit", ["goal-drift"]),
        ("/recommend?text=" + "a" * 10_001, ["10,001 characters"]),
        ("/assess", ["description"]),
        ("/assess?text=chatbot&role=deploier", ["deployer"]),
        ("/queries?x=1", ["unknown parameter 'x'"]),
        ("/queries/patterns-by-cause", ["cause is required"]),
        ("/queries/patterns-by-cause?cause=regulatory-gpa", ["regulatory-gap"]),
        ("/queries/patterns-by-cause?cause_=regulatory-gap", ["did you mean 'cause'"]),
    ],
)
def test_a_wrong_parameter_is_named(site: Site, path: str, words: list[str]) -> None:
    status, detail = site.problem(path)
    assert status == 400
    for word in words:
        assert word in detail


@pytest.mark.parametrize(
    ("path", "word"),
    [
        ("/queries/patterns-by-couse", "patterns-by-cause"),
        ("/queries/patterns-by-cause.xml?cause=regulatory-gap", ".csv"),
        ("/queries/" + quote("../checks/text-style", safe=""), "text-style"),
        ("/void.csv", "void.ttl"),
        ("/export/graph.exe", "graph.ttl"),
        ("/sitemap-2.xml", "sitemap"),
    ],
)
def test_a_wrong_path_is_not_found(site: Site, path: str, word: str) -> None:
    status, detail = site.problem(path)
    assert status == 404
    assert word in detail


@pytest.mark.parametrize(
    ("kind", "body", "status", "word"),
    [
        ("application/json", b"{", 400, "not valid JSON"),
        ("application/json", b"[1]", 400, "JSON object"),
        ("application/json", b"[" * 100_000, 400, "nests too deeply"),
        ("application/json", b'{"description": ' + b"9" * 5_000 + b"}", 400, "too long"),
        ("application/json", b'{"description": NaN}', 400, "not valid"),
        ("application/json", b'{"descriptions": "x"}', 400, "description"),
        ("application/json", b'{"description": "\\ud800"}', 400, "surrogate"),
        ("application/json", b'{"model": {"a": 1}}', 400, "model"),
        ("text/plain", b"", 400, "empty"),
        ("text/plain", b"\xff", 400, "UTF-8"),
        ("text/plain", b"a\0b", 400, "NUL"),
        ("text/plain", b"a" * 200_000, 413, "KiB"),
        ("application/x-www-form-urlencoded", b"txet=a", 400, "did you mean 'text'"),
        ("application/yaml", b"description: x", 415, "application/json"),
    ],
)
def test_a_wrong_body_is_refused(site: Site, kind: str, body: bytes, status: int, word: str) -> None:
    found, detail = site.problem("/assess", method="POST", body=body, content_type=kind)
    assert found == status
    assert word in detail


def test_the_text_of_a_post_is_not_in_the_url(site: Site) -> None:
    found, detail = site.problem("/assess?text=a", method="POST", body=b"b", content_type="text/plain")
    assert (found, "unknown parameter 'text'" in detail) == (400, True)


def test_an_unchanged_answer_is_not_sent_again(site: Site) -> None:
    for path in ("/search?q=fraud", "/queries", "/void.ttl", "/feed.atom", "/openapi.json"):
        first = site.ask(path)
        assert first.status == 200
        again = site.ask(path, if_none_match=first.headers["etag"])
        assert (again.status, again.body) == (304, b"")
    other = site.ask("/search?q=frauds").headers["etag"]
    assert other != site.ask("/search?q=fraud").headers["etag"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/void.ttl", "text/turtle"),
        ("/dcat.jsonld", "application/ld+json"),
        ("/sitemap.xml", "application/xml"),
        ("/robots.txt", "text/plain"),
        ("/llms.txt", "text/plain"),
        ("/llms-full.txt", "text/plain"),
        ("/feed.atom", "application/atom+xml"),
        ("/export/graph.ttl", "text/turtle"),
        ("/export/graph.sssom.tsv", "text/tab-separated-values"),
    ],
)
def test_a_file_has_its_media_type_and_the_base_url(site: Site, path: str, kind: str) -> None:
    reply = site.ask(path)
    assert (reply.status, reply.kind) == (200, kind)
    if not path.startswith("/export/"):
        assert site.url.encode() in reply.body
    assert site.ask(path, method="HEAD").status == 200


def test_the_well_known_path_leads_to_the_description(site: Site) -> None:
    reply = site.ask("/.well-known/void")
    assert (reply.status, reply.headers["location"]) == (303, f"{site.url}/void.ttl")


def test_a_download_is_the_export(site: Site, graph: ThreatGraph) -> None:
    reply = site.ask("/export/graph.nq")
    assert reply.body == graph.export("nquads")
    assert "graph.nq" in reply.headers["content-disposition"]


def test_the_description_is_valid_and_complete(document: dict[str, Any], graph: ThreatGraph) -> None:
    assert document["openapi"].startswith("3.1")
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    identifiers = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(identifiers) == len(set(identifiers))
    assert {f"/queries/{name}" for name in graph.queries} <= document["paths"].keys()
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document))):
        found: Any = document
        for step in reference.split("/"):
            found = found[step]


def test_the_description_names_required_parameters(document: dict[str, Any], graph: ThreatGraph) -> None:
    for name, query in graph.queries.items():
        described = {item["name"]: item for item in document["paths"][f"/queries/{name}"]["get"]["parameters"]}
        for parameter in query.parameters:
            assert described[parameter.name]["required"] is (parameter.default is None)
            if parameter.default not in (None, ANY):
                assert str(described[parameter.name]["schema"]["default"]) == parameter.default


def test_the_description_is_made_without_a_graph(graph: ThreatGraph) -> None:
    made = describe(graph.queries.values(), base_url="https://graph.example", version="1")
    assert made["servers"] == [{"url": "https://graph.example"}]
    assert all(run_query(query).path in made["paths"] for query in graph.queries.values())


def test_schemathesis_finds_no_request_that_breaks_the_description(site: Site, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{site.url}/openapi.json"]
    command += ["--checks", SCHEMATHESIS_CHECKS, "--phases", "examples,fuzzing", "--max-examples", "3"]
    command += ["--generation-deterministic", "--no-color", "--exclude-path-regex", "^/export/"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


PARAMETERS = (Parameter("q", "words", 5, required=True), Parameter("kind", "kind", many=True), Parameter(
    "top", "number", range=(1, 9)
))  # fmt: skip


def test_parameters_are_decoded() -> None:
    assert read(b"q=a+%C3%A9&kind=x&kind=y&top=%209&kind=", PARAMETERS) == {"q": "a é", "kind": ("x", "y"), "top": 9}


@pytest.mark.parametrize("content", [b"", b"q=123456", b"q=a&top=10", b"q=a&x=1", b"q=a%", b"q=\xff", b"q=%C3"])
def test_wrong_parameters_are_refused(content: bytes) -> None:
    with pytest.raises(InvalidQuery):
        read(content, PARAMETERS)


def test_an_unknown_query_is_not_an_invalid_one(served: ServedGraph) -> None:
    with pytest.raises(UnknownName):
        answers.run(served, form="json", version="1", values={}, name="nothing")
