"""The compact text of a record: its facts, and its sections in the order of its page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from threatgraph.arrangement import Entry, arrange
from threatgraph.headings import FACTS, NAMED, heading
from threatgraph.records import Link, Record


class Section(NamedTuple):
    """A section of a record."""

    title: str
    items: tuple[str, ...]


class Page(NamedTuple):
    """A record as text."""

    title: str
    iri: str
    abstract: str
    facts: tuple[str, ...]
    sections: tuple[Section, ...]

    def to_markdown(self) -> str:
        """The whole page as Markdown."""
        parts = [f"# {self.title}", f"<{self.iri}>", self.abstract, _bullets(self.facts)]
        for section in self.sections:
            parts += [f"## {section.title}", _bullets(section.items)]
        return "\n\n".join(filter(None, parts)) + "\n"


def page(record: Record, inbound: Mapping[str, Sequence[Link]]) -> Page:
    """Return the page of a record.

    Args:
        record: the record.
        inbound: the links from other records, as :meth:`threatgraph.ThreatGraph.inbound` returns them.
    """
    found = arrange(record, inbound)
    sections = [Section(section.title, _items(section.entries)) for section in found.sections]
    sections += [Section(title, tuple(map(str, links))) for title, links in found.inbound.items()]
    sections += [Section(section.title, _items(section.entries)) for section in found.last]
    sections.append(Section("Provenance", _facts(record, found.provenance)))
    return Page(
        " ".join(filter(None, (record.code, record.label))),
        record.iri,
        record.text("abstract"),
        _facts(record, found.facts),
        _merged(sections),
    )


def _merged(sections: Sequence[Section]) -> tuple[Section, ...]:
    """The sections with items, those of one title together."""
    found: dict[str, tuple[str, ...]] = {}
    for title, items in sections:
        if items:
            found[title] = (*found.get(title, ()), *items)
    return tuple(Section(title, items) for title, items in found.items())


def _bullets(items: Sequence[str]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _items(entries: Iterable[Entry]) -> tuple[str, ...]:
    return tuple(
        value.line() if isinstance(value, Record) else f"{_prefix(entry.name)}{value}"
        for entry in entries
        for value in entry.values
    )


def _prefix(name: str) -> str:
    return f"{heading(name)}: " if name in NAMED else ""


def _facts(record: Record, entries: Iterable[Entry]) -> tuple[str, ...]:
    return tuple(_fact(record, entry) for entry in entries)


def _fact(record: Record, entry: Entry) -> str:
    reason = record.text(FACTS.get(entry.name) or "")
    return f"{heading(entry.name)}: {'; '.join(record.texts(entry.name))}{f' — {reason}' if reason else ''}"
