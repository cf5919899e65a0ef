"""Pages and linked data: each record has a document at the path of its IRI, in each form, which links to documents."""

from __future__ import annotations

import csv
import http.client
import io
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import pytest
import rdflib

from servers import free_port
from threatgraph import ThreatGraph
from threatgraph.listing import list_page
from threatgraph.publishing.downloads import downloads
from threatgraph.records import Record, exists, read_record
from threatgraph.service import PLAIN, ServedGraph, Source
from threatgraph.vocab import BASE, KINDS
from threatgraph.web import answers
from threatgraph.web.about import PAGES as ABOUT
from threatgraph.web.document import LIST_FORMS, MEDIA_TYPES, RDF_FORMS, RECORD_FORMS, Document
from threatgraph.web.home import render_home
from threatgraph.web.links import CANONICAL, Links
from threatgraph.web.lists import MOST, render_list
from threatgraph.web.markdown import escaped
from threatgraph.web.ontology import render_ontology
from threatgraph.web.queries import render_queries
from threatgraph.web.records import render_record
from threatgraph.web.static_files import page_files, static_file
from threatgraph.web.views import PATHS as VIEWS

LINKS = Links()
#: A page without an end tag for these elements is well-formed (HTML Living Standard, section 13.1.2).
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
RETIRED = """
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix domain: <https://w3id.org/threatgraph/domain/> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix pattern: <https://w3id.org/threatgraph/pattern/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix tg: <https://w3id.org/threatgraph/ontology#> .

pattern:retired-for-tests a tg:ThreatPattern ;
    skos:prefLabel "<script>alert(1)</script> & more"@en ;
    skos:notation "PAT-TST-901" ;
    skos:definition "\\u062A\\u0639\\u0631\\u064A\\u0641 </script>"@ar ;
    skos:altLabel "\\u05E9\\u05DD"@he ;
    skos:editorialNote "a\\u202Eb" ;
    dcterms:source <javascript:alert(2)>, <https://example.org/?a=1&b=%22> ;
    owl:deprecated true ;
    dcterms:isReplacedBy pattern:goal-drift ;
    tg:domain domain:agentic-autonomous .

<https://w3id.org/threatgraph/pattern/\u98a8> a tg:ThreatPattern ; skos:prefLabel "Wind for tests"@en .
<https://example.org/risks/\u98a8> a tg:ThreatPattern ; skos:prefLabel "Own wind for tests"@en .
<https://example.org/risks#own> a tg:ThreatPattern ; skos:prefLabel "Own risk for tests"@en ;
    skos:related pattern:retired-for-tests .
<https://w3id.org/threatgraph/provision/edition-a/shared-for-tests> a tg:Provision ;
    skos:prefLabel "Shared"@en ; skos:notation "TST 1" .
<https://w3id.org/threatgraph/provision/edition-b/shared-for-tests> a tg:Provision ;
    skos:prefLabel "Shared"@en ; skos:notation "TST 1" .
"""


