"""Chooses the questions that the facts leave open, the most decisive first, and reads their answers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from threatgraph.assess.conditions import any_holds
from threatgraph.assess.lexicon import load
from threatgraph.assess.model import Fact, Question
from threatgraph.assess.ruling import Ruling

MOST = 8
"""The maximum number of questions."""


def ask(ruling: Ruling, answered: frozenset[str] = frozenset()) -> tuple[Question, ...]:
    """Return the questions whose answers would change the findings.

    Args:
        ruling: the findings and facts.
        answered: the questions that the profile answers.
    """
    asked = []
    for question in catalog():
        if question["id"] in answered or not _open(question, ruling):
            continue
        asked.append(
            Question(
                id=question["id"],
                text=question["text"],
                why=question["why"],
                options=tuple(question["options"]),
                settles=tuple(
                    provision.iri for slug in question["settles"] if (provision := ruling.law.get(slug)) is not None
                ),
            )
        )
    return tuple(asked[:MOST])


def catalog() -> list[dict[str, Any]]:
    """Return all questions, in the order in which they are asked."""
    questions: list[dict[str, Any]] = load("questions")["question"]
    return questions


def answer(question: dict[str, Any], option: str) -> Iterator[Fact]:
    """Yield the facts that an answer states.

    Args:
        question: a question of :func:`catalog`.
        option: one of its options.
    """
    for term in question["answers"][option]:
        name, _, value = term.removeprefix("-").partition("=")
        yield Fact(name, value, "profile", negated=term.startswith("-"))


def _open(question: dict[str, Any], ruling: Ruling) -> bool:
    if any_holds(question.get("unless", ()), ruling.facts, ruling.found):
        return False
    conditions = question.get("when")
    return conditions is None or any_holds(conditions, ruling.facts, ruling.found)
