"""Loosens the filters of a constraint in SPARQL, for the query that finds the nodes which may break it.

pyshacl has rdflib answer constraints, and that differs from other engines where values of several types meet: it orders
a text and a number, which SPARQL does not. So a filter lets every solution through on which engines may differ: where
its expression fails, where it is about values other than IRIs and plain literals, and where it calls a function on
which they may disagree. Within ``NOT EXISTS`` it is the other way round.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from pyoxigraph import Literal

from threatgraph.sparql.tokens import scan
from threatgraph.validate.candidates.conformance import WELL_FORMED
from threatgraph.vocab import XSD

#: Words of expressions that all engines evaluate alike for any terms.
_EXACT = frozenset("BOUND SAMETERM ( ) , ! & |".split())
#: Words that they evaluate alike for IRIs and plain literals, or not at all.
_KNOWN = _EXACT | set("= < > STR STRSTARTS STRENDS CONTAINS CONCAT LANG LANGMATCHES DATATYPE STRLEN TRUE FALSE".split())
_PLAIN = ", ".join(f"<{XSD}{name}>" for name in ("string", "integer", "boolean", "decimal"))
_DAY = Literal(WELL_FORMED[f"{XSD}date"])
#: Moments in one time zone: engines order those with and without one in several ways.
_MOMENT = Literal(WELL_FORMED[f"{XSD}dateTime"].replace("Z?", "Z"))
_MEANT = frozenset(("word", "mark", "number"))
_NUMBER = re.compile(r"0|[1-9][0-9]*")


class _Word(NamedTuple):
    text: str
    at: int
    hidden: bool
    """Whether it is an IRI, a variable, a string or the like, which has no meaning of its own."""


def loosened(query: str) -> str | None:
    """A query whose answer has every solution that any engine may find.

    Args:
        query: a SELECT query without subqueries, ``UNION``, ``MINUS``, ``VALUES`` or ``BIND`` beyond its first brace.

    Returns:
        ``None`` where it cannot be loosened: a filter in an ``OPTIONAL``, or a term on which
            engines differ.
    """
    words = [_Word(token.text, token.position, token.kind not in _MEANT) for token in scan(query)]
    try:
        return _Loosening(query, words).result()
    except (_TooStrict, IndexError):
        return None


class _TooStrict(Exception):
    """A filter that cannot be loosened."""


class _Loosening:
    def __init__(self, query: str, words: Sequence[_Word]) -> None:
        self._query, self._words = query, words
        self._parts: list[str] = []
        self._copied = 0

    def result(self) -> str:
        # Whether more solutions of each open group make more of the whole, fewer of them, or one cannot tell.
        more: list[bool | None] = []
        inner: bool | None = True
        place = 0
        while place < len(self._words):
            word = self._words[place]
            name = "" if word.hidden else word.text.upper()
            if name == "FILTER":
                place, inner = self._filter(place + 1, more[-1])
                continue
            if name == "{":
                more.append(inner)
            elif name == "}":
                more.pop()
                inner = more[-1] if more else True
            elif name == "OPTIONAL":
                inner = None
            elif more:
                self._refuse_differences(place, name)
            place += 1
        return "".join(self._parts) + self._query[self._copied :]

    def _refuse_differences(self, place: int, name: str) -> None:
        """Refuse a part of a pattern that engines match in two ways."""
        after = self._words[place + 1]
        decimal = name == "." and after.at == self._words[place].at + 1 and after.text[:1].isdigit()
        if decimal or (name[:1].isdigit() and not _NUMBER.fullmatch(name)) or (name == "^" and after.text == "^"):
            raise _TooStrict
        if name in ("*", "?"):
            self._refuse_constants(place)

    def _refuse_constants(self, place: int) -> None:
        """Refuse a constant at an end of a path that may be empty: the data may not have it."""
        start = place
        while self._words[start - 1].text not in "{}.)" or self._words[start - 1].hidden:
            start -= 1
        end, before = place + 1, "*"
        while not self._words[end].hidden or before in "/|^(":
            before = self._words[end].text
            end += 1
        if any(self._words[at].text[0] not in "?$" for at in (start, end)):
            raise _TooStrict

    def _filter(self, place: int, more: bool | None) -> tuple[int, bool | None]:
        """Loosen the filter whose expression begins at a place.

        Returns:
            Where to go on, and whether more solutions of a group that begins there make more of the whole.
        """
        name = self._words[place].text.upper()
        if name == "EXISTS":
            return place + 1, more
        if name == "NOT":
            return place + 2, None if more is None else not more
        end = self._end(place)
        words = self._words[place : end + 1]
        expression = self._query[words[0].at : words[-1].at + len(words[-1].text)]
        self._replace(words, self._loose(expression, words, more))
        return end + 1, more

    def _end(self, place: int) -> int:
        """The closing bracket of an expression in brackets, or of a call."""
        depth = 0
        for at in range(place, len(self._words)):
            word = self._words[at]
            if not word.hidden:
                depth += (word.text == "(") - (word.text == ")")
                if word.text == ")" and not depth:
                    return at
        raise _TooStrict

    def _loose(self, expression: str, words: Sequence[_Word], more: bool | None) -> str:
        names = {word.text.upper() for word in words if not word.hidden}
        called = any(word.hidden and after.text == "(" for word, after in pairwise(words))
        if names <= _EXACT and not called:
            return expression
        if more is None:
            raise _TooStrict
        known = all(name in _KNOWN or _NUMBER.fullmatch(name) for name in names)
        if not known or called or "^" in names:
            return "(true)" if more else "(false)"
        agreed = " && ".join(map(_agreed, _variables(words))) or "true"
        if more:
            return f"(COALESCE({expression}, true) || !({agreed}))"
        return f"(COALESCE({expression}, false) && {agreed})"

    def _replace(self, words: Sequence[_Word], text: str) -> None:
        self._parts += [self._query[self._copied : words[0].at], text]
        self._copied = words[-1].at + len(words[-1].text)


def _variables(words: Sequence[_Word]) -> Iterator[str]:
    yield from dict.fromkeys(f"?{word.text[1:]}" for word in words if word.text[:1] in "?$" and len(word.text) > 1)


def _agreed(variable: str) -> str:
    """The test that a variable has no value, or one on which all engines agree; a node may be blank in its file."""
    text, kind = f"STR({variable})", f"DATATYPE({variable})"
    tests = (
        f'(isIRI({variable}) && !CONTAINS({text}, "#_"))',
        f"{kind} IN ({_PLAIN})",
        f"({kind} = <{XSD}date> && REGEX({text}, {_DAY}))",
        f"({kind} = <{XSD}dateTime> && REGEX({text}, {_MOMENT}))",
    )
    return f"COALESCE({' || '.join(tests)}, !BOUND({variable}))"
