"""SyncResult a function of another package for the threads that ask for it, as long as they do."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

_lock = threading.Lock()


class LocalChange:
    """A function in place of another one, within ``with`` and for the thread that entered it; others keep theirs.

    Args:
        owner: the module or class that has the function.
        name: its name there.
        ours: what to call in its place, with the function itself before the arguments.
    """

    def __init__(self, owner: Any, name: str, ours: Callable[..., Any]) -> None:
        self._owner, self._name, self._ours = owner, name, ours
        self._here = threading.local()
        self._users = 0

    def __enter__(self) -> LocalChange:
        with _lock:
            if not self._users:
                self._put()
            self._users += 1
        self._here.depth = getattr(self._here, "depth", 0) + 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._here.depth -= 1
        with _lock:
            self._users -= 1
            if not self._users:
                setattr(self._owner, self._name, self._theirs)

    def _put(self) -> None:
        self._theirs = theirs = getattr(self._owner, self._name)

        def chosen(*args: Any, **options: Any) -> Any:
            if getattr(self._here, "depth", 0):
                return self._ours(theirs, *args, **options)
            return theirs(*args, **options)

        setattr(self._owner, self._name, chosen)
