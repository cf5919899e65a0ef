"""What an importer makes out of a file: records of records, and the problems and remarks that it has to report."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from urllib.parse import quote

from pyoxigraph import Literal, NamedNode, Triple

from threatgraph.display import printable
from threatgraph.vocab import BASE, KINDS, PREFIXES, RDF_TYPE, XSD, tg

Value = NamedNode | Literal | None

# Characters that have no place in a text: XML or UTF-8 cannot hold them, or nobody can see them but what they do to a
# terminal or to the order of the others: controls, the soft hyphen, spaces without width, and marks of direction.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069"
    "\ufeff\ud800-\udfff\ufffe\uffff]"
)
# What RFC 3987 does not allow in an IRI as it stands.
_OUTSIDE_IRI = re.compile(r"[\x00-\x20<>\"{}|\\^`\[\]]|%(?![0-9A-Fa-f]{2})")
_DATES = {4: "gYear", 7: "gYearMonth", 10: "date"}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Something in a file that could not be imported: where it stands (line from 1), and what is wrong with it."""

    path: str
    line: int
    reason: str

    def __str__(self) -> str:
        path = printable(self.path, line_ends=False)
        return f"{path}:{self.line}: {self.reason}" if self.line else f"{path}: {self.reason}"


class RecordBuilder:
    """The statements of one record to be, with the place in the file that it comes from."""

    def __init__(self, iri: str, class_name: str, path: str, line: int = 0) -> None:
        """Start a record.

        Args:
            iri: its IRI, without a fragment.
            class_name: its class, a name of the ontology or a prefixed name such as ``prov:Organization``.
            path: the file that it comes from.
            line: the line there, from 1; 0 where there is none.
        """
        self.iri, self.class_name, self.path, self.line = iri, class_name, path, line
        self.triples: list[Triple] = []
        self.requires = ""
        """A property, as a prefixed name, without which the record says nothing."""
        self._parts: set[str] = set()
        self._type(iri, class_name)

    def add(self, prop: str, value: Value, *, part: str = "") -> None:
        """State something of the record, or of one of its parts; no value states nothing.

        Args:
            prop: the property as a prefixed name, such as ``skos:prefLabel``.
            value: its value.
            part: the name of the part; empty for the record itself.
        """
        if value is not None:
            self.triples.append(Triple(self._subject(part), NamedNode(_full(prop)), value))

    def add_part(self, prop: str, name: str, class_name: str) -> str:
        """Link the record to a new part of its own, and return the part's name."""
        self._parts.add(name)
        self.add(prop, self._subject(name))
        self._type(self._subject(name).value, class_name)
        return name

    def is_incomplete(self) -> bool:
        """Whether the record lacks the property without which it says nothing."""
        needed = NamedNode(_full(self.requires)) if self.requires else None
        return needed is not None and all(triple.predicate != needed for triple in self.triples)

    def has(self, part: str) -> bool:
        """Whether the record has a part of this name."""
        return part in self._parts

    def has_language(self, prop: str, language: str) -> bool:
        """Whether the record itself states a property in a language."""
        own, named = NamedNode(self.iri), NamedNode(_full(prop))
        values = [t.object for t in self.triples if (t.subject, t.predicate) == (own, named)]
        return any(isinstance(value, Literal) and value.language == language.lower() for value in values)

    def _subject(self, part: str) -> NamedNode:
        return NamedNode(f"{self.iri}#{part}" if part else self.iri)

    def _type(self, iri: str, class_name: str) -> None:
        kind = _full(class_name if ":" in class_name else f"tg:{class_name}")
        self.triples.append(Triple(NamedNode(iri), NamedNode(RDF_TYPE), NamedNode(kind)))


