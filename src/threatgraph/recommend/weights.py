"""The weights of the signals, learned by ``tests/bench/learn_weights.py`` from the links of the bundled graph.

Signals spread differently over the candidates: cosines of texts lie close together, visiting probabilities do not. The
learned weight of a signal is therefore divided by its scale over the candidates of the query: by its maximum for
records, and by its standard deviation for texts. The weights of one query sum to 1, so that scores are between 0 and 1.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

#: The source kind of a query that is a text, or a record without known links.
TEXT = "text"
#: The least scale: a signal that is weak for every candidate stays weak.
LEAST = {"maximum": 0.2, "deviation": 0.02, "none": 1.0}


@dataclass(frozen=True, slots=True)
class Learned:
    """What was learned for one kind of question."""

    weights: Mapping[str, float]
    """The weight of each signal, before scaling."""
    scale: str
    """``maximum``, ``deviation`` or ``none``."""
    typical: Mapping[str, float]
    """The mean scale of each signal in the questions learned from."""
    strong: float
    """The least score at which about three in four of the learned results were right."""
    likely: float
    """The least score at which about every second was right."""
    least: float
    """The best score, with the weights of :meth:`unscaled`, of the middle one of the learned questions."""

    def scaled(self, values: Mapping[str, np.ndarray]) -> dict[str, float]:
        """The weights for one query, which sum to 1.

        Args:
            values: the values of each signal for all candidates of the query.
        """
        return _brought_to_one(
            {name: self.weights.get(name, 0.0) / scale_of(values[name], self.scale) for name in values}
        )

    def certainty(self, score: float) -> str:
        """A word for the certainty of a result: ``strong``, ``likely`` or ``weak``."""
        return "strong" if score >= self.strong else "likely" if score >= self.likely else "weak"

    def unscaled(self) -> dict[str, float]:
        """The weights for a typical query, where the values of all candidates are not computed."""
        return _brought_to_one({name: weight / self.typical.get(name, 1.0) for name, weight in self.weights.items()})


def scale_of(values: np.ndarray, scale: str) -> float:
    """The scale of a signal over the candidates of a query.

    Args:
        values: the value for each candidate.
        scale: ``maximum``, ``deviation`` or ``none``.
    """
    if scale == "none" or not len(values):
        return LEAST["none"]
    return max(float(values.max() if scale == "maximum" else values.std()), LEAST[scale])


def _brought_to_one(weights: dict[str, float]) -> dict[str, float]:
    total = sum(weights[name] for name in sorted(weights))
    return {name: weight / total for name, weight in weights.items()} if total > 0 else weights


@cache
def _learned() -> dict[str, dict[str, dict[str, Any]]]:
    loaded: dict[str, dict[str, dict[str, Any]]] = json.loads(Path(__file__).with_name("weights.json").read_bytes())
    return loaded


def learned(source: str | None, target: str, *, embedded: bool) -> Learned:
    """What was learned for a kind of question.

    Args:
        source: kind of the query record; ``None`` for a text, and for kinds without links to learn from.
        target: kind of the records to recommend.
        embedded: whether word embeddings are available.
    """
    table = _learned()["with embedding" if embedded else "without embedding"]
    return Learned(**(table.get(f"{source} to {target}") or table[f"{TEXT} to {target}"]))
