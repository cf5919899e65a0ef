"""The order of the page of a record: facts, sections, records that link to it, and provenance."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from threatgraph.headings import FACTS, HIDDEN, LAST_SECTIONS, PROVENANCE, SECTIONS, heading, inbound_heading
from threatgraph.records import Link, Record
from threatgraph.table import Value


class Entry(NamedTuple):
    """A property with the values that the page shows."""

    name: str
    values: tuple[Value | Link | Record, ...]

    @property
    def is_numbered(self) -> bool:
        """Whether the values are parts with positions."""
        return any("position" in value for value in self.values if isinstance(value, Record))


class Section(NamedTuple):
    """A section of the page with its entries."""

    title: str
    entries: tuple[Entry, ...]


class Arrangement(NamedTuple):
    """What the page of a record has, in its order."""

    facts: tuple[Entry, ...]
    sections: tuple[Section, ...]
    inbound: Mapping[str, Sequence[Link]]
    """The records that link to it, by heading."""
    last: tuple[Section, ...]
    provenance: tuple[Entry, ...]


def arrange(record: Record, inbound: Mapping[str, Sequence[Link]]) -> Arrangement:
    """Arrange the statements of a record, and the links to it, as its page shows them.

    Args:
        record: the record.
        inbound: the records that link to it, by property.
    """
    rest = _unlisted(record)
    others = {heading(name): (name,) for name in rest if _has_parts(record, name)}
    return Arrangement(
        _entries(record, [*FACTS, *(name for name in rest if not _has_parts(record, name))]),
        _sections(record, SECTIONS | others),
        by_heading(inbound),
        _sections(record, LAST_SECTIONS),
        _entries(record, PROVENANCE),
    )


def _entries(record: Record, names: Iterable[str]) -> tuple[Entry, ...]:
    found = (Entry(name, _values(record, name)) for name in names)
    return tuple(entry for entry in found if entry.values)


def _sections(record: Record, titles: Mapping[str, tuple[str, ...]]) -> tuple[Section, ...]:
    found = (Section(title, _entries(record, names)) for title, names in titles.items())
    return tuple(section for section in found if section.entries)


def _values(record: Record, name: str) -> tuple[Value | Link | Record, ...]:
    """The values of a property, without those that a part of the record describes."""
    described: set[str] = set()
    if name == "listedGroup":  # a group with an impact has a line that says more
        described = {part.text("group") for part in record["impact"] if isinstance(part, Record)}
    elif name == "references":  # a document with a citation has a line that says more
        described = {part.text("source") for part in record["citation"] if isinstance(part, Record)}
    return tuple(value for value in record[name] if str(value) not in described)


def _unlisted(record: Record) -> list[str]:
    """The properties of a record that no part of the page names."""
    listed = {name for names in (*SECTIONS.values(), *LAST_SECTIONS.values(), PROVENANCE) for name in names}
    hidden = HIDDEN | ({"broader"} if record.kind == "pattern" else set())  # the domain of a pattern
    return [name for name in record if name not in listed | hidden | FACTS.keys()]


def _has_parts(record: Record, name: str) -> bool:
    return any(isinstance(value, Record) for value in record[name])


def by_heading(inbound: Mapping[str, Sequence[Link]]) -> dict[str, list[Link]]:
    """Return the links from other records, with those of one heading together.

    Args:
        inbound: the links, by property.
    """
    found: dict[str, list[Link]] = {}
    for name, links in inbound.items():
        known = found.setdefault(inbound_heading(name), [])
        known += [link for link in links if link not in known]
    return found
