"""A pool of workers for an asyncio server: calls are awaited, and a canceled call ends its worker.

The workers are forked from zygotes that hold the store, one for each stage of preparation. The first one opens the
store; a later stage is forked from it, prepares more, such as a search index, and shares the memory of both with its
workers. So the process of the server never holds the store, and no query runs in it.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from threatgraph.errors import EngineFailed
from threatgraph.store.workers.channels import LENGTH, SocketChannel
from threatgraph.store.workers.hosts import ForkingHost, Host, StartingHost, Worker
from threatgraph.store.workers.replies import crash, read_reply, time_exceeded
from threatgraph.store.workers.sandbox import can_fork
from threatgraph.store.workers.worker import KEEP, Permissions, Request

if TYPE_CHECKING:
    from threatgraph.store.workers.protocol import WorkerStore

T = TypeVar("T")
_THREADS = ThreadPoolExecutor(64, "threatgraph-workers")
"""Threads that wait for zygotes, started when they are needed."""


class AsyncPool:
    """Workers for one store, started on demand. How many run at once is up to the caller.

    The zygote is forked at once if this process has a single thread, else it is started as a new process.

    Args:
        store: the store, which is opened by its ``prepare``, in the zygote.
        keep_connected: reuse workers that may access the network, for a store on another server.
    """

    def __init__(self, store: WorkerStore, *, keep_connected: bool = False) -> None:
        self._store, self._keep_connected = store, keep_connected
        self._hosts: dict[int, Host] = {0: _host(store)}
        self._starting = asyncio.Lock()
        self._idle: dict[tuple[int, Permissions], list[Worker]] = defaultdict(list)
        self._ending: set[asyncio.Task[int]] = set()
        self._calls = 0
        self._closing = False

    async def call(
        self,
        function: str,
        arguments: Mapping[str, Any],
        *,
        permissions: Permissions,
        stage: int = 0,
        timeout: float | None = None,
        what: str = "request",
    ) -> Any:
        """Call a function of threatgraph in a worker, with the store as its first argument.

        Args:
            function: ``module:function``.
            arguments: its further arguments; they and the result must be picklable.
            permissions: the permissions of the worker.
            stage: the preparation that the worker needs.
            timeout: time limit in seconds; ``None`` for no limit.
            what: the name of the task for messages.

        Returns:
            The result of the function.

        Raises:
            QueryTimeout: after ``timeout`` seconds.
            QueryTooLarge: if the worker exceeds its memory limit.
            EngineFailed: if the worker crashes, or none can be started.
            ThreatGraphError: as the function raises it.
        """
        import pickle

        request = Request(timeout, function=function, arguments=arguments, folder="/")
        self._calls += 1
        try:
            worker = await self._sent(request.pack(), stage, permissions)
            reply = await self._reply(worker, timeout, what, permissions)
            if reply[:1] == KEEP and (self._keep_connected or not permissions.network) and not self._closing:
                self._idle[stage, permissions].append(worker)
            else:
                self._end(worker, kill=False)
        finally:
            self._calls -= 1
            if self._closing and not self._calls:
                await _in_thread(self._close_hosts)
        return pickle.loads(read_reply(reply, what, permissions.memory)[1])  # noqa: S301 - pickled by our worker

    async def prepare(self, stage: int) -> None:
        """Start the preparation of a stage ahead of the first call that needs it."""
        with suppress(OSError):
            await self._host(stage)

    async def close(self) -> None:
        """End all workers when the calls that run have ended; those that come later fail."""
        self._closing = True
        for workers in self._idle.values():
            for worker in workers:
                worker.close()
        self._idle.clear()
        if not self._calls:
            await _in_thread(self._close_hosts)  # a zygote that prepares a stage ends after that

    def end(self) -> None:
        """End all workers at once."""
        self._closing = True
        self._close_hosts()

    def _close_hosts(self) -> None:
        for stage in sorted(self._hosts, reverse=True):
            self._hosts.pop(stage).close()

    async def _reply(self, worker: Worker, timeout: float | None, what: str, permissions: Permissions) -> bytes:
        try:
            async with asyncio.timeout(timeout):
                return await _receive(worker)
        except TimeoutError:
            self._end(worker, kill=True)
            raise time_exceeded(what, timeout) from None
        except EOFError:
            raise await _in_thread(crash, worker, what, permissions.memory) from None
        except BaseException:
            self._end(worker, kill=True)
            raise

    async def _sent(self, message: bytes, stage: int, permissions: Permissions) -> Worker:
        """Send a message to a worker and return the worker."""
        while True:
            worker = await self._worker(stage, permissions)
            try:
                await _send(worker, message)
            except OSError:
                self._end(worker, kill=True)  # it died while it was idle
            except BaseException:
                self._end(worker, kill=True)
                raise
            else:
                return worker

    async def _worker(self, stage: int, permissions: Permissions) -> Worker:
        idle = self._idle[stage, permissions]
        while idle:
            worker = idle.pop()
            if worker.channel.is_quiet():
                return worker
            self._end(worker, kill=True)
        try:
            try:
                return await self._start(stage, permissions)
            except ConnectionError:  # a zygote has ended: start another one, once
                await self._restart(stage)
                return await self._start(stage, permissions)
        except OSError as error:
            raise EngineFailed(f"cannot start a worker process ({error}): try again later.") from error

    async def _start(self, stage: int, permissions: Permissions) -> Worker:
        host = await self._host(stage)
        start = asyncio.ensure_future(_in_thread(host.start, permissions))
        try:
            return await asyncio.shield(start)
        except asyncio.CancelledError:
            start.add_done_callback(self._discard)  # the worker comes when nobody waits for it
            raise

    def _discard(self, start: asyncio.Future[Worker]) -> None:
        if not start.cancelled() and start.exception() is None:
            self._end(start.result(), kill=True)

    async def _host(self, stage: int) -> Host:
        if stage in self._hosts:
            return self._hosts[stage]
        async with self._starting:
            if 0 not in self._hosts:
                if self._closing:
                    raise OSError("the pool is closed")
                self._hosts[0] = await _in_thread(_host, self._store)
            if stage not in self._hosts:
                self._hosts[stage] = await _in_thread(self._hosts[0].branch, stage)
            return self._hosts[stage]

    async def _restart(self, stage: int) -> None:
        """Forget the zygote of a stage, and the first one if it has ended too."""
        for number in {stage, 0}:
            host = self._hosts.get(number)
            if host is not None and not await _in_thread(_is_alive, host):
                self._hosts.pop(number, None)
                await _in_thread(host.close)

    def _end(self, worker: Worker, *, kill: bool) -> None:
        """End a worker, without waiting for it."""
        task = asyncio.get_running_loop().create_task(_ended(worker, kill=kill))
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)


async def _in_thread(work: Callable[..., T], *arguments: object) -> T:
    """Run what waits for another process in a thread; asyncio's own threads are too few to wait in."""
    return await asyncio.get_running_loop().run_in_executor(_THREADS, work, *arguments)


