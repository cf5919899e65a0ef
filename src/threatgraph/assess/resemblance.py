"""Finds the example uses of provisions that a description resembles, for wordings that the lexicons do not have."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from pyoxigraph import Literal

from threatgraph.assess.law import Law
from threatgraph.assess.sentences import Sentence
from threatgraph.recommend import Recommender
from threatgraph.recommend.signals.base import CandidateIndex
from threatgraph.recommend.signals.passages import Examples

#: Provisions that a use itself falls under; the duties follow from these.
OF_USE = re.compile(r"annex-iii-|article-5-1-|article-50-[1-4]$|article-6-1$")
#: The least similarity to the examples of a provision with and without embeddings, and the least lead over the others.
_LEAST, _LEAST_BY_WORDS, _LEAD = 0.35, 0.3, 0.05
#: The number of sentences that are compared.
_SENTENCES = 3


class Resemblance(NamedTuple):
    """A sentence that resembles example uses of a provision."""

    slug: str
    """The slug of the provision."""
    sentence: str
    example: str
    """The example that is most similar."""


def resembling(recommender: Recommender, law: Law, sentences: Sequence[Sentence]) -> list[Resemblance]:
    """Compare the sentences that say most about the purpose of a system with the example uses of provisions.

    Args:
        recommender: the recommender of the graph.
        law: the provisions.
        sentences: the sentences of a description.

    Returns:
        At most one provision for each sentence: the one whose examples are clearly more similar than those of others.
    """
    if not len(recommender.corpus.of_kind["provision"]):
        return []
    signal = next(signal for signal in recommender.signals("provision") if isinstance(signal, Examples))
    target = recommender.target("provision")
    least = _LEAST if recommender.embedded else _LEAST_BY_WORDS
    found: dict[str, Resemblance] = {}
    stated = sorted((s for s in sentences if not s.is_aside), key=lambda s: (-s.purpose, s.number))
    for sentence in stated[:_SENTENCES]:
        query = recommender.text_query(sentence.text)
        values = signal.scores(query).round(9)
        best, second = (CandidateIndex(int(i)) for i in np.argsort(-values, kind="stable")[:2])
        provision = law.by_iri.get(target.iri(best))
        clear = values[best] >= least and values[best] - values[second] >= _LEAD
        if not clear or provision is None or not OF_USE.match(provision.slug):
            continue
        example = signal.contributions(query, best)[0].statements[0].object
        if isinstance(example, Literal):
            found.setdefault(provision.slug, Resemblance(provision.slug, sentence.text, example.value))
    return list(found.values())
