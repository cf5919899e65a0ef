"""Reads the files of other projects and writes their records in our model.

An importer reads a file into a :class:`~threatgraph.importers.builder.Harvest`; the gate then keeps out what breaks a
shape. Nothing of another project is bundled: the user brings the file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path

from threatgraph.errors import InvalidFile, UnknownName
from threatgraph.importers.builder import Harvest
from threatgraph.importers.cycles import cut_cycles
from threatgraph.importers.validation import pass_gate
from threatgraph.store import MemoryStore, Store

#: Format to the module that reads it.
FORMATS = {
    "aiid": "aiid",
    "mit-risk-repository": "mit",
    "sssom": "sssom",
    "nexus": "nexus",
    "atlas": "atlas",
    "stix": "stix",
}

__all__ = ["FORMATS", "Harvest", "harvest"]


def harvest(form: str, path: Path, data: Sequence[Path] = (), links_above: float | None = None) -> Harvest:
    """Read a file of another project, and keep out what breaks a shape.

    Args:
        form: a key of :data:`FORMATS`.
        path: the file or folder.
        data: files and folders of the user beside the bundled graph, to which the records may link.
        links_above: the least confidence, from 0 to 1, of the links to patterns that are guessed for incidents (see
            :mod:`threatgraph.importers.links`); none are guessed by default.

    Returns:
        The drafts of records that passed, with the faults of those that did not.

    Raises:
        UnknownName: where there is no such format.
        InvalidFile: where the file cannot be read as what it should be.
    """
    if form not in FORMATS:
        raise UnknownName("import format", form, FORMATS, f"The formats are {', '.join(FORMATS)}.")
    if not path.exists():
        raise InvalidFile(str(path), "no such file or folder.")
    read: Callable[[Path, Store], Harvest] = import_module(f"threatgraph.importers.formats.{FORMATS[form]}").read
    store = MemoryStore.open(data)
    found = read(path, store)
    cut_cycles(found)
    pass_gate(found, data)
    if links_above is not None and any(draft.class_name == "Incident" for draft in found.drafts.values()):
        import_module("threatgraph.importers.links").add_links(found, store, links_above)
    return found
