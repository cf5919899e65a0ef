"""Asks the open questions of an assessment on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

from threatgraph.cli.output import notify
from threatgraph.display import printable

if TYPE_CHECKING:
    from threatgraph.assess import Assessment
    from threatgraph.assess.model import Question


def ask(assess: Callable[[dict[str, str]], Assessment]) -> Assessment:
    """Ask the questions, assess again with the answers, and ask what the answers open up.

    Questions go to standard error, so that standard output has the assessment only. An empty line skips a question,
    and the end of the input (Ctrl-D) skips all others.

    Args:
        assess: makes the assessment with the answers, by the key of the question.

    Returns:
        The assessment with all answers.
    """
    answers: dict[str, str] = {}
    asked: set[str] = set()
    found = assess(answers)
    try:
        while open_ := [question for question in found.questions if question.id not in asked]:
            before = len(answers)
            for question in open_:
                asked.add(question.id)
                if answer := _answer(question, len(asked)):
                    answers[question.id] = answer
            if len(answers) == before:
                break
            found = assess(answers)
    except EOFError:
        notify("")
        found = assess(answers)
    if answers:
        notify("\nAnswers, for a profile (--profile FILE):\n")
        notify("".join(f"{key}: {value}\n" for key, value in answers.items()))
    return found


def _answer(question: Question, number: int) -> str:
    """The answer to a question; empty if it is skipped."""
    notify(f"\n{number}. {question.text}\n   {question.why}")
    choices = {option.casefold(): option for option in question.options}
    prompt = f"   {' / '.join(question.options)} (Enter to skip): " if choices else "   (Enter to skip): "
    while True:
        answer = _read(prompt)
        if not answer or not choices:
            return answer
        begun = [option for name, option in choices.items() if name.startswith(answer.casefold())]
        if answer.casefold() in choices or len(begun) == 1:
            return choices.get(answer.casefold(), begun[0])
        notify(f"   {answer!r} is not one of {', '.join(question.options)}.")


def _read(prompt: str) -> str:
    print(printable(prompt), end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.strip()
