"""The folder of a release: how one is recognized, and how a new one is written completely or not at all."""

from __future__ import annotations

import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from threatgraph.errors import InvalidFile, ThreatGraphError

GRAPH = "export/graph.nq.gz"
"""The file with the statements of a release by named graph, from which a release is read."""
CRATE = "ro-crate-metadata.json"
CHECKSUMS = "SHA256SUMS"
REDIRECTS = "w3id/.htaccess"
VERSION_MARK = "# Version "
"""The beginning of the line before the redirects of a version."""


def is_release(folder: Path) -> bool:
    """Return whether a folder is that of a release."""
    return (folder / GRAPH).is_file() and (folder / CRATE).is_file()


def version_of(folder: Path) -> str:
    """Return the version that a release states.

    Raises:
        InvalidFile: if its description cannot be read.
    """
    file = folder / CRATE
    try:
        entities = json.loads(file.read_bytes())["@graph"]
        return str(next(entity["version"] for entity in entities if entity.get("@id") == "./"))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, StopIteration) as error:
        raise InvalidFile(str(file), "not a description of a release of threatgraph.") from error


def redirected_versions(folder: Path) -> list[str]:
    """Return the versions whose redirects a release has; none if it has no redirects."""
    try:
        text = (folder / REDIRECTS).read_text(encoding="utf-8")
    except (OSError, ValueError):
        return []
    return re.findall(rf"^{re.escape(VERSION_MARK)}(\S+)$", text, re.MULTILINE)


def require_free(folder: Path) -> None:
    """Check that a release can be written: the folder is missing, empty, or has a release.

    Raises:
        ThreatGraphError: if something else is there.
    """
    if os.path.lexists(folder) and not folder.is_dir():
        raise ThreatGraphError(f"{folder} exists and is not a folder.")
    if folder.is_dir() and any(folder.iterdir()) and not is_release(folder):
        raise _occupied(folder)


@contextmanager
def written_at_once(folder: Path) -> Iterator[Path]:
    """Yield a new folder beside the given one, which takes its place in the end; after an error nothing is left.

    Args:
        folder: the folder; it may exist if it is empty or has the same files.

    Raises:
        ThreatGraphError: if the folder has other files, or files cannot be written.
    """
    folder = folder.resolve()
    made: list[Path] = []
    temporary: Path | None = None
    try:
        made = [parent for parent in folder.parents if not parent.exists()]
        folder.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        yield temporary
        _replace(folder, temporary)
        made = []
    except OSError as error:
        raise ThreatGraphError(
            f"{folder}: cannot be written ({error.strerror or error}); nothing was changed."
        ) from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)
        for parent in made:
            if parent.exists() and not any(parent.iterdir()):
                parent.rmdir()


def _replace(folder: Path, temporary: Path) -> None:
    if folder.exists():
        if any(folder.iterdir()):
            if _contents(folder) != _contents(temporary):
                raise _occupied(folder)
            return
        folder.rmdir()
    mask = os.umask(0)
    os.umask(mask)
    temporary.chmod(0o777 & ~mask)  # that of a temporary folder is private
    temporary.rename(folder)


def _contents(folder: Path) -> dict[str, bytes]:
    """The digest of each file; an empty subfolder counts as well."""
    from hashlib import sha256

    found = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_file():
            with path.open("rb") as file:
                digest = sha256()
                while block := file.read(1 << 20):
                    digest.update(block)
            found[name] = digest.digest()
        elif not path.is_dir() or not any(path.iterdir()):
            found[name] = b""
    return found


def _occupied(folder: Path) -> ThreatGraphError:
    return ThreatGraphError(f"{folder} exists and has other files: give a new folder. Nothing was changed.")
