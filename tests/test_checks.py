"""The checks: silent on the shipped data, and each finds the fault that is planted for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from threatgraph import ThreatGraph
from threatgraph.errors import UnknownName
from threatgraph.vocab import BASE, PREFIXES

HEAD = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())
EDITION = f"{BASE}provision/iso-iec-42001-2023/"

#: Name of each check to a fault, and to the record that the finding names.
FAULTS: dict[str, tuple[str, str]] = {
    "dangling-target": (
        "incident:x tg:causalFactor causal-factor:none .",
        f"{BASE}incident/x",
    ),
    "deprecated-target": (
        "pattern:old owl:deprecated true . incident:x tg:relatedIncident pattern:old .",
        f"{BASE}incident/x",
    ),
    "provision-identity": (
        'iso-42001:a.9.99 a tg:Provision ; skos:inScheme framework:iso-iec-42001-2023 ; skos:notation "A.9.98" .',
        f"{EDITION}a.9.99",
    ),
    "crosswalk-title": (
        "mapping-set:x tg:crosswalkMapping <https://w3id.org/threatgraph/mapping-set/x#one> ."
        " <https://w3id.org/threatgraph/mapping-set/x#one> a tg:CrosswalkMapping ;"
        ' tg:sourceLabel "B.2.2 Customers"@en ; sssom:object_id iso-42001:a.2.2 .',
        f"{BASE}mapping-set/x#one",
    ),
    "pattern-without-guidance": (
        "pattern:x a tg:ThreatPattern .",
        f"{BASE}pattern/x",
    ),
    "pattern-without-mapping": (
        "pattern:x a tg:ThreatPattern .",
        f"{BASE}pattern/x",
    ),
    "pattern-without-incidents": (
        "pattern:x a tg:ThreatPattern .",
        f"{BASE}pattern/x",
    ),
    "incident-date": (
        'incident:x a tg:Incident ; tg:occurred "2022-10"^^xsd:gYearMonth ; tg:systemSince "2022-11-30"^^xsd:date .',
        f"{BASE}incident/x",
    ),
    "incident-without-primary-pattern": (
        'incident:x a tg:Incident ; skos:prefLabel "X"@en .'
        " incident:x tg:patternLink <https://w3id.org/threatgraph/incident/x#p> ."
        " <https://w3id.org/threatgraph/incident/x#p> tg:patternRole pattern-role:secondary .",
        f"{BASE}incident/x",
    ),
    "near-duplicate-incidents": (
        'incident:x a tg:Incident ; skos:prefLabel "The case"@en .'
        ' incident:y a tg:Incident ; skos:prefLabel "The Case!"@en .',
        f"{BASE}incident/x",
    ),
    "shared-sentence": (
        'incident:x dcterms:description "At first nothing. A chatbot told the customer what was untrue. It ended."@en .'
        ' incident:y dcterms:description "A chatbot told the customer what was untrue."@en .',
        "A chatbot told the customer what was untrue.",
    ),
    "label-case": (
        'pattern:x skos:prefLabel "goal drift"@en .',
        f"{BASE}pattern/x",
    ),
    "source-missing": (
        'actor:nobody a tg:Actor ; skos:prefLabel "Nobody"@en .',
        f"{BASE}actor/nobody",
    ),
}


def planted(text: str, folder: Path, *, shipped: bool = True) -> ThreatGraph:
    path = folder / "fault.ttl"
    path.write_text(HEAD + text, encoding="utf-8")
    return ThreatGraph.open([path], shipped=shipped)


def test_every_check_has_a_fault() -> None:
    assert set(FAULTS) == set(ThreatGraph.open().checks)


@pytest.mark.parametrize("name", FAULTS)
def test_the_shipped_data_has_no_fault(graph: ThreatGraph, name: str) -> None:
    assert graph.check(name).rows == []


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(name: str, tmp_path: Path) -> None:
    text, record = FAULTS[name]
    found = planted(text, tmp_path).check(name).to_dicts()
    assert {str(row["record"]) for row in found} == {record}
    assert {row["check"] for row in found} == {name}


@pytest.mark.parametrize(
    ("occurred", "since", "wrong"),
    [
        ('"2999"^^xsd:gYear', None, True),
        ('"2022"^^xsd:gYear', '"2022-11-30"^^xsd:date', False),  # a year may be before or after a day in it
        ('"2022-11"^^xsd:gYearMonth', '"2022-11-30"^^xsd:date', False),
        ('"2022-11-29"^^xsd:date', '"2022-11-30"^^xsd:date', True),
        ('"2021-12-31"^^xsd:date', '"2022"^^xsd:gYear', True),
        ('"2022-01-01"^^xsd:date', '"2022"^^xsd:gYear', False),
    ],
)
def test_dates_are_compared_as_far_as_both_are_known(
    occurred: str, since: str | None, wrong: bool, tmp_path: Path
) -> None:
    more = f" ; tg:systemSince {since}" if since else ""
    faults = planted(f"incident:x a tg:Incident ; tg:occurred {occurred}{more} .", tmp_path).check("incident-date")
    assert bool(faults.rows) == wrong


def test_linked_incidents_are_no_duplicates(tmp_path: Path) -> None:
    text, _ = FAULTS["near-duplicate-incidents"]
    linked = planted(f"{text} incident:x tg:relatedIncident incident:y .", tmp_path)
    assert linked.check("near-duplicate-incidents").rows == []


def test_one_database_number_for_two_incidents_is_a_duplicate(tmp_path: Path) -> None:
    same = "skos:exactMatch <https://incidentdatabase.ai/cite/1>"
    text = f"incident:x a tg:Incident ; {same} . incident:y a tg:Incident ; {same} ."
    assert len(planted(text, tmp_path, shipped=False).check("near-duplicate-incidents")) == 1


def test_all_checks_run_together_and_an_unknown_one_is_told(graph: ThreatGraph) -> None:
    assert graph.check().rows == []
    with pytest.raises(UnknownName, match="source-missing"):
        graph.check("source-mising")
