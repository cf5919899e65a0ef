"""Cuts a SPARQL text into tokens, as far as it takes to tell its own words from those in strings and comments."""

from __future__ import annotations

import re
from collections.abc import Iterator

# The terminals of the SPARQL 1.1 grammar (section 19.8) that can hide a word from the eye, then the bare words.
_TOKEN = re.compile(
    r"""
      (?P<skip>
          \#[^\n\r]*                                                    # comment
        | <[^<>"{}|^`\\\x00-\x20]*>                                     # IRI
        | \"{3}(?:\"{0,2}(?:[^"\\]|\\.))*\"{3} | '{3}(?:'{0,2}(?:[^'\\]|\\.))*'{3}
        | "(?:[^"\\\n\r]|\\.)*" | '(?:[^'\\\n\r]|\\.)*'
        | [?$]\w+                                                       # variable
        | @[A-Za-z]+(?:-[A-Za-z0-9]+)*                                  # language tag
        | [\w\-.]*:(?:[\w\-.:]|%[0-9A-Fa-f]{2}|\\.)*                    # prefixed name, blank node
      )
    | (?P<word>\w+)
    | .
    """,
    re.VERBOSE | re.DOTALL,
)


def lexemes(sparql: str) -> Iterator[tuple[str, int, bool]]:
    """All terminals of a SPARQL text, each with its position and whether :func:`tokens` omits it."""
    for match in _TOKEN.finditer(sparql):
        yield match[0], match.start(), match["skip"] is not None


def tokens(sparql: str) -> Iterator[tuple[str, int]]:
    """The bare words (in upper case) and punctuation of a SPARQL text, each with its position."""
    for text, position, omitted in lexemes(sparql):
        if not omitted:
            yield text.upper(), position
