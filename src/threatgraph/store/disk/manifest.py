"""What a directory store holds, in a file beside it: which generation is the published one, and what was loaded."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from threatgraph.errors import InvalidFile, ThreatGraphError
from threatgraph.saving import save
from threatgraph.store.inputs import GraphEntry

NAME = "threatgraph-store.json"
FORMAT = 2
"""The version of the layout of a directory store; a reader refuses one that is newer than it knows."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The state of a directory store."""

    generation: int
    bundled: str | None = None
    """The digest of the bundled files that are in it; ``None`` where none are."""
    graphs: dict[str, GraphEntry] = field(default_factory=dict)
    """What was loaded, by the IRI of its named graph."""
    files: dict[str, tuple[int, int]] = field(default_factory=dict)
    """The size and the checksum (CRC-32) of each file of the database; none in a store of an earlier version."""


def read_manifest(directory: Path) -> Manifest | None:
    """The state of the store in a directory; ``None`` where there is no such file.

    Raises:
        InvalidFile: where the file is damaged, or made by a newer version of threatgraph.
        ThreatGraphError: where it cannot be read.
    """
    path = directory / NAME
    try:
        told = json.loads(path.read_bytes())
        version = told["format"]
        if version == FORMAT:
            return _as_manifest(told)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise ThreatGraphError(f"{path}: cannot be read ({error.strerror}).") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        reason = "is damaged: delete the directory and load your files again (threatgraph load)."
        raise InvalidFile(str(path), reason) from error
    if isinstance(version, int) and version < FORMAT:
        advice = "delete the directory and load your files again (threatgraph load)"
    else:
        advice = "upgrade threatgraph"
    reason = f"the store has format {version!r}, and this version of threatgraph reads format {FORMAT}: {advice}."
    raise InvalidFile(str(path), reason)


def write_manifest(directory: Path, manifest: Manifest) -> None:
    """Replace the state of the store, whole or not at all.

    Raises:
        ThreatGraphError: where it cannot be written.
    """
    content = json.dumps({"format": FORMAT, **asdict(manifest)}, indent=1, sort_keys=True)
    save(f"{content}\n".encode("ascii"), directory / NAME)


def _as_manifest(told: dict[str, Any]) -> Manifest:
    graphs = {str(iri): GraphEntry(**entry) for iri, entry in told["graphs"].items()}
    files = {str(name): (size, checksum) for name, (size, checksum) in told.get("files", {}).items()}
    for loaded in graphs.values():
        _require(loaded.triples, int)
        _require(loaded.path, str, None)
        _require(loaded.size, int, None)
        _require(loaded.modified, int, None)
        _require(loaded.bundled, bool)
    for number in (told["generation"], *(number for entry in files.values() for number in entry)):
        _require(number, int)
    _require(told["bundled"], str, None)
    return Manifest(told["generation"], told["bundled"], graphs, files)


def _require(value: object, *kinds: type | None) -> None:
    """See that a value is of a kind; a truth value is no number here."""
    if type(value) not in kinds and not (value is None and None in kinds):
        raise ValueError(f"{value!r} is of the wrong type")