def _host(store: WorkerStore) -> Host:
    return ForkingHost(store) if can_fork() else StartingHost(store)


def _is_alive(host: Host) -> bool:
    """Whether a zygote answers; a host without one is always alive."""
    if not isinstance(host, ForkingHost):
        return True
    try:
        host.ping()
    except OSError:
        return False
    return True


async def _ended(worker: Worker, *, kill: bool) -> int:
    return await _in_thread(partial(worker.end, kill=kill))


async def _send(worker: Worker, message: bytes) -> None:
    channel = worker.channel
    if not isinstance(channel, SocketChannel):
        await _in_thread(channel.send, message)
        return
    channel.socket.setblocking(False)
    await asyncio.get_running_loop().sock_sendall(channel.socket, LENGTH.pack(len(message)) + message)


async def _receive(worker: Worker) -> bytes:
    channel = worker.channel
    if not isinstance(channel, SocketChannel):
        return await _in_thread(channel.receive)
    channel.socket.setblocking(False)
    (length,) = LENGTH.unpack(await _exactly(channel, LENGTH.size))
    return bytes(await _exactly(channel, length))


async def _exactly(channel: SocketChannel, size: int) -> bytearray:
    loop = asyncio.get_running_loop()
    content = bytearray(size)
    rest = memoryview(content)
    while rest:
        try:
            count = await loop.sock_recv_into(channel.socket, rest)
        except ConnectionError:
            count = 0
        if not count:
            raise EOFError("the other process has closed the connection")
        rest = rest[count:]
    return content
