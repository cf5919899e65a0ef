"""Downloads of the whole graph, one for each export format."""

from __future__ import annotations

import io
from typing import NamedTuple

from threatgraph.errors import QueryTooLarge, UnknownName
from threatgraph.export import FORMATS, Format, write
from threatgraph.store import Store

#: The maximum size of a download, in bytes.
LARGEST = 64 * 1024**2

#: The media type of each format that has one; formats of XML without a registered type are plain XML.
_MEDIA_TYPES = {
    "turtle": "text/turtle",
    "jsonld": "application/ld+json",
    "ntriples": "application/n-triples",
    "rdfxml": "application/rdf+xml",
    "nquads": "application/n-quads",
    "trig": "application/trig",
    "graphml": "application/xml",
    "gexf": "application/xml",
    "sssom": "text/tab-separated-values",
    "stix": "application/stix+json",
}
_OTHER = "application/octet-stream"


class Download(NamedTuple):
    """A file with the whole graph."""

    name: str
    """The name of the file, such as ``graph.ttl``."""
    format: Format
    media_type: str

    def url(self, base_url: str) -> str:
        """Return the URL of the file."""
        return f"{base_url}/export/{self.name}"


def downloads() -> dict[str, Download]:
    """Return the downloads by the name of the file."""
    found = (
        Download(f"graph.{form.extension}", form, _MEDIA_TYPES.get(name, _OTHER)) for name, form in FORMATS.items()
    )
    return {download.name: download for download in found}


def download(store: Store, name: str, largest: int = LARGEST) -> bytes:
    """Return the content of a download.

    Args:
        store: the graph.
        name: the name of the file, such as ``graph.ttl``.
        largest: the maximum size in bytes.

    Raises:
        UnknownName: if there is no such file.
        QueryTooLarge: if the file exceeds the maximum size.
        ThreatGraphError: if the format cannot represent a value.
    """
    known = downloads()
    if name not in known:
        raise UnknownName("download", name, known, f"The downloads are {', '.join(known)}.")
    target = _Bounded(largest)
    write(store, known[name].format.name, target)
    return target.getvalue()


class _Bounded(io.BytesIO):
    """A file in memory with a maximum size."""

    def __init__(self, largest: int) -> None:
        super().__init__()
        self._largest = largest

    def write(self, content: bytes) -> int:  # type: ignore[override]
        if self.tell() + len(content) > self._largest:
            raise QueryTooLarge(
                f"the export exceeds {self._largest:,} bytes, the maximum of a download: query a part of the graph."
            )
        return super().write(content)
