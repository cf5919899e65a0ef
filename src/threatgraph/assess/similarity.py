"""Scores the records of a kind by their similarity to a text, without the reasons, which take most of the time."""

from __future__ import annotations

import numpy as np

from threatgraph.recommend import Recommender


def similar(recommender: Recommender, text: str, kind: str, most: int) -> dict[str, float]:
    """Return the records of a kind that are most similar to a text, with their scores, the most similar first.

    Args:
        recommender: the recommender of the graph.
        text: the text; may be empty.
        kind: ``pattern``, ``incident`` or ``provision``.
        most: the maximum number of records.
    """
    if not text.strip() or not len(recommender.corpus.of_kind[kind]):
        return {}
    target = recommender.target(kind)
    scores = recommender.scores([recommender.text_query(text)], kind)
    order = np.argsort(-scores.round(9), kind="stable")[:most]
    candidates = list(target.candidates())
    return {target.iri(candidates[i]): float(scores[i]) for i in order.tolist() if scores[i] > 0}
