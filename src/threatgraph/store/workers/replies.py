"""Reads the replies of workers, and says why one ended without a reply."""

from __future__ import annotations

import json
import signal
from typing import Any

from threatgraph.errors import EngineFailed, QueryTimeout, QueryTooLarge, ThreatGraphError
from threatgraph.store.workers.hosts import Worker
from threatgraph.store.workers.worker import ERROR, ERRORS, RAISED

_YEAR = 366 * 24 * 3600
#: What memory allocators print before they abort a process.
_NO_MEMORY = ("memory allocation of", "bad_alloc", "MemoryError", "out of memory")


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


def read_reply(reply: bytes, what: str, memory: int) -> tuple[bytes, bytes]:
    """Read the reply of a worker.

    Args:
        reply: the bytes of the message.
        what: the name of the task for messages, such as ``query``.
        memory: the memory limit of the worker in bytes.

    Returns:
        The kind and the bytes of the answer.

    Raises:
        ThreatGraphError: the error that the worker reports.
    """
    kind, content = reply[1:2], reply[2:]
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
        error = _empty(error_type)
        error.args = arguments
        vars(error).update(details)
        raise error
    return kind, content


def _empty(error_type: type[ThreatGraphError]) -> ThreatGraphError:
    """A new error without its message, made as Python makes it: by the built-in class whose layout the error has."""
    builtin: Any = error_type
    while builtin.__module__ != "builtins":
        builtin = builtin.__base__
    error: ThreatGraphError = builtin.__new__(error_type)
    return error


def crash(worker: Worker, what: str, memory: int) -> ThreatGraphError:
    """Return the error for a worker that ended during a request, and wait for its end; arguments as above."""
    said = worker.complaint()
    status = worker.end(kill=False)
    if any(word in said for word in _NO_MEMORY):
        return QueryTooLarge(_too_large(what, memory))
    name = signal.Signals(-status).name if status < 0 else f"exit status {status}" if status else ""
    if name == "SIGALRM":
        return time_exceeded(what, None)
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


def time_exceeded(what: str, timeout: float | None) -> QueryTimeout:
    """Return the error for a request that was stopped at its time limit, in seconds if it is known."""
    limit = "its time limit" if timeout is None else f"its time limit of {timeout:g} seconds"
    return QueryTimeout(f"the {what} was stopped: it exceeded {limit}. Simplify it, or raise the limit (`timeout=`).")
