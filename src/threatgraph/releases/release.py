"""A release that is being made: its version, date, graph and predecessor."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from threatgraph.errors import ThreatGraphError
from threatgraph.publishing.metadata import Metadata
from threatgraph.releases.model import ReleaseDiff
from threatgraph.releases.versions import Version
from threatgraph.store import Store
from threatgraph.vocab import BASE, TG

EPOCH = "SOURCE_DATE_EPOCH"
"""The environment variable with the time of a reproducible build (reproducible-builds.org)."""
ONTOLOGY = TG.removesuffix("#")


@dataclass(frozen=True, slots=True)
class Previous:
    """The previous release."""

    version: Version
    versions: Sequence[str]
    """The versions whose redirects the previous release has, lowest first."""
    changes: ReleaseDiff
    """The changes since then."""


@dataclass(frozen=True, slots=True)
class Release:
    """A release that is being made."""

    store: Store
    version: Version
    metadata: Metadata
    moment: datetime
    """Its date as a point in time, the modification time of files that have one."""
    previous: Previous | None
    base_url: str | None
    """The URL of the site that publishes it; ``None`` if that is not known."""

    @property
    def date(self) -> str:
        """The date in ISO 8601."""
        return self.moment.date().isoformat()

    @property
    def has_ontology(self) -> bool:
        """Whether the graph has the ontology, so that the release has its files."""
        return self.metadata.version is not None

    @property
    def iri(self) -> str:
        """The IRI of the release."""
        return f"{BASE}releases/{self.version}"

    @property
    def url(self) -> str:
        """The URL of the folder of the release, without a slash at the end; its IRI if the site is not known."""
        return f"{self.base_url}/releases/{self.version}" if self.base_url else self.iri

    @property
    def name(self) -> str:
        """The name with the version."""
        return f"threatgraph {self.version}"


def release_moment(metadata: Metadata) -> datetime:
    """Return the point in time of a release: ``SOURCE_DATE_EPOCH``, the date that the ontology states, or today.

    Args:
        metadata: what the graph states about itself.

    Raises:
        ThreatGraphError: if ``SOURCE_DATE_EPOCH`` is not a time.
    """
    given = os.environ.get(EPOCH, "").strip()
    try:
        if given:
            if not 0 <= int(given) < 2**32:  # as gzip files can have it
                raise ValueError("it must be from 0 to 4294967295")
            return datetime.fromtimestamp(int(given), UTC)
        if metadata.issued:
            return datetime.fromisoformat(metadata.issued).replace(tzinfo=UTC)
    except (ValueError, OverflowError, OSError) as error:
        what = f"{EPOCH}={given}" if given else f"dcterms:issued {metadata.issued!r} of the ontology"
        raise ThreatGraphError(f"{what} is not a valid date ({error}).") from error
    return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
