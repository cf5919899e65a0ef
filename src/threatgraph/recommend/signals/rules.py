"""Rules: what rules find in the words of a text, such as the provisions of a use that it names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from threatgraph.recommend.signals.base import CandidateIndex, Contribution, LastQuery, Query, Target
from threatgraph.recommend.signals.text import Statements

#: The number of quotations in an explanation.
_QUOTED = 2


class Found(NamedTuple):
    """What rules find for a record."""

    weight: float
    """From 0 to 1: how directly the text names it."""
    words: tuple[str, ...]
    """The words of the text that lead to it."""


Rules = Callable[[str], Mapping[str, Found]]
"""Returns what rules find in a text, by the IRI of the record."""


class NamedByRules:
    """The records that rules find in the words of a text.

    Args:
        target: the candidates.
        rules: the rules.
        statements: returns the statements that contain the text of a record.
    """

    name = "rules"

    def __init__(self, target: Target, rules: Rules, statements: Statements) -> None:
        self._target, self._statements = target, statements
        self._found = LastQuery(lambda query: rules(query.text) if query.text else {})

    def scores(self, query: Query) -> np.ndarray:
        """How directly the text names each candidate."""
        values = np.zeros(len(self._target))
        for iri, found in self._found(query).items():
            candidate = self._target.find(iri)
            if candidate is not None:
                values[candidate] = found.weight
        return values

    def contributions(self, query: Query, candidate: CandidateIndex) -> list[Contribution]:
        """One contribution, with the words of the text."""
        iri = self._target.iri(candidate)
        words = " and ".join(f"“{word}”" for word in self._found(query)[iri].words[:_QUOTED])
        text = f"the text mentions {words}" if words else "follows from the use that the text names"
        return [Contribution(1.0, text, tuple(self._statements(iri)[:2]))]
