"""A file of a release before and after it is written."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import IO, NamedTuple

MEDIA_TYPES = {
    ".cff": "application/yaml",
    ".css": "text/css",
    ".csv": "text/csv",
    ".gz": "application/gzip",
    ".html": "text/html",
    ".json": "application/json",
    ".jsonld": "application/ld+json",
    ".md": "text/markdown",
    ".nt": "application/n-triples",
    ".rdf": "application/rdf+xml",
    ".rq": "application/sparql-query",
    ".sqlite": "application/vnd.sqlite3",
    ".ttl": "text/turtle",
}
_PLAIN = "text/plain"


class Content(NamedTuple):
    """A file to write."""

    name: str
    """Its path in the folder, with slashes."""
    description: str
    write: Callable[[IO[bytes]], object]
    media_type: str = ""

    @property
    def type(self) -> str:
        """The media type, by default that of the suffix."""
        return self.media_type or MEDIA_TYPES.get(PurePosixPath(self.name).suffix, _PLAIN)


class Written(NamedTuple):
    """A file that is written."""

    name: str
    description: str
    media_type: str
    size: int
    digest: str
    """The SHA-256 digest in hexadecimal."""


def fixed(name: str, description: str, content: bytes | str, media_type: str = "") -> Content:
    """Return a file whose content is known."""
    data = content.encode() if isinstance(content, str) else content
    return Content(name, description, lambda target: target.write(data), media_type)
