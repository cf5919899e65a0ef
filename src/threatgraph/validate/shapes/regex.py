"""Regular expressions of SPARQL, which are those of XPath and XQuery Functions and Operators, section 7.6.1.

``elementpath`` translates them to Python syntax. An expression that is not valid in XPath (such as look-ahead, which
many shapes use) is compiled as a Python expression, as in pyshacl.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from functools import lru_cache

_FLAGS = frozenset("smixq")
_SPACES = frozenset(" \t\n\r")
#: Character classes that elementpath interprets like XPath only within brackets: ``\\w`` excludes the underscore.
_CLASSES = {rf"\{name}": rf"[\{name}]" for name in "wWsSdD"}
_QUANTIFIER = r"(?:[*+?]|\{[0-9]{1,3}(?:,[0-9]{0,3})?\})\??"
_ESCAPE = r"\\[nrtdD\\|.?*+(){}\[\]^$-]"
_MEMBER = rf"(?:[^\\\[\]^&~-](?:-[^\\\[\]^&~-])?|{_ESCAPE})"
_ATOM = rf"(?:[^\\.\[\](){{}}*+?|^$]|{_ESCAPE}|\.|\[\^?{_MEMBER}+-?\])(?:{_QUANTIFIER})?"
#: Expressions with the same meaning in XPath, Python and Rust, except for ``$``, and for ``\\d`` in Rust.
_PLAIN = re.compile(rf"(?:{_ATOM}|\((?:\?:)?|\)(?:{_QUANTIFIER})?|\||\^|\$)*")


class InvalidPattern(ValueError):
    """An expression or flags with a syntax error; the message is the reason."""


def is_plain(pattern: str) -> bool:
    """Whether an expression certainly has the same meaning in XPath, Python and Rust for ASCII texts."""
    return _PLAIN.fullmatch(pattern) is not None


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str, flags: str) -> re.Pattern[str]:
    """Compile an XPath expression for Python.

    Args:
        pattern: the value of ``sh:pattern``.
        flags: the value of ``sh:flags``, or an empty text.

    Raises:
        InvalidPattern: if either has a syntax error.
    """
    unknown = sorted(set(flags) - _FLAGS)
    if unknown:
        raise InvalidPattern(f"{unknown[0]!r} is not a valid flag; use s, m, i, x or q")
    options = re.IGNORECASE if "i" in flags else re.NOFLAG
    if "q" in flags:
        return re.compile(re.escape(pattern), options)
    if "m" in flags:
        options |= re.MULTILINE
    translated = _to_python(_without_spaces(pattern) if "x" in flags else pattern, options)
    # Without the flag s, a dot matches any character except a line feed, in XPath 2.0 and in Python.
    dotall = re.DOTALL if "s" in flags else re.NOFLAG
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)  # about nested sets, which Python treats as characters
            return re.compile(translated, options | dotall)
    except (re.error, OverflowError, RecursionError) as error:
        raise InvalidPattern(str(error)) from error


def _pieces(pattern: str) -> Iterator[tuple[str, bool]]:
    """The characters and escapes of an expression, each with whether it is inside a character class."""
    depth, characters = 0, iter(pattern)
    for character in characters:
        if character == "\\":
            yield character + next(characters, ""), depth > 0
            continue
        depth += (character == "[") - (character == "]" and depth > 0)
        yield character, depth > 0 or character == "]"


def _without_spaces(pattern: str) -> str:
    """The expression without whitespace, except in character classes, where it counts."""
    return "".join(piece for piece, inside in _pieces(pattern) if inside or piece not in _SPACES)


def _to_python(pattern: str, options: re.RegexFlag) -> str:
    if not is_plain(pattern) or options & re.MULTILINE:
        return _translate(pattern, options | re.DOTALL)  # elementpath must keep the dot: re.compile has its flag
    # In Python, a dollar sign also matches before a final line feed.
    return "".join(r"\Z" if piece == "$" and not inside else piece for piece, inside in _pieces(pattern))


def _translate(pattern: str, options: re.RegexFlag) -> str:
    """The expression in Python syntax, unchanged if it is not valid in XPath."""
    from elementpath.regex import RegexError, translate_pattern  # slow to import, and rarely needed

    bracketed = "".join(piece if inside else _CLASSES.get(piece, piece) for piece, inside in _pieces(pattern))
    try:
        return translate_pattern(bracketed, flags=options, xsd_version="1.1")
    except (RegexError, IndexError, KeyError):
        return pattern
