"""Constraint components of our own, in place of those of pyshacl that differ from the specification.

Each is a subclass of pyshacl's component, so that messages and results are made as pyshacl makes them; only the test of
a value is another one. They are in place within :func:`corrected` and for the thread that entered it: whoever else uses
pyshacl in the same process gets its own.
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
    """Have pyshacl evaluate constraints by the components of this package, and follow paths by its functions."""
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

    places: dict[Any, Any] = constraints.CONSTRAINT_PARAMETERS_MAP
    modules: tuple[Any, ...] = (closed, datatype, node_kind, order, strings)
    for ours in (component for module in modules for component in module.COMPONENTS):
        # A component with two parameters must stay one thing: a shape that has both is evaluated once.
        choice = _choice(places[ours.constraint_parameters()[0]], ours)
        for parameter in ours.constraint_parameters():
            _undo.append(partial(places.__setitem__, parameter, places[parameter]))
            places[parameter] = choice
    theirs = vars(shape)["value_nodes_from_path"]
    _undo.append(partial(setattr, shape, "value_nodes_from_path", theirs))
    setattr(shape, "value_nodes_from_path", _choice(theirs, paths.value_nodes))  # noqa: B010 # imported, not exported


def _choice(theirs: Callable[..., Any], ours: Callable[..., Any]) -> Callable[..., Any]:
    """Calls our function in a thread that is within :func:`corrected`, and pyshacl's in any other."""

    def choose(*args: Any, **options: Any) -> Any:
        return (ours if getattr(_entered, "depth", 0) else theirs)(*args, **options)

    return choose
