"""The file that states a record, and where it can be edited."""

from __future__ import annotations

from typing import NamedTuple

from threatgraph.store import Store
from threatgraph.store.memory import MemoryStore
from threatgraph.vocab import BASE, KINDS
from threatgraph.web.links import Links

_DATA = f"{BASE}graph/data/"


class SourceFile(NamedTuple):
    """The file of a record."""

    path: str
    """Its path in the repository, such as ``data/patterns/goal-drift.ttl``."""
    url: str | None
    """The URL of its triples; ``None`` in a site of files, which does not have them."""
    edit_url: str | None
    """The URL at which it can be edited; ``None`` if the owner of the site gave none."""


def source_file(store: Store, iri: str, links: Links) -> SourceFile | None:
    """Return the file of a record; ``None`` if the graph was not read from the files of the repository.

    Each record has a file of its own with the name of its slug; the concepts of a vocabulary share one, with the plural
    of their kind.

    Args:
        store: the store that has the record.
        iri: the IRI of the record.
        links: where documents are.
    """
    if not isinstance(store, MemoryStore):
        return None
    kind, _, slug = iri.removeprefix(BASE).partition("/")
    names = [f"/{slug.rpartition('/')[2]}.ttl"]
    if kind in KINDS:
        names.append(f"vocabularies/{KINDS[kind].plural}.ttl")
    folder = f"/{slug.partition('/')[0]}/" if iri.startswith(KINDS["provision"].namespace) else ""
    for name in names:
        found = [graph for graph in store.files if graph.startswith(_DATA) and graph.endswith(name) and folder in graph]
        if len(found) == 1:
            path = found[0].removeprefix(f"{BASE}graph/")
            url = None if links.is_static else links.page(f"graph/{path}")
            return SourceFile(path, url, f"{links.edit_url}/{path}" if links.edit_url else None)
    return None
