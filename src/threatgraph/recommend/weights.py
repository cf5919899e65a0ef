"""The weights of the signals, learned by ``tests/bench/learn_weights.py`` from the links of the bundled graph."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

#: The source kind of a query that is a text, or a record without known links.
TEXT = "text"


@cache
def _learned() -> dict[str, dict[str, dict[str, float]]]:
    loaded: dict[str, dict[str, dict[str, float]]] = json.loads(
        files("threatgraph.recommend").joinpath("weights.json").read_text(encoding="utf-8")
    )
    return loaded


def weights(source: str | None, target: str, *, embedded: bool) -> dict[str, float]:
    """The weights of the signals, which sum to 1, so that scores are between 0 and 1.

    Args:
        source: kind of the query record; ``None`` for a text, and for kinds without links to learn from.
        target: kind of the records to recommend.
        embedded: whether word embeddings are available.
    """
    table = _learned()["with embedding" if embedded else "without embedding"]
    return table.get(f"{source} to {target}") or table.get(f"{TEXT} to {target}") or table[TEXT]
