"""Builds records from imported files, and collects problems and notes."""

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

# Characters to remove from text: those that XML or UTF-8 cannot represent, and invisible ones that affect a terminal or
# the text order (control characters, the soft hyphen, zero-width spaces and bidirectional controls).
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069"
    "\ufeff\ud800-\udfff\ufffe\uffff]"
)
# Characters that RFC 3987 requires to be percent-encoded.
_OUTSIDE_IRI = re.compile(r"[\x00-\x20<>\"{}|\\^`\[\]]|%(?![0-9A-Fa-f]{2})")
_DATES = {4: "gYear", 7: "gYearMonth", 10: "date"}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A problem in an imported file: its position (line from 1; 0 if unknown) and the reason."""

    path: str
    line: int
    reason: str

    def __str__(self) -> str:
        path = printable(self.path, line_ends=False)
        return f"{path}:{self.line}: {self.reason}" if self.line else f"{path}: {self.reason}"


class RecordBuilder:
    """Collects the statements of one record, and its position in the imported file."""

    def __init__(self, iri: str, class_name: str, path: str, line: int = 0) -> None:
        """Start a record.

        Args:
            iri: its IRI, without a fragment.
            class_name: its class, either a name in the ontology or a prefixed name such as ``prov:Organization``.
            path: the imported file.
            line: the line in the file, from 1; 0 if unknown.
        """
        self.iri, self.class_name, self.path, self.line = iri, class_name, path, line
        self.triples: list[Triple] = []
        self.requires = ""
        """A required property, as a prefixed name; without it the record is removed."""
        self._parts: set[str] = set()
        self._type(iri, class_name)

    def add(self, prop: str, value: Value, *, part: str = "") -> None:
        """Add a statement about the record or one of its parts; ``None`` adds nothing.

        Args:
            prop: the property as a prefixed name, such as ``skos:prefLabel``.
            value: its value.
            part: the name of the part; empty for the record itself.
        """
        if value is not None:
            self.triples.append(Triple(self._subject(part), NamedNode(_full(prop)), value))

    def add_part(self, prop: str, name: str, class_name: str) -> str:
        """Create a part of the record, link the record to it, and return the part's name."""
        self._parts.add(name)
        self.add(prop, self._subject(name))
        self._type(self._subject(name).value, class_name)
        return name

    def is_incomplete(self) -> bool:
        """Whether the record lacks its required property."""
        needed = NamedNode(_full(self.requires)) if self.requires else None
        return needed is not None and all(triple.predicate != needed for triple in self.triples)

    def has(self, part: str) -> bool:
        """Whether the record has a part of this name."""
        return part in self._parts

    def has_language(self, prop: str, language: str) -> bool:
        """Whether the record, excluding its parts, has a value of a property in a language."""
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
    """The records and problems of an import.

    ``wanted`` is the class that the import is for; if no record has it, the import is empty. Records of the classes in
    ``auxiliary`` are removed if no other record links to them.
    """

    wanted: str
    auxiliary: frozenset[str] = frozenset()
    records: dict[str, RecordBuilder] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def add(self, builder: RecordBuilder) -> bool:
        """Add a record and return whether it was added; a duplicate IRI is reported as a problem."""
        first = self.records.setdefault(builder.iri, builder)
        if first is not builder:
            place = f" on line {first.line}" if first.line else ""
            reason = f"{builder.iri.removeprefix(BASE)} already exists{place}: give each record its own id."
            self.report(builder.path, builder.line, reason)
        return first is builder

    def report(self, path: str, line: int, reason: str) -> None:
        """Report a problem in a file."""
        self.problems.append(Problem(path, line, reason))

    def is_empty(self) -> bool:
        """Whether the import has no record of the class it is for."""
        return all(builder.class_name != self.wanted for builder in self.records.values())

    def counts(self) -> dict[str, int]:
        """Count the records of each kind, the mappings and the predicted links, by singular or plural name."""
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
    """The publisher of imported data: the agent that the records are attributed to, and the license."""

    iri: str
    label: str
    note: str
    license: str | None = None
    modified: date | None = None

    def builder(self, path: str) -> RecordBuilder:
        """Build the record of the publisher; its license and date apply to all records attributed to it."""
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
    """Remove invisible characters, trim a text, and collapse each run of white space into one space."""
    return " ".join(_INVISIBLE.sub("", text).split())


def text_literal(text: str, language: str) -> Literal | None:
    """Convert a text into a literal with a language tag; ``None`` for empty text."""
    return Literal(tidy(text), language=language) if tidy(text) else None


def english(text: str) -> Literal | None:
    """Convert a text into an English literal; ``None`` for empty text."""
    return text_literal(text, "en")


def record(kind: str, slug: str) -> NamedNode:
    """The IRI of a record of a kind."""
    return NamedNode(KINDS[kind].namespace + slug)


def address(text: str) -> NamedNode | None:
    """Convert a URL or another absolute IRI into a node, percent-encoded as needed; ``None`` for anything else."""
    bare = _OUTSIDE_IRI.sub(lambda found: quote(found[0]), tidy(text))
    try:
        return NamedNode(bare) if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]", bare) else None
    except ValueError:  # such as an invalid port
        return None


def day(text: str) -> Literal | None:
    """Convert a year, a month or a date into a literal of that precision; ``None`` for anything else."""
    try:
        if re.fullmatch(r"[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?", text):
            date.fromisoformat((text + "-01-01")[:10])  # a missing month or day counts as 01
            return Literal(text, datatype=NamedNode(XSD + _DATES[len(text)]))
    except ValueError:
        pass
    return None
