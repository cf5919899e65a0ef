"""Every kind of page in a browser: WCAG as far as axe-core can tell, the keyboard, narrow screens, and no scripts."""

from __future__ import annotations

import gzip
import re
import threading
from collections.abc import Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from urllib.parse import quote, urlencode

import pytest

from browsing import Browser, BrowserPage
from excerpt import open_excerpt
from http_server import Running, serving
from test_site import LARGEST_PAGE, SubPath
from threatgraph.web.site import plan

TEXT = "Chatbot of a bank that decides on loans. It rejects applicants automatically, without a person."
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 320, "height": 800}
#: What a response with a status of an error leaves on the console.
ERROR = r"status of 4\d\d"
LARGEST_SCRIPTS = 10_000
"""Bytes of the scripts of the page of a record, compressed."""
RECORDS = (
    "pattern/goal-drift",
    "incident/samsung-chatgpt-data-leak",
    "provision/eu-ai-act-2024-1689/article-26",
    "framework/eu-ai-act-2024-1689",
    "causal-factor/regulatory-gap",
    "group/consumers",
    "domain/agentic-autonomous",
)
#: A page of each template, and of each state that it can be in.
PAGES = (
    "",
    "pattern",
    "pattern?severity=critical&severity=high",
    "pattern?severity=nothing",
    "incident?since=2024&limit=20&page=2",
    "provision?limit=20",
    *RECORDS,
    "search",
    "search?q=deepfake",
    "search?q=deepfake&kind=nothing",
    "queries",
    "queries/patterns-by-cause",
    "queries/patterns-by-cause?cause=regulatory-gap",
    "queries/patterns-by-cause?cause=nothing",
    "sparql",
    "sparql?query=" + quote("SELECT ?x ?label { ?x a tg:Domain ; skos:prefLabel ?label }"),
    "ontology",
    "nothing/here",
    "assess",
    "assess?role=nothing",
    "assess?" + urlencode({"text": TEXT, "role": "deployer", "top": 3}),
    "about",
    "cite",
    "accessibility",
    "views",
    "coverage",
    "coverage/eu-ai-act-2024-1689",
    "crosswalk",
    "crosswalk?from=eu-ai-act-2024-1689&to=nist-ai-rmf-1.0",
    "compare",
    "compare?a=goal-drift&b=strategic-misalignment",
    "causes",
    "timeline",
    "explore",
    "explore?focus=goal-drift",
    "recommend",
    "recommend?node=goal-drift",
)
#: Pages of a site of files that differ from those of a server.
FILES = ("index", "search", "sparql", "assess", "about", "404", "pattern", "pattern/goal-drift", "queries", "views")
#: The element with the focus: what it is, and whether its focus and itself can be seen.
FOCUSED = """
(() => {
  let one = document.activeElement;
  while (one.shadowRoot?.activeElement) one = one.shadowRoot.activeElement;
  const style = getComputedStyle(one), box = one.getBoundingClientRect();
  const ringed = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  const inside = box.right > 0 && box.bottom > 0 && box.left < innerWidth && box.top < innerHeight;
  return {
    tag: one.tagName, text: one.innerText || one.name || "", shown: ringed && inside && box.width > 0,
    skip: one.matches(".skip"), nav: !!one.closest("header nav"), main: !!one.closest("main"),
  };
})()
"""
SIDEWAYS = "document.scrollingElement.scrollWidth > innerWidth"


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Some pages of a site of files."""
    folder = tmp_path_factory.mktemp("site")
    wanted = {f"{name}.html" for name in FILES}
    for part in plan(open_excerpt(), "https://host.example/some/site"):
        for name, render in part.files.items():
            if name in wanted or name.startswith("static/") or name == "search-index.json":
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(render())
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SubPath, directory=str(folder))) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{running.server_port}/some/site/"
        running.shutdown()


@pytest.fixture(scope="module")
def checked(browser: Browser, server: Running) -> Iterator[BrowserPage]:
    """A page for the server that loads axe-core with each document; requests elsewhere fail the last test."""
    with browser.page(f"{server.url}/health", scripts=[browser.axe], allow=[ERROR, r"/favicon\.ico"]) as page:
        yield page


@pytest.fixture(scope="module")
def checked_file(browser: Browser, files: str) -> Iterator[BrowserPage]:
    """The same for a site of files."""
    with browser.page(f"{files}404.html", scripts=[browser.axe]) as page:
        yield page


def check(page: BrowserPage, url: str) -> None:
    """A page conforms in a light, wide window and in a dark, narrow one, where it does not scroll sideways."""
    page.do("setViewportSize", WIDE)
    page.do("emulateMedia", {"colorScheme": "light"})
    page.go(url)
    assert page.violations() == []
    page.do("setViewportSize", NARROW)
    page.do("emulateMedia", {"colorScheme": "dark"})
    assert not page.evaluate(SIDEWAYS)
    assert page.violations() == []


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_a_server_conforms_to_wcag(checked: BrowserPage, server: Running, path: str) -> None:
    check(checked, f"{server.url}/{path}")


@pytest.mark.parametrize("name", FILES)
def test_a_page_of_a_site_of_files_conforms_to_wcag(checked_file: BrowserPage, files: str, name: str) -> None:
    check(checked_file, f"{files}{name}.html")


def test_every_page_is_there_without_scripts(browser: Browser, server: Running) -> None:
    with browser.page(f"{server.url}/", allow=[ERROR], javaScriptEnabled=False) as page:
        for path in PAGES:
            page.go(f"{server.url}/{path}")
            assert page.text("main h1"), path
            assert len(page.text("main")) > 50, path


@pytest.mark.parametrize("path", ["", "pattern/goal-drift", "pattern", "search?q=deepfake", "assess", "explore"])
def test_the_keyboard_reaches_everything_with_a_visible_focus(browser: Browser, server: Running, path: str) -> None:
    with browser.page(f"{server.url}/{path}") as page:
        page.press("Tab")
        first = page.evaluate(FOCUSED)
        assert first["skip"]
        assert first["shown"]
        steps = []
        for _ in range(25):
            page.press("Tab")
            steps.append(page.evaluate(FOCUSED))
        assert any(step["nav"] for step in steps)
        assert any(step["main"] for step in steps)
        assert not [step for step in steps if not step["shown"]]
        page.do("reload")
        page.press("Tab")
        page.press("Enter")
        page.press("Tab")
        assert page.evaluate(FOCUSED)["main"]


def test_back_restores_a_list_and_a_search(browser: Browser, server: Running) -> None:
    with browser.page(f"{server.url}/pattern") as page:
        everything = page.text("p[role=status]")
        page.evaluate("document.querySelector('.facets details:has([name=severity])').open = true")
        page.click(".facets input[name=severity][value=critical]")
        page.click(".facets button")
        page.wait(".chosen")
        assert "severity=critical" in page.evaluate("location.search")
        filtered = page.text("p[role=status]")
        assert filtered != everything
        page.do("goBack")
        assert page.text("p[role=status]") == everything
        page.do("goForward")
        assert page.text("p[role=status]") == filtered
        page.go(f"{server.url}/search")
        page.do("fill", "main input[name=q]", "deepfake")
        page.press("Enter")
        page.wait(".results")
        page.click(".results li:first-child a")
        page.wait("article.record")
        page.do("goBack")
        assert page.do("inputValue", "main input[name=q]") == "deepfake"
        assert page.texts(".results li")


@pytest.mark.parametrize("scripts", [True, False])
def test_a_description_is_assessed_and_back_restores_it(browser: Browser, server: Running, scripts: bool) -> None:
    with browser.page(f"{server.url}/assess", javaScriptEnabled=scripts) as page:
        page.do("fill", "textarea[name=text]", TEXT)
        page.click("summary:has-text('Sector')")
        page.click("input[name=sector][value=finance]")
        page.click(".describe > button")
        page.wait("article.assessment")
        assert page.evaluate("location.href") == f"{server.url}/assess"
        page.click(".question input[name=profiling][value=no]")
        page.click(".again button")
        page.wait("input[name=profiling][value=no]:checked")
        assert page.do("isChecked", "#describe input[name=sector][value=finance]")
        book = page.download(".files button[value=csv]")
        assert book.name == "assessment.csv"
        assert "PAT-" in book.text
        page.go(f"{server.url}/assess?" + urlencode({"text": TEXT, "top": 1}))
        assert page.do("inputValue", "textarea[name=text]") == TEXT


def test_a_profile_is_printed_without_the_forms(browser: Browser, server: Running) -> None:
    """On A4 with margins: the register on pages in landscape, all else in portrait."""
    path = "assess?" + urlencode({"text": TEXT, "top": 1})
    with browser.page(f"{server.url}/{path}", viewport={"width": 1047, "height": 718}) as page:
        page.do("emulateMedia", {"media": "print"})
        for hidden in (".describe", ".files", "header.masthead", ".again"):
            assert not page.do("isVisible", hidden)
        assert page.do("isVisible", "#threats")
        assert page.do("isVisible", "#register")
        assert not page.evaluate(SIDEWAYS)
        page.evaluate("document.querySelector('#register ~ .register').remove()")
        page.do("setViewportSize", {"width": 680, "height": 1000})
        assert not page.evaluate(SIDEWAYS)


@pytest.mark.parametrize("path", RECORDS)
def test_pages_of_records_are_small(server: Running, path: str) -> None:
    page = server.ask(f"/{path}", accept="text/html")
    scripts = [server.ask(url).body for url in re.findall(r'<script src="([^"]+)"', page.text)]
    sheets = [server.ask(url).body for url in re.findall(r'<link rel="stylesheet" href="([^"]+)"', page.text)]
    size = sum(len(gzip.compress(script)) for script in scripts)
    assert 0 < size <= LARGEST_SCRIPTS
    assert len(gzip.compress(page.body)) + size + sum(len(gzip.compress(sheet)) for sheet in sheets) < LARGEST_PAGE
