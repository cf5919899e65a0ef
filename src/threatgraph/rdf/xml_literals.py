"""Repairs XML literals from the RDF/XML parser, which can repeat the namespace declarations of an element."""

from __future__ import annotations

import re
from xml.parsers import expat

_START_TAG = re.compile(r'<(?P<name>[^\s<>/"=!?]+)(?P<attributes>(?:\s+[^\s=<>"]+="[^"]*")+)(?=\s*/?>)')
_ATTRIBUTE = re.compile(r'\s+[^\s=<>"]+="[^"]*"')


def well_formed(text: str) -> str:
    """The content of an XML literal without repeated declarations.

    Raises:
        ValueError: if it is not well-formed XML, or uses an undeclared prefix; the message gives the reason.
    """
    text = _START_TAG.sub(_without_repetition, text)
    parser = expat.ParserCreate("UTF-8", namespace_separator=" ")
    try:
        parser.Parse(b"<r>" + text.encode() + b"</r>", True)
    except expat.ExpatError as error:
        raise ValueError(expat.ErrorString(error.code)) from None
    return text


def _without_repetition(tag: re.Match[str]) -> str:
    attributes = dict.fromkeys(attribute.strip() for attribute in _ATTRIBUTE.findall(tag["attributes"]))
    return f"<{' '.join([tag['name'], *attributes])}"
