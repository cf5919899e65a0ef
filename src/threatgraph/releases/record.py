"""The changes of one record that both states have: its texts, ratings, mappings, pattern links and other values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import pyoxigraph as ox

from threatgraph.releases.model import REVIEWED, Change, Detail, Name
from threatgraph.releases.naming import Naming
from threatgraph.releases.state import State, subject_of
from threatgraph.vocab import PREFIXES, SKOS, tg

_SSSOM = PREFIXES["sssom"]
_TEXTS = {f"{SKOS}prefLabel": "relabeled", f"{SKOS}definition": "redefined"}
#: Ranks on scales, and other ratings.
RATINGS = frozenset(
    (
        *map(tg, ("severity", "likelihoodTrend", "evidenceLevel", "impactLevel", "incidentStatus")),
        *map(tg, ("rank", "rankPosition", "certainty", "score")),
        f"{_SSSOM}confidence",
    )
)
#: The classes of the parts that are listed by themselves.
_CLASSES = {tg("FrameworkMapping"): "remapped", tg("CrosswalkMapping"): "remapped", tg("PatternLink"): "relinked"}
_GONE = {"remapped": "withdrawn", "relinked": "removed"}
_TARGETS = (f"{_SSSOM}object_id", tg("pattern"))
#: What a mapping or a pattern link states.
_RELATION = (
    *(f"{_SSSOM}{name}" for name in ("subject_id", "object_id", "predicate_id", "predicate_modifier")),
    *map(tg, ("mappingRelation", "pattern", "patternRole")),
)
_REVIEW = (tg("reviewState"), tg("reviewedBy"))
#: What is shown of a mapping or a pattern link that only one of the states has, beside its target.
_SHOWN = (
    f"{_SSSOM}predicate_id",
    f"{_SSSOM}predicate_modifier",
    *map(tg, ("mappingRelation", "patternRole", "reviewState")),
)


class Statements(NamedTuple):
    """The statements about a record and its parts that only one of the states has."""

    removed: set[ox.Triple]
    added: set[ox.Triple]


class RecordChanges:
    """Finds the changes of a record.

    Args:
        old: the old state.
        new: the new state.
        name: names records and values.
        iri: the record.
    """

    def __init__(self, old: State, new: State, name: Naming, iri: str) -> None:
        self._old, self._new, self._name, self._iri = old, new, name, iri
        self._record = name.record(iri)
        self._sorted: dict[str, list[Detail]] = {}

    def changes(self, found: Statements) -> Iterator[Change]:
        """The changes that the statements amount to; each statement is in at most one of them.

        Args:
            found: the statements about the record that only one of the states has.
        """
        parts = _by_subject(found)
        own = parts.pop(self._iri, Statements(set(), set()))
        for part, statements in sorted(parts.items()):
            if part in self._old and part in self._new:
                yield from self._changed_part(part, statements)
            elif (category := self._category(part)) is not None:
                links = {triple for side in own for triple in side if _leads_to(triple, part)}
                own = Statements(own.removed - links, own.added - links)
                yield self._whole_part(category, part, statements, len(links))
            elif not any(_leads_to(triple, part) for side in own for triple in side):
                before, after = ([self._name.record(part)] if side else [] for side in statements)
                self._sort(Detail(tg("hasPart"), before, after))
        for detail in self._details(own):
            self._sort(detail)
        for category, details in self._sorted.items():
            yield Change(category, "changed", self._record, details=details, statements=_size(details))

    def _changed_part(self, part: str, found: Statements) -> Iterator[Change]:
        """The change of a mapping or pattern link; the other values are sorted as those of other parts are."""
        category, listed = self._category(part), []
        for detail in self._details(found, part):
            if category is not None and detail.predicate in (*_RELATION, *_REVIEW):
                listed.append(replace(detail, part=""))
            else:
                self._sort(detail)
        if category is not None and listed:
            only_review = all(detail.predicate in _REVIEW for detail in listed)
            action = REVIEWED if only_review else "changed"
            yield Change(category, action, self._record, "", part, self._target(part), listed, _size(listed))

    def _whole_part(self, category: str, part: str, found: Statements, links: int) -> Change:
        """A mapping or pattern link that only one of the states has."""
        shown = [detail for detail in self._details(found) if detail.predicate in _SHOWN]
        action = "added" if part in self._new else _GONE[category]
        size = len(found.removed) + len(found.added) + links
        return Change(category, action, self._record, "", part, self._target(part), shown, size)

    def _category(self, part: str) -> str | None:
        types = self._old.types(part) | self._new.types(part)
        return next((category for name, category in _CLASSES.items() if name in types), None)

    def _target(self, part: str) -> Name | None:
        """What a mapping or pattern link points to, in the new state if it is there."""
        for state in (self._new, self._old):
            if found := state.values(part, *_TARGETS):
                return self._name.values(found)[0]
        return None

    def _details(self, found: Statements, part: str = "") -> Iterator[Detail]:
        for name in sorted({triple.predicate.value for side in found for triple in side}):
            sides = ([triple.object for triple in side if triple.predicate.value == name] for side in found)
            yield Detail(name, *self._name.both(*sides), part=part)

    def _sort(self, detail: Detail) -> None:
        """Add a detail to those of its category."""
        category = "rerated" if detail.predicate in RATINGS else "other"
        if not detail.part:
            category = _TEXTS.get(detail.predicate, category)
        self._sorted.setdefault(category, []).append(detail)


def _by_subject(found: Statements) -> dict[str, Statements]:
    groups: dict[str, Statements] = {}
    for number, side in enumerate(found):
        for triple in side:
            groups.setdefault(subject_of(triple), Statements(set(), set()))[number].add(triple)
    return groups


def _leads_to(triple: ox.Triple, part: str) -> bool:
    return isinstance(triple.object, ox.NamedNode) and triple.object.value == part


def _size(details: Sequence[Detail]) -> int:
    return sum(len(detail.removed) + len(detail.added) for detail in details)
