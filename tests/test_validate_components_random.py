"""Declared components that imitate core components have the same results, in random shapes over random data."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from validation_samples import report_on

EX = "https://example.org/"
COMPONENTS = """
ex:Max a sh:ConstraintComponent ; sh:parameter [ sh:path ex:max ] ;
    sh:validator [ sh:ask "ASK { FILTER($value <= $max) }" ] .
ex:Kind a sh:ConstraintComponent ; sh:parameter [ sh:path ex:literal ] ;
    sh:validator [ sh:ask "ASK { FILTER(isLiteral($value) = $literal) }" ] .
ex:Class a sh:ConstraintComponent ; sh:parameter [ sh:path ex:class ] ;
    sh:validator [ sh:ask "ASK { $value a $class }" ] .
ex:Min a sh:ConstraintComponent ; sh:parameter [ sh:path ex:least ] ;
    sh:propertyValidator [ sh:select "SELECT DISTINCT $this WHERE { FILTER NOT EXISTS { $this $PATH ?v } }" ] .
"""
IMITATED = {"Max": "MaxInclusive", "Kind": "NodeKind", "Class": "Class", "Min": "MinCount"}
PATHS = ("ex:p", "ex:q", "[ sh:inversePath ex:p ]", "( ex:p ex:q )", "[ sh:alternativePath ( ex:p ex:q ) ]")
#: The constraints of a shape, with declared components and with core components.
Both = tuple[str, str]


def joined(parts: list[Both], between: str = " ; ") -> Both:
    declared, core = (between.join(part[way] for part in parts) for way in (0, 1))
    return declared or "sh:name 'none'", core or "sh:name 'none'"


def constraints(dice: random.Random, depth: int, *, on_path: bool) -> Both:
    """The constraints of a random shape, with nested shapes."""
    limit = dice.randint(0, 3)
    own = [
        (f"ex:max {limit}", f"sh:maxInclusive {limit}"),
        ("ex:literal true", "sh:nodeKind sh:Literal"),
        (f"ex:class ex:C{limit % 2}", f"sh:class ex:C{limit % 2}"),
        *([("ex:least 1", "sh:minCount 1")] if on_path else []),
    ]
    parts = dice.sample(own, dice.randint(0, 2))
    kinds = ["node", "not", "or", "and", "xone", "property", *(["qualifiedValueShape"] if on_path else [])]
    for kind in dice.sample(kinds, dice.randint(0, 2)) if depth else ():
        inner = [constraints(dice, depth - 1, on_path=kind == "property") for _ in range(dice.randint(1, 3))]
        path = dice.choice(PATHS)
        if kind in ("or", "and", "xone"):
            members = joined([(f"[ {one} ]", f"[ {other} ]") for one, other in inner], " ")
            parts.append((f"sh:{kind} ( {members[0]} )", f"sh:{kind} ( {members[1]} )"))
        else:
            head = f"sh:path {path} ; " if kind == "property" else ""
            count = f" ; {dice.choice(('sh:qualifiedMinCount', 'sh:qualifiedMaxCount'))} 1" if "qual" in kind else ""
            one, other = (f"sh:{kind} [ {head}{inner[0][way]} ]{count}" for way in (0, 1))
            parts.append((one, other))
    return joined(parts)


def statements(dice: random.Random) -> str:
    nodes = [f"ex:n{number}" for number in range(5)]
    values = [*nodes, "0", "1", "2", "3", "-1"]
    reported = [f"{dice.choice(nodes)} {dice.choice(('ex:p', 'ex:q'))} {dice.choice(values)} ." for _ in range(10)]
    return " ".join(
        [*reported, *(f"{node} a {dice.choice(('ex:T', 'ex:C0', 'ex:C1'))} ." for node in [*nodes, *nodes])]
    )


@pytest.mark.parametrize("seed", range(40))
def test_a_declared_component_has_the_results_of_the_core_component(seed: int, tmp_path: Path) -> None:
    dice = random.Random(seed)  # noqa: S311  # not a secret
    data = statements(dice)
    found = set()
    for declared, shape in zip((COMPONENTS, ""), constraints(dice, 3, on_path=False), strict=True):
        for fast in (True, False):
            shapes = (
                f"{declared} ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:targetNode ex:n1, ex:absent ; {shape} ."
            )
            report = report_on(tmp_path, shapes, data, fast=fast)
            assert report.unevaluated == []
            reported = ((f.node, f.path, f.value, f.component.removeprefix(EX)) for f in report)
            found.add(frozenset((*place, IMITATED.get(name, name)) for *place, name in reported))
    assert len(found) == 1


def test_most_of_these_shapes_have_results(tmp_path: Path) -> None:
    result = 0
    for seed in range(40):
        dice = random.Random(seed)  # noqa: S311  # not a secret
        data, shape = statements(dice), constraints(dice, 3, on_path=False)[1]
        shapes = f"ex:S a sh:NodeShape ; sh:targetClass ex:T ; sh:targetNode ex:n1 ; {shape} ."
        result += bool(report_on(tmp_path, shapes, data).results)
    assert result > 20
