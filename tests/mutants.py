"""Plants plausible mistakes in records of the bundled data, and tells which of them validation and checks find.

A mutant is one record with one mistake. Mutants of unrelated records are planted together in one copy of the bundled
files, and each is credited with the findings on its own record alone; so a few runs judge hundreds of mutants, by the
same code that users run.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import nsmallest
from pathlib import Path
from typing import TypeVar
from zlib import crc32

from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse, serialize

from threatgraph import ThreatGraph, resources
from threatgraph.vocab import BASE, PREFIXES, RDF_TYPE, TG

Term = NamedNode | Literal
T = TypeVar("T")
#: The second record of a result about two.
_OTHER = re.compile(r"other: ([\w-]+:[\w.-]+)")


@dataclass(frozen=True)
class Mutant:
    """One mistake in one record: what is taken out of its file, and what is put in."""

    kind: str
    record: str
    """IRI of the record; what is found at it or at its parts speaks for the mutant."""
    file: str
    remove: frozenset[Triple]
    add: frozenset[Triple]
    others: frozenset[str] = field(default_factory=frozenset)
    """Records in which the mistake may show as well, such as those that link to a renamed one."""

    @property
    def zone(self) -> frozenset[str]:
        """The records at which it may show; no other mutant of the same run may touch one of them."""
        new = {record_of(t.subject.value) for t in self.add if isinstance(t.subject, NamedNode)}
        return frozenset({self.record, *self.others, *new})


class World:
    """The bundled files, taken apart."""

    def __init__(self) -> None:
        self.root = resources.root()
        self.files: dict[str, frozenset[Triple]] = {}
        self.about: dict[str, list[Triple]] = defaultdict(list)
        self.home: dict[str, str] = {}
        self.of_class: dict[str, list[str]] = defaultdict(list)
        self.linking: dict[str, set[str]] = defaultdict(set)
        self.stating: dict[tuple[str, str], set[str]] = defaultdict(set)
        self._with: dict[tuple[tuple[str, ...], str], list[str]] = {}
        for path in resources.bundled_files():
            name = path.relative_to(self.root).as_posix()
            triples = [quad.triple for quad in parse(path=str(path), format=RdfFormat.TURTLE)]
            self.files[name] = frozenset(triples)
            for triple in sorted(triples, key=str):
                self._note(triple, name)
        self.records = sorted(iri for iri in self.home if iri.startswith(BASE) and "#" not in iri)

    def _note(self, triple: Triple, file: str) -> None:
        subject, value = triple.subject, triple.object
        assert isinstance(subject, NamedNode)
        self.about[subject.value].append(triple)
        self.stating[str(triple.predicate), str(value)].add(record_of(subject.value))
        if triple.predicate.value == RDF_TYPE and isinstance(value, NamedNode):
            self.home[subject.value] = file
            if value.value.startswith(TG):
                self.of_class[value.value.removeprefix(TG)].append(subject.value)
        elif isinstance(value, NamedNode):
            self.linking[record_of(value.value)].add(record_of(subject.value))

    def values(self, subject: str, prop: str) -> list[Term]:
        """The values of a property of a node."""
        wanted = iri(prop)
        found = (t.object for t in self.about[subject] if t.predicate == wanted)
        return [value for value in found if isinstance(value, (NamedNode, Literal))]

    def with_property(self, classes: Iterable[str], prop: str) -> list[str]:
        """The nodes of some classes that have a property."""
        key = (tuple(classes), prop)
        if key not in self._with:
            self._with[key] = [node for name in key[0] for node in self.of_class[name] if self.values(node, prop)]
        return self._with[key]

    def mutant(
        self,
        kind: str,
        node: str,
        remove: Iterable[Triple] = (),
        add: Iterable[Triple] = (),
        others: Iterable[str] = (),
    ) -> Mutant:
        """A mutant of the record that a node belongs to."""
        record, gone, new, all_others = record_of(node), frozenset(remove), frozenset(add), set(others)
        for triple in gone | new:
            # A record that loses its class or is retired shows at those that link to it.
            if triple.predicate.value in (RDF_TYPE, f"{PREFIXES['owl']}deprecated"):
                all_others |= self.linking[record]
        for triple in new:
            # What two records cannot share shows at both.
            if isinstance(triple.object, Literal) or triple.predicate.value.endswith(("exactMatch", "subjectOf")):
                sharing = self.stating[str(triple.predicate), str(triple.object)]
                all_others |= sharing if len(sharing) < 3 else set()
        return Mutant(kind, record, self.home[record], gone, new, frozenset(all_others - {record}))


class Chance:
    """Picks by a digest of what there is to pick from, so that a record that is added seldom changes a pick.

    Args:
        seed: the same seed gives the same picks.
    """

    def __init__(self, seed: str) -> None:
        self._seed, self._turn = seed, 0

    def choice(self, items: Sequence[T]) -> T:
        """One of the items."""
        return self.sample(items, 1)[0]

    def sample(self, items: Sequence[T], count: int) -> list[T]:
        """Some of the items, each once."""
        self._turn += 1
        start = crc32(f"{self._seed} {self._turn} ".encode())
        return nsmallest(count, items, key=lambda item: crc32(str(item).encode(), start))


Kind = Callable[[World, Chance], Mutant | None]


def iri(name: str) -> NamedNode:
    """The term of a prefixed name such as ``skos:prefLabel``, or of an IRI."""
    prefix, _, local = name.partition(":")
    return NamedNode(PREFIXES[prefix] + local if prefix in PREFIXES else name)


def record_of(node: str) -> str:
    """The record that a node belongs to."""
    return node.partition("#")[0]


def sample(kinds: dict[str, Kind], world: World, count: int, seed: int) -> list[Mutant]:
    """So many mutants, of all kinds in turn; a kind without a record that it fits is left out.

    Args:
        kinds: what makes a mutant of each kind.
        world: the bundled files.
        count: how many.
        seed: the same seed gives the same mutants of the same data.
    """
    chances = {name: Chance(f"{seed} {name}") for name in kinds}
    mutants: dict[Mutant, None] = {}
    rounds = 3 * (count // len(kinds) + 1)
    for _ in range(rounds):
        for name, kind in kinds.items():
            mutant = kind(world, chances[name])
            if mutant is not None and len(mutants) < count:
                mutants.setdefault(mutant)
    return list(mutants)


def batches(mutants: Sequence[Mutant], most: int) -> Iterator[list[Mutant]]:
    """The mutants in groups in which no two touch the same record."""
    waiting = list(mutants)
    while waiting:
        batch: list[Mutant] = []
        taken: set[str] = set()
        for mutant in waiting:
            if len(batch) < most and not mutant.zone & taken:
                batch.append(mutant)
                taken |= mutant.zone
        yield batch
        chosen = set(map(id, batch))
        waiting = [mutant for mutant in waiting if id(mutant) not in chosen]


class Copy:
    """A copy of the bundled files in a folder, into which mutants are planted."""

    def __init__(self, world: World, folder: Path) -> None:
        self._world, self._folder = world, folder
        for name in world.files:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes((world.root / name).read_bytes())
        #: The results without mutants, which are hints.
        self.hints = self._found()

    def findings(self, mutants: Iterable[Mutant]) -> dict[str, set[str]]:
        """What is found with some mutants planted: record to the rules and checks that it breaks."""
        changed: dict[str, set[Triple]] = {}
        for mutant in mutants:
            triples = changed.setdefault(mutant.file, set(self._world.files[mutant.file]))
            triples -= mutant.remove
            triples |= mutant.add
        try:
            for name, triples in changed.items():
                serialize(sorted(triples, key=str), str(self._folder / name), format=RdfFormat.TURTLE)
            found = self._found()
            return {record: rules - self.hints.get(record, set()) for record, rules in found.items()}
        finally:
            for name in changed:
                (self._folder / name).write_bytes((self._world.root / name).read_bytes())

    def _found(self) -> dict[str, set[str]]:
        graph = ThreatGraph.open([self._folder], bundled=False)
        found: dict[str, set[str]] = defaultdict(set)
        for result in graph.validate(hints=True):
            found[record_of(result.node)].add(result.rule.rpartition("#")[2])
            for node in map(iri, _OTHER.findall(result.message)):
                found[record_of(node.value)].add(result.rule.rpartition("#")[2])
        return found


def judge(copy: Copy, mutants: Sequence[Mutant], *, most: int = 200) -> dict[Mutant, set[str]]:
    """What is found of each mutant: nothing for one that survives."""
    verdicts: dict[Mutant, set[str]] = {}
    for batch in batches(mutants, most):
        found = copy.findings(batch)
        for mutant in batch:
            verdicts[mutant] = set().union(*(found.get(node, set()) for node in mutant.zone))
    return verdicts
