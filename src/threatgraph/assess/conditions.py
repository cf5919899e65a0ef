"""Evaluates the conditions of the data files, such as ``use=grading & !people=children``."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from threatgraph.assess.facts import Facts

#: Conditions on what the assessment has found so far, by name, such as ``finding``.
Found = Callable[[str, str], bool]


def holds(condition: str, facts: Facts, found: Found | None = None) -> bool:
    """Return whether a condition holds.

    Args:
        condition: terms joined by ``&``: ``name=value`` is stated, ``!name=value`` is not, ``-name=value`` is denied.
        facts: the facts of the system.
        found: decides on terms that name no fact, such as ``finding=article-6-2``.
    """
    return all(_term(term.strip(), facts, found) for term in condition.split("&"))


def any_holds(conditions: Iterable[str], facts: Facts, found: Found | None = None) -> bool:
    """Return whether one of the conditions holds."""
    return any(holds(condition, facts, found) for condition in conditions)


def stated(condition: str) -> list[str]:
    """Return the facts that a condition requires, without those that it excludes."""
    terms = [term.strip() for term in condition.split("&")]
    return [term for term in terms if term[:1] not in "!-"]


def _term(term: str, facts: Facts, found: Found | None) -> bool:
    if term.startswith("!"):
        return not _term(term[1:], facts, found)
    if term.startswith("-"):
        return bool(facts.denies(term[1:]))
    name, _, value = term.partition("=")
    if found is not None and name in ("finding", "point"):
        return found(name, value)
    return facts.has(term)
