"""The manifest of a directory store: the published snapshot, and what was loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from threatgraph import resources
from threatgraph.errors import InvalidFile, ThreatGraphError
from threatgraph.saving import save

NAME = "threatgraph-store.json"
FORMAT = 2
"""The version of the layout of directory stores; other versions are rejected."""


class GraphEntry(NamedTuple):
    """An entry of the manifest: a named graph and the file that it was loaded from."""

    path: str | None
    """The path of the file, relative to the bundled folders for a bundled file; ``None`` for standard input."""
    triples: int = 0
    """The number of statements in the file; duplicates count each time."""
    size: int | None = None
    """Bytes."""
    modified: int | None = None
    """The modification time in nanoseconds since 1970 (UTC)."""
    bundled: bool = False

    @property
    def file(self) -> Path | None:
        """The path of the file on this machine, which may no longer exist."""
        if self.path is None:
            return None
        return resources.root() / self.path if self.bundled else Path(self.path)


class Manifest(NamedTuple):
    """The manifest of a directory store."""

    snapshot: int
    bundled: str | None
    """The digest of the bundled files in the store; ``None`` without bundled files."""
    graphs: Mapping[str, GraphEntry]
    """The loaded sources, by the IRI of the named graph."""
    files: Mapping[str, tuple[int, int]]
    """The size and CRC-32 checksum of each file of the database."""


def read_manifest(directory: Path) -> Manifest | None:
    """Read the manifest of a directory store; ``None`` if the file does not exist.

    Raises:
        InvalidFile: if the file is corrupt, or written by another version of threatgraph.
        ThreatGraphError: if it cannot be read.
    """
    path = directory / NAME
    try:
        content = json.loads(path.read_bytes())
        version = content["format"]
        if version == FORMAT:
            return _as_manifest(content)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ThreatGraphError(f"{path}: cannot be read ({error.strerror}).") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        reason = "is corrupt: delete the directory and load your files again (threatgraph load)."
        raise InvalidFile(str(path), reason) from error
    if isinstance(version, int) and version < FORMAT:
        advice = "delete the directory and load your files again (threatgraph load)"
    else:
        advice = "upgrade threatgraph"
    reason = f"the store has format {version!r}, and this version of threatgraph reads format {FORMAT}: {advice}."
    raise InvalidFile(str(path), reason)


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Replace the manifest of the store atomically.

    Raises:
        ThreatGraphError: if it cannot be written.
    """
    graphs = {graph: entry._asdict() for graph, entry in manifest.graphs.items()}
    content = json.dumps({"format": FORMAT, **manifest._asdict(), "graphs": graphs}, indent=1, sort_keys=True)
    save(f"{content}\n".encode("ascii"), directory / NAME)


def _as_manifest(content: dict[str, Any]) -> Manifest:
    graphs = {str(iri): GraphEntry(**entry) for iri, entry in content["graphs"].items()}
    files = {str(name): (size, checksum) for name, (size, checksum) in content.get("files", {}).items()}
    for loaded in graphs.values():
        _require(loaded.triples, int)
        _require(loaded.path, str, None)
        _require(loaded.size, int, None)
        _require(loaded.modified, int, None)
        _require(loaded.bundled, bool)
    for number in (content["snapshot"], *(number for entry in files.values() for number in entry)):
        _require(number, int)
    _require(content["bundled"], str, None)
    return Manifest(content["snapshot"], content["bundled"], graphs, files)


def _require(value: object, *kinds: type | None) -> None:
    """Check the type of a value; a Boolean is not accepted as a number."""
    if type(value) not in kinds and not (value is None and None in kinds):
        raise ValueError(f"{value!r} has the wrong type")
