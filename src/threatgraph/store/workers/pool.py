"""Evaluates external queries in worker processes, with limits on time and memory.

Neither Python nor Oxigraph can interrupt a query, and some queries make Oxigraph abort its process. So external queries
run in a pool of worker processes, which can be killed, or crash, without affecting the caller.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
import weakref
from collections import defaultdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from threatgraph.errors import EngineFailed, QueryTimeout, QueryTooLarge, ThreatGraphError
from threatgraph.store.workers.hosts import ForkingHost, Host, StartingHost, Worker
from threatgraph.store.workers.sandbox import can_fork
from threatgraph.store.workers.worker import ERROR, ERRORS, KEEP, RAISED, Permissions, Request

if TYPE_CHECKING:
    from threatgraph.store.workers.protocol import WorkerStore

MEMORY_LIMIT = 4 * 1024**3
"""Memory limit of an external query in bytes, beyond the memory of the idle worker."""

_YEAR = 366 * 24 * 3600
_SIZE = max(2, os.cpu_count() or 1)
#: What memory allocators print before they abort a process.
_NO_MEMORY = ("memory allocation of", "bad_alloc", "MemoryError", "out of memory")


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
                raise QueryTimeout(_too_late(what, request.timeout)) from None
            except EOFError:
                raise _crash(worker, what, permissions.memory) from None
            except BaseException:
                worker.end(kill=True)
                raise
            if reply[:1] == KEEP and not permissions.network:
                self._idle[permissions].append(worker)
            else:
                worker.end(kill=False)
        return _read(reply[1:2], reply[2:], what, permissions.memory)

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


def checked_timeout(timeout: float | None) -> float | None:
    """Check a time limit; more than a year counts as no limit.

    Args:
        timeout: seconds, above 0.

    Raises:
        ThreatGraphError: if it is 0, negative or not a number.
    """
    if timeout is None or timeout > _YEAR:
        return None
    if not timeout > 0:  # also true for NaN
        raise ThreatGraphError(f"timeout={timeout}: must be a number of seconds above 0, or None for no limit.")
    return timeout


def _read(kind: bytes, content: bytes, what: str, memory: int) -> tuple[bytes, bytes]:
    """Read the reply of a worker: the kind and bytes of an answer, or raise its error."""
    if kind == ERROR:
        name, message = json.loads(content)
        if name == QueryTooLarge.__name__ and not message:
            raise QueryTooLarge(_too_large(what, memory))
        if name == EngineFailed.__name__:
            raise EngineFailed(_failed(what, message))
        raise ERRORS[name](message)
    if kind == RAISED:
        import pickle

        error_type, arguments, details = pickle.loads(content)  # noqa: S301 - pickled by our worker for a call, not by a query
        error: ThreatGraphError = error_type.__new__(error_type)
        error.args = arguments
        vars(error).update(details)
        raise error
    return kind, content


def _crash(worker: Worker, what: str, memory: int) -> ThreatGraphError:
    """The error for a worker that ended during a request."""
    said = worker.complaint()
    status = worker.end(kill=False)
    if any(word in said for word in _NO_MEMORY):
        return QueryTooLarge(_too_large(what, memory))
    name = signal.Signals(-status).name if status < 0 else f"exit status {status}" if status else ""
    if name == "SIGALRM":
        return QueryTimeout(_too_late(what, None))
    if name == "SIGKILL":
        return QueryTooLarge(
            f"the {what} was stopped by the operating system (SIGKILL), "
            "for example because memory was short or a system limit was reached."
        )
    return EngineFailed(_failed(what, _reason(said), name))


def _reason(said: str) -> str:
    """The line with the reason why a process ended: the second line of a panic, or the last one of a traceback."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    panics = [at for at, line in enumerate(lines) if "panicked at" in line]
    return next((lines[at + 1] for at in panics if at + 1 < len(lines)), lines[-1] if lines else "")


def _failed(what: str, reason: str, end: str = "") -> str:
    import pyoxigraph

    advice = "Simplify it: reduce nesting, and sort by strings, such as ORDER BY STR(?x)."
    why = ": ".join(part for part in (end, reason[:200]) if part)
    return f"the query engine (Oxigraph {pyoxigraph.__version__}) crashed on this {what} ({why}). {advice}"


def _too_large(what: str, memory: int) -> str:
    return (
        f"the {what} was stopped: it needed more than {memory / 1024**3:.1f} GiB of memory. "
        "Add a LIMIT, or avoid joins of patterns that share no variable."
    )


def _too_late(what: str, timeout: float | None) -> str:
    limit = "its time limit" if timeout is None else f"its time limit of {timeout:g} seconds"
    return f"the {what} was stopped: it exceeded {limit}. Simplify it, or raise the limit (`timeout=`)."
