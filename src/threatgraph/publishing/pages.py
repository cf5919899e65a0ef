"""The records that have a page on a site."""

from __future__ import annotations

from threatgraph.store import Store
from threatgraph.table import plain_text
from threatgraph.vocab import BASE

_DESCRIBED = 'SELECT DISTINCT ?record { ?record ?property ?value FILTER(STRSTARTS(STR(?record), "%s")) }' % BASE  # noqa: UP031


def record_paths(store: Store) -> list[str]:
    """Return the paths of all IRIs of threatgraph that the graph describes, sorted, without those of their parts.

    Args:
        store: the graph.
    """
    found = {plain_text(row[0]).removeprefix(BASE) for row in store.select(_DESCRIBED).rows if row[0] is not None}
    return sorted(path for path in found if path and "#" not in path)
