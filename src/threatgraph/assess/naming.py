"""Finds the provisions and patterns that a text refers to, by the rules of an assessment, for recommendations."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from threatgraph.assess.facts import extract
from threatgraph.assess.law import Law
from threatgraph.assess.lexicon import load
from threatgraph.assess.resemblance import OF_USE
from threatgraph.assess.rules import apply
from threatgraph.assess.threats import by_facts
from threatgraph.recommend.signals.rules import Found
from threatgraph.store import Store

#: How directly a text names a provision, by whether it is one of a use, from which the others follow, and its status.
_WEIGHTS = {(True, "candidate"): 1.0, (True, "to check"): 0.8, (False, "candidate"): 0.2, (False, "to check"): 0.1}


class Naming:
    """Returns the provisions and patterns that the rules find in a text.

    Args:
        store: the graph.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    @cached_property
    def _law(self) -> Law:
        return Law(self._store, load("rules")["framework"])

    def __call__(self, text: str) -> Mapping[str, Found]:
        """The provisions that are not ruled out, and the patterns that facts lead to, by IRI."""
        facts = extract(text)
        found = {iri: Found(weight, words) for iri, (weight, words, _) in by_facts(facts).items() if weight > 0}
        for slug, finding in apply(self._law, facts).findings.items():
            weight = _WEIGHTS.get((bool(OF_USE.match(slug)), finding.status), 0.0)
            if weight and finding.matched:
                found[finding.iri] = Found(weight, finding.matched)
        return found
