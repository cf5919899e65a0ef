"""Mistakes that are planted in bundled records are found by validation or by a check."""

from __future__ import annotations

from collections import Counter

import pytest

import mutant_links  # noqa: F401  (registers its kinds)
import mutant_records  # noqa: F401  (registers its kinds)
from mutant_kinds import KINDS
from mutants import Copy, Mutant, World, judge, sample
from threatgraph.catalog import load_checks

MUTANTS = 600
SEED = 2026
BAR = 0.97

#: Kinds of mistakes that no rule can find, each with the reason.
UNFINDABLE = {
    "another severity": "A rating is a judgment: another value of the scale is as well formed.",
    "another actor": "Who did what is a fact of the source: another known actor is as well formed.",
    "optional note lost": "A record may do without a note, and nothing else depends on it.",
    "positions of two parts swapped": "The order of a list is an editorial choice.",
}


@pytest.fixture(scope="module")
def world() -> World:
    return World()


@pytest.fixture(scope="module")
def copy(world: World, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(world, tmp_path_factory.mktemp("mutants"))


@pytest.fixture(scope="module")
def verdicts(world: World, copy: Copy) -> dict[Mutant, set[str]]:
    return judge(copy, sample(KINDS, world, MUTANTS, SEED))


def test_a_copy_without_mutants_has_only_hints(copy: Copy) -> None:
    rules = set[str]().union(*copy.hints.values())
    assert all(rule.endswith("-recommended") or load_checks()[rule].severity == "info" for rule in rules)


def test_there_are_enough_mutants_of_enough_kinds(verdicts: dict[Mutant, set[str]]) -> None:
    assert len(verdicts) >= MUTANTS
    assert len({mutant.kind for mutant in verdicts}) >= 200
    assert UNFINDABLE.keys() <= KINDS.keys()


def test_nearly_all_mutants_are_found(verdicts: dict[Mutant, set[str]]) -> None:
    found = sum(bool(rules) for rules in verdicts.values())
    survivors = Counter(mutant.kind for mutant, rules in verdicts.items() if not rules)
    assert found / len(verdicts) >= BAR, survivors


def test_every_kind_that_survives_is_explained(verdicts: dict[Mutant, set[str]]) -> None:
    survivors = {mutant.kind: mutant.record for mutant, rules in verdicts.items() if not rules}
    assert survivors.keys() <= UNFINDABLE.keys(), survivors
