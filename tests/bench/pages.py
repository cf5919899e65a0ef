"""Measures pages of ``threatgraph serve`` in Chromium with a slow processor: python tests/bench/pages.py [--slower 4]

For each page, its size with gzip, the size of its scripts and styles, and the time of the largest contentful paint
(https://www.w3.org/TR/largest-contentful-paint/): the median of several visits, each with an empty cache. The server
has answered each page before, so that its own computation is not part of the time.
"""

from __future__ import annotations

import argparse
import gzip
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).parents[1]
sys.path.append(str(TESTS))  # for the browser and the server of the tests

from browsing import Browser, running_browser  # noqa: E402
from http_server import Running, serving  # noqa: E402

PATHS = (
    "",
    "pattern",
    "incident",
    "pattern/goal-drift",
    "framework/eu-ai-act-2024-1689",
    "search?q=deepfake",
    "queries",
    "sparql",
    "assess",
    "assess?text=chatbot+that+ranks+job+applicants",
    "coverage",
    "explore?focus=goal-drift",
)
ROUNDS = 5
#: Set once the browser has painted, and again if something larger is painted later.
_OBSERVE = """
new PerformanceObserver((list) => { for (const one of list.getEntries()) window.painted = one.startTime; })
  .observe({ type: "largest-contentful-paint", buffered: true });
"""
_SETTLE = 300
"""Milliseconds after the load in which a page may paint something larger."""


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description="Measure the largest contentful paint and the size of pages.")
    parser.add_argument("--slower", type=int, default=4, help="how many times slower the processor is (default: 4)")
    slower = parser.parse_args().slower
    executable = shutil.which("chromium") or shutil.which("google-chrome")
    if executable is None:
        raise SystemExit("Chromium is not installed")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "browser"
        shutil.copytree(TESTS / "browser", folder, ignore=shutil.ignore_patterns("node_modules"))
        subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True)
        with serving() as server, running_browser(folder, executable) as browser:
            print(f"{'page':<50} {'gzip':>7} {'scripts':>7} {'styles':>7} {'paint':>8}")
            for path in PATHS:
                sizes = [f"{size / 1000:.1f}" for size in measure_sizes(server, path)]
                paint = statistics.median(measure_paint(browser, server, path, slower) for _ in range(ROUNDS))
                print(f"/{path:<49} {sizes[0]:>7} {sizes[1]:>7} {sizes[2]:>7} {paint:>6.0f}ms")


def measure_sizes(server: Running, path: str) -> tuple[int, int, int]:
    """Return the compressed sizes of a page, of its scripts and of its styles in bytes."""
    page = server.ask(f"/{path}", accept="text/html")
    scripts = re.findall(r'<script src="([^"]+)"', page.text)
    styles = re.findall(r'<link rel="stylesheet" href="([^"]+)"', page.text)
    loaded = [sum(len(gzip.compress(server.ask(url).body)) for url in urls) for urls in (scripts, styles)]
    return len(gzip.compress(page.body)), loaded[0], loaded[1]


def measure_paint(browser: Browser, server: Running, path: str, slower: int) -> float:
    """Return the time of the largest contentful paint of a page in milliseconds."""
    with browser.page(f"{server.url}/health", scripts=[_OBSERVE], allow=["favicon"]) as page:
        page.slow(slower)
        page.go(f"{server.url}/{path}")
        page.do("waitForTimeout", _SETTLE)
        return float(page.evaluate("window.painted"))


if __name__ == "__main__":
    main()
