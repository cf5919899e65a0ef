"""Finds the words that a text must have for a regular expression to match.

A description of a system matches few of the thousands of expressions in the lexicons. Most need not even be compiled if
one looks for these words first (R. Cox, "Regular Expression Matching with a Trigram Index", 2012).

Worked example: a text that matches ``(?:cv|résumé)s?[- ]screen(?:ing|er)`` has ``screen``, and one of ``cv`` and
``résumé``. The former is longer, so it alone is looked for.
"""

from __future__ import annotations

from collections.abc import Iterable
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any


def keywords(expression: str) -> tuple[str, ...]:
    """Return texts of which every match has at least one, sorted; empty if none are known.

    Args:
        expression: a regular expression without flags.
    """
    return tuple(sorted(_required(_parser.parse(expression))))


def _required(items: Iterable[tuple[Any, Any]]) -> frozenset[str]:
    """The best texts that a sequence requires; empty for none."""
    best: frozenset[str] = frozenset()
    run = ""
    for operation, argument in items:
        if operation is _constants.LITERAL:
            run += chr(argument)
            continue
        best, run = _better(_better(best, frozenset((run,)) if run else frozenset()), _of(operation, argument)), ""
    return _better(best, frozenset((run,)) if run else frozenset())


def _of(operation: Any, argument: Any) -> frozenset[str]:
    """The texts that one part of a sequence requires."""
    if operation is _constants.SUBPATTERN and not argument[1] and not argument[2]:  # no flags of its own
        return _required(argument[3])
    if operation is _constants.BRANCH:
        branches = [_required(branch) for branch in argument[1]]
        return frozenset().union(*branches) if all(branches) else frozenset()
    if operation in (_constants.MAX_REPEAT, _constants.MIN_REPEAT) and argument[0]:  # at least once
        return _required(argument[2])
    return frozenset()


def _better(one: frozenset[str], other: frozenset[str]) -> frozenset[str]:
    """The set whose shortest text is longer; of equal ones, the smaller set."""
    return max(one, other, key=lambda texts: (min(map(len, texts), default=0), -len(texts)))