@dataclass(slots=True)
class ImportResult:
    """All that was read out of a file.

    ``wanted`` is the class of record that the import is for: without one of it, nothing was imported. Drafts of the
    classes in ``auxiliary`` are there for the sake of others, and go where nothing links to them.
    """

    wanted: str
    auxiliary: frozenset[str] = frozenset()
    records: dict[str, RecordBuilder] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, builder: RecordBuilder) -> bool:
        """Keep a builder; one with the IRI of an earlier one is a problem. Returns whether it was kept."""
        first = self.records.setdefault(builder.iri, builder)
        if first is not builder:
            place = f", from line {first.line}" if first.line else ""
            reason = f"{builder.iri.removeprefix(BASE)} is there already{place}: give each its own id."
            self.report(builder.path, builder.line, reason)
        return first is builder

    def report(self, path: str, line: int, reason: str) -> None:
        """Report a problem in a file."""
        self.problems.append(Problem(path, line, reason))

    def is_empty(self) -> bool:
        """Whether nothing of what the import is for is left."""
        return all(builder.class_name != self.wanted for builder in self.records.values())

    def counts(self) -> dict[str, int]:
        """The number of records of each kind, of mappings and of predicted links, by name or plural."""
        classes = [builder.class_name for builder in self.records.values()]
        counted = [(kind.name, kind.plural, classes.count(kind.class_name)) for kind in KINDS.values()]
        links = {tg("mapping"), tg("crosswalkMapping")}
        mappings = sum(t.predicate.value in links for builder in self.records.values() for t in builder.triples)
        predicted = classes.count("Recommendation")
        others = [("mapping", "mappings", mappings), ("predicted link", "predicted links", predicted)]
        return {one if n == 1 else many: n for one, many, n in [*counted, *others] if n}

    def to_turtle(self) -> str:
        """Return all records as canonical Turtle."""
        from threatgraph.importers.writing import as_turtle

        return as_turtle(self)

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the records, atomically: to a file, or with one file for each record to a folder.

        Args:
            path: a file, an empty folder, or a new folder whose name ends in a slash.

        Raises:
            ThreatGraphError: if the folder is not empty, or the path cannot be written.
        """
        from threatgraph.importers.writing import write_folder
        from threatgraph.saving import save

        if os.fspath(path).endswith(os.sep) or Path(path).is_dir():
            write_folder(self, Path(path))
        else:
            save(self.to_turtle().encode(), Path(path))


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who published what is imported: the agent that the records are attributed to, with the license."""

    iri: str
    label: str
    note: str
    license: str | None = None
    modified: date | None = None

    def builder(self, path: str) -> RecordBuilder:
        """The record of the publisher; its license and its date are those of what is attributed to it."""
        builder = RecordBuilder(self.iri, "prov:Organization", path)
        builder.add("rdfs:label", english(self.label))
        builder.add("rdfs:comment", english(self.note))
        builder.add("dcterms:license", address(self.license or ""))
        if self.modified:
            builder.add("dcterms:modified", day(self.modified.isoformat()))
        return builder


def _full(name: str) -> str:
    prefix, _, local = name.partition(":")
    return tg(local) if prefix == "tg" else PREFIXES[prefix] + local


def tidy(text: str) -> str:
    """A text without invisible characters and space at its ends, and with one space for each run of white space."""
    return " ".join(_INVISIBLE.sub("", text).split())


def text_literal(text: str, language: str) -> Literal | None:
    """A text as a literal of a language; ``None`` for an empty one."""
    return Literal(tidy(text), language=language) if tidy(text) else None


def english(text: str) -> Literal | None:
    """A text as an English literal; ``None`` for an empty one."""
    return text_literal(text, "en")


def record(kind: str, slug: str) -> NamedNode:
    """The IRI of a record of a kind."""
    return NamedNode(KINDS[kind].namespace + slug)


def address(text: str) -> NamedNode | None:
    """A web address or another absolute IRI, escaped where it needs to be; ``None`` for anything else."""
    bare = _OUTSIDE_IRI.sub(lambda found: quote(found[0]), tidy(text))
    try:
        return NamedNode(bare) if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]", bare) else None
    except ValueError:  # such as a port that is none
        return None


def day(text: str) -> Literal | None:
    """A year, a month or a day of the calendar as a literal of that precision; ``None`` for anything else."""
    try:
        if re.fullmatch(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?", text):
            date.fromisoformat((text + "-01-01")[:10])  # a missing month or day is the first one
            return Literal(text, datatype=NamedNode(XSD + _DATES[len(text)]))
    except ValueError:
        pass
    return None
