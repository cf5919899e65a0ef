"""A browser for tests: Chromium, driven with Playwright by one Node process (``tests/browser/driver.js``).

A page fails its test if it sends a request to another origin, or if a script throws or writes an error to the console.
"""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

#: The maximum wait for an element or a navigation, in milliseconds.
TIMEOUT = 15_000


AXE = "node_modules/axe-core/axe.min.js"
_SUMMARY = (
    "({ violations }) => violations.flatMap(({ id, nodes }) => "
    "nodes.map(({ target, failureSummary }) => `${id}: ${target}: ${failureSummary}`))"
)


class BrowserError(AssertionError):
    """A step on a page that failed, such as a click on an element that does not appear."""


class File(NamedTuple):
    """A file that a page offered."""

    name: str
    text: str


class BrowserPage:
    """A page in a browser context of its own, which shares nothing with other pages."""

    def __init__(self, browser: Browser, number: int) -> None:
        self._browser, self._number = browser, number

    def do(self, method: str, *given: Any) -> Any:
        """Call a method of Playwright's `Page`, such as ``click`` or ``keyboard.press``.

        Args:
            method: its name, after the name of the object of the page that has it.
            given: its arguments.

        Returns:
            What it returns, if that is JSON; bytes are in Base64.
        """
        return self._browser.send(action="call", page=self._number, method=method, given=given)

    def go(self, url: str) -> None:
        """Go to a URL."""
        self.do("goto", url)

    def click(self, selector: str) -> None:
        """Click on the only element that matches."""
        self.do("click", selector, {"strict": True})

    def press(self, key: str) -> None:
        """Press a key, such as ``Tab`` or ``Control+Enter``."""
        self.do("keyboard.press", key)

    def type(self, text: str) -> None:
        """Type a text into the element that has the focus."""
        self.do("keyboard.type", text)

    def text(self, selector: str) -> str:
        """The text of the first element that matches, as it is shown."""
        return str(self.do("innerText", selector))

    def texts(self, selector: str) -> list[str]:
        """The text of all elements that match."""
        found: list[str] = self.evaluate(f"[...document.querySelectorAll({selector!r})].map(one => one.innerText)")
        return found

    def wait(self, selector: str, state: str = "visible") -> None:
        """Wait until an element is ``visible``, ``hidden``, ``attached`` or ``detached``."""
        self.do("waitForSelector", selector, {"state": state})

    def wait_for(self, expression: str) -> None:
        """Wait until an expression of JavaScript is true; Playwright's own wait needs what our policy forbids."""
        end = time.monotonic() + TIMEOUT / 1000
        while not self.evaluate(expression):
            if time.monotonic() > end:
                raise BrowserError(f"{expression} does not become true")
            time.sleep(0.05)

    def evaluate(self, expression: str) -> Any:
        """The value of an expression of JavaScript."""
        return self.do("evaluate", expression)

    def violations(self, *without: str) -> list[str]:
        """What axe-core finds against WCAG 2.2 AA and its best practices.

        Args:
            without: the rules to leave out.
        """
        if not self.evaluate("'axe' in window"):
            self.evaluate(f"{self._browser.axe};0")
        rules = {rule: {"enabled": False} for rule in without}
        tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
        options = json.dumps({"runOnly": tags, "rules": rules, "resultTypes": ["violations"]})
        found: list[str] = self.evaluate(f"axe.run(document, {options}).then({_SUMMARY})")
        return found

    def slow(self, times: int) -> None:
        """Slow the processor of the page down, as on a phone."""
        self._browser.send(action="slow", page=self._number, times=times)

    def download(self, selector: str) -> File:
        """Click on an element, and return the file that it offers."""
        return File(**self._browser.send(action="download", page=self._number, selector=selector))


class Browser:
    """A running Chromium; see :func:`running_browser`."""

    def __init__(self, process: subprocess.Popen[str], folder: Path) -> None:
        self._process, self._numbers, self.folder = process, count(), folder

    @property
    def axe(self) -> str:
        """The script of axe-core, for pages that load it themselves."""
        return (self.folder / AXE).read_text(encoding="utf-8")

    def send(self, **command: Any) -> Any:
        """Send a command to the driver and return the value of its answer."""
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the driver of the browser has ended"
        reply = json.loads(line)
        if "error" in reply:
            raise BrowserError(reply["error"])
        return reply["value"]

    @contextmanager
    def page(
        self,
        url: str,
        *,
        allow: Sequence[str] = (),
        scripts: Sequence[str] = (),
        **options: Any,
    ) -> Iterator[BrowserPage]:
        """Open a page, and check in the end that nothing went wrong on it.

        Args:
            url: its URL; requests to other origins are blocked, and fail the test.
            allow: regular expressions of errors that are expected, such as of a response with status 400.
            scripts: scripts that run before those of the page.
            options: of Playwright's `newContext`, such as ``javaScriptEnabled=False`` or ``colorScheme="dark"``.
        """
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}"
        number = next(self._numbers)
        self.send(action="open", page=number, options=options, origin=origin, scripts=scripts, timeout=TIMEOUT)
        page = BrowserPage(self, number)
        try:
            page.go(url)
            yield page
        finally:
            problems = self.send(action="close", page=number)
        unexpected = [one for one in problems if not any(re.search(pattern, one) for pattern in allow)]
        assert not unexpected, "\n".join(unexpected)


@contextmanager
def running_browser(folder: Path, executable: str, *flags: str) -> Iterator[Browser]:
    """Start Chromium, and end it in the end.

    Args:
        folder: a copy of ``tests/browser`` with its packages installed.
        executable: the path of Chromium.
        flags: further flags of Chromium.
    """
    command = ["node", "driver.js", executable, *flags]
    process = subprocess.Popen(
        command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    try:
        yield Browser(process, folder)
    finally:
        assert process.stdin
        process.stdin.close()  # the driver closes Chromium, and ends
        try:
            process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
