"""Rejects values that a format cannot represent, so that no export loses a statement."""

from __future__ import annotations

import re

from pyoxigraph import Literal, Quad, Triple

from threatgraph.errors import NotRepresentable

# Characters outside the Char production of XML 1.0 (section 2.2), which cannot be escaped either.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def refuse_control_characters(text: str, place: str, form: str) -> None:
    """Reject text that XML cannot represent.

    Args:
        text: the text.
        place: the position of the text, for the message.
        form: the display name of the format.

    Raises:
        NotRepresentable: with the position, and a format that can represent the text.
    """
    if _NOT_XML.search(text):
        message = f"{place}: {form} cannot represent the control characters in this value: export as turtle."
        raise NotRepresentable(message)


def refuse_new_terms(statement: Triple | Quad, form: str) -> None:
    """Reject features of RDF 1.2: triples as values, and text with a direction.

    Raises:
        NotRepresentable: with the statement, and a format that can represent it.
    """
    value = statement.object
    if isinstance(value, Triple) or (isinstance(value, Literal) and value.direction):
        what = "a triple as a value" if isinstance(value, Triple) else "a text direction"
        place = f"{statement.subject} {statement.predicate}"
        raise NotRepresentable(f"{place}: {form} cannot represent {what}, a feature of RDF 1.2: export as ntriples.")
