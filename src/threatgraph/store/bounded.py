"""Runs a query in a child process that can be stopped: the engine itself has no way to interrupt a query.

The child is a fork, so it sees the store in memory without copying it. It is bounded in time by a kill and in memory by
the operating system's limit on its address space; a query that breaks either bound harms nothing but itself.
"""

from __future__ import annotations

import os
import select
import signal
import time
import warnings
from collections.abc import Callable
from pathlib import Path

from threatgraph.errors import QueryTimeout, QueryTooLarge, ThreatGraphError

DEFAULT_TIMEOUT = 30.0
"""Seconds that a query from outside may take."""
MEMORY_LIMIT = 4 * 1024**3
"""Bytes that such a query may take beyond what the process already has."""

_DONE, _FAILED = b"+", b"-"


def can_bound() -> bool:
    """Whether this operating system can fork, so that a query can be stopped."""
    return hasattr(os, "fork")


def run_bounded(work: Callable[[], bytes], timeout: float, memory: int = MEMORY_LIMIT) -> bytes:
    """Run ``work`` in a child process and give back its bytes.

    Args:
        work: makes the answer; it runs in the child.
        timeout: seconds after which the child is killed.
        memory: bytes that the child may take beyond the present size of the process.

    Raises:
        QueryTimeout: after ``timeout`` seconds.
        QueryTooLarge: where the child ran out of its memory.
        ThreatGraphError: where ``work`` raised; the message is that of the error.
    """
    reader, writer = os.pipe()
    with warnings.catch_warnings():
        # Python 3.12 warns of forks in a process with threads; the child touches no lock of theirs but the allocator's.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        os.close(reader)
        _answer(work, writer, memory)
    os.close(writer)
    try:
        answer = _read_until(reader, time.monotonic() + timeout)
    except BaseException:
        os.kill(child, signal.SIGKILL)
        raise
    finally:
        os.close(reader)
        _, status = os.waitpid(child, 0)
    if answer[:1] == _DONE:
        return answer[1:]
    if answer[:1] == _FAILED:
        raise ThreatGraphError(answer[1:].decode())
    raise QueryTooLarge(
        f"the query was stopped: it needed more than {memory / 1024**3:.1f} GiB of memory (child status {status}). "
        "Ask for less: add a LIMIT, or join fewer patterns that share no variable."
    )


def _answer(work: Callable[[], bytes], writer: int, memory: int) -> None:
    """The child's whole life: never returns."""
    try:
        devnull = os.open(os.devnull, os.O_WRONLY)
        os.dup2(devnull, 2)  # an allocation failure aborts with a message of its own; the parent says it better
        _limit_memory(memory)
        try:
            message = _DONE + work()
        except MemoryError:
            os._exit(1)
        except Exception as error:  # noqa: BLE001 - whatever went wrong must reach the parent as text
            message = _FAILED + str(error).encode()
        view = memoryview(message)
        while view:
            view = view[os.write(writer, view) :]
        os._exit(0)
    finally:
        os._exit(1)


def _limit_memory(extra: int) -> None:
    import resource

    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
    limit = pages * resource.getpagesize() + extra
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _read_until(reader: int, deadline: float) -> bytes:
    chunks: list[bytes] = []
    while True:
        left = deadline - time.monotonic()
        ready, _, _ = select.select([reader], [], [], max(left, 0))
        if not ready:
            raise QueryTimeout(
                "the query was stopped: it ran past its time limit. Add a LIMIT, or raise the limit (--timeout)."
            )
        chunk = os.read(reader, 1 << 20)
        if not chunk:
            return b"".join(chunks)
        chunks.append(chunk)
