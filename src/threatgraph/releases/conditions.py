"""What a release must fulfill: its version, validation, and the gate on IRIs and codes."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from pathlib import Path

from threatgraph import resources
from threatgraph.errors import ThreatGraphError
from threatgraph.publishing.metadata import Metadata
from threatgraph.releases.comparison import compare
from threatgraph.releases.folder import is_release, redirected_versions, version_of
from threatgraph.releases.model import BREAKING, Change
from threatgraph.releases.release import ONTOLOGY, Previous
from threatgraph.releases.state import State, read_state
from threatgraph.releases.versions import Version, parse
from threatgraph.store import Store
from threatgraph.vocab import PREFIXES

_REMOVED, _ADDED = attrgetter("removed"), attrgetter("added")
_LISTED = 3
"""The number of problems in a message."""
_OWL = PREFIXES["owl"]
_SEPARATE = ("axioms", "alignments")
"""The ontologies in files of their own, which the graph does not have."""


def require_stated(version: Version, store: Store, metadata: Metadata) -> None:
    """Make sure that the ontologies state the version of the release, if they state any.

    Args:
        version: the version of the release.
        store: the graph.
        metadata: what the graph states about itself.

    Raises:
        ThreatGraphError: if one states another version.
    """
    if metadata.version is None:
        return
    folder = resources.ontology_dir()
    states = {ONTOLOGY: read_state(store)}
    states |= {f"{ONTOLOGY}/{name}": read_state(folder / f"{name}.ttl") for name in _SEPARATE}
    for iri, state in states.items():
        for name, wanted in (("versionInfo", version.text), ("versionIRI", f"{iri}/{version}")):
            for term in state.values(iri, _OWL + name):
                if getattr(term, "value", None) != wanted:
                    raise ThreatGraphError(f"version {version}: <{iri}> states owl:{name} {term}; it must be {wanted}.")


def require_valid(store: Store) -> None:
    """Make sure that the graph conforms to the shapes and passes the checks across records.

    Raises:
        ThreatGraphError: if it does not; it has the first problems.
    """
    from threatgraph.validate.cross_record import validate_all

    report = validate_all(store)
    if report.ok:
        return
    violations = [result for result in report.results if not result.rank]
    problems = [f"{result.node}: {result.message}" for result in violations] + list(map(str, report.unevaluated))
    remedy = "`graph.validate()` lists all."
    raise ThreatGraphError(f"validation fails ({report.summary}):{_first(problems)}\n{remedy}")


def _first(problems: Sequence[str]) -> str:
    """The first problems, each on a line."""
    more = [f"and {len(problems) - _LISTED:,} more"] if len(problems) > _LISTED else []
    return "".join(f"\n  {problem}" for problem in (*problems[:_LISTED], *more))


def read_previous(source: str | Path) -> tuple[State, Version]:
    """Read the previous release and its version.

    Args:
        source: as for :func:`threatgraph.releases.read_state`.

    Raises:
        InvalidFile: as for :func:`threatgraph.releases.read_state`.
        ThreatGraphError: if it states no version.
    """
    state, folder = read_state(source), Path(source)
    text = version_of(folder) if is_release(folder) else state.version
    if not text:
        reason = f"no owl:versionInfo of <{ONTOLOGY}>: give the folder of a release, or a checkout of one"
        raise ThreatGraphError(f"the previous release {source} states no version ({reason}).")
    try:
        return State(text, state.triples), parse(text)
    except ThreatGraphError as error:
        raise ThreatGraphError(f"the previous release {source}: {error}") from error


def require_higher(version: Version, old: Version) -> None:
    """Make sure that a version is above that of the previous release.

    Raises:
        ThreatGraphError: if it is not.
    """
    if version.precedence <= old.precedence:
        raise ThreatGraphError(f"version {version} is not higher than that of the previous release, {old}.")


def changes_since(source: str | Path, state: State, old: Version, version: Version, store: Store) -> Previous:
    """Compare the graph to the previous release.

    Args:
        source: where the previous release is.
        state: its statements.
        old: its version.
        version: the version of the new release.
        store: the new graph.

    Raises:
        ThreatGraphError: if an IRI vanished without a tombstone or a code changed its meaning; if the changes call for
            a larger step of the version.
    """
    found = compare(state, State(version.text, read_state(store).triples))
    if found.problems:
        names = [_broken(change) for name in BREAKING for change in found.of(name) if change.is_ours]
        raise ThreatGraphError(f"the gate fails since {old}: {' and '.join(found.problems)}:{_first(names)}")
    if not version.allows(found.step, old):
        counts = ", ".join(found.summary())
        raise ThreatGraphError(
            f"version {version} is too low: the changes since {old} call for a {found.step} step ({counts})."
        )
    return Previous(old, redirected_versions(Path(source)), found)


def _broken(change: Change) -> str:
    """A record that vanished, or a code with the records that had it and have it."""
    if change.target is None:
        return f"{change.record.text} <{change.record.iri}>"
    before, after = (", ".join(v.text for d in change.details for v in side(d)) for side in (_REMOVED, _ADDED))
    return f"{change.target.text}: {before}, now {after}"
