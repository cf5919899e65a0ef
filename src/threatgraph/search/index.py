"""The full-text index: two FTS5 tables of SQLite in memory, one for words and one for misspelled names."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from threatgraph.errors import ThreatGraphError
from threatgraph.search.documents import COLUMNS, Document

#: The weight of each column in bm25: a match in the label counts ten times a match in the guidance.
WEIGHTS = {
    "label": 10.0,
    "alternatives": 8.0,
    "keywords": 5.0,
    "codes": 5.0,
    "topics": 5.0,
    "text": 3.0,
    "context": 1.5,
    "examples": 1.0,
    "guidance": 1.0,
}
#: The signs that enclose a match in a snippet of the index; no text has them.
START, END = "\x02", "\x03"
_SNIPPET_WORDS = 18
_SCHEMA = f"""
CREATE VIRTUAL TABLE words USING fts5({", ".join(COLUMNS)}, tokenize = "porter unicode61 remove_diacritics 2");
CREATE VIRTUAL TABLE terms USING fts5vocab('words', 'row');
CREATE VIRTUAL TABLE names USING fts5(name, tokenize = "trigram");
CREATE TABLE facets (document INTEGER, name TEXT, value TEXT);
CREATE TABLE attachment (text TEXT);
"""


class Match(NamedTuple):
    """A document that has a word of the query."""

    document: int
    bm25: float
    """The bm25 score; higher is better."""


class Index:
    """The index of documents; they are named by their position.

    Args:
        documents: the documents.
        weights: the weight of each column in bm25.

    Raises:
        ThreatGraphError: if this build of SQLite has no FTS5.
    """

    def __init__(self, documents: Sequence[Document], weights: Mapping[str, float] = WEIGHTS) -> None:
        self._open(weights)
        try:
            self._database.executescript(_SCHEMA)
        except sqlite3.OperationalError as error:
            raise ThreatGraphError(
                f"search requires SQLite 3.34 or later with FTS5; this Python has SQLite {sqlite3.sqlite_version}"
                f" ({error}). Use a Python from python.org or from your distribution."
            ) from error
        self._fill(documents)

    def _open(self, weights: Mapping[str, float]) -> None:
        self._lock = threading.Lock()
        self._database = sqlite3.connect(":memory:", check_same_thread=False)
        by_column = ", ".join(str(float(weights[column])) for column in COLUMNS)
        self._match = (
            f"SELECT rowid, -bm25(words, {by_column}) AS score FROM words"  # noqa: S608 - constants of this module
            " WHERE words MATCH ? %s ORDER BY score DESC, rowid LIMIT ?"
        )

    @classmethod
    def restore(cls, content: bytes | memoryview) -> Index:
        """Restore an index from the result of :meth:`serialize`."""
        index = cls.__new__(cls)
        index._open(WEIGHTS)
        index._database.deserialize(content)
        return index

    def serialize(self) -> bytes:
        """Return the index as the bytes of an SQLite file."""
        return self._database.serialize()

    @property
    def attachment(self) -> str:
        """A text that is kept with the index; empty if there is none."""
        rows = self._rows("SELECT text FROM attachment", ())
        return str(rows[0][0]) if rows else ""

    @attachment.setter
    def attachment(self, text: str) -> None:
        with self._lock, self._database:
            self._database.execute("INSERT INTO attachment VALUES (?)", (text,))

    def _fill(self, documents: Sequence[Document]) -> None:
        marks = ", ".join("?" * (len(COLUMNS) + 1))
        with self._database:
            self._database.executemany(
                f"INSERT INTO words (rowid, {', '.join(COLUMNS)}) VALUES ({marks})",  # noqa: S608 - constants
                ((i, *(_clean(document.columns[name]) for name in COLUMNS)) for i, document in enumerate(documents)),
            )
            self._database.executemany(
                "INSERT INTO facets VALUES (?, ?, ?)",
                (
                    (i, name, value)
                    for i, document in enumerate(documents)
                    for name, values in (("kind", (document.kind,)), *document.facets.items())
                    for value in values
                ),
            )
            self._database.execute("CREATE INDEX by_value ON facets (name, value)")

    def add_names(self, names: Iterable[str]) -> None:
        """Add names to the table for misspelled names; the ``rowid`` is the position of the name."""
        with self._lock, self._database:
            self._database.executemany("INSERT INTO names (rowid, name) VALUES (?, ?)", enumerate(names))

    def matches(self, words: Iterable[str], facets: Mapping[str, Sequence[str]], limit: int) -> list[Match]:
        """Return the documents that have any of the words, best first.

        Args:
            words: words or phrases.
            facets: the values that documents must have: one of the values of every name.
            limit: maximum number of documents.
        """
        query = _any_of(words)
        if not query:
            return []
        conditions, values = "", []
        for name, wanted in facets.items():
            marks = ", ".join("?" * len(wanted))
            conditions += f" AND rowid IN (SELECT document FROM facets WHERE name = ? AND value IN ({marks}))"  # noqa: S608
            values += [name, *wanted]
        rows = self._rows(self._match % conditions, (query, *values, limit))
        return [Match(document, score) for document, score in rows]

    def frequency(self, stem: str) -> int:
        """Return the number of documents that have a stem."""
        rows = self._rows("SELECT doc FROM terms WHERE term = ?", (stem,))
        return int(rows[0][0]) if rows else 0

    def snippet(self, document: int, words: Iterable[str]) -> str:
        """Return the passage of a document with most of the words, which are between :data:`START` and :data:`END`."""
        rows = self._rows(
            f"SELECT snippet(words, -1, '{START}', '{END}', '…', {_SNIPPET_WORDS}) FROM words"  # noqa: S608 - constants
            " WHERE words MATCH ? AND rowid = ?",
            (_any_of(words), document),
        )
        return str(rows[0][0]) if rows else ""

    def similar(self, trigrams: Iterable[str], limit: int) -> list[int]:
        """Return the positions of the names that share most trigrams.

        Args:
            trigrams: sequences of three characters.
            limit: maximum number of names.
        """
        query = _any_of(trigrams)
        sql = "SELECT rowid FROM names WHERE names MATCH ? ORDER BY rank LIMIT ?"
        return [int(row[0]) for row in self._rows(sql, (query, limit))] if query else []

    def _rows(self, sql: str, values: Sequence[object]) -> list[Any]:
        with self._lock:
            return self._database.execute(sql, values).fetchall()


def _any_of(words: Iterable[str]) -> str:
    """A query of FTS5 for any of some words; in quotes, no sign in them is an operator."""
    quoted = ('"' + word.replace('"', '""') + '"' for word in dict.fromkeys(words))
    return " OR ".join(quoted)


def _clean(text: str) -> str:
    return text.replace(START, " ").replace(END, " ")
