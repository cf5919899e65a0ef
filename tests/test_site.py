"""A site of files: all links lead to files, builds are reproducible, and only files of the site are touched."""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit
from urllib.request import urlopen
from xml.etree import ElementTree

import pytest
import rdflib
from rdflib.compare import to_isomorphic

from command_line import run
from excerpt import open_excerpt
from test_web import RETIRED, Page
from threatgraph import ThreatGraph, ThreatGraphError, ThreatGraphWarning
from threatgraph.publishing.pages import record_paths
from threatgraph.vocab import BASE, KINDS
from threatgraph.web.file_pages import INDEX_NAME
from threatgraph.web.links import Links
from threatgraph.web.records import render_record
from threatgraph.web.site import SiteResult, build, plan
from threatgraph.web.site_folder import MANIFEST, SiteFolder, is_safe
from threatgraph.web.static_files import page_files, static_file

#: The host of a site that is in a folder of it.
BASE_URL = "https://host.example/some/site"
LARGEST_PAGE = 60_000
#: Attributes that make a browser send a request while it shows a page.
LOADED = {("script", "src"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("video", "src"), ("object", "data")}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with markup, right-to-left text and names that URLs escape."""
    file = tmp_path_factory.mktemp("own") / "own.ttl"
    file.write_text(RETIRED, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def part(own: Path) -> ThreatGraph:
    """A part of the bundled graph, and records of our own."""
    return open_excerpt([own])


@pytest.fixture(scope="module")
def site(part: ThreatGraph, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site") / "public"
    build(part, folder, base_url=BASE_URL)
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> Mapping[str, Page]:
    """The HTML of the site by the name of its file; reading it checks that elements are nested."""
    return {file.relative_to(site).as_posix(): Page(file.read_bytes()) for file in sorted(site.rglob("*.html"))}


def files(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def local_links(page: Page) -> Iterator[str]:
    """The links of a page, but for those to other sites and to the canonical IRIs of records."""
    for link in page.links:
        if not re.match(r"[a-z]+:", link):
            yield link


def test_every_link_leads_to_a_file_and_to_an_element_of_it(pages: Mapping[str, Page], site: Path) -> None:
    names = set(files(site))
    missing = []
    for name, page in pages.items():
        at = urljoin("/some/site/", name)
        for link in local_links(page):
            target = urlsplit(urljoin(at, link))
            found = unquote(target.path).removeprefix("/some/site/")
            fragment = unquote(target.fragment)
            is_anchor = not fragment or found not in pages or fragment in pages[found].ids
            is_anchor |= found == "sparql.html" and fragment.startswith("query=")  # which the editor shows
            if found not in names or not is_anchor:
                missing.append((name, link))
    assert not missing, missing[:20]
    assert sum(len(page.links) for page in pages.values()) > 10_000


def test_links_of_markdown_lead_to_files(site: Path) -> None:
    names = set(files(site))
    for file in site.rglob("*.md"):
        name = file.relative_to(site).as_posix()
        for link in re.findall(r"(?<!\\)\]\(<(?!https?:)([^>]*)>\)", file.read_text(encoding="utf-8")):
            assert unquote(urlsplit(urljoin(f"/{name}", link)).path)[1:] in names, (name, link)


def test_pages_are_small_and_send_no_request_to_other_sites(pages: Mapping[str, Page], site: Path) -> None:
    for name, page in pages.items():
        assert len(gzip.compress((site / name).read_bytes())) < LARGEST_PAGE, name
        for tag, attributes in page.tags:
            loaded = [value for key, value in attributes.items() if (tag, key) in LOADED and value]
            if tag == "link" and attributes["rel"] == "stylesheet":
                loaded.append(str(attributes["href"]))
            assert not [url for url in loaded if urlsplit(url).scheme or url.startswith("//")], (name, tag)
            assert not {"style", *(key for key in attributes if key.startswith("on"))} & attributes.keys()
        is_query_page = name == "sparql.html"
        [policy] = [value["content"] for tag, value in page.tags if tag == "meta" and "http-equiv" in value]
        assert "default-src 'none'" in str(policy)
        assert ("wasm-unsafe-eval" in str(policy)) == ("worker-src" in str(policy)) == is_query_page
    for name, content in files(site).items():
        if name.endswith(".css"):
            assert b"url(" not in content
            assert b"@import" not in content


class SubPath(SimpleHTTPRequestHandler):
    """Serves a folder below ``/some/site/``, and nothing else."""

    def translate_path(self, path: str) -> str:
        _, found, rest = path.partition("/some/site/")
        return super().translate_path(f"/{rest}" if found else "/nowhere")

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SubPath, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/some/site/"
    server.shutdown()
    server.server_close()


def test_a_crawler_finds_all_pages_below_a_path_of_a_host(address: str, pages: Mapping[str, Page]) -> None:
    waiting, seen = [f"{address}index.html"], set()
    while waiting:
        url = waiting.pop()
        if url in seen:
            continue
        seen.add(url)
        assert url.startswith(address)
        with urlopen(url, timeout=30) as response:
            content = response.read()
            if response.headers.get_content_type() == "text/html":
                waiting += [urljoin(url, link).partition("#")[0] for link in local_links(Page(content))]
    found = {unquote(url.removeprefix(address)) for url in seen}
    unlinked = {name for name in pages.keys() - found if "/" not in name or name.startswith("queries/")}
    assert unlinked == {"404.html"}


def test_the_page_for_what_is_not_found_works_at_every_path(site: Path, pages: Mapping[str, Page]) -> None:
    names = set(files(site))
    for link in local_links(pages["404.html"]):
        assert link.startswith(("/some/site/", "#"))
        assert link.startswith("#") or unquote(link.removeprefix("/some/site/")) in names


def test_rdf_files_have_the_triples_of_the_server(part: ThreatGraph, site: Path) -> None:
    paths = (
        "pattern/goal-drift",
        "pattern/retired-for-tests",
        "pattern/\u98a8",
        "domain/agentic-autonomous",
        "agent/maintainers",
    )
    for path in paths:
        for form, parser in (("ttl", "turtle"), ("jsonld", "json-ld")):
            served = render_record(part, path, form, Links())
            assert served is not None
            content = (site / f"{path}.{form}").read_bytes()
            assert content == served.content
            found = rdflib.Graph().parse(data=content, format=parser)
            triples = render_record(part, path, "nt", Links())
            assert triples is not None
            assert to_isomorphic(found) == to_isomorphic(rdflib.Graph().parse(data=triples.content, format="nt"))


def test_each_record_has_its_forms(part: ThreatGraph, site: Path) -> None:
    for path in record_paths(part.store):
        for form in ("html", "ttl", "jsonld", "json", "md") if path != "ontology" else ("html", "ttl", "jsonld"):
            assert (site / f"{path}.{form}").is_file(), path


def test_all_rdf_files_can_be_parsed(site: Path) -> None:
    from pyoxigraph import RdfFormat, parse

    for form, parser in (("ttl", RdfFormat.TURTLE), ("jsonld", RdfFormat.JSON_LD)):
        for file in site.rglob(f"*.{form}"):
            if file.name != "context.jsonld":
                assert any(True for _ in parse(path=str(file), format=parser)), file


def test_markup_in_a_record_is_text(site: Path, pages: Mapping[str, Page]) -> None:
    page = pages["pattern/retired-for-tests.html"]
    assert "<script>alert(1)</script> & more" in page.text
    assert {"lang": "ar"}.items() <= next(a for tag, a in page.tags if a.get("lang") == "ar").items()
    scripts = [attributes for tag, attributes in page.tags if tag == "script"]
    assert [one for one in scripts if "src" not in one] == [{"type": "application/ld+json"}]
    assert not [link for link in page.links if link.startswith("javascript:")]
    assert b"<script>alert" not in (site / "pattern.html").read_bytes()


def test_lists_have_all_records(part: ThreatGraph, site: Path) -> None:
    for kind in ("pattern", "provision"):
        total = len(part.list(kind))
        listed = json.loads((site / f"{kind}.json").read_bytes())
        assert listed["total"] == len(listed["records"]) == total
        first = [site / f"{kind}.html"]
        rows = [Page(file.read_bytes()).count("tr") - 1 for file in first + sorted(site.glob(f"{kind}.page-*.html"))]
        assert sum(rows) == total
        assert Page(first[0].read_bytes()).count("form") == 1  # the search of every page; files cannot be filtered


def test_queries_have_results_unless_a_parameter_is_required(part: ThreatGraph, pages: Mapping[str, Page]) -> None:
    for query in part.queries.values():
        page = pages[f"queries/{query.name}.html"]
        assert query.question in page.text
        assert page.count("form") == 1  # the search of every page
        needs = any(one.default is None for one in query.parameters)
        assert ("threatgraph run" in page.text) == bool(query.parameters)
        assert ("so it has no results here" in page.text) == needs
        assert any(link.endswith(".csv") for link in page.links) != needs


def test_there_is_no_endpoint_and_nothing_mentions_one(
    site: Path, part: ThreatGraph, pages: Mapping[str, Page]
) -> None:
    assert "has no SPARQL endpoint" in pages["sparql.html"].text
    [example] = re.findall(r"threatgraph query '(.+)'", pages["sparql.html"].text)
    assert part.query(example) is not None
    for name in ("void.ttl", "dcat.ttl", "llms.txt", "index.json", "index.md"):
        content = (site / name).read_text(encoding="utf-8")
        assert "/sparql" not in content
        assert "openapi" not in content
    assert rdflib.Graph().parse(site / "void.ttl")
    assert rdflib.Graph().parse(site / "dcat.ttl")


def test_absolute_addresses_lead_to_files(site: Path) -> None:
    names = set(files(site))
    for name in ("sitemap.xml", "feed.atom", "llms.txt", "llms-full.txt", "robots.txt", "void.ttl", "dcat.ttl"):
        text = (site / name).read_text(encoding="utf-8")
        urls = set(re.findall(rf"{re.escape(BASE_URL)}/([^\s<>\"')#]*)", text)) - {""}
        assert urls, name
        assert {unquote(url) for url in urls} <= names, (name, {unquote(url) for url in urls} - names)
    ElementTree.fromstring((site / "feed.atom").read_bytes())
    assert "Disallow: /some/site/export/" in (site / "robots.txt").read_text(encoding="utf-8")


def test_the_search_index_has_the_records_and_the_script_is_our_own(part: ThreatGraph, site: Path) -> None:
    index = json.loads((site / INDEX_NAME).read_bytes())
    found = {path: (code, label) for path, _, code, label, _, _ in index["records"]}
    assert found["pattern/goal-drift"] == ("PAT-AGT-003", "Goal Drift")
    assert len(found) == sum(str(iri).startswith(BASE) for kind in KINDS for iri in part.list(kind).column("record"))
    for path in found:
        assert (site / f"{path}.html").is_file()
    for file in (*page_files(), static_file("search.js")):
        assert (site / "static" / file.name).read_bytes() == file.content
        assert not file.name.endswith(".js") or len(file.content) <= 10_000
        assert not re.search(rb"https?://(?!www\.w3\.org)|innerHTML|eval|document\.write", file.content)


def test_the_search_page_says_what_to_do_without_a_script(pages: Mapping[str, Page]) -> None:
    page = pages["search.html"]
    assert page.count("noscript") == 1
    assert "./pattern.html" in page.links


def test_a_second_build_has_the_same_bytes_and_writes_nothing(own: Path, site: Path, tmp_path: Path) -> None:
    """A process with another hash seed, which orders sets differently."""
    again = tmp_path / "again"
    code = (
        "import sys; sys.path.insert(0, 'tests'); from pathlib import Path; from excerpt import open_excerpt;"
        "from threatgraph.web.site import build;"
        f"build(open_excerpt([Path({str(own)!r})]), Path({str(again)!r}), base_url={BASE_URL!r}, processes=1)"
    )
    root = Path(__file__).resolve().parents[1]
    environment = {**os.environ, "PYTHONHASHSEED": "7", "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", code], check=True, timeout=600, cwd=root, env=environment)
    assert files(again) == files(site)


@pytest.fixture
def small(tmp_path: Path) -> ThreatGraph:
    """A graph of our own records alone."""
    file = tmp_path / "a.ttl"
    file.write_text(RETIRED, encoding="utf-8")
    return ThreatGraph.open([file], bundled=False)


@pytest.fixture
def smaller(tmp_path: Path) -> ThreatGraph:
    """The same graph without one of the records."""
    file = tmp_path / "b.ttl"
    end = RETIRED.index("<https://w3id.org/threatgraph/provision/edition-b")
    file.write_text(RETIRED[:end], encoding="utf-8")
    return ThreatGraph.open([file], bundled=False)


def times(folder: Path) -> dict[str, int]:
    return {file.as_posix(): file.stat().st_mtime_ns for file in folder.rglob("*") if file.is_file()}


def test_a_file_that_does_not_change_is_not_written(small: ThreatGraph, tmp_path: Path) -> None:
    first = build(small, tmp_path / "site")
    before = times(tmp_path / "site")
    assert first.written == first.files == len(before) - 1  # the manifest is not counted
    assert build(small, tmp_path / "site") == SiteResult(first.files, 0, 0, first.size)
    assert times(tmp_path / "site") == before


def test_files_of_a_removed_record_are_removed_and_others_stay(
    small: ThreatGraph, smaller: ThreatGraph, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    build(small, site)
    (site / "CNAME").write_text("graph.example", encoding="utf-8")
    (site / "provision" / "edition-b" / "notes.txt").write_text("mine", encoding="utf-8")
    assert (site / "provision/edition-b/shared-for-tests.html").is_file()
    assert build(smaller, site).removed == 5
    assert [file.name for file in (site / "provision" / "edition-b").iterdir()] == ["notes.txt"]
    (site / "provision" / "edition-b" / "notes.txt").unlink()
    (site / "provision" / "edition-b").rmdir()
    assert (site / "CNAME").is_file()
    build(smaller, tmp_path / "fresh")
    (site / "CNAME").unlink()
    assert files(site) == files(tmp_path / "fresh")


def test_an_empty_folder_of_removed_records_is_removed(
    small: ThreatGraph, smaller: ThreatGraph, tmp_path: Path
) -> None:
    build(small, tmp_path / "site")
    build(smaller, tmp_path / "site")
    assert not (tmp_path / "site/provision/edition-b").exists()
    assert (tmp_path / "site/provision/edition-a").is_dir()


def test_a_folder_with_other_files_is_refused(small: ThreatGraph, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "index.html").write_text("mine", encoding="utf-8")
    with pytest.raises(ThreatGraphError, match="is not empty and is not a site of threatgraph"):
        build(small, tmp_path / "mine")
    assert files(tmp_path / "mine") == {"index.html": b"mine"}
    with pytest.raises(ThreatGraphError, match="is not a folder"):
        build(small, tmp_path / "mine" / "index.html")
    (tmp_path / "empty").mkdir()
    assert build(small, tmp_path / "empty").files


def test_a_file_of_others_is_never_replaced(small: ThreatGraph, smaller: ThreatGraph, tmp_path: Path) -> None:
    build(smaller, tmp_path / "site")
    mine = tmp_path / "site" / "provision" / "edition-b" / "shared-for-tests.html"
    mine.parent.mkdir()
    mine.write_text("mine", encoding="utf-8")
    before = files(tmp_path / "site")
    with pytest.raises(ThreatGraphError, match="exists and is not part of the site"):
        build(small, tmp_path / "site")
    assert files(tmp_path / "site") == before


@pytest.mark.parametrize(
    "content", ["", "[]", '{"files": 1}', '{"files": ["../a"]}', '{"files": ["/etc/a"]}', '{"files": [1]}']
)
def test_a_manifest_that_is_not_ours_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_text(content, encoding="utf-8")
    with pytest.raises(ThreatGraphError, match="is not a list of files"):
        SiteFolder(tmp_path)


def test_an_interrupted_build_is_continued(small: ThreatGraph, tmp_path: Path) -> None:
    """All names are in the manifest before the first file is written."""
    folder, parts = SiteFolder(tmp_path / "site"), plan(small)
    folder.begin([name for part in parts for name in part.files])
    folder.write("index.html", b"incomplete")
    build(small, tmp_path / "site")
    build(small, tmp_path / "fresh")
    assert files(tmp_path / "site") == files(tmp_path / "fresh")


@pytest.mark.parametrize("name", ["../a", "/a", "a//b", "a/./b", "a\\b", "a\nb", "C:/a", "a" * 300, ""])
def test_a_name_that_is_not_safe(name: str) -> None:
    assert not is_safe(name)


def test_a_record_with_the_name_of_another_file_is_left_out(tmp_path: Path) -> None:
    file = tmp_path / "a.ttl"
    paths = ("index", "search", "pattern/a", "pattern/a.html/b", "pattern/..%2fx", "x\\\\u005Cy")
    file.write_text(
        "".join(f'<{BASE}{path}> <http://www.w3.org/2000/01/rdf-schema#label> "x" .\n' for path in paths[:5]),
        encoding="utf-8",
    )
    graph = ThreatGraph.open([file], bundled=False)
    with pytest.warns(ThreatGraphWarning, match="left out") as warned:
        result = build(graph, tmp_path / "site")
    assert [str(one.message).partition(" ")[0] for one in warned] == [
        "index.html",
        "pattern/a.html/b.html",
        "search.html",
    ]
    assert b"<h1>A knowledge graph of AI threats</h1>" in (tmp_path / "site/index.html").read_bytes()
    assert (tmp_path / "site/pattern/..%2fx.html").is_file()
    assert result.files == len(files(tmp_path / "site")) - 1


def test_a_form_that_cannot_represent_a_value_is_left_out(tmp_path: Path) -> None:
    """XML has no character U+0001 (XML 1.0, section 2.2)."""
    file = tmp_path / "a.ttl"
    file.write_text(
        f'{RETIRED}\npattern:control a tg:ThreatPattern ; skos:prefLabel "a\\u0001b"@en .', encoding="utf-8"
    )
    graph = ThreatGraph.open([file], bundled=False)
    with pytest.warns(ThreatGraphWarning, match="is left out: ") as warned:
        build(graph, tmp_path / "site", processes=1)
    left_out = {str(one.message).partition(" ")[0] for one in warned}
    assert "export/graph.rdf" in left_out
    assert not left_out & files(tmp_path / "site").keys()
    assert (tmp_path / "site/pattern/control.ttl").is_file()
    assert not left_out & set(json.loads((tmp_path / "site" / MANIFEST).read_bytes())["files"])


def test_without_a_base_url_addresses_are_those_of_the_iris(small: ThreatGraph, tmp_path: Path) -> None:
    build(small, tmp_path / "site")
    text = (tmp_path / "site/sitemap.xml").read_text(encoding="utf-8")
    assert f"{BASE}pattern/retired-for-tests.html" in text
    assert "./index.html" in Page((tmp_path / "site/404.html").read_bytes()).links


def test_the_command(tmp_path: Path) -> None:
    own = tmp_path / "a.ttl"
    own.write_text(RETIRED, encoding="utf-8")
    words = ("site", "--no-bundled", "--data", str(own))
    status, out, err = run(*words, "-o", str(tmp_path / "site"), "--base-url", f"{BASE_URL}/")
    assert (status, out) == (0, "")
    assert re.search(r"site has [\d,]+ files with \d+ MB: [\d,]+ written, 0 unchanged, 0 removed\.", err)
    assert f"{BASE_URL}/sitemap.xml" in (tmp_path / "site/robots.txt").read_text(encoding="utf-8")
    assert run(*words)[0] == 2
    assert "requires --output DIR" in run(*words)[2]
    assert run(*words, "-o", str(tmp_path))[0] == 2
    assert "is not empty" in run(*words, "-o", str(tmp_path))[2]
    assert run(*words, "-o", "x", "--base-url", "example.org")[0] == 2


@pytest.mark.skipif(shutil.which("node") is None, reason="Node.js is not installed")
@pytest.mark.parametrize("name", ["search.js", "page.js"])
def test_a_script_is_valid(name: str) -> None:
    done = subprocess.run(
        ["node", "--check", "-"], input=static_file(name).content, capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
