"""Elements of XML files."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape, quoteattr

HEADER = '<?xml version="1.0" encoding="UTF-8"?>\n'
# Characters outside the Char production of XML 1.0 (section 2.2), which cannot be escaped either.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def element(name: str, text: str = "", **attributes: str) -> str:
    """Return an element; a character that XML cannot represent becomes U+FFFD.

    Args:
        name: the name of the element.
        text: its text; an empty element is closed at once.
        attributes: its attributes.
    """
    start = name + "".join(f" {key}={quoteattr(_clean(value))}" for key, value in attributes.items())
    return f"<{start}>{escape(_clean(text))}</{name}>" if text else f"<{start}/>"


def _clean(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
