"""The workers of a server: what takes long in them, or in the process they are forked from, delays no other request."""

from __future__ import annotations

import asyncio
import time

from threatgraph.store.workers.async_pool import AsyncPool
from threatgraph.store.workers.protocol import WorkerStore
from threatgraph.store.workers.worker import Permissions

PERMISSIONS = Permissions(1024**3, files=True)


class SlowStore(WorkerStore):
    """A store with a stage whose preparation takes long."""

    @property
    def in_memory(self) -> bool:
        return True

    def prepare(self, stage: int) -> None:
        time.sleep(1.5 * stage)

    def in_worker(self) -> SlowStore:
        return self

    def answer(self, sparql: str) -> tuple[bytes, bytes]:
        raise NotImplementedError


async def longest_pause(ended: asyncio.Event) -> float:
    """The longest time for which the event loop did nothing else, until the event is set."""
    longest, last = 0.0, time.monotonic()
    while not ended.is_set():
        await asyncio.sleep(0.01)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    return longest


def test_a_pool_that_closes_while_it_prepares_a_stage_does_not_stop_the_server() -> None:
    async def close() -> float:
        pool, closed = AsyncPool(SlowStore()), asyncio.Event()
        await pool.prepare(1)
        watch = asyncio.create_task(longest_pause(closed))
        await asyncio.sleep(0)
        await pool.close()
        closed.set()
        return await watch

    assert asyncio.run(close()) < 1
