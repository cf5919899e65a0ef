"""Counts the nodes that pyshacl judges where shapes select them by SHACL Advanced Features."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pyshacl.shape import Shape

#: One evaluation at a time: pyshacl is changed for as long as it takes.
_LOCK = threading.RLock()


@contextmanager
def counted_focus_nodes() -> Iterator[set[Any]]:
    """Collect the focus nodes of all targets, those of SPARQL targets and of derived statements among them."""
    seen: set[Any] = set()
    changed: Any = Shape
    with _LOCK:
        before = changed.focus_nodes

        def counted(shape: Any, *args: Any, **options: Any) -> Any:
            found = before(shape, *args, **options)
            seen.update(found)
            return found

        changed.focus_nodes = counted
        try:
            yield seen
        finally:
            changed.focus_nodes = before
