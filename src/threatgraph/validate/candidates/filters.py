"""Relaxes the filters of a SPARQL constraint, so that its query finds all nodes that may violate the constraint.

pyshacl evaluates constraints with rdflib, which differs from other engines on values of mixed types. For example, it
orders a string and a number, which SPARQL does not. So a relaxed filter accepts every solution on which engines may
differ: if its expression raises an error, if a value is neither an IRI nor a plain literal, and if it calls a function
that engines implement differently. ``FILTER(?size > 5)`` becomes ::

    FILTER(COALESCE(?size > 5, true) || !(…))        # … : ?size is an IRI or a plain literal

Within ``NOT EXISTS``, a filter must reject instead of accept, since more solutions there mean fewer candidates.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from pyoxigraph import Literal

from threatgraph.sparql.tokens import scan
from threatgraph.validate.candidates.conformance import WELL_FORMED
from threatgraph.vocab import XSD

#: Tokens of expressions that all engines evaluate in the same way for any terms.
_EXACT = frozenset("BOUND SAMETERM ( ) , ! & |".split())
#: Tokens that they evaluate in the same way for IRIs and plain literals.
_KNOWN = _EXACT | set("= < > STR STRSTARTS STRENDS CONTAINS CONCAT LANG LANGMATCHES DATATYPE STRLEN TRUE FALSE".split())
_PLAIN = ", ".join(f"<{XSD}{name}>" for name in ("string", "integer", "boolean", "decimal"))
_DAY = Literal(WELL_FORMED[f"{XSD}date"])
#: Times in UTC. Engines differ on the order of times with and without a time zone.
_TIME = Literal(WELL_FORMED[f"{XSD}dateTime"].replace("Z?", "Z"))
_SIGNIFICANT = frozenset(("word", "mark", "number"))
_NUMBER = re.compile(r"0|[1-9][0-9]*")


class _Word(NamedTuple):
    text: str
    at: int
    hidden: bool
    """Whether it is an IRI, variable, string or the like, whose text must not be read as a keyword."""


def relax_filters(query: str) -> str | None:
    """Relax the filters of a query, so that it has every solution that any engine may find.

    Args:
        query: a SELECT query without subqueries, ``UNION``, ``MINUS``, ``VALUES`` or ``BIND`` beyond its first brace.

    Returns:
        ``None`` if that is not possible: for a filter in an ``OPTIONAL``, or a term on which engines differ.
    """
    words = [_Word(token.text, token.position, token.kind not in _SIGNIFICANT) for token in scan(query)]
    try:
        return _Relaxation(query, words).result()
    except (_CannotRelax, IndexError):
        return None


class _CannotRelax(Exception):
    """A filter that cannot be relaxed."""


class _Relaxation:
    def __init__(self, query: str, words: Sequence[_Word]) -> None:
        self._query, self._words = query, words
        self._parts: list[str] = []
        self._copied = 0

    def result(self) -> str:
        # For each open group, whether more of its solutions mean more solutions of the query; ``None`` if unknown.
        more: list[bool | None] = []
        inner: bool | None = True
        index = 0
        while index < len(self._words):
            word = self._words[index]
            name = "" if word.hidden else word.text.upper()
            if name == "FILTER":
                index, inner = self._filter(index + 1, more[-1])
                continue
            if name == "{":
                more.append(inner)
            elif name == "}":
                more.pop()
                inner = more[-1] if more else True
            elif name == "OPTIONAL":
                inner = None
            elif more:
                self._refuse_differences(index, name)
            index += 1
        return "".join(self._parts) + self._query[self._copied :]

    def _refuse_differences(self, index: int, name: str) -> None:
        """Refuse a part of a pattern that engines match differently."""
        after = self._words[index + 1]
        decimal = name == "." and after.at == self._words[index].at + 1 and after.text[:1].isdigit()
        if decimal or (name[:1].isdigit() and not _NUMBER.fullmatch(name)) or (name == "^" and after.text == "^"):
            raise _CannotRelax
        if name in ("*", "?"):
            self._refuse_constants(index)

    def _refuse_constants(self, index: int) -> None:
        """Refuse a constant at the end of a path of length zero: it may not be in the data."""
        start = index
        while self._words[start - 1].text not in "{}.)" or self._words[start - 1].hidden:
            start -= 1
        end, before = index + 1, "*"
        while not self._words[end].hidden or before in "/|^(":
            before = self._words[end].text
            end += 1
        if any(self._words[at].text[0] not in "?$" for at in (start, end)):
            raise _CannotRelax

    def _filter(self, index: int, more: bool | None) -> tuple[int, bool | None]:
        """Relax the filter whose expression starts at an index.

        Args:
            index: the index of the first token of the expression.
            more: whether more solutions of the filter mean more solutions of the query.

        Returns:
            The index after the filter, and the value of ``more`` for a group that starts there.
        """
        name = self._words[index].text.upper()
        if name == "EXISTS":
            return index + 1, more
        if name == "NOT":
            return index + 2, None if more is None else not more
        end = self._end(index)
        words = self._words[index : end + 1]
        expression = self._query[words[0].at : words[-1].at + len(words[-1].text)]
        self._replace(words, self._relaxed(expression, words, more))
        return end + 1, more

    def _end(self, index: int) -> int:
        """The index of the closing bracket of a bracketed expression or call."""
        depth = 0
        for at in range(index, len(self._words)):
            word = self._words[at]
            if not word.hidden:
                depth += (word.text == "(") - (word.text == ")")
                if word.text == ")" and not depth:
                    return at
        raise _CannotRelax

    def _relaxed(self, expression: str, words: Sequence[_Word], more: bool | None) -> str:
        names = {word.text.upper() for word in words if not word.hidden}
        called = any(word.hidden and after.text == "(" for word, after in pairwise(words))
        if names <= _EXACT and not called:
            return expression
        if more is None:
            raise _CannotRelax
        if called or not _has_known_operators(names):
            return "(true)" if more else "(false)"
        agreed = " && ".join(map(_agreed, _variables(words))) or "true"
        if more:
            return f"(COALESCE({expression}, true) || !({agreed}))"
        return f"(COALESCE({expression}, false) && {agreed})"

    def _replace(self, words: Sequence[_Word], text: str) -> None:
        self._parts += [self._query[self._copied : words[0].at], text]
        self._copied = words[-1].at + len(words[-1].text)


def _has_known_operators(names: Collection[str]) -> bool:
    return "^" not in names and all(name in _KNOWN or _NUMBER.fullmatch(name) for name in names)


def _variables(words: Sequence[_Word]) -> Iterator[str]:
    yield from dict.fromkeys(f"?{word.text[1:]}" for word in words if word.text[:1] in "?$" and len(word.text) > 1)


def _agreed(variable: str) -> str:
    """The test that a variable is unbound, or has a value on which all engines agree; skolem IRIs are not."""
    text, kind = f"STR({variable})", f"DATATYPE({variable})"
    tests = (
        f'(isIRI({variable}) && !CONTAINS({text}, "#_"))',
        f"{kind} IN ({_PLAIN})",
        f"({kind} = <{XSD}date> && REGEX({text}, {_DAY}))",
        f"({kind} = <{XSD}dateTime> && REGEX({text}, {_TIME}))",
    )
    return f"COALESCE({' || '.join(tests)}, !BOUND({variable}))"
