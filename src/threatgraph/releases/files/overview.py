"""The overview of the files of a release, as a page and as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from urllib.parse import quote

from threatgraph.assess.formats import html, markdown
from threatgraph.assess.formats.blocks import Block, Grid, Heading, Inline, Link, Paragraph
from threatgraph.publishing.metadata import DESCRIPTION
from threatgraph.releases.files.content import Content, Written, fixed
from threatgraph.releases.folder import CHECKSUMS
from threatgraph.releases.release import Release

_FOLDERS = {
    "": "Descriptions",
    "export": "The graph",
    "tables": "Tables",
    "ontology": "Ontology",
    "queries": "Queries",
    "w3id": "Redirects",
}
#: Files that the overview does not list one by one: they have a page of their own in the documentation.
_MANY = ("ontology/schemes", "ontology/shapes", "ontology/rules", "queries")


def overview_files(release: Release, written: Sequence[Written]) -> Iterator[Content]:
    """The overview of the files that are written.

    Args:
        release: the release.
        written: the files.
    """
    blocks = list(_document(release, written))
    yield fixed("index.html", "This overview as a page", html.page(release.name, blocks))
    yield fixed("README.md", "This overview", markdown.render(blocks))


def _document(release: Release, written: Sequence[Written]) -> Iterator[Block]:
    yield Heading(1, release.name)
    yield Paragraph([f"{DESCRIPTION} Version {release.version} of {release.date}."], "note")
    yield Paragraph(list(_introduction(release)))
    by_folder: dict[str, list[Written]] = {folder: [] for folder in _FOLDERS}
    for file in sorted(written, key=lambda file: file.name):
        top = file.name.partition("/")[0] if "/" in file.name else ""
        by_folder.setdefault(top, []).append(file)
    for folder, files in by_folder.items():
        if files:
            heading = _FOLDERS.get(folder, folder)
            yield Heading(2, heading, folder or "descriptions")
            yield Grid(("File", "Content", "Bytes"), [[[a], [b], [c]] for a, b, c in _rows(files)])


def _introduction(release: Release) -> Iterator[Inline]:
    yield f"IRI: {release.iri}. {CHECKSUMS} has the digests of all files: check them with sha256sum -c {CHECKSUMS}."
    if release.previous is not None:
        yield f" The previous release is {release.previous.version}; "
        yield Link("changes since then", "diff.md", is_file=True)
        yield "."
    if release.metadata.license:
        yield " License: "
        yield Link("CC BY 4.0", release.metadata.license)
        yield "; the sources to credit are named in NOTICE."


def _rows(files: Sequence[Written]) -> Iterator[tuple[Inline, Inline, Inline]]:
    """The files, and folders with many files as a whole."""
    seen: set[str] = set()
    for file in files:
        folder = next((name for name in _MANY if file.name.startswith(f"{name}/")), None)
        if folder is None:
            yield Link(file.name, quote(file.name), is_file=True), file.description, f"{file.size:,}"
        elif folder not in seen:
            seen.add(folder)
            inside = [other for other in files if other.name.startswith(f"{folder}/")]
            suffix = PurePosixPath(file.name).suffix
            size = sum(other.size for other in inside)
            yield f"{folder}/", f"{len(inside):,} files *{suffix}", f"{size:,}"
