"""The served graph and its workers: limits, crashes, cancellation, preparation, and reload."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from threatgraph import ThreatGraph
from threatgraph.errors import EngineFailed, InvalidFile, InvalidQuery, QueryRefused, QueryTimeout
from threatgraph.service import GRAPHS, SEARCH, Answer, Backend, Busy, Limits, ServedGraph, Source
from threatgraph.service.sparql import AnswerTooLarge, NotAcceptable, Written
from threatgraph.store.workers import async_pool

MODULES = ("threatgraph.service.sparql", "test_service")
JSON, TURTLE = Written("json", "application/sparql-results+json"), Written("turtle", "text/turtle")
RUNAWAY = (
    f"ASK {{ {' '.join(f'?s{n} ?p{n} ?o{n} .' for n in range(8))} "
    f"FILTER(STRLEN(CONCAT({', '.join(f'STR(?s{n})' for n in range(8))})) = 1) }}"
)


def pause(served: ServedGraph, seconds: float) -> int:
    """Wait, in a worker, and return its process."""
    time.sleep(seconds)
    return os.getpid()


def opens(served: ServedGraph, path: str) -> bool:
    """Whether the worker can open a file."""
    with suppress(OSError):
        Path(path).read_bytes()
        return True
    return False


@pytest.fixture
def source(tmp_path: Path) -> Source:
    """A graph of one small file."""
    file = tmp_path / "own.ttl"
    lines = [f"<urn:s{n}> <urn:p> {n} ." for n in range(60)]
    file.write_text("\n".join(lines), encoding="ascii")
    return Source(data=(str(file),), bundled=False)


def run(source: Source, work: Callable[[Backend], Awaitable[None]], limits: Limits | None = None) -> None:
    async def main() -> None:
        await backend.start()
        await work(backend)

    backend = Backend(source, limits, MODULES)
    try:
        asyncio.run(main())
    finally:
        backend.end()


async def ask(backend: Backend, text: str, *, rows: Written | None = JSON, largest: int = 10**6, **more: Any) -> str:
    arguments = {
        "query_text": text,
        "rows": rows,
        "triples": TURTLE,
        "largest": largest,
        "dataset": None,
        "seconds": 9.0,
    }
    found = await backend.run("threatgraph.service.sparql:evaluate", query=True, **{**arguments, **more})
    assert isinstance(found, Answer)
    return found.content.decode()


def is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(params=[True, False], ids=["forked", "started"])
def forking(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether workers are forked, or are new processes as on systems without fork."""
    monkeypatch.setattr(async_pool, "can_fork", lambda: request.param)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]))
    return bool(request.param)


def test_a_query_ends_at_its_limit_and_the_next_one_is_answered(source: Source, forking: bool) -> None:
    async def work(backend: Backend) -> None:
        begun = time.monotonic()
        with pytest.raises(QueryTimeout, match="1 seconds"):
            await ask(backend, RUNAWAY)
        assert time.monotonic() - begun < 10
        assert '"boolean":true' in (await ask(backend, "ASK { ?s ?p 7 }")).replace(" ", "")

    run(source, work, Limits(timeout=1.0))


def test_a_crash_of_a_worker_is_one_error(source: Source, forking: bool) -> None:
    async def work(backend: Backend) -> None:
        with pytest.raises(EngineFailed):
            await ask(backend, "ASK " + "{" * 20_000)
        await ask(backend, "ASK {}")

    run(source, work)


def test_errors_of_queries_keep_their_class(source: Source) -> None:
    async def work(backend: Backend) -> None:
        with pytest.raises(InvalidQuery, match="line 1, column"):
            await ask(backend, "SELECT")
        with pytest.raises(QueryRefused, match="SERVICE"):
            await ask(backend, "ASK { SERVICE <urn:x> { ?s ?p ?o } }")
        with pytest.raises(QueryRefused, match="CLEAR"):
            await ask(backend, "CLEAR ALL")
        with pytest.raises(NotAcceptable) as caught:
            await ask(backend, "ASK {}", rows=None)
        assert not caught.value.has_triples
        with pytest.raises(AnswerTooLarge, match="LIMIT"):
            await ask(backend, "SELECT * { ?s ?p ?o }", largest=1_000)

    run(source, work)


