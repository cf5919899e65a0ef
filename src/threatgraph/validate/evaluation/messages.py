"""The messages of a result: keeps their languages through pyshacl, and selects the text to display."""

from __future__ import annotations

from collections.abc import Iterable

from pyoxigraph import Literal

#: Delimits a language tag at the start of a text, since pyshacl drops the language of messages with placeholders.
_DELIMITER = "\ue000"
#: The message for a constraint without one: the value of ``?message`` in its query, if there is one.
FROM_QUERY = "{?message}"


def tagged(message: Literal) -> Literal:
    """A message with its language tag in its text, for pyshacl."""
    if not message.language:
        return message
    return Literal(f"{_DELIMITER}{message.language}{_DELIMITER}{message.value}", language=message.language)


def untagged(message: Literal) -> Literal:
    """The message before :func:`tagged`."""
    if not message.value.startswith(_DELIMITER):
        return message
    _, language, text = message.value.split(_DELIMITER, 2)
    return Literal(text, language=language)


def display_text(messages: Iterable[Literal]) -> str:
    """The text to display: in English, else without a language tag, else in the first language by its tag.

    If there are several messages in that language, they are joined in alphabetical order.
    """
    by_language: dict[tuple[int, str], set[str]] = {}
    for message in messages:
        tag = (message.language or "").lower()
        rank = 0 if tag == "en" or tag.startswith("en-") else 1 if not tag else 2
        by_language.setdefault((rank, tag), set()).add(message.value)
    return " ".join(sorted(by_language[min(by_language)])) if by_language else ""
