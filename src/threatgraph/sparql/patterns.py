"""Finds the triple patterns of a query that have no match by themselves, to explain why a query has no rows.

Only the patterns at the top level of the WHERE clause are read. Groups after OPTIONAL, MINUS and FILTER are skipped,
since a row can exist without a match of them. A query with anything else is not explained.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from threatgraph.sparql.tokens import Token, scan

#: The maximum number of characters of a query, and of its patterns.
_LONGEST, _MOST = 20_000, 25
_OPEN, _CLOSE = {"(": ")", "{": "}", "[": "]"}, frozenset(")}]")
_SKIPPED = frozenset(("OPTIONAL", "MINUS", "FILTER", "BIND", "VALUES"))


class _Unclear(Exception):
    """The query has a part that is not read here."""


class Pattern(NamedTuple):
    """A triple pattern."""

    subject: str
    verb: str
    object: str

    def __str__(self) -> str:
        return f"{self.subject} {self.verb} {self.object}"


def without_match(sparql: str, has_match: Callable[[str], bool]) -> str:
    """Say which triple patterns have no match by themselves.

    Args:
        sparql: a SELECT query without rows.
        has_match: evaluates an ASK query.

    Returns:
        A sentence; empty if the query cannot be split.
    """
    prologue, patterns = split_patterns(sparql)
    unmatched = [str(pattern) for pattern in patterns if not has_match(f"{prologue} ASK {{ {pattern} }}")]
    if unmatched:
        return f"No triple matches the pattern {' nor '.join(unmatched)}."
    if len(patterns) > 1:
        for count in range(2, len(patterns) + 1):
            group = " . ".join(map(str, patterns[:count]))
            if not has_match(f"{prologue} ASK {{ {group} }}"):
                return f"Each triple pattern has matches by itself, but none remains with: {patterns[count - 1]}."
    if patterns:
        return (
            "The triple patterns have a match together: another part of the query, such as a FILTER, excludes all rows."
        )
    return ""


def split_patterns(sparql: str) -> tuple[str, list[Pattern]]:
    """Split the WHERE clause of a SELECT query into triple patterns.

    Returns:
        The declarations before SELECT, and the patterns; none if the query has a part that is not read here.
    """
    if len(sparql) > _LONGEST:
        return "", []
    tokens = [*scan(sparql)]
    select = next((i for i, token in enumerate(tokens) if token.text.upper() == "SELECT"), None)
    start = next((i for i, token in enumerate(tokens) if token.text == "{"), None)
    words = {token.text.upper() for token in tokens if token.kind == "word"}
    if select is None or start is None or start < select or words & {"FROM", "GRAPH", "SERVICE"}:
        return "", []
    try:
        patterns = _Reader(sparql, tokens[start + 1 : _end(tokens, start)]).read()
    except (_Unclear, IndexError):
        return "", []
    return sparql[: tokens[select].position], patterns[:_MOST]


def _end(tokens: list[Token], start: int) -> int:
    """The index of the bracket that closes the one at ``start``."""
    waiting: list[str] = []
    for index in range(start, len(tokens)):
        text = tokens[index].text
        if tokens[index].kind == "mark" and text in _OPEN:
            waiting.append(_OPEN[text])
        elif tokens[index].kind == "mark" and text in _CLOSE:
            if text != waiting.pop():
                raise _Unclear
            if not waiting:
                return index
    raise _Unclear


class _Reader:
    """Reads the tokens of a group."""

    def __init__(self, sparql: str, tokens: list[Token]) -> None:
        self._sparql, self._tokens, self._at = sparql, tokens, 0

    def read(self) -> list[Pattern]:
        found: list[Pattern] = []
        while self._at < len(self._tokens):
            token = self._tokens[self._at]
            if token.text == ".":
                self._at += 1
            elif token.kind == "word" and token.text.upper() in _SKIPPED:
                self._skip(token.text.upper())
            else:
                found += self._same_subject()
        return found

    def _text(self, first: int) -> str:
        return self._sparql[self._tokens[first].position : self._tokens[self._at - 1].end]

    def _peek(self) -> str:
        return self._tokens[self._at].text if self._at < len(self._tokens) else ""

    def _skip(self, word: str) -> None:
        """Skip a clause, up to the bracket that ends it."""
        last = "}" if word in ("OPTIONAL", "MINUS", "VALUES") else ""
        while self._peek() not in _OPEN:
            self._at += 1
            if not self._peek():
                raise _Unclear
        self._at = _end(self._tokens, self._at) + 1
        if last and self._tokens[self._at - 1].text != last:  # VALUES (?a ?b) { … }
            self._skip("VALUES")

    def _same_subject(self) -> list[Pattern]:
        found = []
        subject = self._term()
        while True:
            verb = self._verb()
            found.append(Pattern(subject, verb, self._term()))
            while self._peek() == ",":
                self._at += 1
                found.append(Pattern(subject, verb, self._term()))
            while self._peek() == ";":
                self._at += 1
            if self._peek() in ("", ".") or self._is_clause():
                return found

    def _is_clause(self) -> bool:
        token = self._tokens[self._at]
        return token.kind == "word" and token.text.upper() in _SKIPPED

    def _term(self) -> str:
        """A variable, IRI, name or literal."""
        first = self._at
        token = self._tokens[self._at]
        self._at += 1
        if token.kind == "string":
            if self._at < len(self._tokens) and self._tokens[self._at].kind == "language":
                self._at += 1
            elif self._peek() == "^":  # ^^ and the datatype
                self._at += 3
        elif token.text in "+-" and self._tokens[self._at].kind == "number":
            self._at += 1
        elif token.kind not in ("variable", "iri", "name", "number") and token.text not in ("true", "false"):
            raise _Unclear
        return self._text(first)

    def _verb(self) -> str:
        """A variable or a property path."""
        first = self._at
        if self._tokens[self._at].kind == "variable":
            self._at += 1
            return self._text(first)
        while True:
            while self._peek() in ("^", "!"):
                self._at += 1
            token = self._tokens[self._at]
            if token.text == "(":
                self._at = _end(self._tokens, self._at) + 1
            elif token.kind in ("iri", "name") or token.text == "a":
                self._at += 1
            else:
                raise _Unclear
            if self._peek() in ("*", "+", "?"):
                self._at += 1
            if self._peek() not in ("/", "|"):
                return self._text(first)
            self._at += 1
