"""The worker process: it evaluates what strangers ask, one request after the other, and may crash alone.

The parent sends a request, pickled by itself: a query, or a function of this package to call on the store. A worker
that crashes, runs too long or takes too much memory ends, and the parent starts another one.
"""

from __future__ import annotations

import json
import os
import pickle
import traceback
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

from threatgraph.errors import EngineFailed, InvalidQuery, QueryRefused, QueryTooLarge, ThreatGraphError
from threatgraph.sparql.guard import refuse_unsafe
from threatgraph.store.workers import sandbox as isolation

if TYPE_CHECKING:
    from threatgraph.store.workers.channels import Channel
    from threatgraph.store.workers.protocol import WorkerStore

ANSWER_LIMIT = 1024**3
"""Bytes that an answer may have on its way from a worker."""
KEEP, LAST = b"+", b"-"
"""The first byte of a reply: whether the worker goes on, or ends because it has grown."""
VALUE, ERROR, RAISED = b"V", b"E", b"X"
"""The second byte of a reply: a pickled value, an error of a query in JSON, or a pickled error of a call."""
ERRORS: dict[str, type[ThreatGraphError]] = {
    kind.__name__: kind for kind in (ThreatGraphError, InvalidQuery, QueryRefused, QueryTooLarge, EngineFailed)
}
"""The errors of a query: what else may go wrong in a worker is one of these to its parent."""
_GROWTH = 256 * 1024**2


class Permissions(NamedTuple):
    """What a worker may do."""

    memory: int
    """Bytes beyond what the process has when it starts."""
    network: bool = False
    """Whether it may open sockets."""
    files: bool = False
    """Whether it may open files."""


class Request(NamedTuple):
    """What a parent asks of a worker: a query, or a call where ``function`` is given."""

    timeout: float | None
    sparql: str = ""
    allow_service: bool | None = None
    """Whether ``SERVICE`` is let through; ``None`` where the text is evaluated whatever it says."""
    function: str = ""
    """``module:function``, of which the store is the first argument."""
    arguments: Mapping[str, Any] | None = None
    folder: str = ""
    """Where relative paths among the arguments begin."""


def run(channel: Channel, store: WorkerStore, permissions: Permissions) -> NoReturn:
    """Be a worker, to the end of this process.

    Args:
        channel: the connection to the parent.
        store: the store; one on disk is opened anew.
        permissions: what this process may do.
    """
    try:
        isolation.forbid_dumps()
        store = store.in_worker()
        isolation.limit_memory(permissions.memory)
        if not permissions.network:
            isolation.forbid_network()
            if not permissions.files and store.in_memory:
                isolation.forbid_files()
        _serve(channel, store)
        os._exit(0)
    except BaseException:  # noqa: BLE001 - the parent reads what was wrong, and this process has no other way to say it
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(1)


def _serve(channel: Channel, store: WorkerStore) -> None:
    small = _size()
    while True:
        try:
            request: Request = pickle.loads(channel.receive())  # noqa: S301 - the parent alone writes here
        except (EOFError, OSError):
            return
        isolation.limit_time(request.timeout)
        kind, content = _reply(store, request)
        last = kind in (ERROR, RAISED) or _size() > small + _GROWTH
        channel.send((LAST if last else KEEP) + kind + content)
        isolation.limit_time(None)
        if last:
            return


def _reply(store: WorkerStore, request: Request) -> tuple[bytes, bytes]:
    if request.function:
        return _called(store, request)
    try:
        if request.allow_service is not None:
            refuse_unsafe(request.sparql, allow_service=request.allow_service)
        kind, content = store.answer(request.sparql)
        if len(content) > ANSWER_LIMIT:
            raise QueryTooLarge(
                f"the answer has more than {ANSWER_LIMIT // 1024**2} MiB: ask for less, such as by LIMIT."
            )
        return kind, content
    except ThreatGraphError as error:
        return ERROR, _told(type(error), str(error))
    except MemoryError:
        return ERROR, _told(QueryTooLarge, "")
    except BaseException as error:  # noqa: BLE001 - the engine's panics are no Exception, and must reach the parent
        return ERROR, _told(EngineFailed, str(error))


def _called(store: WorkerStore, request: Request) -> tuple[bytes, bytes]:
    module, _, name = request.function.partition(":")
    try:
        os.chdir(request.folder)
        return VALUE, pickle.dumps(getattr(import_module(module), name)(store, **(request.arguments or {})))
    except ThreatGraphError as error:
        return RAISED, pickle.dumps((type(error), error.args, vars(error)))
    except MemoryError:
        return ERROR, _told(QueryTooLarge, "")
    except BaseException as error:  # noqa: BLE001 - see above
        return ERROR, _told(EngineFailed, f"{type(error).__name__}: {error}")


def _told(kind: type[ThreatGraphError], message: str) -> bytes:
    name = kind.__name__ if kind.__name__ in ERRORS else ThreatGraphError.__name__
    return json.dumps([name, message]).encode()


def _size() -> int:
    """The most memory that this process has had, in bytes; 0 where the system does not tell."""
    try:
        import resource
    except ImportError:
        return 0
    import sys

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
