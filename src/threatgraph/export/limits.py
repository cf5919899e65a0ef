"""What some formats cannot hold: refused by name before anything is written, so that no export loses a statement."""

from __future__ import annotations

import re

from pyoxigraph import Literal, Quad, Triple

from threatgraph.errors import ThreatGraphError

# Outside of the Char production of XML 1.0 (section 2.2): not even an escape can write these.
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def refuse_control_characters(text: str, place: str, form: str) -> None:
    """Refuse a text that XML cannot hold.

    Args:
        text: the text to write.
        place: what it belongs to, for the message.
        form: the format, as people call it.

    Raises:
        ThreatGraphError: names the place, and a format that can hold it.
    """
    if _NOT_XML.search(text):
        message = f"{place}: {form} cannot hold the control characters of this value: export as turtle."
        raise ThreatGraphError(message)


def refuse_new_terms(statement: Triple | Quad, form: str) -> None:
    """Refuse what RDF 1.2 added, triples as values and text with a direction, where a format has no place for it.

    Raises:
        ThreatGraphError: names the statement, and a format that can hold it.
    """
    value = statement.object
    if isinstance(value, Triple) or (isinstance(value, Literal) and value.direction):
        what = "a triple as a value" if isinstance(value, Triple) else "the direction of a text"
        place = f"{statement.subject} {statement.predicate}"
        raise ThreatGraphError(f"{place}: {form} cannot hold {what}, which is new in RDF 1.2: export as ntriples.")
