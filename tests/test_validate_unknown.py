"""Records whose class is misspelled or missing are reported, although no shape targets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from threatgraph import ThreatGraph
from threatgraph.cli import main
from threatgraph.store import MemoryStore
from threatgraph.validate import validate
from threatgraph.validate.unknown import KNOWN_CLASS

HEAD = """
@prefix tg: <https://w3id.org/threatgraph/ontology#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix pattern: <https://w3id.org/threatgraph/pattern/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
"""
WRONG = {
    "<https://e.org/x> a tg:ThreatPatern .": "Did you mean tg:ThreatPattern?",
    "pattern:my-own a tg:threatpattern .": "Did you mean tg:ThreatPattern?",
    "pattern:my-own a tg:Pattern , skos:Concept .": "has no class tg:Pattern",
    "<https://e.org/x> a <http://w3id.org/threatgraph/ontology#Incident> .": "tg: as the prefix of <https://w3id.org/",
    "<https://e.org/x> a <https://w3id.org/ThreatGraph/Incident> .": "Did you mean tg:Incident",
    "<https://e.org/x> tg:causalFactor <https://w3id.org/threatgraph/causal-factor/over-automation> .": "no class",
    "<https://e.org/x> a skos:Concept ; tg:domian <https://e.org/y> .": "no class",
    'pattern:gaol-drift skos:altLabel "Drift"@en .': "no class",
    'pattern:my-own a skos:Concept ; skos:prefLabel "Mine"@en .': "no class",
}
RIGHT = (
    'pattern:goal-drift skos:editorialNote "A note on a record of another file."@en .',
    '<https://e.org/x> skos:prefLabel "Not about our ontology"@en .',
    "<https://e.org/x> a <https://e.org/Thing> .",
    "tg:Extension a owl:Class . tg:extends a owl:ObjectProperty .",
)


@pytest.mark.parametrize("statement", WRONG)
def test_a_record_without_a_known_class_is_a_violation(statement: str, tmp_path: Path) -> None:
    file = tmp_path / "own.ttl"
    file.write_text(HEAD + statement + "\n", encoding="utf-8")
    store = MemoryStore.open([file])
    for only in (None, [file]):
        report = validate(store, only=only)
        found = [result for result in report.results if result.rule == KNOWN_CLASS]
        assert len(found) == 1
        assert WRONG[statement] in f"{found[0].message} {found[0].remedy}"
        assert found[0].file == file
        assert not report.ok


@pytest.mark.parametrize("statement", RIGHT)
def test_other_nodes_need_no_class_of_the_ontology(statement: str, tmp_path: Path) -> None:
    file = tmp_path / "own.ttl"
    file.write_text(HEAD + statement + "\n", encoding="utf-8")
    report = validate(MemoryStore.open([file]))
    assert [result for result in report.results if result.rule == KNOWN_CLASS] == []


def test_all_bundled_records_have_a_known_class(graph: ThreatGraph) -> None:
    report = validate(graph.store, only=list(graph.store.files.values()))
    assert [result for result in report.results if result.rule == KNOWN_CLASS] == []


def test_validating_a_file_with_a_misspelled_class_fails(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "own.ttl"
    file.write_text(HEAD + "<https://e.org/x> a tg:ThreatPatern .\n", encoding="utf-8")
    assert main(["validate", str(file)]) == 2
    out = capsys.readouterr().out
    assert "The ontology has no class tg:ThreatPatern." in out
    assert "help: Did you mean tg:ThreatPattern?" in out
