"""The records as a database for full-text search by other programs: one SQLite file with an FTS5 table."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from threatgraph.errors import ThreatGraphError
from threatgraph.search.documents import COLUMNS, Document, read_documents
from threatgraph.search.index import WEIGHTS
from threatgraph.store import Store

#: What each table and column has, which the table ``documentation`` of the file repeats.
DOCUMENTATION: Mapping[str, str] = {
    "record": "One row for each record. The column id is the rowid of the table search.",
    "record.iri": "The IRI.",
    "record.kind": "The kind, such as pattern, incident or provision.",
    "record.code": "The code (skos:notation); NULL if there is none.",
    "record.label": "The label in English.",
    "search": "FTS5 table with the texts of the records, as English stems; by relevance: SELECT iri, label"
    " FROM search JOIN record ON id = search.rowid WHERE search MATCH 'deepfake fraud' ORDER BY rank.",
    **{f"search.{column}": f"The values of {names.replace(' ', ', ')}." for column, names in COLUMNS.items()},
    "facet": "The values to filter by, one in each row.",
    "facet.record": "The id of the record.",
    "facet.name": "framework, sector, severity or year.",
    "facet.value": "An IRI; for year, four digits.",
    "metadata": "The version, license and date of the release.",
    "documentation": "This table.",
}
_SCHEMA = f"""
CREATE TABLE record (id INTEGER PRIMARY KEY, iri TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, code TEXT,
  label TEXT NOT NULL);
CREATE TABLE facet (record INTEGER NOT NULL REFERENCES record, name TEXT NOT NULL, value TEXT NOT NULL,
  PRIMARY KEY (name, value, record)) WITHOUT ROWID;
CREATE TABLE metadata (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE documentation (name TEXT PRIMARY KEY, comment TEXT NOT NULL) WITHOUT ROWID;
CREATE VIRTUAL TABLE search USING fts5({", ".join(COLUMNS)}, tokenize = "porter unicode61 remove_diacritics 2");
"""
_RANK = f"bm25({', '.join(f'{WEIGHTS[column]:g}' for column in COLUMNS)})"
"""The order of the results: a match in the label counts most."""
_APPLICATION = int.from_bytes(b"tgDB")
"""The application id in the header of the file."""


def to_sqlite(store: Store, metadata: Mapping[str, str]) -> bytes:
    """Return the database; the same graph gives the same bytes with the same version of SQLite.

    Args:
        store: the graph.
        metadata: the rows of the table ``metadata``.

    Raises:
        ThreatGraphError: if this build of SQLite has no FTS5.
    """
    database = sqlite3.connect(":memory:")
    try:
        database.execute("PRAGMA page_size = 4096")
        database.execute(f"PRAGMA application_id = {_APPLICATION}")
        database.executescript(_SCHEMA)
        database.execute("INSERT INTO search (search, rank) VALUES ('rank', ?)", (_RANK,))
        with database:
            _fill(database, read_documents(store))
            database.executemany("INSERT INTO metadata VALUES (?, ?)", sorted(metadata.items()))
            database.executemany("INSERT INTO documentation VALUES (?, ?)", DOCUMENTATION.items())
            database.execute("INSERT INTO search (search) VALUES ('optimize')")
        database.execute("VACUUM")
        return database.serialize()
    except sqlite3.OperationalError as error:
        raise ThreatGraphError(f"search.sqlite requires SQLite with FTS5 ({error}).") from error
    finally:
        database.close()


def _fill(database: sqlite3.Connection, documents: list[Document]) -> None:
    marks = ", ".join("?" * (len(COLUMNS) + 1))
    insert = f"INSERT INTO search (rowid, {', '.join(COLUMNS)}) VALUES ({marks})"  # noqa: S608 - constants
    for number, document in enumerate(documents, 1):
        row = (number, document.iri, document.kind, document.code, document.label)
        database.execute("INSERT INTO record VALUES (?, ?, ?, ?, ?)", row)
        database.execute(insert, [number, *(document.columns[column] for column in COLUMNS)])
        values = sorted((name, value) for name, found in document.facets.items() for value in found)
        database.executemany("INSERT INTO facet VALUES (?, ?, ?)", [(number, *value) for value in values])
