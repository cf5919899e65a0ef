"""A mixed load on ``threatgraph serve``: what many clients send at once, good and bad, while workers are killed."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import signal
import statistics
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from urllib.parse import quote

from processes import Server, children, threatgraph

from threatgraph import ThreatGraph

RUNAWAY = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i FILTER(STRLEN(CONCAT(STR(?a), STR(?d), STR(?g))) = 1) }"
STATUSES = frozenset((200, 301, 303, 304, 400, 404, 406, 408, 413, 414, 415, 429, 500, 503))
GROWTH = 1.15
"""The most that the memory in the second half may be of that in the first one."""
_CLIENTS = 12
_EVERY = 5.0
"""Seconds between two measurements of memory."""
_KILL, _RELOAD = 20.0, 60.0
"""Seconds between two killed workers, and between two reloads."""
_SETTLE = 8.0
"""Seconds for what runs to end."""
_LARGE = "SELECT * { ?s ?p ?o } LIMIT 20000"
_SUFFIXES = ("", ".html", ".md", ".json", ".jsonld", ".ttl", ".nt", ".rdf")
_ACCEPTED = ("*/*", "text/html", "text/turtle", "application/ld+json", "application/rdf+xml", "image/png")

Act = Callable[["_Client"], Awaitable[None]]


class _Load:
    """The state that the clients share."""

    def __init__(self, server: Server, paths: list[str], seconds: float) -> None:
        self.server, self.paths, self.end = server, paths, time.monotonic() + seconds
        self.statuses: Counter[int] = Counter()
        self.acts: Counter[str] = Counter()
        self.unanswered: Counter[str] = Counter()
        self.memory: list[float] = []
        self.descriptors: list[int] = []
        self.processes: list[int] = []
        self.numbers = itertools.count()

    @property
    def is_over(self) -> bool:
        return time.monotonic() > self.end


class _Client:
    """A client with an address of its own, since the server limits the requests of each."""

    def __init__(self, load: _Load, number: int) -> None:
        self.load, self.address = load, f"127.0.1.{number + 1}"
        self.random = random.Random(number)  # noqa: S311 - a load that can be repeated

    async def live(self) -> None:
        names, weights = list(_ACTS), [weight for weight, _ in _ACTS.values()]
        while not self.load.is_over:
            (name,) = self.random.choices(names, weights)
            self.load.acts[name] += 1
            try:
                async with asyncio.timeout(60):
                    await _ACTS[name][1](self)
            except (OSError, EOFError, TimeoutError) as error:
                self.load.unanswered[f"{name}: {type(error).__name__}"] += 1
                await asyncio.sleep(0.1)

    async def connect(self, limit: int = 1 << 20) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        address = (self.address, 0)
        return await asyncio.open_connection("127.0.0.1", self.load.server.port, local_addr=address, limit=limit)

    async def ask(self, path: str, accept: str = "*/*", body: str = "") -> None:
        """Send one request on a new connection, and read the answer to its end."""
        reader, writer = await self.connect()
        try:
            writer.write(_request(path, accept, body))
            head = await reader.readuntil(b"\r\n\r\n")
            self.load.statuses[int(head.split(None, 2)[1])] += 1
            await reader.read()
        finally:
            writer.close()

    def unique(self, query: str) -> str:
        return f"{query}\n#{next(self.load.numbers)}"


def _request(path: str, accept: str, body: str = "") -> bytes:
    kind = f"Content-Type: application/sparql-query\r\nContent-Length: {len(body)}\r\n" if body else ""
    head = f"{'POST' if body else 'GET'} {path} HTTP/1.1\r\nHost: localhost\r\nAccept: {accept}\r\n{kind}"
    return f"{head}Connection: close\r\n\r\n{body}".encode()


async def _ask(client: _Client) -> None:
    await client.ask("/sparql", body=client.unique("ASK { ?s ?p ?o }"))


async def _rows(client: _Client) -> None:
    query = client.unique("SELECT * { ?s ?p ?o } LIMIT 1000")
    accept = client.random.choice(("application/json", "text/csv", "application/xml"))
    await client.ask(f"/sparql?query={quote(query)}", accept)


async def _page(client: _Client) -> None:
    path = client.random.choice(client.load.paths) + client.random.choice(_SUFFIXES)
    await client.ask(path, client.random.choice(_ACCEPTED))


async def _search(client: _Client) -> None:
    words = client.random.sample(("deepfake", "voice", "bank", "privacy", "agent", "hiring", "election", "fraud"), 2)
    await client.ask(f"/search?q={'+'.join(words)}+{next(client.load.numbers)}", "text/html")


async def _wrong(client: _Client) -> None:
    path = client.random.choice(("/sparql?query=SELECT+%7B", "/pattern/absent", "/sparql?query=", "/sparql?update=x"))
    await client.ask(path)


async def _runaway(client: _Client) -> None:
    await client.ask("/sparql", body=client.unique(RUNAWAY))


async def _crash(client: _Client) -> None:
    await client.ask("/sparql", body=client.unique(f"SELECT * {{ {'{' * 20_000}{'}' * 20_000} }}"))


async def _hang_up(client: _Client) -> None:
    """Leave before the answer comes."""
    _, writer = await client.connect()
    query = client.unique(client.random.choice((RUNAWAY, _LARGE)))
    writer.write(_request("/sparql", "*/*", query))
    await writer.drain()
    await asyncio.sleep(client.random.random() / 2)
    writer.transport.abort()


async def _slow(client: _Client) -> None:
    """Read a large answer slowly, and leave before its end."""
    reader, writer = await client.connect(limit=1024)
    try:
        writer.write(_request("/sparql", "text/csv", client.unique(_LARGE)))
        for _ in range(50):
            if not await reader.read(1024):
                break
            await asyncio.sleep(0.1)
    finally:
        writer.transport.abort()


#: What clients do, with weights.
_ACTS: Mapping[str, tuple[float, Act]] = {
    "ask": (30, _ask),
    "rows": (15, _rows),
    "page": (40, _page),
    "search": (10, _search),
    "wrong": (10, _wrong),
    "runaway": (1, _runaway),
    "crash": (0.5, _crash),
    "hang up": (2, _hang_up),
    "slow reader": (0.5, _slow),
}


async def _disturb(load: _Load) -> None:
    """Kill a worker now and then, and have the graph opened anew."""
    kill = reload = time.monotonic()
    while not load.is_over:
        await asyncio.sleep(1)
        now = time.monotonic()
        if now > kill + _KILL:
            kill = now
            first = {load.server.process.pid, *children(load.server.process.pid)}
            workers = [number for number in load.server.tree() if number not in first]
            if workers:
                load.acts["kill"] += 1
                with suppress(ProcessLookupError):
                    os.kill(random.choice(workers), signal.SIGKILL)  # noqa: S311 - any one
        if now > reload + _RELOAD:
            reload = now
            load.acts["reload"] += 1
            load.server.process.send_signal(signal.SIGHUP)


async def _watch(load: _Load) -> None:
    while not load.is_over:
        await asyncio.sleep(_EVERY)
        load.memory.append(load.server.memory())
        load.descriptors.append(load.server.descriptors())
        load.processes.append(len(load.server.tree()))


async def _drive(load: _Load) -> None:
    clients = (_Client(load, number).live() for number in range(_CLIENTS))
    await asyncio.gather(_disturb(load), _watch(load), *clients)


def run(minutes: float) -> int:
    """Run the load and print what came of it.

    Args:
        minutes: how long.

    Returns:
        1 if a status is unknown, the server does not answer or has grown; else 0.
    """
    graph = ThreatGraph.open()
    kinds = "VALUES ?kind { tg:ThreatPattern tg:Incident tg:Domain tg:Provision }"
    table = graph.store.select(f"SELECT ?record {{ ?record a ?kind {kinds} }}")
    records = [quote(str(iri).removeprefix("https://w3id.org/threatgraph")) for iri in table.column("record")]
    paths = [*records, "/", "/pattern", "/incident", "/queries"]
    with threatgraph("--timeout", "1") as server:
        server.ask("/search?q=deepfake")
        before = server.memory(), server.descriptors(), len(server.tree())
        load = _Load(server, paths, 60 * minutes)
        asyncio.run(_drive(load))
        time.sleep(_SETTLE)
        alive = server.ask("/health")[0] == 200 and server.ask("/sparql?query=ASK%7B%7D")[0] == 200
        after = server.memory(), server.descriptors(), len(server.tree())
    return _report(load, minutes, before, after, alive=alive)


def _report(
    load: _Load,
    minutes: float,
    before: tuple[float, int, int],
    after: tuple[float, int, int],
    *,
    alive: bool,
) -> int:
    half = len(load.memory) // 2
    first, second = (statistics.mean(part) for part in (load.memory[:half], load.memory[half:]))
    total = sum(load.statuses.values())
    print(f"{total:,} answers in {minutes:g} minutes, {total / minutes / 60:.0f}/s")
    print("sent:", ", ".join(f"{name} {count:,}" for name, count in load.acts.most_common()))
    print("statuses:", ", ".join(f"{status} {count:,}" for status, count in sorted(load.statuses.items())))
    print("without an answer:", dict(load.unanswered) or "none")
    print(f"memory, MB: {before[0]:.0f} before, {first:.0f} in the first half, {second:.0f} in the second one,")
    print(f"  {max(load.memory):.0f} at most, {after[0]:.0f} after; ratio of the halves {second / first:.2f}")
    print(f"open files: {before[1]} before, {max(load.descriptors)} at most, {after[1]} after")
    print(f"processes: {before[2]} before, {max(load.processes)} at most, {after[2]} after")
    problems = []
    if unknown := set(load.statuses) - STATUSES:
        problems.append(f"unknown statuses: {sorted(unknown)}")
    if not alive:
        problems.append("the server does not answer")
    if second > first * GROWTH:
        problems.append(f"memory has grown by {second / first - 1:.0%}")
    if load.unanswered:
        problems.append("requests without an answer")
    print("\n".join(problems) or "no problem")
    return int(bool(problems))
