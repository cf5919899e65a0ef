"""Counts the focus nodes that pyshacl selects with SHACL Advanced Features."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pyshacl.shape import Shape

from threatgraph.validate.evaluation.patching import ThreadLocalPatch

_counting = threading.local()


def _counted(original: Callable[..., Any], *args: Any, **options: Any) -> Any:
    found = original(*args, **options)
    _counting.seen.update(found)
    return found


_COUNTED = ThreadLocalPatch(Shape, "focus_nodes", _counted)


@contextmanager
def counted_focus_nodes() -> Iterator[set[Any]]:
    """Collect the focus nodes of all targets, including SPARQL-based targets and inferred statements."""
    _counting.seen = seen = set[Any]()
    with _COUNTED:
        yield seen
