"""Measures how many requests per second a server answers: with wrk if it is installed, else with asyncio."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
import statistics
import subprocess
import tempfile
import time
from typing import NamedTuple

from processes import on_core

CONNECTIONS = 4
#: In a path, the place of a number that makes each request another one.
UNIQUE = "{n}"
_SCRIPT = """
local n, first = 0, %(first)s
request = function()
  n = n + 1
  local path = string.gsub(%(path)s, "{n}", tostring(first + n))
  return wrk.format("GET", path, {["Accept"] = %(accept)s, ["Host"] = "localhost"})
end
done = function(summary, latency, requests)
  io.write(string.format("\\nfigures [%%d, %%d, %%d, %%d, %%d]\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), summary.errors.status + summary.errors.connect
    + summary.errors.read + summary.errors.timeout))
end
"""
#: Numbers of requests that no earlier measurement has used.
_FIRST = itertools.count(1_000_000, 1_000_000)


class Figures(NamedTuple):
    """What a measurement found."""

    rate: float
    """Requests per second."""
    median: float
    """The median latency in milliseconds."""
    p99: float
    """The 99th percentile of the latency in milliseconds."""


def measure(port: int, path: str, accept: str, seconds: float) -> Figures:
    """Send requests over a few connections for some seconds.

    Args:
        port: the port of the server.
        path: the path; :data:`UNIQUE` in it is replaced by a number.
        accept: the ``Accept`` header.
        seconds: how long.
    """
    if shutil.which("wrk"):
        return _wrk(port, path, accept, seconds)
    return asyncio.run(_asyncio(port, path, accept, seconds))


def _wrk(port: int, path: str, accept: str, seconds: float) -> Figures:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        values = {"path": json.dumps(path), "accept": json.dumps(accept), "first": next(_FIRST)}
        script.write(_SCRIPT % values)
        script.flush()
        words = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds:.0f}s", "-s", script.name, f"http://127.0.0.1:{port}/"]
        done = subprocess.run([*on_core(1), *words], capture_output=True, text=True, check=True)
    count, took, median, p99, failed = json.loads(done.stdout.partition("figures ")[2])
    assert not failed, done.stdout
    return Figures(count / took * 1e6, median / 1000, p99 / 1000)


async def _asyncio(port: int, path: str, accept: str, seconds: float) -> Figures:
    numbers, taken, began = itertools.count(next(_FIRST)), list[float](), time.perf_counter()

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (now := time.perf_counter()) < began + seconds:
            target = path.replace(UNIQUE, str(next(numbers)))
            writer.write(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            assert head.startswith(b"http/1.1 200"), head
            await _body(reader, head)
            taken.append(time.perf_counter() - now)
        writer.close()

    await asyncio.gather(*(client() for _ in range(CONNECTIONS)))
    centiles = statistics.quantiles(taken, n=100)
    return Figures(len(taken) / (time.perf_counter() - began), 1000 * centiles[49], 1000 * centiles[98])


async def _body(reader: asyncio.StreamReader, head: bytes) -> None:
    _, has_length, rest = head.partition(b"content-length: ")
    if has_length:
        await reader.readexactly(int(rest.partition(b"\r\n")[0]))
        return
    while size := int(await reader.readline(), 16):
        await reader.readexactly(size + 2)
    await reader.readline()
