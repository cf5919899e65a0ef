"""The interactive graph of the page around a record: it grows by pointer and keyboard, and is not needed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from browsing import Browser, BrowserPage
from excerpt import open_excerpt
from http_server import serving
from threatgraph.web.site_parts import Site, shared_parts

STATUS = "#explorer [role=status]"
NO_WEBGL = "HTMLCanvasElement.prototype.getContext = () => null"


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with serving("--workers", "2") as running:
        yield running.url


def count(page: BrowserPage) -> int:
    """The number of records in the list of the graph."""
    return len(page.texts("#explorer .nodes li"))


def open_graph(page: BrowserPage) -> None:
    if not page.evaluate("document.createElement('canvas').getContext('webgl2') !== null"):
        pytest.skip("this Chromium has no WebGL")
    page.click("#explorer > p > button")
    page.wait(f"{STATUS}:has-text('added')")


def test_the_graph_replaces_the_drawing_and_grows_by_keyboard(browser: Browser, address: str) -> None:
    with browser.page(f"{address}/explore/pattern/goal-drift") as page:
        page.wait("#drawing svg a")
        open_graph(page)
        page.wait("#drawing", "hidden")
        first = count(page)
        assert first > 10
        page.do("focus", '#explorer button[aria-label="Expand Business Leaders"]')
        page.press("Enter")
        page.wait(f"{STATUS}:has-text('Business Leaders')")
        assert count(page) > first
        page.click("#explorer > p > button")
        page.wait("#drawing svg a")


def test_each_record_in_the_graph_is_a_link_in_its_list(browser: Browser, address: str) -> None:
    with browser.page(f"{address}/explore/pattern/goal-drift") as page:
        open_graph(page)
        links = page.evaluate("[...document.querySelectorAll('#explorer .nodes a')].map(one => one.pathname)")
        assert "/pattern/goal-drift" in links
        assert len(links) == len(set(links)) == count(page)


def test_a_browser_without_webgl_keeps_the_drawing_and_says_so(browser: Browser, address: str) -> None:
    with browser.page(f"{address}/explore/pattern/goal-drift", scripts=[NO_WEBGL]) as page:
        page.wait("#drawing svg a")
        page.wait("#explorer:has-text('no WebGL')")


def test_the_page_needs_no_script(browser: Browser, address: str) -> None:
    with browser.page(f"{address}/explore/pattern/goal-drift", javaScriptEnabled=False) as page:
        page.wait("#drawing svg a")
        page.wait("#explorer", "hidden")


def test_the_graph_of_a_site_of_files_grows_by_records_that_have_pages(browser: Browser, tmp_path: Path) -> None:
    site = Site(open_excerpt([]), None)
    for part in shared_parts(site):
        for name, render in part.files.items():
            if name.startswith(("explore/pattern/", "explore/group/", "static/")):
                file = tmp_path / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(render())
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with browser.page(f"http://127.0.0.1:{server.server_port}/explore/pattern/goal-drift.html") as page:
            open_graph(page)
            kinds = page.texts("#explorer .nodes li:has(button)")
        server.shutdown()
    assert kinds
    assert not [text for text in kinds if "incident" in text]
