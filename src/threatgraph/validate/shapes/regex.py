"""Regular expressions as SPARQL has them: XPath and XQuery Functions and Operators, section 7.6.1.

``elementpath`` translates them into those of Python. An expression that is no XPath (such as look-ahead, which many
shapes use) is read as Python reads it, as pyshacl does.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from functools import lru_cache

_FLAGS = frozenset("smixq")
_SPACES = frozenset(" \t\n\r")
#: Classes of characters that elementpath reads as XPath does within brackets alone: ``\\w`` has no underscore.
_CLASSES = {rf"\{name}": rf"[\{name}]" for name in "wWsSdD"}


_QUANTIFIER = r"(?:[*+?]|\{[0-9]{1,3}(?:,[0-9]{0,3})?\})\??"
_ESCAPE = r"\\[nrtdD\\|.?*+(){}\[\]^$-]"
_MEMBER = rf"(?:[^\\\[\]^&~-](?:-[^\\\[\]^&~-])?|{_ESCAPE})"
_ATOM = rf"(?:[^\\.\[\](){{}}*+?|^$]|{_ESCAPE}|\.|\[\^?{_MEMBER}+-?\])(?:{_QUANTIFIER})?"
#: What XPath, Python and Rust read alike, but for ``$``, and for ``\\d`` in Rust.
_PLAIN = re.compile(rf"(?:{_ATOM}|\((?:\?:)?|\)(?:{_QUANTIFIER})?|\||\^|\$)*")


class InvalidPattern(ValueError):
    """An expression, or flags, that cannot be read; the message says why."""


def is_plain(pattern: str) -> bool:
    """Whether XPath, Python and Rust surely read an expression alike, where the text is in ASCII."""
    return _PLAIN.fullmatch(pattern) is not None


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str, flags: str) -> re.Pattern[str]:
    """The expression of Python for one of XPath.

    Args:
        pattern: the value of ``sh:pattern``.
        flags: the value of ``sh:flags``, or nothing.

    Raises:
        InvalidPattern: where either cannot be read.
    """
    unknown = sorted(set(flags) - _FLAGS)
    if unknown:
        raise InvalidPattern(f"{unknown[0]!r} is not a flag: they are s, m, i, x and q")
    options = re.IGNORECASE if "i" in flags else re.NOFLAG
    if "q" in flags:
        return re.compile(re.escape(pattern), options)
    if "m" in flags:
        options |= re.MULTILINE
    # Whitespace in a character class is a part of it.
    text = "".join(p for p, inside in _pieces(pattern) if inside or p not in _SPACES) if "x" in flags else pattern
    if is_plain(text) and "m" not in flags:
        # In Python, a dollar sign would match before a last line feed as well.
        translated = "".join(r"\Z" if piece == "$" and not inside else piece for piece, inside in _pieces(text))
    else:
        # Without the flag s, a dot is any character but a line feed, in XPath 2.0 as in Python.
        translated = _translate(text, options | re.DOTALL)
    dotall = re.DOTALL if "s" in flags else re.NOFLAG
    # Without the flag s, a dot is any character but a line feed, in XPath 2.0 as in Python.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # of a set in a set, which Python reads as characters
            return re.compile(translated, options | dotall)
    except (re.error, OverflowError, RecursionError) as error:
        raise InvalidPattern(str(error)) from error


def _pieces(pattern: str) -> Iterator[tuple[str, bool]]:
    """The characters and escapes of an expression, each with whether it is in a character class."""
    depth, characters = 0, iter(pattern)
    for character in characters:
        if character == "\\":
            yield character + next(characters, ""), depth > 0
            continue
        depth += (character == "[") - (character == "]" and depth > 0)
        yield character, depth > 0 or character == "]"


def _translate(pattern: str, options: re.RegexFlag) -> str:
    """The expression in the syntax of Python; the same where it is none of XPath."""
    from elementpath.regex import RegexError, translate_pattern  # heavy: most expressions do without

    bracketed = "".join(piece if inside else _CLASSES.get(piece, piece) for piece, inside in _pieces(pattern))
    try:
        return translate_pattern(bracketed, flags=options, xsd_version="1.1")
    except (RegexError, IndexError, KeyError):
        return pattern
