"""The compact text of a record: its facts, and its sections in the order of its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from threatgraph.headings import FACTS, HIDDEN, LAST_SECTIONS, NAMED, PROVENANCE, SECTIONS, heading, inbound_heading
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
    rest = _unlisted(record)
    single = [name for name in rest if not _has_parts(record, name)]
    others = {heading(name): (name,) for name in rest if name not in single}
    sections = [_section(record, title, names) for title, names in (SECTIONS | others).items()]
    sections += [Section(title, tuple(map(str, links))) for title, links in _by_heading(inbound).items()]
    sections += [_section(record, title, names) for title, names in LAST_SECTIONS.items()]
    sections.append(Section("Provenance", tuple(_facts(record, PROVENANCE))))
    return Page(
        " ".join(filter(None, (record.code, record.label))),
        record.iri,
        record.text("abstract"),
        tuple(_facts(record, (*FACTS, *single))),
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


def _section(record: Record, title: str, names: Sequence[str]) -> Section:
    return Section(title, tuple(item for name in names for item in _items(record, name)))


def _items(record: Record, name: str) -> list[str]:
    values = record[name]
    if name == "listedGroup":  # a group with an impact has an item that says more
        described = {part.text("group") for part in record["impact"] if isinstance(part, Record)}
        values = tuple(value for value in values if str(value) not in described)
    if name == "references":  # a document with a citation has an item that says more
        cited = {part.text("source") for part in record["citation"] if isinstance(part, Record)}
        values = tuple(value for value in values if str(value) not in cited)
    prefix = f"{heading(name)}: " if name in NAMED else ""
    return [value.line() if isinstance(value, Record) else f"{prefix}{value}" for value in values]


def _facts(record: Record, names: Sequence[str]) -> list[str]:
    found = []
    for name in names:
        if record[name]:
            reason = record.text(FACTS.get(name) or "")
            found.append(f"{heading(name)}: {'; '.join(record.texts(name))}{f' — {reason}' if reason else ''}")
    return found


def _unlisted(record: Record) -> list[str]:
    """The properties that no part of the page names."""
    listed = {name for names in (*SECTIONS.values(), *LAST_SECTIONS.values(), PROVENANCE) for name in names}
    hidden = HIDDEN | ({"broader"} if record.kind == "pattern" else set())  # the domain of a pattern
    return [name for name in record if name not in listed | hidden | FACTS.keys()]


def _has_parts(record: Record, name: str) -> bool:
    return any(isinstance(value, Record) for value in record[name])


def _by_heading(inbound: Mapping[str, Sequence[Link]]) -> dict[str, list[Link]]:
    """The links from other records, with those of one heading together."""
    found: dict[str, list[Link]] = {}
    for name, links in inbound.items():
        known = found.setdefault(inbound_heading(name), [])
        known += [link for link in links if link not in known]
    return found
