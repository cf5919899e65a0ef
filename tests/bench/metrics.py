"""Ranking metrics with confidence intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: The number of bootstrap samples (Efron 1979), and their seed.
SAMPLES, SEED = 2_000, 20261123
NAMES = ("P@1", "MRR", "nDCG@10", "MAP")
_CUT = 10


def of_ranking(expected: np.ndarray) -> tuple[float, float, float, float]:
    """Precision at 1, reciprocal rank, normalized discounted cumulative gain at 10, average precision.

    Args:
        expected: for each rank, whether the candidate is expected; at least one is.
    """
    ranks = np.flatnonzero(expected) + 1
    gain = (1 / np.log2(ranks[ranks <= _CUT] + 1)).sum()
    ideal = (1 / np.log2(np.arange(2, min(len(ranks), _CUT) + 2))).sum()
    average = float(np.mean(np.arange(1, len(ranks) + 1) / ranks))
    return float(expected[0]), float(1 / ranks[0]), float(gain / ideal), average


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """The mean of a metric over all queries, and the bounds of its 95 % bootstrap interval."""
    array = np.asarray(values)
    draws = np.random.default_rng(SEED).integers(0, len(array), (SAMPLES, len(array)))
    means = array[draws].mean(axis=1)
    return float(array.mean()), float(np.quantile(means, 0.025)), float(np.quantile(means, 0.975))


def better(ours: np.ndarray, theirs: np.ndarray) -> float:
    """The share of paired bootstrap samples in which one ranker is better than the other."""
    difference = ours - theirs
    draws = np.random.default_rng(SEED).integers(0, len(difference), (SAMPLES, len(difference)))
    return float((difference[draws].mean(axis=1) > 0).mean())
