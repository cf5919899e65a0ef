"""How much each signal counts; learned by ``tests/bench/learn_weights.py`` from the bundled graph's own links."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

#: Stands for a query that is a text, or a record of which nothing but its text is known.
TEXT = "text"


@cache
def _learned() -> dict[str, dict[str, dict[str, float]]]:
    loaded: dict[str, dict[str, dict[str, float]]] = json.loads(
        files("threatgraph.recommend").joinpath("weights.json").read_text(encoding="utf-8")
    )
    return loaded


def weights(source: str | None, target: str, *, embedded: bool) -> dict[str, float]:
    """The weights of the signals, which sum to 1, so that a score lies between 0 and 1.

    Args:
        source: kind of the record that recommendations are asked for; ``None`` for a text and for a kind of which no
            links were there to learn from.
        target: kind of the records to recommend.
        embedded: whether word embeddings are at hand.
    """
    table = _learned()["with embedding" if embedded else "without embedding"]
    return table.get(f"{source} to {target}") or table.get(f"{TEXT} to {target}") or table[TEXT]
