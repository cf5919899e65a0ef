"""The page of a record as data, from which HTML and Markdown are written."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from threatgraph.arrangement import Arrangement, Entry, arrange
from threatgraph.arrangement import Section as ArrangedSection
from threatgraph.headings import FACTS, NAMED, heading
from threatgraph.records import Link, Record
from threatgraph.table import Value
from threatgraph.vocab import KINDS, Kind
from threatgraph.web.links import Links

_RETIRED, _REPLACEMENT = "deprecated", "isReplacedBy"
_OPEN, _MOST = 20, 300
"""Links from other records under one heading: those that are visible at once, and those that the page has."""


class Text(NamedTuple):
    """A text of a page, with the URL that it links to."""

    text: str
    url: str | None = None
    language: str | None = None
    """The language tag, if it is not English."""


class Item(NamedTuple):
    """A value of a property: a text, a link, or a part of the record with its details."""

    label: Text | None
    targets: tuple[Text, ...] = ()
    details: tuple[str, ...] = ()
    text: Text | None = None
    prefix: str = ""
    """The heading of the property, in sections of several properties."""
    anchor: str = ""
    """The fragment of the IRI of a part."""


class Fact(NamedTuple):
    """A property with short values, and the reason for them."""

    heading: str
    items: tuple[Item, ...]
    reason: Text | None = None


class Block(NamedTuple):
    """The values of one property in a section."""

    items: tuple[Item, ...]
    numbered: bool = False

    @property
    def is_text(self) -> bool:
        """Whether the block is a single text, which needs no list."""
        only = self.items[0]
        return len(self.items) == 1 and not (self.numbered or only.prefix or only.anchor or only.targets)


class Section(NamedTuple):
    """A section with its heading."""

    title: str
    anchor: str
    blocks: tuple[Block, ...]
    total: int | None = None
    """The number of records that link here; ``None`` for the sections of the record itself."""

    @property
    def first(self) -> tuple[Item, ...]:
        """The links that are visible at once, of records that link here."""
        return self.blocks[0].items[:_OPEN]

    @property
    def more(self) -> tuple[Item, ...]:
        """The other links of records that link here."""
        return self.blocks[0].items[_OPEN:_MOST]

    @property
    def hidden(self) -> int:
        """The number of records that link here and are left out."""
        return max(len(self.blocks[0].items) - _MOST, 0)


class View(NamedTuple):
    """The page of a record."""

    iri: str
    kind: Kind | None
    title: Text
    code: str
    abstract: Text | None
    is_retired: bool
    replacements: tuple[Item, ...]
    trail: tuple[Text, ...]
    """The pages above this one, from the home page down."""
    facts: tuple[Fact, ...]
    sections: tuple[Section, ...]
    inbound: tuple[Section, ...]
    last: tuple[Section, ...]
    provenance: tuple[Fact, ...]


def view(
    record: Record,
    inbound: Mapping[str, Sequence[Link]],
    links: Links,
    *,
    languages: Mapping[str, str] | None = None,
) -> View:
    """Return the page of a record as data.

    Args:
        record: the record.
        inbound: the records that link to it, by property.
        links: where the documents of records are.
        languages: the language of each text that is not English.
    """
    return _Viewer(record, links, languages or {}).view(inbound)


class _Viewer:
    def __init__(self, record: Record, links: Links, languages: Mapping[str, str]) -> None:
        self._record, self._links, self._languages = record, links, languages
        self._anchors: set[str] = set()
        self._section_anchors: set[str] = set()

    def view(self, inbound: Mapping[str, Sequence[Link]]) -> View:
        record = self._record
        page = arrange(record, inbound)
        is_retired = record.text(_RETIRED).lower() in ("true", "1")
        abstract = record.text("abstract")
        label = record.label or record.text("label") or record.text("title") or record.text("name") or record.iri
        return View(
            record.iri,
            KINDS.get(record.kind),
            self._text(label),
            record.code or "",
            self._text(abstract) if abstract else None,
            is_retired,
            self._items(Entry(_REPLACEMENT, record[_REPLACEMENT])) if is_retired else (),
            self._trail(),
            self._facts(page, is_retired),
            self._sections(page.sections),
            tuple(self._inbound(title, found) for title, found in page.inbound.items()),
            self._sections(page.last),
            tuple(map(self._fact, page.provenance)),
        )

    def _trail(self) -> tuple[Text, ...]:
        record, home = self._record, Text("Home", self._links.page())
        kind = KINDS.get(record.kind)
        if kind is None:
            return (home,)
        if kind.name != "provision":
            return home, Text(plural(kind), self._links.page(kind.name))
        above = (*record["inScheme"], *record["broader"])
        frameworks = Text("Frameworks", self._links.page("framework"))
        return (home, frameworks, *(self._linked(value) for value in above if isinstance(value, Link)))

    def _facts(self, page: Arrangement, is_retired: bool) -> tuple[Fact, ...]:
        hidden = {_RETIRED, _REPLACEMENT} if is_retired else set()
        return tuple(self._fact(entry) for entry in page.facts if entry.name not in hidden)

    def _fact(self, entry: Entry) -> Fact:
        reason = self._record.text(FACTS.get(entry.name) or "")
        if entry.name == "addedProperty":  # names of properties read as words
            items = tuple(Item(Text(text)) for text in self._record.texts(entry.name))
        else:
            items = self._items(entry)
        return Fact(heading(entry.name), items, self._text(reason) if reason else None)

    def _sections(self, sections: Iterable[ArrangedSection]) -> tuple[Section, ...]:
        return tuple(
            Section(
                section.title,
                self._section_anchor("section", section.title),
                tuple(Block(self._items(entry, entry.name in NAMED), entry.is_numbered) for entry in section.entries),
            )
            for section in sections
        )

    def _inbound(self, title: str, found: Sequence[Link]) -> Section:
        items = tuple(Item(self._linked(link)) for link in found)
        return Section(title, self._section_anchor("from", title), (Block(items),), len(found))

    def _items(self, entry: Entry, named: bool = False) -> tuple[Item, ...]:
        prefix = heading(entry.name) if named else ""
        return tuple(self._item(value, prefix) for value in entry.values)

    def _item(self, value: Value | Link | Record, prefix: str) -> Item:
        if isinstance(value, Link):
            return Item(self._linked(value), prefix=prefix)
        if not isinstance(value, Record):
            return Item(self._plain(value), prefix=prefix)
        label, targets, details, text = value.outline()
        return Item(
            self._text(label) if label else None,
            tuple(self._linked(to) if isinstance(to, Link) else self._plain(to) for to in targets),
            details,
            self._text(text) if text else None,
            prefix,
            self._anchor(value),
        )

    def _anchor(self, part: Record) -> str:
        """The fragment of a part; a part that is shown twice has it once."""
        whole, _, fragment = part.iri.partition("#")
        if whole != self._record.iri or fragment in self._anchors:
            return ""
        self._anchors.add(fragment)
        return fragment

    def _section_anchor(self, prefix: str, title: str) -> str:
        """An id for a section that no other section and no part has."""
        anchor = anchor_of(prefix, title, self._section_anchors | fragments(self._record))
        self._section_anchors.add(anchor)
        return anchor

    def _linked(self, link: Link) -> Text:
        return Text(str(link), self._links.to(link.iri), self._languages.get(link.label))

    def _plain(self, value: Value | Record) -> Text:
        text = str(value)
        is_url = text.startswith(("http://", "https://")) and not any(map(str.isspace, text))
        return Text(text, text) if is_url else self._text(text)

    def _text(self, text: str) -> Text:
        return Text(text, None, self._languages.get(text))


def fragments(record: Record) -> set[str]:
    """Return the fragments of the IRIs of the parts of a record, which are anchors of its page."""
    parts = (value for values in record.statements.values() for value in values if isinstance(value, Record))
    return {part.iri.partition("#")[2] for part in parts}


def anchor_of(prefix: str, title: str, taken: Collection[str]) -> str:
    """Return an id for a section.

    Args:
        prefix: the beginning of the id.
        title: the title of the section.
        taken: ids that other elements have.
    """
    anchor = f"{prefix}-{re.sub(r'[^a-z0-9]+', '-', title.lower()).strip('-')}"
    while anchor in taken:
        anchor += "-"
    return anchor


def plural(kind: Kind) -> str:
    """The plural of a kind, as a title."""
    words = kind.plural.replace("-", " ")
    return words[:1].upper() + words[1:]
