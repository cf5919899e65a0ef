"""Evaluates external queries in worker processes, with limits on time and memory.

Neither Python nor Oxigraph can interrupt a query, and some queries make Oxigraph abort its process. So external queries
run in a pool of worker processes, which can be killed, or crash, without affecting the caller.
"""

from __future__ import annotations

import os
import threading
import time
import weakref
from collections import defaultdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threatgraph.errors import EngineFailed, ThreatGraphError
from threatgraph.store.workers.hosts import ForkingHost, Host, StartingHost, Worker
from threatgraph.store.workers.replies import checked_timeout, crash, read_reply, time_exceeded
from threatgraph.store.workers.sandbox import can_fork
from threatgraph.store.workers.worker import KEEP, Permissions, Request

if TYPE_CHECKING:
    from threatgraph.store.workers.protocol import WorkerStore

MEMORY_LIMIT = 4 * 1024**3
"""Memory limit of an external query in bytes, beyond the memory of the idle worker."""

_SIZE = max(2, os.cpu_count() or 1)


class Pool:
    """A pool of workers for one store: one per processor, at least two, started on demand.

    A pool is thread-safe, and works in a process forked from the one that created it.

    Args:
        store: the store; the pool is closed with it.
    """

    def __init__(self, store: WorkerStore) -> None:
        self._store = weakref.ref(store)
        self._lock = threading.Lock()
        self._forget()
        weakref.finalize(store, self.close)

    def query(
        self,
        sparql: str,
        *,
        timeout: float | None,
        memory: int = MEMORY_LIMIT,
        allow_service: bool | None = None,
        network: bool = False,
    ) -> tuple[bytes, bytes]:
        """Evaluate a query in a worker.

        Args:
            sparql: the text of the query.
            timeout: time limit in seconds; ``None`` for no limit.
            memory: memory limit in bytes.
            allow_service: whether to permit ``SERVICE``. The worker checks this and rejects updates, as tokenizing an
                untrusted text can be slow too. ``None`` skips the check.
            network: whether the worker may access the network.

        Returns:
            The kind and the bytes of the answer, as in :meth:`threatgraph.store.oxigraph.OxigraphStore.answer`.

        Raises:
            QueryRefused: for an update, or for ``SERVICE`` if it is not permitted.
            InvalidQuery: if the query does not parse.
            QueryTimeout: after ``timeout`` seconds.
            QueryTooLarge: if the query exceeds the memory limit.
            EngineFailed: if the engine crashes.
        """
        return self._answer(Request(timeout, sparql, allow_service), Permissions(memory, network))

    def call(self, function: str, *, what: str, timeout: float | None, **arguments: Any) -> Any:
        """Call a function of threatgraph in a worker, with the store as its first argument.

        Args:
            function: ``module:function``.
            what: the name of the task for messages, such as ``validation``.
            timeout: time limit in seconds; ``None`` for no limit.
            arguments: further arguments; they and the result must be picklable.

        Returns:
            The result of the function.

        Raises:
            ThreatGraphError: as the function raises it, and as in :meth:`query`.
        """
        request = Request(timeout, function=function, arguments=arguments, folder=str(Path.cwd()))
        _, content = self._answer(request, Permissions(MEMORY_LIMIT, files=True), what)
        import pickle  # takes time to import

        return pickle.loads(content)  # noqa: S301 - pickled by our worker

    def close(self) -> None:
        """End all workers."""
        with self._lock:
            if os.getpid() == self._process and self._host is not None:
                for worker in chain.from_iterable(self._idle.values()):
                    worker.close()
                self._host.close()
            self._forget()

    def _forget(self) -> None:
        """Reset the pool, since in a forked process the workers belong to the parent."""
        self._process = os.getpid()
        self._idle: dict[Permissions, list[Worker]] = defaultdict(list)
        self._host: Host | None = None
        self._slots = threading.BoundedSemaphore(_SIZE)

    def _answer(self, request: Request, permissions: Permissions, what: str = "query") -> tuple[bytes, bytes]:
        if os.getpid() != self._process:
            self._lock = threading.Lock()  # a thread of the parent may hold the old lock
            self._forget()
        request = request._replace(timeout=checked_timeout(request.timeout))
        with self._slots:
            worker = self._sent(request, permissions)
            try:
                reply = worker.channel.receive(None if request.timeout is None else time.monotonic() + request.timeout)
            except TimeoutError:
                worker.end(kill=True)
                raise time_exceeded(what, request.timeout) from None
            except EOFError:
                raise crash(worker, what, permissions.memory) from None
            except BaseException:
                worker.end(kill=True)
                raise
            if reply[:1] == KEEP and not permissions.network:
                self._idle[permissions].append(worker)
            else:
                worker.end(kill=False)
        return read_reply(reply, what, permissions.memory)

    def _sent(self, request: Request, permissions: Permissions) -> Worker:
        """Send a request and return its worker."""
        message = request.pack()
        while True:
            worker = self._worker(permissions)
            try:
                worker.channel.send(message)
            except OSError:
                worker.end(kill=True)  # it died while it was idle
            else:
                return worker

    def _worker(self, permissions: Permissions) -> Worker:
        with self._lock:
            while self._idle[permissions]:
                worker = self._idle[permissions].pop()
                if worker.channel.is_quiet():
                    return worker
                worker.end(kill=True)
            try:
                try:
                    return self._hosted().start(permissions)
                except ConnectionError:  # the zygote has ended: start another one, once
                    self._end_host()
                    return self._hosted().start(permissions)
            except OSError as error:
                raise EngineFailed(f"cannot start a worker process ({error}): try again later.") from error

    def _end_host(self) -> None:
        if self._host is not None:
            self._host.close()
        self._host = None

    def _hosted(self) -> Host:
        if self._host is None:
            store = self._store()
            if store is None:
                raise ThreatGraphError("the graph is closed.")
            self._host = ForkingHost(store) if can_fork() else StartingHost(store)
        return self._host
