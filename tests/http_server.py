"""Starts ``threatgraph serve`` on loopback for the tests, and sends it requests that no library would send."""

from __future__ import annotations

import http.client
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, Queue
from urllib.parse import urlsplit


@dataclass
class Reply:
    """A response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def kind(self) -> str:
        """The media type without parameters."""
        return self.headers.get("content-type", "").partition(";")[0]


@dataclass
class Running:
    """A server that runs."""

    process: subprocess.Popen[str]
    url: str
    lines: Queue[str] = field(repr=False)
    """The lines of its standard error."""

    @property
    def port(self) -> int:
        return int(urlsplit(self.url).port or 0)

    def ask(self, path: str, method: str = "GET", body: bytes | None = None, /, **headers: str) -> Reply:
        """Send one request; names of headers have underscores for hyphens."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            sent = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, sent)
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, found, response.read())
        finally:
            connection.close()

    def send(self, content: bytes, *, wait: float = 30, pieces: int = 1) -> bytes:
        """Send raw bytes on a connection of its own, and return all that comes back until it is closed."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=wait) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            size = -(-len(content) // pieces)
            for start in range(0, len(content), size):
                time.sleep(0.02 * (start > 0))  # so that each piece arrives by itself
                connection.sendall(content[start : start + size])
            parts = []
            while part := connection.recv(65_536):
                parts.append(part)
            return b"".join(parts)

    def says(self, pattern: str, wait: float = 30) -> str:
        """Wait for a line of standard error."""
        while True:
            try:
                line = self.lines.get(timeout=wait)
            except Empty:
                raise AssertionError(f"the server does not say {pattern!r}") from None
            if re.search(pattern, line):
                return line

    def stop(self, with_signal: int = signal.SIGTERM, wait: float = 30) -> int:
        """Stop the server and return its exit status."""
        self.process.send_signal(with_signal)
        return self.process.wait(timeout=wait)


@contextmanager
def serving(*words: str, env: Mapping[str, str] | None = None) -> Iterator[Running]:
    """Start the server on a free port, and end it in the end."""
    command = [sys.executable, "-m", "threatgraph", "serve", "--port", "0", *words]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, encoding="utf-8", env=env)
    lines: Queue[str] = Queue()

    def read() -> None:
        assert process.stderr is not None
        for line in process.stderr:
            lines.put(line)

    threading.Thread(target=read, daemon=True).start()
    running = Running(process, "", lines)
    try:
        started = running.says(r"serving the graph|error")
        found = re.findall(r"http://\S+:\d+", started)
        assert found, started
        running.url = found[-1]
        yield running
    finally:
        process.kill()
        process.wait()
