"""Corrected constraint components, which replace those of pyshacl that differ from the specification.

Each is a subclass of a component of pyshacl that replaces only the test of a value, so that results and messages are
those of pyshacl. They apply within :func:`corrected`, for the thread that enters it. Other users of pyshacl in the same
process are not affected.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

_entered = threading.local()
_lock = threading.Lock()
_undo: list[Callable[[], None]] = []
_users = 0


@contextmanager
def corrected() -> Iterator[None]:
    """Make pyshacl use the components and the path function of this package."""
    global _users
    with _lock:
        if not _users:
            _replace()
        _users += 1
    depth = getattr(_entered, "depth", 0)
    _entered.depth = depth + 1
    try:
        yield
    finally:
        _entered.depth = depth
        with _lock:
            _users -= 1
            while _undo and not _users:
                _undo.pop()()


def _replace() -> None:
    from pyshacl import constraints, shape

    from threatgraph.validate.evaluation.components import closed, datatype, node_kind, order, paths, strings

    registry: dict[Any, Any] = constraints.CONSTRAINT_PARAMETERS_MAP
    modules: tuple[Any, ...] = (closed, datatype, node_kind, order, strings)
    for replacement in (component for module in modules for component in module.COMPONENTS):
        # A component with two parameters has a single entry, so that a shape with both is evaluated once.
        dispatch = _dispatch(registry[replacement.constraint_parameters()[0]], replacement)
        for parameter in replacement.constraint_parameters():
            _undo.append(partial(registry.__setitem__, parameter, registry[parameter]))
            registry[parameter] = dispatch
    original = vars(shape)["value_nodes_from_path"]
    _undo.append(partial(setattr, shape, "value_nodes_from_path", original))
    setattr(shape, "value_nodes_from_path", _dispatch(original, paths.value_nodes))  # noqa: B010 # not exported there


def _dispatch(original: Callable[..., Any], replacement: Callable[..., Any]) -> Callable[..., Any]:
    """Call the replacement in a thread within :func:`corrected`, and the original in other threads."""

    def call(*args: Any, **options: Any) -> Any:
        return (replacement if getattr(_entered, "depth", 0) else original)(*args, **options)

    return call
