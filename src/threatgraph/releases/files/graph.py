"""The graph of a release: exports, tables and the search database."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from functools import partial
from typing import IO

from threatgraph.export import export_table, write
from threatgraph.listing import column_names, list_page, list_records
from threatgraph.publishing.downloads import downloads
from threatgraph.releases.files.content import Content
from threatgraph.releases.release import Release
from threatgraph.search.database import to_sqlite
from threatgraph.vocab import KINDS

_COMPRESSED = "nquads"
"""The format whose file is compressed: it is the largest, and programs read it as a stream."""


def graph_files(release: Release) -> Iterator[Content]:
    """The whole graph in each export format, each kind of record as a table, and the search database.

    Args:
        release: the release.
    """
    store = release.store
    for download in downloads().values():
        form = download.format
        if form.name == _COMPRESSED:
            yield Content(f"export/{download.name}.gz", form.description, partial(_compress, release, form.name))
        else:
            writer = partial(write, store, form.name)
            yield Content(f"export/{download.name}", form.description, writer, download.media_type)
    for kind in KINDS.values():
        if list_page(store, kind.name, limit=1).total:
            names = column_names(store, kind.name)
            description = f"All values of the records of kind {kind.name}"
            yield Content(f"tables/{kind.plural}.csv", description, partial(_write_table, release, kind.name, names))
    yield Content(
        "search.sqlite",
        "All records in a database for full-text search (SQLite FTS5); its table documentation explains it",
        lambda target: target.write(to_sqlite(store, _search_metadata(release))),
    )


def _compress(release: Release, form: str, target: IO[bytes]) -> None:
    with gzip.GzipFile("", "wb", 6, target, int(release.moment.timestamp())) as packed:
        write(release.store, form, packed)  # type: ignore[arg-type]


def _write_table(release: Release, kind: str, names: list[str], target: IO[bytes]) -> None:
    target.write(export_table(list_records(release.store, kind, columns=names), "csv"))


def _search_metadata(release: Release) -> dict[str, str]:
    found = {"iri": release.iri, "version": release.version.text, "date": release.date}
    return found | ({"license": release.metadata.license} if release.metadata.license else {})
