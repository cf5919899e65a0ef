r"""Tokenizes SPARQL as far as needed to distinguish keywords from names, strings and comments.

The patterns are the terminals of the SPARQL 1.1 grammar (section 19.8). Oxigraph needs no space around a keyword: it
reads ``1SERVICE<urn:a>{}`` as a number and a call, and ``SERVICE:s{}`` as a call where no prefix ``SERVICE:`` serves.
The sign ``<`` is ambiguous, since it begins an IRI or compares: :func:`may_say` follows both readings. Letters are
those of Python's ``\w``; a query cannot contain other letters outside of strings.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache, lru_cache
from typing import NamedTuple

_ESCAPE = r"\\u[0-9A-Fa-f]{4}|\\U[0-9A-Fa-f]{8}"
_IN_STRING = rf"\\[tbnrf\\\"']|{_ESCAPE}"
_IN_NAME = r"%[0-9A-Fa-f]{2}|\\[_~.\-!$&'()*+,;=/?\#@%]"
# Possessive quantifiers (…+) do not backtrack, so that matching takes linear time.
_TOKEN = rf"""
      (?P<blank> [\ \t\r\n]++ | \#[^\n\r]*+ )
    | (?P<iri> <(?:[^<>"{{}}|^`\\\x00-\x20]|{_ESCAPE})*+> )
    | (?P<string>
          \"{{3}}(?:\"{{0,2}}(?:[^"\\]|{_IN_STRING}))*+\"{{3}} | '{{3}}(?:'{{0,2}}(?:[^'\\]|{_IN_STRING}))*+'{{3}}
        | "(?:[^"\\\n\r]|{_IN_STRING})*+" | '(?:[^'\\\n\r]|{_IN_STRING})*+'
      )
    | (?P<variable> [?$]\w++ )
    | (?P<language> @[A-Za-z]++(?:-[A-Za-z0-9]++)*+ )
    | (?P<number> (?:[0-9]++(?:\.[0-9]++)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)? )
    | (?P<node> _:\w[\w\-.]*+ )
    | (?P<run> [^\W\d_][\w\-.]*+ | (?=:) )
    """
_LOCAL = rf":(?:(?:[\w:]|{_IN_NAME})(?:[\w\-.:]|{_IN_NAME})*+)?"
#: An IRI, in one reading of ``<``: everything up to the next closing bracket.
_ANGLED = r"<[^>]*+>"
#: What follows a keyword: for some a name and then a group graph pattern; for FROM, anything.
_FOLLOWED = {"SERVICE": ("SILENT",), "GRAPH": (), "FROM": ("NAMED",)}
#: Queries up to this many characters are tokenized at once.
_SHORT = 4_096
_NAMES = frozenset(("iri", "variable", "name"))


class Token(NamedTuple):
    """A token with its kind, text and position; ``kind`` is a group of the pattern, ``name`` or ``word``."""

    kind: str
    text: str
    position: int

    @property
    def end(self) -> int:
        """The position after the token."""
        return self.position + len(self.text)


def tokens(sparql: str) -> Iterator[tuple[str, int]]:
    """The keywords (in upper case) and punctuation of a query, with their positions."""
    for token in scan(sparql):
        if token.kind in ("word", "mark"):
            yield token.text.upper(), token.position


def scan(sparql: str, at: int = 0) -> Iterator[Token]:
    """All tokens of a query from a position on, except white space and comments."""
    return iter(_all_tokens(sparql)) if at == 0 and len(sparql) <= _SHORT else _scan(sparql, at)


@lru_cache(maxsize=64)
def _all_tokens(sparql: str) -> tuple[Token, ...]:
    """All tokens of a short query, kept because several checks read the same query one after the other."""
    return tuple(_scan(sparql, 0))


def _scan(sparql: str, at: int) -> Iterator[Token]:
    while at < len(sparql):
        found = _tokens_at(sparql, at)
        yield from (token for token in found if token.kind != "blank")
        at = found[-1].end


def may_say(sparql: str, keyword: str) -> int | None:
    """Find where a query may use a keyword, in any reading that the engine may choose.

    Args:
        sparql: the text of a query.
        keyword: ``SERVICE``, ``GRAPH`` or ``FROM``.

    Returns:
        The position of its first use; 0 where escaped characters spell it; ``None`` where there is none.
    """
    if (found := _use(sparql, keyword)) is not None:
        return found
    if "\\" in sparql:
        spelled = re.sub(_ESCAPE, lambda match: _character(match[0]), sparql)  # once, as by section 19.2
        if spelled != sparql and _use(spelled, keyword) is not None:
            return 0
    return None


def _use(sparql: str, keyword: str) -> int | None:
    if keyword not in sparql.upper():
        return None
    found = _plain_use(sparql, keyword)
    return _other_use(sparql, keyword) if found is None else found


def _plain_use(sparql: str, keyword: str) -> int | None:
    """The first use of a keyword where each ``<`` that can begin an IRI does."""
    name: Token | None = None
    before = ""
    for token in scan(sparql):
        if name is not None and token.text == "{":
            return name.position
        name = None
        if token.kind == "word" and keyword in token.text.upper():
            return token.position + token.text.upper().find(keyword)
        if token.kind == "name" and keyword in token.text.partition(":")[0].upper() and before != "GRAPH":
            name = token
        before = token.text.upper()
    return None


def _other_use(sparql: str, keyword: str) -> int | None:
    """The first use of a keyword, and of what follows it, where some ``<`` compares or encloses other text."""
    plain = {token.position for token in scan(sparql)}  # looked at already
    waiting, seen = [0], {0}
    while waiting:
        at = waiting.pop()
        if at == len(sparql):
            continue
        for token in (found := _tokens_at(sparql, at)):
            if token.position in plain:
                continue
            if token.kind in ("word", "name") and keyword in token.text.partition(":")[0].upper():
                after = token.position + token.text.upper().find(keyword) + len(keyword)
                if _is_use(sparql, keyword, after):
                    return after - len(keyword)
        ends = {found[-1].end}
        if sparql[at] == "<":
            ends.add(at + 1)
            if angled := re.compile(_ANGLED).match(sparql, at):
                ends.add(angled.end())
        waiting += sorted(ends - seen, reverse=True)
        seen |= ends
    return None


def _is_use(sparql: str, keyword: str, at: int) -> bool:
    """Whether what stands at a position can follow a keyword: a name, and behind it a group or, for FROM, anything."""
    following = scan(sparql, at)
    token = next(following, None)
    while token is not None and token.kind == "word" and token.text.upper() in _FOLLOWED[keyword]:
        token = next(following, None)
    if token is None or token.kind not in _NAMES:
        return False
    after = next(following, None)
    return keyword == "FROM" or (after is not None and after.text == "{")


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """The pattern of a token and that of the local part of a name; made when first needed, which takes a while."""
    return re.compile(_TOKEN, re.VERBOSE), re.compile(_LOCAL)


def _tokens_at(sparql: str, at: int) -> list[Token]:
    """The token at a position. Letters and dots that do not form a name are split into words."""
    token, local_part = _patterns()
    match = token.match(sparql, at)
    if match is None:
        return [Token("mark", sparql[at], at)]
    kind, text = match.lastgroup or "", match[0]
    if kind == "node":
        return [Token(kind, text.rstrip("."), at)]
    if kind != "run":
        return [Token(kind, text, at)]
    if not text.endswith(".") and (local := local_part.match(sparql, match.end())):
        return [Token("name", text + _without_dots(local[0]), at)]
    parts = re.finditer(r"(?s)\w+|.", text)
    return [Token("word" if p[0].isalnum() or p[0] == "_" else "mark", p[0], at + p.start()) for p in parts]


def _without_dots(local: str) -> str:
    """The local part of a name without the dots at its end, which end a statement; an escaped one belongs to it."""
    bare = local.rstrip(".")
    return f"{bare}." if bare.endswith("\\") else bare


def _character(escape: str) -> str:
    try:
        return chr(int(escape[2:], 16))
    except (ValueError, OverflowError):
        return escape
