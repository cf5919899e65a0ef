"""Redirects from the IRIs to the files, as Apache rules for w3id.org.

The rules of the versions and those of the latest version are two files. The rules of the latest version match every
path, so they must follow those of the versions, and they must not be published before the files of the release are:
until then, IRIs that worked would lead to pages that do not exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from threatgraph.releases.files.content import Content, fixed
from threatgraph.releases.files.ontology import NAME
from threatgraph.releases.folder import REDIRECTS, VERSION_MARK
from threatgraph.releases.release import Release

LATEST = "w3id/latest.htaccess"
_ACCEPT = "RewriteCond %{HTTP_ACCEPT}"
#: The condition for each form, in the order in which they are tried; HTML only if it is the first type in the header.
_CONDITIONS = {
    "html": rf"{_ACCEPT} ^[^,]*(?:text/html|application/xhtml\+xml)",
    "ttl": rf"{_ACCEPT} text/turtle",
    "jsonld": rf"{_ACCEPT} application/ld\+json",
    "rdf": rf"{_ACCEPT} application/rdf\+xml",
    "nt": rf"{_ACCEPT} application/n-triples",
}
#: The suffixes of the files of a site that have the path of an IRI or are at the top.
_SUFFIXES = "html|ttl|jsonld|json|csv|md|xml|atom|txt"
_VERSIONS_HEAD = """\
# Redirects of https://w3id.org/threatgraph/ to the files of its versions.
# Publish the files of a version before its rules. The rules of latest.htaccess follow these, at the end of the file.
RewriteEngine on
"""
_LATEST_HEAD = """\
# The latest version, {version}. These rules match every path: they must be the last ones of the file, after those of
# all versions, and replace those of the version before. Merge them last, when all files are online.
"""


def redirect_files(release: Release) -> Iterator[Content]:
    """The rules of all versions, and those of the latest version; nothing if the URL of the site is not known.

    Args:
        release: the release.
    """
    if release.base_url is None:
        return
    earlier = release.previous.versions if release.previous else ()
    versions = list(dict.fromkeys([*earlier, release.version.text]))
    site = re.sub(r"[%$]", r"\\\g<0>", release.base_url)  # which refer to groups in the target of a rule
    rules = [_VERSIONS_HEAD, *(_of_version(site, version) for version in versions)]
    yield fixed(REDIRECTS, "Redirects from w3id.org to the files of the versions", "\n".join(rules))
    yield fixed(LATEST, "Redirects to the latest version, to merge last", _of_latest(site, release.version.text))


def _of_version(site: str, version: str) -> str:
    name, url = re.escape(version), f"{site}/releases/{version}"
    lines = [
        f"{VERSION_MARK}{version}",
        *_negotiated(f"^ontology/{name}/?$", {form: f"{url}/{NAME}.{form}" for form in _CONDITIONS}),
        f"RewriteRule ^ontology/(axioms|alignments)/{name}/?$ {url}/ontology/$1.ttl [R=303,L]",
        *_folder(f"releases/{name}", url),
    ]
    return "\n".join(lines) + "\n"


def _of_latest(site: str, version: str) -> str:
    url = f"{site}/releases/{version}"
    lines = [
        *_negotiated("^ontology/?$", {form: f"{url}/{NAME}.{form}" for form in _CONDITIONS}),
        f"RewriteRule ^ontology\\.(html|ttl|jsonld|rdf|nt)$ {url}/{NAME}.$1 [R=303,L]",
        f"RewriteRule ^ontology/context(?:\\.jsonld)?$ {url}/ontology/context.jsonld [R=303,L]",
        f"RewriteRule ^ontology/(axioms|alignments)$ {url}/ontology/$1.ttl [R=303,L]",
        *_folder("releases/latest", url),
        "# Files, and documents whose form is given.",
        f"RewriteRule ^((?:static|export)/.+|.+\\.(?:{_SUFFIXES}))$ {site}/$1 [R=302,L]",
        f"RewriteRule ^$ {site}/index.html [R=303,L]",
        "# Records and lists, in the form that the client prefers.",
        *_negotiated("^(.+?)/?$", {form: f"{site}/$1.{form}" for form in ("html", "ttl", "jsonld")}),
    ]
    return _LATEST_HEAD.format(version=version) + "\n".join(lines) + "\n"


def _folder(path: str, url: str) -> Iterator[str]:
    """The rules of the folder of a release: a description of it, and its files."""
    yield f"RewriteRule ^{path}/(.+)$ {url}/$1 [R=302,L]"
    yield rf"{_ACCEPT} profile=\"?https://w3id\.org/ro/crate"
    yield f"RewriteRule ^{path}/?$ {url}/ro-crate-metadata.json [R=303,L]"
    forms = {"html": f"{url}/index.html", "ttl": f"{url}/void.ttl", "jsonld": f"{url}/dcat.jsonld"}
    yield from _negotiated(f"^{path}/?$", forms)


def _negotiated(pattern: str, urls: Mapping[str, str]) -> Iterator[str]:
    """A rule for each form of a document, and at last one for all other clients, who get HTML."""
    for form, url in urls.items():
        yield _CONDITIONS[form]
        yield f"RewriteRule {pattern} {url} [R=303,L]"
    yield f"RewriteRule {pattern} {urls['html']} [R=303,L]"
