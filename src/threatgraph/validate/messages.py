"""The messages of a result: each with its language, and one to show."""

from __future__ import annotations

from collections.abc import Iterable

from pyoxigraph import Literal, NamedNode

from threatgraph.validate.shapes.graph import ShapeGraph
from threatgraph.vocab import BASE

#: The property of a shape that says how to correct a node.
REMEDY = f"{BASE}shapes#remedy"
#: Stands around a language tag before a text: pyshacl drops the language of a message with placeholders.
_MARK = "\ue000"
#: The message of a constraint without one: what its query says, where it does.
OF_QUERY = "{?message}"


def marked(message: Literal) -> Literal:
    """A message that carries its language in its text as well, to be given to pyshacl."""
    if not message.language:
        return message
    return Literal(f"{_MARK}{message.language}{_MARK}{message.value}", language=message.language)


def unmarked(message: Literal) -> Literal:
    """The message that :func:`marked` was given."""
    if not message.value.startswith(_MARK):
        return message
    _, language, text = message.value.split(_MARK, 2)
    return Literal(text, language=language)


def remedy_of(graph: ShapeGraph, rule: str) -> str | None:
    """The remedy of a shape or constraint, if it has one."""
    remedies = graph.get(NamedNode(rule), {}).get(REMEDY, ())
    return chosen(text for text in remedies if isinstance(text, Literal)) or None


def chosen(messages: Iterable[Literal]) -> str:
    """The text to show: that in English, else without a language, else in the first language by its tag.

    Several messages of that language follow each other in alphabetical order.
    """
    by_language: dict[tuple[int, str], set[str]] = {}
    for message in messages:
        tag = (message.language or "").lower()
        rank = 0 if tag == "en" or tag.startswith("en-") else 1 if not tag else 2
        by_language.setdefault((rank, tag), set()).add(message.value)
    return " ".join(sorted(by_language[min(by_language)])) if by_language else ""
