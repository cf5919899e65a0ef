"""Escapes control and invisible characters in text for terminals and messages.

Data and file names are untrusted. A control character can move the cursor, change the title of a window or hide text. A
bidirectional control character can reverse the order of text (CVE-2021-42574).
"""

from __future__ import annotations

import re

#: Format characters that are part of words in Persian and Indic scripts, and of emoji.
_JOINERS = "\u200c\u200d"
#: Letters without a glyph, and variation selectors.
_BLANK = "\u115f\u1160\u3164\uffa0\u034f\U000e0100-\U000e01ef"
# Characters that may need an escape. Most texts have none, so one search is enough.
_CANDIDATES = rf"[^\n -~\xa1-\xac\xae-\u02ff\u0370-\u05ff\u3001-\u3130\u4e00-\u9fff]|[{_BLANK}]"
_INVISIBLE = f"[{_BLANK}]"
_BLANK_LETTERS, _SELECTORS = _BLANK[:5], _BLANK[5]
_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_NAMED = {"\t": "\\t", "\r": "\\r", "\n": "\\n"}


def printable(text: str, *, line_ends: bool = True) -> str:
    r"""The text with control, bidirectional and other invisible characters as escapes, such as ``\x1b`` or ``\u202e``.

    Args:
        text: the text.
        line_ends: whether line feeds stay; if not, they are escaped too.
    """
    shown = text if _is_plain(text) else re.sub(_CANDIDATES, _escaped, text)
    return shown if line_ends else shown.replace("\n", "\\n")


def _is_plain(text: str) -> bool:
    """Whether a text surely has nothing to escape, which most have not; found out without compiling a pattern."""
    printable = text.replace("\n", "").isprintable()
    return printable and max(text, default="") < _SELECTORS and not any(letter in text for letter in _BLANK_LETTERS)


def _escaped(found: re.Match[str]) -> str:
    import unicodedata  # takes time to import, and most texts have nothing to escape

    char = found[0]
    if char in _JOINERS or not (unicodedata.category(char) in _CATEGORIES or re.match(_INVISIBLE, char)):
        return char
    code = ord(char)
    if char in _NAMED:
        return _NAMED[char]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def redact(url: str) -> str:
    """Return a URL for messages: without user, password, query and fragment, even if it is malformed."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "", url
    # A password may contain a slash, so everything before the last @ is removed.
    rest = re.split(r"[?#]", rest.rpartition("@")[2])[0]
    return f"{scheme}{separator}{rest}"
