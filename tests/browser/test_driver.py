"""The driver of the browser reports what goes wrong on a page."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from browsing import Browser, BrowserError


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A site with a page that goes right, and others that do not."""
    pages = {
        "right": "<h1>Right</h1><button>Press</button>",
        "loud": "<script>console.error('loud')</script>",
        "broken": "<script>nothing()</script>",
        "open": "<img alt='' src='http://127.0.0.1:9/x.png'>",
    }
    for name, content in pages.items():
        (tmp_path / f"{name}.html").write_text(f"<!DOCTYPE html><link rel=icon href=data:,>{content}", encoding="utf-8")
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_a_page_that_goes_right_passes(browser: Browser, address: str) -> None:
    with browser.page(f"{address}right.html") as page:
        page.press("Tab")
        assert page.evaluate("document.activeElement.innerText") == page.text("button") == "Press"


@pytest.mark.parametrize(("name", "problem"), [("loud", "loud"), ("broken", "nothing"), ("open", "another origin")])
def test_errors_and_requests_to_other_origins_fail_the_test(
    browser: Browser, address: str, name: str, problem: str
) -> None:
    with pytest.raises(AssertionError, match=problem), browser.page(f"{address}{name}.html"):
        pass
    with browser.page(f"{address}{name}.html", allow=[problem, "ERR_FAILED"]):
        pass


def test_a_step_that_cannot_be_done_fails_and_the_browser_goes_on(browser: Browser, address: str) -> None:
    with browser.page(f"{address}right.html") as page:
        with pytest.raises(BrowserError, match="Timeout"):
            page.do("click", "#absent", {"timeout": 50})
        assert page.text("h1") == "Right"
