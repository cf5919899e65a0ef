"""The worker process: evaluates external requests one after the other, and may crash without affecting others.

The parent sends a pickled request: a query, or a function of threatgraph to call on the store. A worker that crashes,
exceeds its time limit or its memory limit ends, and the parent starts another one.
"""

from __future__ import annotations

import json
import os
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
"""Maximum size of an answer in bytes."""
KEEP, LAST = b"+", b"-"
"""The first byte of a reply: whether the worker continues, or ends because its memory has grown."""
VALUE, ERROR, RAISED = b"V", b"E", b"X"
"""The second byte of a reply: a pickled value, an error of a query as JSON, or a pickled error of a call."""
ERRORS: dict[str, type[ThreatGraphError]] = {
    kind.__name__: kind for kind in (ThreatGraphError, InvalidQuery, QueryRefused, QueryTooLarge, EngineFailed)
}
"""The errors of queries; other errors in a worker are reported as one of these."""
_GROWTH = 256 * 1024**2
_IMPORTED_LATER = ("difflib", "pickle", "traceback", "unicodedata")
"""Modules that some answers need, and that are otherwise imported when they are needed."""


class Permissions(NamedTuple):
    """The permissions of a worker."""

    memory: int
    """Memory limit in bytes, beyond the initial size of the process."""
    network: bool = False
    """Whether it may open sockets."""
    files: bool = False
    """Whether it may open files."""


class Request(NamedTuple):
    """A request to a worker: a query, or a call if ``function`` is given."""

    timeout: float | None
    sparql: str = ""
    allow_service: bool | None = None
    """Whether ``SERVICE`` is permitted; ``None`` skips the check of the query."""
    function: str = ""
    """``module:function``; the store is its first argument."""
    arguments: Mapping[str, Any] | None = None
    folder: str = ""
    """The working directory for relative paths among the arguments."""

    def pack(self) -> bytes:
        """The request as bytes: JSON for a query, and a pickle for a call, which takes time to import."""
        if not self.function:
            return json.dumps(self).encode()
        import pickle

        return pickle.dumps(self)

    @classmethod
    def unpack(cls, message: bytes) -> Request:
        """The request in a message of the parent."""
        if message.startswith(b"["):
            return cls(*json.loads(message))
        import pickle

        request: Request = pickle.loads(message)  # noqa: S301 - only the parent writes here
        return request


def import_all() -> None:
    """Import what a worker may need, since one that cannot open files cannot import either."""
    for name in _IMPORTED_LATER:
        import_module(name)


def run(channel: Channel, store: WorkerStore, permissions: Permissions) -> NoReturn:
    """Run as a worker until this process ends.

    Args:
        channel: the connection to the parent.
        store: the store; a directory store is reopened.
        permissions: the permissions of this process.
    """
    try:
        isolation.forbid_dumps()
        try:
            store = store.in_worker()
        except ThreatGraphError as error:  # it cannot be opened
            channel.receive()
            channel.send(LAST + RAISED + _raised(error))
            os._exit(0)
        isolation.limit_memory(permissions.memory)
        if not permissions.network:
            isolation.forbid_network()
            if not permissions.files and store.in_memory:
                isolation.forbid_files()
        _serve(channel, store)
        os._exit(0)
    except BaseException:  # noqa: BLE001 - report any error to the parent
        import traceback  # takes time to import

        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(1)


def _serve(channel: Channel, store: WorkerStore) -> None:
    small = _size()
    while True:
        try:
            request = Request.unpack(channel.receive())
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
                f"the result is larger than {ANSWER_LIMIT // 1024**2} MiB: reduce it, for example with LIMIT."
            )
        return kind, content
    except ThreatGraphError as error:
        return ERROR, _told(type(error), str(error))
    except MemoryError:
        return ERROR, _told(QueryTooLarge, "")
    except BaseException as error:  # noqa: BLE001 - panics of Oxigraph are not subclasses of Exception, and must be reported to the parent
        return ERROR, _told(EngineFailed, str(error))


def _called(store: WorkerStore, request: Request) -> tuple[bytes, bytes]:
    import pickle

    module, _, name = request.function.partition(":")
    try:
        os.chdir(request.folder)
        return VALUE, pickle.dumps(getattr(import_module(module), name)(store, **(request.arguments or {})))
    except ThreatGraphError as error:
        return RAISED, _raised(error)
    except MemoryError:
        return ERROR, _told(QueryTooLarge, "")
    except BaseException as error:  # noqa: BLE001 - see above
        return ERROR, _told(EngineFailed, f"{type(error).__name__}: {error}")


def _raised(error: ThreatGraphError) -> bytes:
    import pickle

    return pickle.dumps((type(error), error.args, vars(error)))


def _told(kind: type[ThreatGraphError], message: str) -> bytes:
    name = kind.__name__ if kind.__name__ in ERRORS else ThreatGraphError.__name__
    return json.dumps([name, message]).encode()


def _size() -> int:
    """The peak memory of this process in bytes; 0 if unknown."""
    try:
        import resource
    except ImportError:
        return 0
    import sys

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
