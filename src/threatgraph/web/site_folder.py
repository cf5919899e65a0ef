"""The folder of a site of files: which files are ours, and which are written or removed."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable
from contextlib import suppress
from pathlib import Path

from threatgraph.errors import ThreatGraphError
from threatgraph.saving import save

MANIFEST = ".threatgraph-site.json"
"""The list of the files of a site, in its folder."""
_LONGEST_NAME = 240
"""Bytes of the name of a file; most file systems have a limit of 255."""


class SiteFolder:
    """A folder that has only files of a site, or also files that are left alone.

    Args:
        path: the folder, which is created if it does not exist.

    Raises:
        ThreatGraphError: if it is not a folder, or has files but no manifest.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._ours = self._read()

    def begin(self, names: Collection[str]) -> None:
        """Add the names of files to the manifest, so that they are known even if the build is interrupted.

        Args:
            names: the names of all files of the site, with slashes.

        Raises:
            ThreatGraphError: if a file of that name exists that is not in the manifest.
        """
        for name in names:
            if name not in self._ours and (self.path / name).exists():
                raise ThreatGraphError(
                    f"{self.path / name} exists and is not part of the site: move it, or give another folder."
                )
        self.path.mkdir(parents=True, exist_ok=True)
        for folder in sorted({(self.path / name).parent for name in names}):
            folder.mkdir(parents=True, exist_ok=True)
        self._ours |= set(names)
        self._save(self._ours)

    def write(self, name: str, content: bytes) -> bool:
        """Write a file unless it already has the content, and return whether it was written.

        Args:
            name: its name, from :meth:`begin`.
            content: its content.

        Raises:
            ThreatGraphError: if it cannot be written.
        """
        file = self.path / name
        if _has(file, content):
            return False
        save(content, file, durable=False)  # the next build writes again what a power failure destroys
        return True

    def finish(self, names: Collection[str]) -> int:
        """Remove the files of earlier builds that are no longer part of the site, and return their number.

        Args:
            names: the names of all files of the site.
        """
        removed = 0
        for name in sorted(self._ours - set(names)):
            file = self.path / name
            with suppress(FileNotFoundError, NotADirectoryError):
                file.unlink()
                removed += 1
            for folder in file.parents:
                if folder == self.path:
                    break
                with suppress(OSError):  # it has other files
                    folder.rmdir()
        self._save(names)
        return removed

    def _save(self, names: Iterable[str]) -> None:
        text = json.dumps({"files": sorted(names)}, ensure_ascii=False, indent=0)
        self.write(MANIFEST, f"{text}\n".encode())

    def _read(self) -> set[str]:
        """The files of the manifest; none if the folder is empty."""
        if self.path.exists() and not self.path.is_dir():
            raise ThreatGraphError(f"{self.path} is not a folder.")
        manifest = self.path / MANIFEST
        if not manifest.exists():
            if self.path.exists() and any(self.path.iterdir()):
                raise ThreatGraphError(
                    f"{self.path} is not empty and is not a site of threatgraph: give a new or an empty folder."
                )
            return set()
        try:
            names = json.loads(manifest.read_bytes())["files"]
            if not all(is_safe(name) for name in names):
                raise ValueError("a name leads out of the folder")
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ThreatGraphError(f"{manifest} is not a list of files: {error}; give a new folder.") from error
        return set(names)


def is_safe(name: str) -> bool:
    """Return whether a file with this name is in the folder on every system, and can be written.

    Args:
        name: a name with slashes.
    """
    segments = name.split("/")
    return not any(
        segment in ("", ".", "..")
        or any(character in '\\<>:"|?*' or ord(character) < ord(" ") for character in segment)
        or len(os.fsencode(segment)) > _LONGEST_NAME
        for segment in segments
    )


def _has(file: Path, content: bytes) -> bool:
    try:
        return file.stat().st_size == len(content) and file.read_bytes() == content
    except (FileNotFoundError, NotADirectoryError):
        return False
