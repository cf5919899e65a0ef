"""Text for people's eyes: what a terminal would obey, or what nobody sees, is written out as an escape.

Data and names of files come from strangers. A control character in them can move the cursor, change the title of a
window or hide what was written; a bidirectional control can reverse the order of what is read (CVE-2021-42574).
"""

from __future__ import annotations

import re
import unicodedata

#: Format characters that words of Persian and Indic scripts, and emoji, are written with.
_JOINERS = "\u200c\u200d"
#: Letters without a shape, and selectors of shapes that no font has.
_BLANK = "\u115f\u1160\u3164\uffa0\u034f\U000e0100-\U000e01ef"
# What may have to be escaped: few texts hold any of it, so that most pass with one look.
_SUSPECT = re.compile(rf"[^\n -~\xa1-\xac\xae-\u02ff\u0370-\u05ff\u3001-\u3130\u4e00-\u9fff]|[{_BLANK}]")
_UNSEEN = re.compile(f"[{_BLANK}]")
_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_NAMED = {"\t": "\\t", "\r": "\\r", "\n": "\\n"}


def printable(text: str, *, line_ends: bool = True) -> str:
    r"""The text with control, bidirectional and other invisible characters as escapes, such as ``\x1b`` or ``\u202e``.

    Args:
        text: what is to be shown.
        line_ends: whether line feeds stay; without, they are escaped as well.
    """
    shown = _SUSPECT.sub(_escaped, text)
    return shown if line_ends else shown.replace("\n", "\\n")


def _escaped(found: re.Match[str]) -> str:
    sign = found[0]
    if sign in _JOINERS or not (unicodedata.category(sign) in _CATEGORIES or _UNSEEN.match(sign)):
        return sign
    code = ord(sign)
    if sign in _NAMED:
        return _NAMED[sign]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def redacted(url: str) -> str:
    """An address as messages may show it: without user, password, query and fragment, however it is written."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "", url
    # A password may hold what ends a host, such as a slash: all before the last @ goes.
    rest = re.split(r"[?#]", rest.rpartition("@")[2])[0]
    return f"{scheme}{separator}{rest}"
