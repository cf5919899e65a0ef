"""How to cite a release: ``CITATION.cff``, and the metadata for Zenodo."""

from __future__ import annotations

import html
import json
from typing import Any

from threatgraph.publishing.metadata import DESCRIPTION, KEYWORDS, TITLE
from threatgraph.releases.files.content import Content, fixed
from threatgraph.releases.release import Release
from threatgraph.vocab import BASE

_AUTHOR = "threatgraph maintainers"
_LICENSES = {"https://creativecommons.org/licenses/by/4.0/": "CC-BY-4.0"}
"""The SPDX identifiers of licenses."""


def citation_file(release: Release) -> Content:
    """The Citation File Format 1.2.0."""
    import yaml

    terms = _LICENSES.get(release.metadata.license or "")
    fields: dict[str, Any] = {
        "cff-version": "1.2.0",
        "message": "If you use this data, please cite it, and credit the sources named in NOTICE.",
        "title": TITLE,
        "type": "dataset",
        "version": release.version.text,
        "date-released": release.date,
        "authors": [{"name": _AUTHOR}],
        "abstract": DESCRIPTION,
        "keywords": list(KEYWORDS),
        "url": release.iri,
        **({"license": terms} if terms else {}),
        "identifiers": [{"type": "url", "value": release.iri, "description": "This version"}],
    }
    content = yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=120)
    return fixed("CITATION.cff", "How to cite this version (Citation File Format)", content)


def zenodo_file(release: Release) -> Content:
    """The metadata of a deposit at Zenodo."""
    terms = _LICENSES.get(release.metadata.license or "")
    related = [{"identifier": release.iri, "relation": "isIdenticalTo", "resource_type": "dataset"}]
    if release.previous is not None:
        older = f"{BASE}releases/{release.previous.version}"
        related.append({"identifier": older, "relation": "isNewVersionOf", "resource_type": "dataset"})
    fields: dict[str, Any] = {
        "title": TITLE,
        "upload_type": "dataset",
        "description": f"<p>{html.escape(DESCRIPTION)}</p>",
        "version": release.version.text,
        "publication_date": release.date,
        "creators": [{"name": _AUTHOR}],
        "keywords": list(KEYWORDS),
        "language": "eng",
        "access_right": "open",
        **({"license": terms.lower()} if terms else {}),
        "related_identifiers": related,
    }
    return fixed(".zenodo.json", "The metadata for Zenodo", json.dumps(fields, ensure_ascii=False, indent=2) + "\n")
