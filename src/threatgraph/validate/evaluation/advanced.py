"""Counts the nodes that pyshacl judges where shapes select them by SHACL Advanced Features."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from pyshacl.shape import Shape

from threatgraph.validate.evaluation.patching import LocalChange

_counting = threading.local()


def _counted(theirs: Callable[..., Any], *args: Any, **options: Any) -> Any:
    found = theirs(*args, **options)
    _counting.seen.update(found)
    return found


_COUNTED = LocalChange(Shape, "focus_nodes", _counted)


@contextmanager
def counted_focus_nodes() -> Iterator[set[Any]]:
    """Collect the focus nodes of all targets, those of SPARQL targets and of derived statements among them."""
    _counting.seen = seen = set[Any]()
    with _COUNTED:
        yield seen
