"""Starts servers for the benchmarks, on a core of their own where possible, and measures their processes."""

from __future__ import annotations

import http.client
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

sys.path.append(str(Path(__file__).parents[1]))  # for the servers of the tests
from servers import free_port

_CORES = sorted(os.sched_getaffinity(0))
_PINNED = len(_CORES) > 1 and shutil.which("taskset") is not None
_PATIENCE = 60.0


def on_core(number: int) -> list[str]:
    """The beginning of a command that runs on one core: 0 for servers, 1 for clients; empty on a single core."""
    return ["taskset", "-c", str(_CORES[number])] if _PINNED else []


class Server(NamedTuple):
    """A server that runs."""

    process: subprocess.Popen[bytes]
    port: int
    started: float
    """Seconds until its first answer."""

    def ask(
        self, path: str, body: bytes | None = None, timeout: float = _PATIENCE, **headers: str
    ) -> tuple[int, bytes]:
        """Send one request on a connection of its own, and return the status and the content.

        Raises:
            OSError: if there is no answer.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            fields = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request("GET" if body is None else "POST", path, body, fields)
            response = connection.getresponse()
            return response.status, response.read()
        except http.client.HTTPException as error:
            raise ConnectionError(str(error)) from error
        finally:
            connection.close()

    def tree(self) -> list[int]:
        """The process and all its descendants."""
        found = [self.process.pid]
        for number in found:
            found += children(number)
        return found

    def memory(self) -> float:
        """The proportional set size (PSS) of all processes in MB, which counts a shared page once."""
        return sum(_pss(number) for number in self.tree()) / 1000

    def descriptors(self) -> int:
        """The open files and sockets of the first process."""
        return sum(1 for _ in Path(f"/proc/{self.process.pid}/fd").iterdir())


def children(number: int) -> list[int]:
    """The processes that any thread of a process has started."""
    found: list[int] = []
    with suppress(OSError):  # it has ended
        for thread in Path(f"/proc/{number}/task").iterdir():
            found += map(int, (thread / "children").read_text("ascii").split())
    return found


def _pss(number: int) -> int:
    with suppress(OSError):  # it has ended
        for line in Path(f"/proc/{number}/smaps_rollup").read_text("ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    return 0


@contextmanager
def threatgraph(*words: str) -> Iterator[Server]:
    """``threatgraph serve`` with two workers."""
    port = free_port()
    command = [sys.executable, "-m", "threatgraph", "serve", "--workers", "2", "--port", str(port), *words]
    with _running(command, port, "/sparql?query=ASK%7B%7D") as server:
        yield server


@contextmanager
def oxigraph(*words: str) -> Iterator[Server]:
    """``oxigraph serve``, which holds its data in memory."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("oxigraph")), "serve", "--bind", f"127.0.0.1:{port}", *words]
    with _running(command, port, "/query?query=ASK%7B%7D") as server:
        yield server


@contextmanager
def _running(command: Sequence[str], port: int, path: str) -> Iterator[Server]:
    began = time.perf_counter()
    process = subprocess.Popen(
        [*on_core(0), *command], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        server = Server(process, port, 0.0)
        while True:
            with suppress(OSError):
                if server.ask(path)[0] == 200:
                    break
            assert time.perf_counter() - began < _PATIENCE, command
            assert process.poll() is None, command
            time.sleep(0.005)
        yield server._replace(started=time.perf_counter() - began)
    finally:
        process.terminate()
        try:
            process.wait(_PATIENCE)
        finally:
            process.kill()
