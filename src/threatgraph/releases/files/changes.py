"""What a release changes: the change list, and a section for a changelog."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from threatgraph.counts import count_triples
from threatgraph.listing import list_page
from threatgraph.releases import export
from threatgraph.releases.files.content import Content, fixed
from threatgraph.releases.model import Change, counted
from threatgraph.releases.release import Release
from threatgraph.vocab import KINDS

#: The headings of a changelog (keepachangelog.com), with the categories of changes below each.
_SECTIONS: Mapping[str, tuple[str, ...]] = {
    "Added": ("added",),
    "Changed": ("relabeled", "redefined", "rerated", "remapped", "relinked", "other"),
    "Deprecated": ("retired",),
}
_NAMED = 10
"""The most records of a category that are named."""
#: The kinds that a first release counts; the others are vocabularies.
_COUNTED = ("pattern", "incident", "framework", "provision", "causal-factor", "group", "actor")


def change_files(release: Release) -> Iterator[Content]:
    """The section for a changelog and, if there is a previous release, the change list.

    Args:
        release: the release.
    """
    lines = [f"## [{release.version}] - {release.date}", *_sections(release)]
    yield fixed("changelog.md", "A section for a changelog", "\n".join(lines) + "\n")
    if release.previous is not None:
        found = release.previous.changes
        old = release.previous.version
        yield fixed("diff.md", f"The changes since version {old}", export(found, "markdown"))
        yield fixed("diff.json", f"The changes since version {old}, for programs", export(found, "json"))


def _sections(release: Release) -> Iterator[str]:
    if release.previous is None:
        counts = [f"{list_page(release.store, kind, limit=1).total:,} {_plural(kind)}" for kind in _COUNTED]
        triples = count_triples(release.store)
        yield from ("", "### Added", "", f"- First release: {', '.join(counts)}; {triples:,} triples.")
        return
    found = release.previous.changes
    if not found.changes:
        yield from ("", "No record has changed.")
    for heading, categories in _SECTIONS.items():
        if any(found.of(category) for category in categories):
            yield from ("", f"### {heading}", "")
            for category in categories:
                yield from _entry(category, found.of(category))


def _entry(category: str, changes: list[Change]) -> Iterator[str]:
    if not changes:
        return
    names = list(dict.fromkeys(map(_named, changes)))
    more = f", and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    yield f"- {counted(category, len(changes)).capitalize()}: {_listed(names[:_NAMED])}{more}."


def _named(change: Change) -> str:
    successors = [value.text for detail in change.details for value in detail.added]
    if change.category == "retired" and successors:
        return f"{change.record.text} (replaced by {_listed(successors)})"
    return change.record.text


def _listed(names: Iterable[str]) -> str:
    """Names in one line of Markdown."""
    return ", ".join(" ".join(name.replace("<", "&lt;").split()) for name in names)


def _plural(kind: str) -> str:
    return KINDS[kind].plural.replace("-", " ")
