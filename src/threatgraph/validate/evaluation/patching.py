"""Replaces a function of another package temporarily, for the current thread only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

_lock = threading.Lock()


class ThreadLocalPatch:
    """A context manager that replaces a function for the thread that enters it; other threads call the original.

    Args:
        owner: the module or class that has the function.
        name: the name of the function.
        replacement: the function to call instead; its first argument is the original function.
    """

    def __init__(self, owner: Any, name: str, replacement: Callable[..., Any]) -> None:
        self._owner, self._name, self._replacement = owner, name, replacement
        self._local = threading.local()
        self._users = 0

    def __enter__(self) -> ThreadLocalPatch:
        with _lock:
            if not self._users:
                self._apply()
            self._users += 1
        self._local.depth = getattr(self._local, "depth", 0) + 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._local.depth -= 1
        with _lock:
            self._users -= 1
            if not self._users:
                setattr(self._owner, self._name, self._original)

    def _apply(self) -> None:
        self._original = original = getattr(self._owner, self._name)

        def dispatch(*args: Any, **options: Any) -> Any:
            if getattr(self._local, "depth", 0):
                return self._replacement(original, *args, **options)
            return original(*args, **options)

        setattr(self._owner, self._name, dispatch)
