"""The change list: changes by category, the statements that differ, and the version step that they call for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pyoxigraph as ox

from threatgraph.headings import heading
from threatgraph.vocab import BASE, shorten


class Category(NamedTuple):
    """A kind of change, with the words for its heading and for one or several of its changes."""

    title: str
    one: str
    several: str


#: The categories in the order of the list.
CATEGORIES: Mapping[str, Category] = {
    "vanished": Category(
        "Vanished without a tombstone", "record vanished without a tombstone", "records vanished without a tombstone"
    ),
    "recoded": Category("Codes with another meaning", "code changed its meaning", "codes changed their meanings"),
    "added": Category("Added records", "record added", "records added"),
    "retired": Category("Retired records", "record retired", "records retired"),
    "relabeled": Category("Relabeled records", "record relabeled", "records relabeled"),
    "redefined": Category("Redefined records", "record redefined", "records redefined"),
    "rerated": Category("Re-rated records", "record re-rated", "records re-rated"),
    "remapped": Category(
        "Framework mappings",
        "framework mapping added, withdrawn, changed or reviewed",
        "framework mappings added, withdrawn, changed or reviewed",
    ),
    "relinked": Category(
        "Pattern links of incidents",
        "pattern link of an incident added, removed or changed",
        "pattern links of incidents added, removed or changed",
    ),
    "other": Category("Other changes", "record with other changes", "records with other changes"),
}
#: The categories that fail the gate.
BREAKING = ("vanished", "recoded")
#: The categories that call for a minor version, but for mappings that were only reviewed.
_MINOR = (*BREAKING, "added", "retired", "remapped", "relinked")
REVIEWED = "reviewed"
"""The action of a mapping whose review state changed, and neither its relation, its predicate nor its target."""


#: Headings of properties that pages of records do not show.
_HEADINGS = {
    "prefLabel": "Label",
    "notation": "Code",
    "isReplacedBy": "Replaced by",
    "hasPart": "Part",
    "subject_id": "Source",
    "object_id": "Target",
    "predicate_id": "Predicate",
}


@dataclass(frozen=True, slots=True)
class Name:
    """A record or a value: its text, and its IRI if it has one."""

    text: str
    iri: str = ""

    def to_dict(self) -> dict[str, str]:
        """The text, and the IRI if there is one."""
        return {"text": self.text, "iri": self.iri} if self.iri else {"text": self.text}


@dataclass(frozen=True, slots=True)
class Detail:
    """The values of a property that were removed and added."""

    predicate: str
    """The IRI of the property."""
    removed: Sequence[Name] = ()
    added: Sequence[Name] = ()
    part: str = ""
    """The IRI of the part of the record that has the values; empty for the record itself."""

    @property
    def heading(self) -> str:
        """The name of the property for people, after the name of the part."""
        local_name = self.predicate.replace("#", "/").rpartition("/")[2]
        name = _HEADINGS.get(local_name) or heading(local_name)
        return f"{self.part.rpartition('#')[2]}: {name}" if self.part else name

    def to_dict(self) -> dict[str, Any]:
        """The detail as plain values."""
        return {
            "property": shorten(self.predicate),
            "part": self.part or None,
            "removed": [value.to_dict() for value in self.removed],
            "added": [value.to_dict() for value in self.added],
        }


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a record, a mapping, a pattern link or a code."""

    category: str
    """A key of :data:`CATEGORIES`."""
    action: str
    """What happened, such as ``withdrawn``."""
    record: Name
    kind: str = ""
    """The kind of a record that was added, retired or vanished; empty if it is not known."""
    part: str = ""
    """The IRI of the mapping or pattern link; empty for others."""
    target: Name | None = None
    """What a mapping or a pattern link points to, or the code."""
    details: Sequence[Detail] = ()
    statements: int = 0
    """The number of statements that differ."""

    @property
    def is_ours(self) -> bool:
        """Whether the record has an IRI in the namespace of threatgraph."""
        return self.record.iri.startswith(BASE)

    def to_dict(self) -> dict[str, Any]:
        """The change as plain values."""
        return {
            "action": self.action,
            "record": self.record.to_dict(),
            "kind": self.kind or None,
            "part": self.part or None,
            "target": self.target.to_dict() if self.target else None,
            "statements": self.statements,
            "details": [detail.to_dict() for detail in self.details],
        }


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two states: its name, its number of statements, and the version of its ontology, if it has one."""

    name: str
    statements: int
    version: str

    def __str__(self) -> str:
        version = f", version {self.version}" if self.version else ""
        return f"{self.name} ({self.statements:,} statements{version})"


@dataclass(frozen=True)
class ReleaseDiff:
    """The changes from an old state of the graph to a new one."""

    old: Side
    new: Side
    changes: Sequence[Change]
    """The changes, sorted by category and record."""
    removed: frozenset[ox.Triple]
    """All statements that only the old state has, those that are derived and those of bookkeeping included."""
    added: frozenset[ox.Triple]
    """All statements that only the new state has."""
    derived: int
    """The number of these statements that the rules derive from others."""
    bookkeeping: int
    """The number of these statements that are bookkeeping, such as days of modification."""

    @property
    def title(self) -> str:
        """The title of a document."""
        return f"Changes from {self.old.name} to {self.new.name}"

    def of(self, category: str) -> list[Change]:
        """The changes of a category."""
        return [change for change in self.changes if change.category == category]

    @property
    def counts(self) -> dict[str, int]:
        """The number of changes of each category."""
        return {category: len(self.of(category)) for category in CATEGORIES}

    @property
    def problems(self) -> list[str]:
        """What breaks a promise to users of IRIs and codes; empty if nothing does. Records of others do not count."""
        ours = {category: sum(change.is_ours for change in self.of(category)) for category in BREAKING}
        return [counted(category, number) for category, number in ours.items() if number]

    @property
    def step(self) -> str:
        """The step of the semantic version that the changes call for: ``major``, ``minor``, ``patch`` or ``none``."""
        if self.problems:
            return "major"
        if any(change.category in _MINOR and change.action != REVIEWED for change in self.changes):
            return "minor"
        return "patch" if self.changes else "none"

    def summary(self) -> Iterator[str]:
        """The counts in words, without those that are zero."""
        yield from (counted(category, number) for category, number in self.counts.items() if number)

    @property
    def left_out(self) -> str:
        """What differs and is not listed, as a sentence; empty if there is nothing."""
        if not self.derived and not self.bookkeeping:
            return ""
        derived, bookkeeping = f"{self.derived:,} derived statement", f"{self.bookkeeping:,} statement"
        return (
            f"Not listed: {derived}{'' if self.derived == 1 else 's'} and "
            f"{bookkeeping}{'' if self.bookkeeping == 1 else 's'} of bookkeeping."
        )

    def to_dict(self) -> dict[str, Any]:
        """The change list as plain values, for JSON."""
        return {
            "old": {"name": self.old.name, "statements": self.old.statements, "version": self.old.version or None},
            "new": {"name": self.new.name, "statements": self.new.statements, "version": self.new.version or None},
            "step": self.step,
            "problems": self.problems,
            "counts": self.counts,
            "statements": {
                "removed": len(self.removed),
                "added": len(self.added),
                "derived": self.derived,
                "bookkeeping": self.bookkeeping,
            },
            "changes": {category: [change.to_dict() for change in self.of(category)] for category in CATEGORIES},
        }


def counted(category: str, number: int) -> str:
    """A number of changes in words, such as ``2 records added``."""
    return f"{number:,} {CATEGORIES[category].one if number == 1 else CATEGORIES[category].several}"
