"""Runs functions on the served graph in worker processes, within limits."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from threatgraph.errors import ThreatGraphError
from threatgraph.service.served import PLAIN, ServedGraph
from threatgraph.service.source import Source
from threatgraph.store.workers.async_pool import AsyncPool
from threatgraph.store.workers.worker import Permissions

_OPENING = 600.0
"""Seconds for a large graph to be opened."""
_PING = 5.0


class Limits(NamedTuple):
    """What a request may use at most."""

    timeout: float = 10.0
    """Seconds for one request."""
    memory: int = 1024**3
    """Bytes of memory for a worker, beyond the graph."""
    answer: int = 16 * 1024**2
    """Bytes of an answer."""
    workers: int = 2
    """Queries that run at once; as many other requests can run beside them."""
    waiting: int = 32
    """Requests that wait for a worker."""


class Busy(ThreatGraphError):
    """Too many requests wait already."""


class Facts(NamedTuple):
    """Facts about the served graph."""

    location: str
    digest: str
    """Changes whenever an answer may change; empty for a graph on a server."""
    version: str
    """The version of threatgraph, with the beginning of the digest."""


class _Lane:
    """A number of workers that may run at once, with a bounded queue."""

    def __init__(self, size: int, waiting: int) -> None:
        self._slots, self._most, self.waiting = asyncio.Semaphore(size), waiting, 0
        self.running = 0

    @asynccontextmanager
    async def slot(self, timeout: float) -> AsyncIterator[None]:
        if self._slots.locked():
            if self.waiting >= self._most:
                raise Busy("too many requests are waiting: try again in a few seconds.")
            self.waiting += 1
            try:
                async with asyncio.timeout(timeout):
                    await self._slots.acquire()
            except TimeoutError:
                raise Busy("no worker became free in time: try again in a few seconds.") from None
            finally:
                self.waiting -= 1
        else:
            await self._slots.acquire()
        self.running += 1
        try:
            yield
        finally:
            self.running -= 1
            self._slots.release()


class Backend:
    """The served graph and its workers.

    Create it before the process has threads, so that its workers can be forked; then ``await`` :meth:`start`. Outside
    queries and all other requests have workers of their own, so that slow queries do not delay pages.

    Args:
        source: the graph.
        limits: the limits of a request.
        modules: modules of the functions that :meth:`run` will call.
    """

    def __init__(self, source: Source, limits: Limits | None = None, modules: tuple[str, ...] = ()) -> None:
        self.source, self.limits = source, limits or Limits()
        self._modules = ("threatgraph.service.facts", *modules)
        self._pool = self._new_pool()
        self._lanes = {name: _Lane(self.limits.workers, self.limits.waiting) for name in ("query", "page")}
        self.facts = Facts("", "", "")

    async def start(self) -> Facts:
        """Wait until the graph is open.

        Raises:
            ThreatGraphError: if it cannot be opened.
        """
        self.facts = await self._read_facts(self._pool)
        return self.facts

    async def run(
        self,
        function: str,
        /,
        *,
        stage: int = PLAIN,
        query: bool = False,
        timeout: float | None = None,
        **arguments: Any,
    ) -> Any:
        """Call a function in a worker; its first argument is the :class:`ServedGraph`.

        Args:
            function: ``module:function``.
            stage: the preparation that the function needs.
            query: whether it evaluates SPARQL from outside, and so gets a worker without access to files.
            timeout: the time limit in seconds, if other than the one of the limits.
            arguments: further arguments; they and the result must be picklable.

        Returns:
            The result of the function.

        Raises:
            Busy: if too many requests wait.
            QueryTimeout: after the time limit.
            QueryTooLarge: if the worker exceeds its memory limit.
            EngineFailed: if the worker crashes.
            ThreatGraphError: as the function raises it.
        """
        timeout = timeout or self.limits.timeout
        async with self._lanes["query" if query else "page"].slot(timeout):
            return await self._pool.call(
                function,
                arguments,
                permissions=self._permissions(files=not query),
                stage=stage if self.source.in_memory else PLAIN,
                timeout=timeout,
                what="query" if query else "request",
            )

    async def prepare(self, stage: int) -> None:
        """Prepare a stage ahead of the first request that needs it."""
        if self.source.in_memory:
            await self._pool.prepare(stage)

    async def reload(self) -> Facts:
        """Open the graph anew, and use it from now on; requests that run end with the graph that they have.

        Raises:
            ThreatGraphError: if it cannot be opened; the former one stays in use.
        """
        pool = await asyncio.to_thread(self._new_pool)
        try:
            facts = await self._read_facts(pool)
        except BaseException:
            pool.end()
            raise
        former, self._pool, self.facts = self._pool, pool, facts
        await former.close()
        return facts

    async def is_alive(self) -> bool:
        """Whether a worker answers, apart from all that wait for one."""
        try:
            await self._pool.call(
                "threatgraph.service.facts:ping", {}, permissions=self._permissions(files=True), timeout=_PING
            )
        except ThreatGraphError:
            return False
        return True

    @property
    def load(self) -> dict[str, tuple[int, int]]:
        """For queries and pages: how many requests run, and how many wait."""
        return {name: (lane.running, lane.waiting) for name, lane in self._lanes.items()}

    def end(self) -> None:
        """End all workers at once."""
        self._pool.end()

    def _new_pool(self) -> AsyncPool:
        return AsyncPool(ServedGraph(self.source, self._modules), keep_connected=self.source.is_remote)

    def _permissions(self, *, files: bool) -> Permissions:
        return Permissions(self.limits.memory, network=self.source.is_remote, files=files)

    async def _read_facts(self, pool: AsyncPool) -> Facts:
        found = await pool.call(
            "threatgraph.service.facts:read", {}, permissions=self._permissions(files=True), timeout=_OPENING
        )
        return Facts(**found)
