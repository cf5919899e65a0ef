"""Finds the provisions and patterns that a text refers to, by the rules of an assessment, for recommendations."""

from __future__ import annotations

from functools import cache

from threatgraph.assess.facts import extract
from threatgraph.assess.law import Law
from threatgraph.assess.lexicon import load, restore
from threatgraph.assess.resemblance import OF_USE
from threatgraph.assess.rules import apply
from threatgraph.assess.threats import by_facts
from threatgraph.recommend.signals.rules import Found, Rules
from threatgraph.store import Store

#: How directly a text names a provision, by whether it is one of a use, from which the others follow, and its status.
_WEIGHTS = {(True, "candidate"): 1.0, (True, "to check"): 0.8, (False, "candidate"): 0.2, (False, "to check"): 0.1}


def rules_of(store: Store) -> dict[str, Rules]:
    """Return the rules by the kind of the records that they find in a text.

    Args:
        store: the graph.
    """
    restore(store)
    law = cache(lambda: Law(store, load("rules")["framework"]))
    return {"pattern": _patterns, "provision": lambda text: _provisions(law(), text)}


def _patterns(text: str) -> dict[str, Found]:
    """The patterns that facts lead to."""
    return {iri: Found(weight, words) for iri, (weight, words, _) in by_facts(extract(text)).items() if weight > 0}


def _provisions(law: Law, text: str) -> dict[str, Found]:
    """The provisions that are not ruled out, and that words of the text lead to."""
    found = {}
    for slug, finding in apply(law, extract(text)).findings.items():
        weight = _WEIGHTS.get((bool(OF_USE.match(slug)), finding.status), 0.0)
        if weight and finding.matched:
            found[finding.iri] = Found(weight, finding.matched)
    return found
