"""Makes a release: checks that it may be made, and writes its folder completely or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import IO, NamedTuple

from threatgraph.publishing.metadata import read_metadata
from threatgraph.releases import conditions, versions
from threatgraph.releases.files.changes import change_files
from threatgraph.releases.files.citation import citation_file, zenodo_file
from threatgraph.releases.files.content import Content, Written, fixed
from threatgraph.releases.files.crate import CHECKSUMS_DESCRIPTION, crate_file
from threatgraph.releases.files.descriptions import dcat_file, void_file
from threatgraph.releases.files.graph import graph_files
from threatgraph.releases.files.ontology import ontology_files
from threatgraph.releases.files.overview import overview_files
from threatgraph.releases.files.redirects import redirect_files
from threatgraph.releases.folder import CHECKSUMS, require_free, written_at_once
from threatgraph.releases.release import Release, release_moment
from threatgraph.store import Store


class ReleaseResult(NamedTuple):
    """What a release has."""

    files: int
    size: int
    """Bytes of all files."""
    step: str | None
    """The step of the version that the changes call for; ``None`` without a previous release."""


def build(
    store: Store,
    version: str,
    folder: str | Path,
    *,
    previous: str | Path | None = None,
    base_url: str | None = None,
    pages: Mapping[str, bytes] | None = None,
) -> ReleaseResult:
    """Make a release of a graph.

    The same graph, version and options give the same bytes. The date is that of ``SOURCE_DATE_EPOCH``, else the day of
    issue that the ontology states.

    Args:
        store: the graph.
        version: the semantic version of the release.
        folder: the folder to write; it must be new or empty, or have this very release.
        previous: the previous release: its folder, a checkout, or anything else that
            :func:`threatgraph.releases.read_state` reads and that states a version.
        base_url: the URL of the site that will have the release at ``releases/VERSION/``. Without it, the files of
            redirects are left out, and descriptions use the IRIs.
        pages: further files by name, such as those of :func:`threatgraph.web.ontology.reference`.

    Raises:
        ThreatGraphError: if the version is not valid, not higher than the previous one, too low for the changes, or
            differs from the version that the ontology states; if validation fails; if an IRI vanished or a code changed
            its meaning; if the folder has other files. Nothing is written then.
        InvalidFile: if the previous release cannot be read.

    Example:
        >>> from threatgraph.releases.build import build
        >>> build(graph.store, "1.0.0", "threatgraph-1.0.0")  # doctest: +SKIP
        ReleaseResult(files=…, size=…, step=None)
    """
    target = Path(folder)
    release = _prepare(store, versions.parse(version), target, previous, base_url)
    written: list[Written] = []
    with written_at_once(target) as place:
        writer = _Writer(place)
        written += writer.write(graph_files(release))
        graph = tuple(written)
        further = [fixed(name, "The reference of the ontology", page) for name, page in (pages or {}).items()]
        independent = (void_file(release), citation_file(release), zenodo_file(release))
        for contents in (ontology_files(release), further, independent, change_files(release), redirect_files(release)):
            written += writer.write(contents)
        written += writer.write([dcat_file(release, graph)])
        written += writer.write(overview_files(release, tuple(written)))
        written += writer.write([crate_file(release, tuple(written))])
        sums = "".join(f"{file.digest}  {file.name}\n" for file in sorted(written, key=lambda file: file.name))
        written += writer.write([fixed(CHECKSUMS, CHECKSUMS_DESCRIPTION, sums)])
    step = release.previous.changes.step if release.previous else None
    return ReleaseResult(len(written), sum(file.size for file in written), step)


def _prepare(
    store: Store, version: versions.Version, folder: Path, previous: str | Path | None, base_url: str | None
) -> Release:
    """Check all conditions, those that take no time first."""
    require_free(folder)
    metadata = read_metadata(store)
    moment = release_moment(metadata)
    old = None
    if previous is not None:
        state, old = conditions.read_previous(previous)
        conditions.require_higher(version, old)
    conditions.require_stated(version, store, metadata)
    conditions.require_valid(store)
    before = None
    if previous is not None and old is not None:
        before = conditions.changes_since(previous, state, old, version, store)
    return Release(store, version, metadata, moment, before, base_url.rstrip("/") if base_url else None)


class _Writer:
    """Writes files into a folder and records their sizes and digests."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, contents: Iterable[Content]) -> list[Written]:
        """Write files in their order."""
        return [self._write(content) for content in contents]

    def _write(self, content: Content) -> Written:
        path = self._folder / content.name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w+b") as file:
            content.write(file)
            size = file.tell()
            return Written(content.name, content.description, content.type, size, _digest(file))


def _digest(file: IO[bytes]) -> str:
    file.seek(0)
    digest = sha256()
    while block := file.read(1 << 20):
        digest.update(block)
    return digest.hexdigest()
