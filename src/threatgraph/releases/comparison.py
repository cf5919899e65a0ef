"""Compares two states: which statements differ, and what that means for the records that have them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pyoxigraph as ox

from threatgraph.releases.model import CATEGORIES, Change, Detail, Name, ReleaseDiff, Side
from threatgraph.releases.naming import Naming
from threatgraph.releases.record import RecordChanges, Statements
from threatgraph.releases.state import State, subject_of
from threatgraph.vocab import KINDS, PREFIXES, SKOS

_NOTATION = f"{SKOS}notation"
_REPLACED_BY = f"{PREFIXES['dcterms']}isReplacedBy"
#: Properties that change without a change of content; those of the second group only of an ontology.
_BOOKKEEPING = {
    f"{PREFIXES['dcterms']}modified",
    *(f"{PREFIXES['owl']}{name}" for name in ("versionInfo", "versionIRI", "priorVersion")),
}
_OF_ONTOLOGY = {f"{PREFIXES['dcterms']}{n}" for n in ("issued", "bibliographicCitation")}


def compare(old: State, new: State) -> ReleaseDiff:
    """Compare two states exactly: two statements are the same only if all of their terms are.

    Args:
        old: the old state.
        new: the new state.
    """
    removed, added = old.triples - new.triples, new.triples - old.triples
    comparison = _Comparison(old, new)
    differing = {True: removed, False: added}
    content, derived, bookkeeping = {}, 0, 0
    for is_old, triples in differing.items():
        state = old if is_old else new
        kept = {triple for triple in triples if not _is_bookkeeping(state, triple)}
        bookkeeping += len(triples) - len(kept)
        content[is_old] = kept - state.derived if kept else kept
        derived += len(kept) - len(content[is_old])
    changes = list(comparison.changes(content[True], content[False]))
    order = list(CATEGORIES)
    changes.sort(
        key=lambda c: (order.index(c.category), c.record.iri, c.part, c.action, c.target.text if c.target else "")
    )
    before, after = (Side(state.name, len(state.triples), state.version) for state in (old, new))
    return ReleaseDiff(before, after, changes, removed, added, derived, bookkeeping)


def _is_bookkeeping(state: State, triple: ox.Triple) -> bool:
    name = triple.predicate.value
    return name in _BOOKKEEPING or (name in _OF_ONTOLOGY and state.is_ontology(subject_of(triple)))


class _Comparison:
    """Groups the statements that differ by record, and names what happened to each record."""

    def __init__(self, old: State, new: State) -> None:
        self._old, self._new = old, new
        self._name = Naming(old, new)

    def changes(self, removed: set[ox.Triple], added: set[ox.Triple]) -> Iterator[Change]:
        """The changes, in any order."""
        for change, moved in self._recoded(removed, added):
            removed, added = removed - moved, added - moved
            yield change
        records: dict[str, Statements] = {}
        for is_old, triples in ((True, removed), (False, added)):
            for triple in triples:
                found = records.setdefault(self._owner(subject_of(triple)), Statements(set(), set()))
                (found.removed if is_old else found.added).add(triple)
        for iri, statements in records.items():
            yield from self._of_record(iri, statements)

    def _owner(self, iri: str) -> str:
        """The record that has a part (``record#part``); a term of an ontology is not a part of it."""
        record, hash_sign, _ = iri.partition("#")
        states = [state for state in (self._old, self._new) if hash_sign and record in state]
        return record if states and not any(state.is_ontology(record) for state in states) else iri

    def _of_record(self, iri: str, found: Statements) -> Iterator[Change]:
        name, kind, count = self._name.record(iri), self._name.kind(iri), len(found.removed) + len(found.added)
        if iri not in self._old:
            yield Change("added", "added", name, kind, statements=count)
        elif iri not in self._new:
            yield Change("vanished", "vanished", name, kind, statements=count)
        elif self._new.is_retired(iri) and not self._old.is_retired(iri):
            successors = self._name.values(self._new.values(iri, _REPLACED_BY))
            details = [Detail(_REPLACED_BY, added=successors)] if successors else []
            yield Change("retired", "retired", name, kind, details=details, statements=count)
        else:
            yield from RecordChanges(self._old, self._new, self._name, iri).changes(found)

    def _recoded(self, removed: set[ox.Triple], added: set[ox.Triple]) -> Iterator[tuple[Change, set[ox.Triple]]]:
        """The codes that another record has now, each with the statements that this explains."""
        lost, gained = (_codes(triples) for triples in (removed, added))
        for key in sorted(lost.keys() & gained.keys()):
            before, after = ({subject_of(triple) for triple in side[key]} for side in (lost, gained))
            if before - after and after - before:
                first = sorted(before - after)[0]
                detail = Detail(_NOTATION, self._name.records(before - after), self._name.records(after - before))
                moved, code = lost[key] | gained[key], Name(key[1])
                record = self._name.record(first)
                yield Change("recoded", "moved", record, target=code, details=[detail], statements=len(moved)), moved


def _codes(triples: Iterable[ox.Triple]) -> dict[tuple[str, str], set[ox.Triple]]:
    """The statements on codes, by scope and code."""
    found: dict[tuple[str, str], set[ox.Triple]] = {}
    for triple in triples:
        if triple.predicate.value == _NOTATION and isinstance(triple.object, ox.Literal):
            found.setdefault((_scope(subject_of(triple)), triple.object.value), set()).add(triple)
    return found


def _scope(iri: str) -> str:
    """Where the code of a record is unique: editions of frameworks share codes, all other records do not."""
    return iri.rpartition("/")[0] if iri.startswith(KINDS["provision"].namespace) else ""