def test_workers_for_queries_cannot_open_files_and_others_can(source: Source, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("x", encoding="ascii")

    async def work(backend: Backend) -> None:
        assert await backend.run("test_service:opens", path=str(file))
        assert not await backend.run("test_service:opens", query=True, path=str(file))

    run(source, work)


def test_a_canceled_call_ends_its_worker(source: Source) -> None:
    async def work(backend: Backend) -> None:
        process = await backend.run("test_service:pause", seconds=0)
        task = asyncio.ensure_future(backend.run("test_service:pause", seconds=60))
        await asyncio.sleep(0.3)
        assert is_alive(process)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        for _ in range(100):
            if not is_alive(process):
                break
            await asyncio.sleep(0.05)
        assert not is_alive(process)
        assert await backend.run("test_service:pause", seconds=0) != process

    run(source, work)


def test_queries_do_not_delay_pages(source: Source) -> None:
    async def work(backend: Backend) -> None:
        slow = [asyncio.ensure_future(ask(backend, RUNAWAY)) for _ in range(2)]
        await asyncio.sleep(0.3)
        begun = time.monotonic()
        await backend.run("test_service:pause", seconds=0)
        assert time.monotonic() - begun < 2
        assert backend.load["query"] == (2, 0)
        await asyncio.gather(*slow, return_exceptions=True)

    run(source, work, Limits(timeout=3.0, workers=2))


def test_the_queue_is_bounded(source: Source) -> None:
    async def work(backend: Backend) -> None:
        calls = [backend.run("test_service:pause", seconds=0.5) for _ in range(5)]
        found = await asyncio.gather(*calls, return_exceptions=True)
        assert [type(one) for one in found].count(Busy) == 2  # one runs, two wait

    run(source, work, Limits(workers=1, waiting=2))


def test_each_stage_answers_what_it_is_for(source: Source) -> None:
    async def work(backend: Backend) -> None:
        text = "SELECT (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } }"
        assert '"60"' in await ask(backend, text, stage=GRAPHS)
        await backend.prepare(SEARCH)
        assert await backend.run("test_service:pause", stage=SEARCH, seconds=0)

    run(source, work)


def test_named_graphs_do_not_show_the_folders_of_files(source: Source, tmp_path: Path) -> None:
    other = tmp_path / "other" / "own.ttl"
    other.parent.mkdir()
    other.write_text("<urn:s> <urn:p> [ <urn:q> 1 ] .", encoding="ascii")

    async def work(backend: Backend) -> None:
        graphs = await ask(backend, "SELECT DISTINCT ?g { GRAPH ?g { ?s ?p ?o } } ORDER BY STR(?g)", stage=GRAPHS)
        assert "urn:threatgraph:file:own.ttl:2" in graphs
        everything = await ask(backend, "SELECT * { GRAPH ?g { ?s ?p ?o } }", stage=GRAPHS)
        assert str(tmp_path) not in everything

    run(source._replace(data=(*source.data, str(other))), work)


def test_a_reload_uses_the_new_graph_and_answers_what_runs_from_the_former_one(source: Source) -> None:
    async def work(backend: Backend) -> None:
        former = backend.facts.digest
        running = asyncio.ensure_future(backend.run("test_service:pause", seconds=1.5))
        await asyncio.sleep(0.2)
        file = Path(source.data[0])
        file.write_text("<urn:new> <urn:p> 1 .", encoding="ascii")
        await backend.reload()
        assert backend.facts.digest != former
        assert "true" in await ask(backend, "ASK { <urn:new> ?p 1 }")
        assert await running
        file.write_text("no Turtle", encoding="ascii")
        with pytest.raises(InvalidFile, match=r"own\.ttl"):
            await backend.reload()
        assert "true" in await ask(backend, "ASK { <urn:new> ?p 1 }")

    run(source, work)


def test_the_digest_is_that_of_the_content(source: Source, tmp_path: Path) -> None:
    digests = []

    async def work(backend: Backend) -> None:
        digests.append(backend.facts.digest)

    run(source, work)
    run(source, work)
    Path(source.data[0]).write_text("<urn:other> <urn:p> 1 .", encoding="ascii")
    run(source, work)
    assert digests[0] == digests[1] != digests[2]
    assert digests[0]


def test_a_graph_that_cannot_be_opened_is_reported(tmp_path: Path, forking: bool) -> None:
    async def nothing(backend: Backend) -> None:
        raise AssertionError

    with pytest.raises(InvalidFile, match=r"missing\.ttl"):
        run(Source(data=(str(tmp_path / "missing.ttl"),)), nothing)


def test_a_store_on_disk_is_opened_by_each_worker(source: Source, tmp_path: Path) -> None:
    ThreatGraph.load(source.data[0], store=tmp_path / "store", bundled=False)

    async def work(backend: Backend) -> None:
        await asyncio.gather(*(ask(backend, f"ASK {{ ?s ?p {n} }}") for n in range(10)))
        assert "true" in await ask(backend, "ASK { ?s ?p 59 }")

    run(Source(store=str(tmp_path / "store")), work)
