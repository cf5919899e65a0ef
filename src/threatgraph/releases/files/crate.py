"""The description of a release as a research object: RO-Crate 1.1."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from threatgraph.publishing.metadata import DESCRIPTION, KEYWORDS, PUBLISHER, TITLE
from threatgraph.releases.files.content import Content, Written, fixed
from threatgraph.releases.folder import CHECKSUMS, CRATE
from threatgraph.releases.release import Release

_CRATE = "https://w3id.org/ro/crate/1.1"
CHECKSUMS_DESCRIPTION = "The SHA-256 digests of all other files, for sha256sum -c"


def crate_file(release: Release, written: Sequence[Written]) -> Content:
    """Describe all files of a release.

    Args:
        release: the release.
        written: its files, without this one and the digests.
    """
    files = [_file(file) for file in sorted(written, key=lambda file: file.name)]
    files.append({"@id": CHECKSUMS, "@type": "File", "name": CHECKSUMS_DESCRIPTION, "encodingFormat": "text/plain"})
    graph: list[dict[str, Any]] = [
        {"@id": CRATE, "@type": "CreativeWork", "conformsTo": {"@id": _CRATE}, "about": {"@id": "./"}},
        _root(release, [str(file["@id"]) for file in files]),
        {"@id": PUBLISHER, "@type": "Organization", "name": "threatgraph maintainers"},
        *_license(release),
        *files,
    ]
    content = json.dumps({"@context": f"{_CRATE}/context", "@graph": graph}, ensure_ascii=False, indent=1) + "\n"
    return fixed(CRATE, "The release and its files as a research object (RO-Crate 1.1)", content, "application/ld+json")


def _root(release: Release, files: Sequence[str]) -> dict[str, Any]:
    root: dict[str, Any] = {
        "@id": "./",
        "@type": "Dataset",
        "name": f"{TITLE}, version {release.version}",
        "description": DESCRIPTION,
        "identifier": release.iri,
        "url": f"{release.url}/",
        "version": release.version.text,
        "datePublished": release.date,
        "keywords": ", ".join(KEYWORDS),
        "author": {"@id": PUBLISHER},
        "publisher": {"@id": PUBLISHER},
        "hasPart": [{"@id": name} for name in files],
    }
    if release.metadata.license:
        root["license"] = {"@id": release.metadata.license}
    return root


def _license(release: Release) -> list[dict[str, Any]]:
    if not release.metadata.license:
        return []
    return [
        {
            "@id": release.metadata.license,
            "@type": "CreativeWork",
            "name": "Creative Commons Attribution 4.0 International",
            "description": "The data may be shared and adapted, if threatgraph and its sources are credited.",
        }
    ]


def _file(file: Written) -> dict[str, Any]:
    return {
        "@id": quote(file.name),
        "@type": "File",
        "name": file.description,
        "contentSize": str(file.size),
        "encodingFormat": file.media_type,
    }
