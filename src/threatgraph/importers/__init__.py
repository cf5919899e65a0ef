"""Imports files of other projects as records of the threatgraph model.

An importer reads a file into an :class:`~threatgraph.importers.builder.ImportResult`. Validation then removes and
reports what violates a shape. No file of another project is bundled; the user supplies it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from threatgraph import resources
from threatgraph.errors import InvalidFile, ThreatGraphError, UnknownName
from threatgraph.importers.builder import ImportResult
from threatgraph.store import MemoryStore, Store

#: The import formats, each with its module in :mod:`threatgraph.importers.formats`.
FORMATS = {
    "aiid": "aiid",
    "mit-risk-repository": "mit",
    "sssom": "sssom",
    "nexus": "nexus",
    "atlas": "atlas",
    "stix": "stix",
}

__all__ = ["FORMATS", "ImportResult", "import_file", "import_into"]


def import_into(store: Store, form: str, path: Path, links_above: float | None = None) -> ImportResult:
    """Import a file of another project into records that link to an in-memory graph; see :func:`import_file`.

    Raises:
        ThreatGraphError: if the graph is not in memory, or does not include the bundled data.
    """
    from threatgraph.importers.cycles import cut_cycles  # here, so that the list of formats is cheap to import
    from threatgraph.importers.validation import reject_invalid

    if not isinstance(store, MemoryStore) or set(resources.bundled_files()).isdisjoint(store.files.values()):
        raise ThreatGraphError("import requires a graph in memory that includes the bundled data.")
    if form not in FORMATS:
        raise UnknownName("import format", form, FORMATS, f"The formats are {', '.join(FORMATS)}.")
    if not path.exists():
        raise InvalidFile(str(path), "no such file or folder.")
    read: Callable[[Path, Store], ImportResult] = import_module(f"threatgraph.importers.formats.{FORMATS[form]}").read
    result = read(path, store)
    cut_cycles(result)
    reject_invalid(result, store)
    if links_above is not None and any(builder.class_name == "Incident" for builder in result.records.values()):
        import_module("threatgraph.importers.links").add_links(result, store, links_above)
    return result


def import_file(form: str, path: Path, data: Sequence[Path] = (), links_above: float | None = None) -> ImportResult:
    """Import a file of another project; records that violate a shape are removed and reported.

    Args:
        form: a key of :data:`FORMATS`.
        path: the file or folder.
        data: files and folders of the user, loaded in addition to the bundled graph; the records may link to them.
        links_above: the minimum confidence, from 0 to 1, of links to patterns that are predicted for incidents (see
            :mod:`threatgraph.importers.links`); by default none are predicted.

    Returns:
        The valid records, and the problems found in the others.

    Raises:
        UnknownName: if the format does not exist.
        InvalidFile: if the file cannot be read in this format.
    """
    return import_into(MemoryStore.open(data), form, path, links_above)
