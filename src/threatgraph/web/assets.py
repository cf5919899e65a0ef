"""Style sheets, scripts and images of pages, whose names change with their content."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from importlib.resources import files

#: The media type of each file, by its suffix.
MEDIA_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}


@cache
def assets() -> dict[str, str]:
    """Return the names of all files, each with the name that has a digest of its content."""
    return {name: _digested(name) for name in sorted(_names())}


@cache
def read(name: str) -> bytes:
    """Return the content of a file.

    Args:
        name: its name without a digest, such as ``style.css``.
    """
    return (files("threatgraph.web") / "static" / name).read_bytes()


def find(digested: str) -> str | None:
    """Return the name of a file without its digest; ``None`` if no file has the name."""
    return next((name for name, current in assets().items() if current == digested), None)


def media_type(name: str) -> str:
    """Return the media type of a file."""
    return MEDIA_TYPES[name.rpartition(".")[2]]


def _names() -> list[str]:
    found = (files("threatgraph.web") / "static").iterdir()
    return [one.name for one in found if one.name.rpartition(".")[2] in MEDIA_TYPES]


def _digested(name: str) -> str:
    stem, _, suffix = name.rpartition(".")
    return f"{stem}-{sha256(read(name)).hexdigest()[:10]}.{suffix}"


assets()  # read when this module is imported: workers that evaluate queries cannot open files
