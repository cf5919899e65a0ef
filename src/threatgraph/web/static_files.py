"""Static files of pages. Their names change with their content, so that browsers can keep them."""

from __future__ import annotations

import lzma
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import NamedTuple

LICENSES = "LICENSES.txt"
"""The licenses of the packages in the scripts."""
_TYPES = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "json": "application/json",
    "svg": "image/svg+xml",
    "txt": "text/plain; charset=utf-8",
}


class StaticFile(NamedTuple):
    """A static file."""

    name: str
    """Its name, with a digest of the content."""
    content: bytes

    @property
    def media_type(self) -> str:
        """Its media type."""
        return _TYPES[self.name.rpartition(".")[2]]


@cache
def static_file(name: str) -> StaticFile:
    """Return a file of the package.

    Args:
        name: its name in the folder ``static``; without ``.xz`` for a file that is compressed there.
    """
    folder = files("threatgraph.web") / "static"
    packed = folder / f"{name}.xz"
    content = lzma.decompress(packed.read_bytes()) if packed.is_file() else (folder / name).read_bytes()
    return named(name, content)


def page_files() -> tuple[StaticFile, ...]:
    """Return the files that every page uses."""
    return tuple(map(static_file, ("style.css", "page.js", "icon.svg")))


def view_files() -> tuple[StaticFile, ...]:
    """Return the files that only views use."""
    return (static_file("explore.js"),)


def named(name: str, content: bytes) -> StaticFile:
    """Return a file with a digest of its content in its name.

    Args:
        name: its name, such as ``style.css``.
        content: its content.
    """
    stem, dot, suffix = name.rpartition(".")
    return StaticFile(f"{stem}-{sha256(content).hexdigest()[:10]}{dot}{suffix}", content)


for _files in (page_files, view_files):
    _files()  # read when this module is imported: workers that evaluate queries cannot open files
