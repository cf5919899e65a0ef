"""The nodes that a validation is restricted to, such as those of a few new records in a large graph."""

from __future__ import annotations

from collections.abc import Collection

from pyoxigraph import NamedNode

from threatgraph.store import Store
from threatgraph.validate.shapes.graph import Target


class Selection:
    """Some nodes of a graph, by the targets that select them.

    Args:
        store: the graph.
        nodes: the nodes.
    """

    def __init__(self, store: Store, nodes: Collection[NamedNode]) -> None:
        self._store = store
        self._all = " ".join(sorted(map(str, nodes)))
        self._of: dict[Target, list[str]] = {}

    def of(self, target: Target, scope: str) -> list[str]:
        """The nodes that are in a target.

        Args:
            target: the target.
            scope: the pattern of its nodes, which binds ``?this``.
        """
        if target not in self._of:
            query = f"SELECT DISTINCT ?this WHERE {{ VALUES ?this {{ {self._all} }} {scope} }}"
            self._of[target] = [str(row[0]) for row in self._store.select(query).rows]
        return self._of[target]