class Page(HTMLParser):
    """The elements of a page; an end tag that closes another element than the open one is an error."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.data: list[str] = []
        self.feed(content.decode())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        assert len(found) == len(attrs), f"an attribute of <{tag}> is given twice"
        self.tags.append((tag, found))
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag in ("a", "link", "form"):
            self.links.append(str(found.get("href") or found.get("action")))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["script"]:
            self.data.append(data)
        else:
            self.text += data

    def count(self, tag: str) -> int:
        return sum(name == tag for name, _ in self.tags)


#: The order of the page of a list where it is not that of the library.
NEWEST_FIRST = {"incident": "-occurred"}


def check_page(content: bytes) -> Page:
    """A page that a reader and a screen reader can use, without scripts and styles of its own."""
    page = Page(content)
    assert content.startswith(b"<!DOCTYPE html>")
    assert [page.count(tag) for tag in ("h1", "main", "header", "footer")] == [1] * 4
    head = [tag for tag, _ in page.tags]
    assert head[: head.index("body")].count("title") == 1  # drawings have titles too
    assert len(page.ids) == len(set(page.ids))
    assert page.count("style") == page.count("iframe") == page.count("object") == 0
    for tag, attributes in page.tags:
        assert not {"style", *(name for name in attributes if name.startswith("on"))} & attributes.keys()
        if tag == "script" and "src" in attributes:  # a file of the site, which runs after the page is complete
            assert re.search(r"static/[a-z]+-[0-9a-f]{10}\.js$", str(attributes["src"]))
            assert "defer" in attributes or attributes.get("type") == "module"
        elif tag == "script":
            assert attributes == {"type": "application/ld+json"}
        if tag == "th":
            assert attributes["scope"] in ("col", "row")
    for data in page.data:
        json.loads(data)
    labels = [attributes["aria-labelledby"] for _, attributes in page.tags if "aria-labelledby" in attributes]
    assert set(labels) <= set(page.ids)
    assert "#page-content" in page.links
    return page


def parts_of(record: Record) -> Iterator[Record]:
    for values in record.statements.values():
        for value in values:
            if isinstance(value, Record):
                yield value


@pytest.fixture(scope="module")
def paths(graph: ThreatGraph) -> list[str]:
    """The paths of all records."""
    return [
        str(iri).removeprefix(BASE)
        for kind in KINDS
        for iri in list_page(graph.store, kind, columns=["label"]).table.column("record")
    ]


def rendered(graph: ThreatGraph, path: str, form: str) -> Document:
    found = render_record(graph, path, form, LINKS)
    assert found is not None
    return found


def test_every_record_has_a_page_that_shows_its_parts(graph: ThreatGraph, paths: list[str]) -> None:
    assert len(paths) > 2000
    for number, path in enumerate(paths):
        content = rendered(graph, path, "html").content
        if number % 4:
            continue  # only rendered, for speed
        page = check_page(content)
        record = read_record(graph.store, BASE + path)
        fragments = {part.iri.partition("#")[2] for part in parts_of(record)}
        assert fragments <= set(page.ids), path
        assert record.label in page.text, path
        assert BASE + path in page.links


def test_every_record_is_json_and_markdown(graph: ThreatGraph, paths: list[str]) -> None:
    for path in paths[::3]:
        found = json.loads(rendered(graph, path, "json").content)
        assert (found["iri"], found["kind"]) == (BASE + path, path.partition("/")[0])
        assert found["prefLabel"][0] == found["label"]
        assert isinstance(found["inbound"], dict)
        text = rendered(graph, path, "md").content.decode()
        assert text.startswith("# ")
        assert f"<{BASE}{path}>" in text


def test_the_rdf_forms_of_a_record_have_the_same_triples(graph: ThreatGraph, paths: list[str]) -> None:
    for path in (*paths[::150], "pattern/goal-drift", "agent/language-model", "project-pattern"):
        parsed = []
        for form in RDF_FORMS:
            triples = rdflib.Graph().parse(data=rendered(graph, path, form).content, format=MEDIA_TYPES[form])
            parsed.append({tuple(term.n3() for term in triple) for triple in triples})
        assert all(other == parsed[0] for other in parsed), path
        assert any(f"<{BASE}{path}>" == subject for subject, _, _ in parsed[0])


def test_local_links_of_pages_lead_to_documents(graph: ThreatGraph, paths: list[str]) -> None:
    """Every link of a sample of pages: to a record, one of its forms, a part of it, a list, or a page of the server."""
    records, pages = set(paths), {"", "search", "queries", "sparql", "assess", "ontology", "ontology/context.jsonld"}
    pages |= {*KINDS, *VIEWS, *ABOUT, "feed.atom", "void", "dcat", *(f"export/{name}" for name in downloads())}
    pages |= {*(f"static/{file.name}" for file in page_files()), *(f"queries/{name}" for name in graph.queries)}
    contents = [rendered(graph, path, "html").content for path in paths[::40]]
    contents += [render_home(graph, "html", LINKS).content, render_ontology("html", LINKS).content]
    contents += [render_queries(graph, "html", LINKS).content]
    terms = set(Page(render_ontology("html", LINKS).content).ids)
    for content in contents:
        for link in Page(content).links:
            parts = urlsplit(link)
            if parts.scheme or not parts.path:
                assert parts.scheme in ("", "http", "https")
                continue
            path = unquote(parts.path).removeprefix("/")
            stem, _, suffix = path.rpartition(".")
            if parts.fragment and path == "ontology":
                assert parts.fragment in terms, link
            if path in records or path in pages or exists(graph.store, BASE + path):
                continue
            if path.startswith("graph/"):
                assert BASE + path in graph.store.graphs(), link
                continue
            assert suffix in MEDIA_TYPES and (stem in records or stem in pages or stem == "index"), link  # noqa: PT018


def test_a_framework_has_the_tree_of_its_provisions(graph: ThreatGraph) -> None:
    page = Page(rendered(graph, "framework/eu-ai-act-2024-1689", "html").content)
    provisions = graph.list("provision", framework="eu-ai-act-2024-1689").column("record")
    assert {f"/{str(iri).removeprefix(BASE)}" for iri in provisions} <= set(page.links)


def test_records_are_described_for_search_engines(graph: ThreatGraph) -> None:
    def described(path: str) -> dict[str, object]:
        (data,) = Page(rendered(graph, path, "html").content).data
        found: dict[str, object] = json.loads(data)
        return found

    pattern = described("pattern/goal-drift")
    assert (pattern["@type"], pattern["termCode"]) == ("DefinedTerm", "PAT-AGT-003")
    assert pattern["inDefinedTermSet"] == {"@type": "DefinedTermSet", "@id": f"{BASE}pattern", "name": "Patterns"}
    assert described("provision/eu-ai-act-2024-1689/article-14")["@type"] == "Legislation"
    assert described("provision/nist-ai-rmf-1.0/govern-1.1")["@type"] == "CreativeWork"
    incident = described("incident/microsoft-tay")
    assert incident["@type"] == "Article"
    assert incident["about"]["startDate"].startswith("2016-03")  # type: ignore[index]
    (data,) = Page(render_home(graph, "html", LINKS).content).data
    assert {node["@type"] for node in json.loads(data)["@graph"]} == {"Dataset", "DataCatalog"}


def test_links_follow_the_place_of_the_documents() -> None:
    iri = f"{BASE}pattern/goal-drift#mechanism-x"
    assert Links().to(iri) == "/pattern/goal-drift#mechanism-x"
    assert Links("/graph/").to(iri) == "/graph/pattern/goal-drift#mechanism-x"
    assert Links("../", ".html").to(iri) == "../pattern/goal-drift.html#mechanism-x"
    assert Links("../", ".html").page() == "../index.html"
    assert CANONICAL.to(iri) == iri
    assert Links().to("https://example.org/x") == "https://example.org/x"
    assert Links().to("javascript:alert(1)") is None
    assert Links().to(f'{BASE}pattern/a"b') == "/pattern/a%22b"


def test_a_static_site_can_have_relative_links(graph: ThreatGraph) -> None:
    found = render_record(graph, "pattern/goal-drift", "html", Links("../", ".html"))
    assert found is not None
    local = [link for link in Page(found.content).links if not urlsplit(link).scheme and not link.startswith("#")]
    assert all(link.startswith("../") for link in local)
    assert "../domain/agentic-autonomous.html" in local


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("a *b* [c](d)", r"a \*b\* \[c\](d)"),
        ("<script>", r"\<script\>"),
        ("- x\n2. y", "\\- x  \n2\\. y"),
        ("1. x", r"1\. x"),
        ("# x", r"\# x"),
        ("3.5 percent", "3.5 percent"),
        ("a\u202eb", r"a\\u202eb"),
    ],
)
def test_text_in_markdown_is_shown_unchanged(text: str, markdown: str) -> None:
    """A backslash before punctuation is not shown (CommonMark 0.31.2, section 2.4)."""
    assert escaped(text) == markdown


@pytest.mark.parametrize("kind", ["pattern", "incident", "provision", "actor", "severity"])
@pytest.mark.parametrize("form", LIST_FORMS)
def test_lists_have_every_form(graph: ThreatGraph, kind: str, form: str) -> None:
    found = render_list(graph, kind, form, LINKS, [("limit", "3")])
    assert found is not None
    wanted = graph.list(kind, sort=NEWEST_FIRST.get(kind), limit=3).column("record")
    if form == "html":
        assert {f"/{str(iri).removeprefix(BASE)}" for iri in wanted} <= set(check_page(found.content).links)
    elif form == "json":
        answer = json.loads(found.content)
        assert [record["record"] for record in answer["records"]] == wanted
        assert answer["total"] == len(graph.list(kind))
    elif form == "csv":
        rows = list(csv.DictReader(io.StringIO(found.content.decode())))
        assert [row["record"] for row in rows] == wanted
    elif form in RDF_FORMS:
        triples = rdflib.Graph().parse(data=found.content, format=MEDIA_TYPES[form])
        assert {str(iri) for iri in wanted} <= set(map(str, triples.subjects(rdflib.SKOS.prefLabel)))
    else:
        assert found.content.decode().startswith(f"# {KINDS[kind].plural.capitalize()}\n")


def test_pages_of_a_list_together_have_each_record_once(graph: ThreatGraph) -> None:
    records: list[str] = []
    url: str | None = "/incident?limit=100"
    while url:
        given = [tuple(pair.split("=")) for pair in urlsplit(url).query.split("&")]
        found = render_list(graph, "incident", "json", LINKS, given)  # type: ignore[arg-type]
        assert found is not None
        answer = json.loads(found.content)
        records += [record["record"] for record in answer["records"]]
        url = next((link.url for link in found.links if link.relation == "next"), None)
        assert url == answer.get("next")
    assert records == graph.list("incident", sort=NEWEST_FIRST["incident"]).column("record")
    assert render_list(graph, "incident", "json", LINKS, [("page", "9999")]) is None


class Reply(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def media_type(self) -> str:
        return self.headers.get_content_type()


class Client:
    """Sends requests to the server, and follows no redirect."""

    def __init__(self, port: int) -> None:
        self._port = port

    def get(self, path: str, accept: str | None = None, method: str = "GET", **headers: str) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, headers=sent | ({"Accept": accept} if accept else {}))
        response = connection.getresponse()
        return Reply(response.status, response.headers, response.read())


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    """A server with the bundled graph, a retired record, and records of others."""
    file, port = tmp_path_factory.mktemp("data") / "retired.ttl", free_port()
    file.write_text(RETIRED, encoding="utf-8")
    yield from running(port, f"Source(data={[str(file)]!r})")


def running(port: int, source: str) -> Iterator[Client]:
    code = (
        "from threatgraph.server.run import serve; from threatgraph.server.settings import Settings;"
        f"from threatgraph.service import Source; serve({source}, Settings(port={port}, access_log=False))"
    )
    process = subprocess.Popen([sys.executable, "-c", code])
    found, deadline = Client(port), time.monotonic() + 60
    try:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                found.get("/health")
                break
            except OSError:
                time.sleep(0.1)
        yield found
    finally:
        process.terminate()
        process.wait(20)


HTML, JSON, TURTLE = "text/html", "application/json", "text/turtle"


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, HTML),
        ("*/*", HTML),
        ("*/*;q=0.1", HTML),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", HTML),
        ("text/turtle", TURTLE),
        ("application/rdf+xml, text/turtle;q=0.9", "application/rdf+xml"),
        ("text/turtle;q=0.3, application/ld+json;q=0.7, text/html;q=0.2", "application/ld+json"),
        ("text/*;q=0.3, text/plain;q=0.7, text/markdown;q=0.9, */*;q=0.5", "text/markdown"),
        ("application/*", "application/ld+json"),
        ("text/*", HTML),
        ("text/html;q=0, */*", TURTLE),
        ("application/json", JSON),
        ("application/n-triples", "application/n-triples"),
        ("image/png, */*;q=0.01", HTML),
    ],
)
def test_the_form_is_negotiated(client: Client, accept: str | None, media_type: str) -> None:
    reply = client.get("/pattern/goal-drift", accept)
    assert (reply.status, reply.media_type) == (200, media_type)
    assert "Accept" in reply.headers["Vary"]
    own = client.get(reply.headers["Content-Location"])
    assert (own.body, own.media_type) == (reply.body, media_type)


def test_a_form_that_does_not_exist_is_not_acceptable(client: Client) -> None:
    reply = client.get("/pattern/goal-drift", "image/png, application/pdf")
    assert reply.status == 406
    for form in RECORD_FORMS:
        assert MEDIA_TYPES[form].encode() in reply.body
    assert client.get("/pattern/goal-drift", "text/csv").status == 406
    assert client.get("/pattern", "text/csv").media_type == "text/csv"


def test_the_suffix_beats_the_format_and_the_format_beats_accept(client: Client) -> None:
    assert client.get("/pattern/goal-drift.json?format=ttl", HTML).media_type == JSON
    assert client.get("/pattern/goal-drift?format=ttl", HTML).media_type == TURTLE
    assert client.get("/pattern/goal-drift?format=text/turtle", HTML).media_type == TURTLE
    reply = client.get("/pattern/goal-drift?format=tttl")
    assert reply.status == 400
    assert b"'ttl'" in reply.body


def test_a_record_has_signposts(client: Client) -> None:
    reply = client.get("/provision/eu-ai-act-2024-1689/article-14")
    links = re.findall(r'<([^>]*)>; rel="([^"]+)"(?:; type="([^"]+)")?', ", ".join(reply.headers.get_all("Link") or []))
    by_relation: dict[str, list[tuple[str, str]]] = {}
    for url, relation, media_type in links:
        by_relation.setdefault(relation, []).append((url, media_type))
    path = "/provision/eu-ai-act-2024-1689/article-14"
    assert by_relation["cite-as"] == [(f"{BASE}{path[1:]}", "")]
    assert by_relation["describedby"] == [(f"{path}.ttl", TURTLE), (f"{path}.jsonld", "application/ld+json")]
    assert by_relation["collection"] == [("/framework/eu-ai-act-2024-1689", "")]
    assert ("https://schema.org/Legislation", "") in by_relation["type"]
    assert by_relation["license"] == [("https://creativecommons.org/licenses/by/4.0/", "")]
    assert {media_type for _, media_type in by_relation["alternate"]} == {MEDIA_TYPES[form] for form in RECORD_FORMS}
    head = [(link["href"], link["rel"], link.get("type") or "") for tag, link in Page(reply.body).tags if tag == "link"]
    assert set(links) <= {tuple(map(str, link)) for link in head}


def test_an_answer_has_an_entity_tag_for_each_form(client: Client) -> None:
    page, turtle = client.get("/pattern/goal-drift"), client.get("/pattern/goal-drift", TURTLE)
    assert page.headers["ETag"] != turtle.headers["ETag"]
    assert client.get("/pattern/goal-drift", If_None_Match=page.headers["ETag"]).status == 304
    head = client.get("/pattern/goal-drift", method="HEAD")
    assert (head.status, head.body) == (200, b"")


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        ("/pattern/PAT-SYS-005", 301, "/pattern/strategic-misalignment"),
        ("/pattern/pat-sys-005.ttl", 301, "/pattern/strategic-misalignment.ttl"),
        ("/pattern/Goal-Drift.json?x=1", 301, "/pattern/goal-drift.json?x=1"),
        ("/provision/eu-ai-act-2024-1689/Article-14", 301, "/provision/eu-ai-act-2024-1689/article-14"),
        ("/pattern/Strategic%20Misalignment", 302, "/pattern/strategic-misalignment"),
        ("/patterns", 301, "/pattern"),
        ("/patterns.csv?limit=2", 301, "/pattern.csv?limit=2"),
        ("/causal-factors/regulatory-gap", 301, "/causal-factor/regulatory-gap"),
        ("/pattern/", 301, "/pattern"),
        ("//example.org/", 301, "/example.org"),
        ("/pattern/own%20risk%20for%20tests", 303, "https://example.org/risks#own"),
        ("/pattern/own%20wind%20for%20tests", 303, "https://example.org/risks/%E9%A2%A8"),
    ],
)
def test_codes_and_other_spellings_lead_to_the_record(client: Client, path: str, status: int, location: str) -> None:
    reply = client.get(path)
    assert (reply.status, reply.headers["Location"]) == (status, location)


@pytest.mark.parametrize("form", RECORD_FORMS)
def test_what_is_not_found_is_answered_with_similar_names(client: Client, form: str) -> None:
    reply = client.get(f"/pattern/goal-drfit.{form}")
    assert reply.status == 404
    assert b"goal-drift" in reply.body
    if form == "html":
        assert "/pattern/goal-drift" in check_page(reply.body).links
    elif form in ("json", "jsonld"):
        assert reply.media_type == "application/problem+json"
        problem = json.loads(reply.body)
        assert problem["status"] == 404
        assert problem["near"][0]["iri"] == f"{BASE}pattern/goal-drift"
    assert b"graph.list" not in reply.body
    assert b"goal-drift" in client.get(f"/pattern/goal-drfit?format={form}").body


def test_a_record_of_another_kind_is_near(client: Client) -> None:
    for path in ("/incident/goal-drift", "/nothing/goal-drift"):
        reply = client.get(path, "application/json")
        assert reply.status == 404
        assert json.loads(reply.body)["near"][0]["url"] == "/pattern/goal-drift"


def test_an_ambiguous_name_is_answered_with_the_candidates(client: Client) -> None:
    reply = client.get("/provision/shared-for-tests")
    assert reply.status == 300
    candidates = {f"/provision/edition-{edition}/shared-for-tests" for edition in "ab"}
    assert candidates <= set(check_page(reply.body).links)


@pytest.mark.parametrize(
    "path", ["/pattern/%00", "/pattern/a%20%3Cb%3E", "/pattern/%FF", "/x" * 300, "/pattern/..%2F.."]
)
def test_strange_paths_are_not_found(client: Client, path: str) -> None:
    assert client.get(path).status == 404


def test_a_retired_record_keeps_its_page_and_links_to_the_one_that_replaces_it(client: Client) -> None:
    reply = client.get("/pattern/retired-for-tests")
    assert reply.status == 200
    page = check_page(reply.body)
    assert "This record is retired." in page.text
    assert "/pattern/goal-drift" in page.links
    assert b"**This record is retired.**" in client.get("/pattern/retired-for-tests.md").body
    triples = rdflib.Graph().parse(data=client.get("/pattern/retired-for-tests.ttl").body, format="turtle")
    iri = rdflib.URIRef(f"{BASE}pattern/retired-for-tests")
    assert (iri, rdflib.OWL.deprecated, rdflib.Literal(True)) in triples


def test_texts_of_records_are_no_markup(client: Client) -> None:
    body = client.get("/pattern/retired-for-tests").body
    page = check_page(body)
    assert "<script>alert(1)</script> & more" in page.text
    scripts = [attributes for tag, attributes in page.tags if tag == "script"]
    assert [attributes for attributes in scripts if "src" not in attributes] == [{"type": "application/ld+json"}]
    assert not [link for link in page.links if link.startswith("javascript:")]
    assert "javascript:alert(2)" in page.text
    assert "https://example.org/?a=1&b=%22" in page.links
    assert "\u202e" not in body.decode()


def test_texts_in_other_languages_have_their_language_and_direction(client: Client) -> None:
    body = client.get("/pattern/retired-for-tests").body.decode()
    assert re.search(r'<p dir="auto"><span lang="ar">[^<]*</span></p>', body)
    assert '<bdi lang="he">' in body


def test_iris_can_have_letters_of_any_script(client: Client) -> None:
    reply = client.get("/pattern/%E9%A2%A8")
    assert reply.status == 200
    assert "Wind for tests" in check_page(reply.body).text
    assert f"<{BASE}pattern/%E9%A2%A8>" in reply.headers["Link"]
    assert reply.headers["Content-Location"] == "/pattern/%E9%A2%A8.html"


def test_records_with_iris_elsewhere_are_linked_there(client: Client) -> None:
    assert "https://example.org/risks#own" in Page(client.get("/pattern/retired-for-tests").body).links
    assert "https://example.org/risks#own" in Page(client.get("/pattern?limit=1000").body).links


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("severty=high", "severity"),
        ("severity=hgh", "High"),
        ("limit=0", "limit"),
        (f"limit={MOST + 1}", str(MOST)),
        ("page=x", "page"),
        ("since=yesterday", "2024-08-01"),
        ("until=2024-13-01", "2024-08-01"),
        ("page=1&page=2", "once"),
        ("since=2020&since=2021", "once"),
    ],
)
@pytest.mark.parametrize("form", ["html", "json", "csv"])
def test_filters_that_do_not_exist_are_refused(client: Client, query: str, expected: str, form: str) -> None:
    reply = client.get(f"/incident.{form}?{query}")
    assert reply.status == 400
    assert expected.encode() in reply.body


def test_lists_are_filtered(client: Client, graph: ThreatGraph) -> None:
    reply = client.get("/incident.json?severity=critical&severity=high&since=2024&limit=1000&columns=label,occurred")
    answer = json.loads(reply.body)
    wanted = graph.list(
        "incident", severity=["critical", "high"], since="2024", columns=["label", "occurred"], sort="-occurred"
    )
    assert answer["records"] == wanted.to_dicts()
    page = check_page(client.get("/incident?severity=High&limit=1").body)
    chosen = [attributes["value"] for tag, attributes in page.tags if tag == "input" and "checked" in attributes]
    assert chosen == ["high"]
    assert client.get("/incident?page=9999").status == 404


def test_other_documents(client: Client, graph: ThreatGraph) -> None:
    home = check_page(client.get("/").body)
    assert "/pattern" in home.links
    counts: Mapping[str, dict[str, object]] = json.loads(client.get("/?format=json").body)["kinds"]
    assert counts["domain"] == {"count": len(graph.list("domain")), "url": "/domain"}
    assert client.get("/index.md").media_type == "text/markdown"
    assert "ThreatPattern" in check_page(client.get("/ontology").body).ids
    ontologies = [
        set(rdflib.Graph().parse(data=client.get(f"/ontology.{form}").body, format=MEDIA_TYPES[form]))
        for form in RDF_FORMS
    ]
    assert len(ontologies[0]) > 500
    assert all(found == ontologies[0] for found in ontologies)
    assert "@context" in json.loads(client.get("/ontology/context.jsonld").body)
    file = "data/domains/agentic-autonomous.ttl"
    source = (Path(__file__).resolve().parents[1] / file).read_text(encoding="utf-8")
    found = rdflib.Graph().parse(data=client.get(f"/graph/{file}").body, format="turtle")
    assert set(found) == set(rdflib.Graph().parse(data=source, format="turtle"))
    assert client.get("/graph/nothing.ttl").status == 404
    sheet = client.get(f"/static/{static_file('style.css').name}")
    assert sheet.media_type == "text/css"
    assert "immutable" in sheet.headers["Cache-Control"]
    assert client.get("/static/style-0.css").status == 404


def test_named_queries_have_pages_with_a_form_and_results(client: Client, graph: ThreatGraph) -> None:
    page = check_page(client.get("/queries", HTML).body)
    assert {f"/queries/{name}" for name in graph.queries} <= set(page.links)
    data = json.loads(client.get("/queries.json").body)
    assert {query["name"] for query in data["queries"]} == set(graph.queries)
    assert client.get("/queries.md").media_type == "text/markdown"
    for name, query in graph.queries.items():
        page = check_page(client.get(f"/queries/{name}", HTML).body)
        assert query.question in page.text
        named = {attributes.get("name") for tag, attributes in page.tags if tag in ("select", "input")}
        assert {parameter.name for parameter in query.parameters} <= named
    rows = graph.run("patterns-by-cause", cause="regulatory-gap")
    reply = client.get("/queries/patterns-by-cause?cause=regulatory-gap", HTML)
    assert f"{len(rows)} results." in check_page(reply.body).text
    assert b"## Results" in client.get("/queries/patterns-by-cause.md?cause=regulatory-gap").body
    page = Page(reply.body)
    for url in (link for link in page.links if link.startswith("/queries/patterns-by-cause.")):
        assert client.get(url).status == 200
    wrong = client.get("/queries/patterns-by-cause?cause=regulatory-gab", HTML)
    assert wrong.status == 400
    assert "regulatory-gap" in check_page(wrong.body).text
    assert client.get("/queries/patterns-by-cuase", HTML).status == 404


def test_a_graph_without_labels_has_pages(tmp_path: Path) -> None:
    file = tmp_path / "bare.ttl"
    file.write_text(
        f"@prefix tg: <{BASE}ontology#> .\n"
        f"<{BASE}pattern/x> a tg:ThreatPattern ; tg:severity <{BASE}severity/high> .\n"
        f"<{BASE}severity/high> a tg:Severity .\n",
        encoding="ascii",
    )
    served = ServedGraph(Source(data=(str(file),), bundled=False))
    served.prepare(PLAIN)
    assert answers.records(served, "pattern", "html", "/").status == 200
    assert answers.record(served, "pattern/x", "html", "/").status == 200
    assert answers.home(served, "html", "/").status == 200
