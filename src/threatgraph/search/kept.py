"""The index of a graph, kept beside the cached copy of the bundled graph, so that a search need not build it."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from threatgraph.search.documents import Document, read_documents
from threatgraph.search.index import Index
from threatgraph.search.spelling import Speller
from threatgraph.store import Store
from threatgraph.store.disk.kept import file_stamps, kept

_NAME = "search"


def read_index(store: Store) -> tuple[list[Document], Index]:
    """Return the documents of a graph and their index: those that were kept, or new ones, which are then kept.

    Raises:
        ThreatGraphError: if this build of SQLite has no FTS5.
    """

    def compute() -> tuple[list[Document], Index]:
        documents = read_documents(store)
        return documents, build_index(documents)

    return kept(store, _NAME, _depends, compute, _pack, _unpack)


def build_index(documents: Sequence[Document]) -> Index:
    """Build the index of documents.

    Raises:
        ThreatGraphError: if this build of SQLite has no FTS5.
    """
    index = Index(documents)
    index.add_names(Speller(documents, index).words)
    return index


def _depends() -> str:
    """What the index depends on beside the graph: the code, and the versions of SQLite and of Python's Unicode data."""
    here = Path(__file__).parent
    return "\n".join((file_stamps(here, here.parent), sqlite3.sqlite_version, sys.version))


def _pack(found: tuple[list[Document], Index]) -> bytes:
    documents, index = found
    index.attachment = json.dumps([_packed(document) for document in documents])
    return index.serialize()


def _unpack(content: memoryview) -> tuple[list[Document], Index]:
    index = Index.restore(content)
    return [_unpacked(fields) for fields in json.loads(index.attachment)], index


def _packed(document: Document) -> list[Any]:
    return [
        document.iri,
        document.kind,
        document.label,
        document.code,
        document.columns,
        [document.names, document.phrases, document.passages, document.identifiers, document.pages, document.sources],
        {name: sorted(values) for name, values in document.facets.items()},
    ]


def _unpacked(fields: Sequence[Any]) -> Document:
    iri, kind, label, code, columns, texts, facets = fields
    names, phrases, passages, identifiers, pages, sources = map(tuple, texts)
    return Document(
        iri=iri,
        kind=kind,
        label=label,
        code=code,
        columns=columns,
        names=names,
        phrases=phrases,
        passages=passages,
        identifiers=identifiers,
        pages=pages,
        sources=sources,
        facets={name: frozenset(values) for name, values in facets.items()},
    )
