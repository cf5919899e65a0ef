"""Validation: both modes have the same results, and known pitfalls do not let invalid data pass."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import rdflib
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import RdfFormat, parse

from threatgraph import ThreatGraph
from threatgraph.errors import InvalidFile, QueryRefused
from threatgraph.store import MemoryStore
from threatgraph.validate import ValidationReport, validate
from threatgraph.validate.evaluation.pyshacl_runner import call_pyshacl
from threatgraph.validate.report import ValidationResult

HEAD = """
@prefix ex: <https://example.org/> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
"""


def check(tmp_path: Path, shapes: str, data: str, *, fast: bool = True) -> ValidationReport:
    """Validate one Turtle text against another."""
    files = tmp_path / "data.ttl", tmp_path / "shapes.ttl"
    for file, text in zip(files, (data, shapes), strict=True):
        file.write_text(HEAD + text, encoding="utf-8")
    return validate(MemoryStore.open([files[0]], bundled=False), shapes=[files[1]], fast=fast)


def both(tmp_path: Path, shapes: str, data: str) -> set[tuple[str, str, str | None]]:
    """The results, after a check that both modes agree."""
    fast, full = (check(tmp_path, shapes, data, fast=way) for way in (True, False))

    def reported(report: ValidationReport) -> list[tuple[object, ...]]:
        """All but the message: without one, pyshacl lists the members of sh:or in an arbitrary order."""
        return [(f.severity, f.node, f.path, f.value, f.rule, f.component, f.file, f.line) for f in report]

    assert reported(fast) == reported(full)
    return {(f.node.removeprefix("https://example.org/"), f.component, f.value) for f in fast}


# One shape per compiled component: valid values, invalid values, and values that a naive comparison gets wrong.

VALUE_TESTS = {
    "sh:class ex:D": (["ex:d", "ex:below"], ["ex:c", '"d"']),
    "sh:datatype xsd:date": (
        ['"2024-02-29"^^xsd:date', '"2024-01-01Z"^^xsd:date'],
        ['"2024"', '"2023-02-29"^^xsd:date'],
    ),
    "sh:datatype xsd:integer": (["7", '"-07"^^xsd:integer'], ["7.0", '"7"', '"x"^^xsd:integer']),
    "sh:datatype xsd:anyURI": (['"urn:a"^^xsd:anyURI'], ['"urn:a"', "ex:d"]),  # not compiled: all are evaluated
    "sh:datatype rdf:langString": (['"a"@en', '""@de'], ['"a"', "ex:d"]),
    "sh:nodeKind sh:IRI": (["ex:d"], ['"ex:d"']),
    "sh:nodeKind sh:Literal": (['"a"', "1"], ["ex:d"]),
    "sh:in ( ex:d 1 'a'@en )": (["ex:d", "1", '"a"@en'], ["ex:c", "1.0", '"a"', '"A"@en']),
    'sh:pattern "^a.c$"': (['"abc"', '"axc"@en'], ['"ABC"', '"abcd"', "ex:abc"]),
    'sh:pattern "^abc$" ; sh:flags "i"': (['"ABC"', '"abc"'], ['"abcd"']),
    "sh:minLength 2": (['"ab"', '"äöü"', "ex:d"], ['"a"', '""@en']),
    "sh:maxLength 2": (['"ab"', '"é"'], ['"abc"', "ex:d"]),
    "sh:minInclusive 2": (["2", "2.0", "3"], ["1", "1.99", '"3"', "ex:d"]),
    "sh:maxInclusive 2": (["2", "-1"], ["3", "2.01", '"1"']),
    "sh:minExclusive 2": (["3", "2.1"], ["2", "2.0"]),
    "sh:maxExclusive 2": (["1"], ["2", '"x"']),
    'sh:languageIn ( "en" "de" )': (['"a"@en', '"a"@de-AT'], ['"a"@fr', '"a"']),
    "sh:or ( [ sh:datatype xsd:date ] [ sh:class ex:D ] )": (['"2024-01-01"^^xsd:date', "ex:d"], ["1", "ex:c"]),
    "sh:not [ sh:class ex:D ]": (["ex:c", "1"], ["ex:d"]),
}
WORLD = "ex:d a ex:D . ex:below a ex:E . ex:E rdfs:subClassOf ex:D . ex:c a ex:Other .\n"


@pytest.mark.parametrize("constraint", VALUE_TESTS)
def test_a_component_reports_exactly_the_invalid_values(constraint: str, tmp_path: Path) -> None:
    good, bad = VALUE_TESTS[constraint]
    shapes = f"ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:property ex:P . ex:P sh:path ex:p ; {constraint} ."
    data = WORLD + "".join(f"ex:good{n} a ex:C ; ex:p {value} .\n" for n, value in enumerate(good))
    data += "".join(f"ex:bad{n} a ex:C ; ex:p {value} .\n" for n, value in enumerate(bad))
    assert {node for node, _, _ in both(tmp_path, shapes, data)} == {f"bad{n}" for n in range(len(bad))}


NODE_TESTS = {
    "sh:property [ sh:path ex:p ; sh:minCount 1 ]": ("ex:p 1", "ex:q 1"),
    "sh:property [ sh:path ex:p ; sh:minCount 2 ]": ("ex:p 1, 2", "ex:p 1"),
    "sh:property [ sh:path ex:p ; sh:maxCount 1 ]": ("ex:p 1", "ex:p 1, 1.0"),
    "sh:property [ sh:path ex:p ; sh:maxCount 2 ]": ("ex:p 1, 2", "ex:p 1, 2, 3"),
    "sh:property [ sh:path ex:p ; sh:uniqueLang true ]": ('ex:p "a"@en, "b"@de, "c", "d"', 'ex:p "a"@en, "b"@en'),
    "sh:property [ sh:path ex:p ; sh:hasValue 1 ]": ("ex:p 1, 2", "ex:p 2"),
    "sh:property [ sh:path [ sh:inversePath ex:of ] ; sh:minCount 1 ]": ("ex:p 1 . ex:x ex:of ex:good", "ex:p 1"),
    "sh:property [ sh:path ( ex:p ex:q ) ; sh:minCount 1 ]": ("ex:p ex:y . ex:y ex:q 1", "ex:p 1"),
    "sh:closed true ; sh:ignoredProperties ( rdf:type ) ; sh:property [ sh:path ex:p ]": ("ex:p 1", "ex:pp 1"),
    "sh:nodeKind sh:IRI ; sh:pattern 'good$'": ("ex:p 1", "ex:p 1"),
    "sh:sparql [ sh:select 'SELECT $this WHERE { $this <https://example.org/p> ?value FILTER(?value > 5) }' ]": (
        "ex:p 5",
        "ex:p 6",
    ),
    """sh:sparql [ sh:select 'SELECT $this WHERE { { $this a ?c FILTER NOT EXISTS { $this <https://example.org/p> ?v } }
        UNION { $this <https://example.org/p> 6 } }' ]""".replace("\n", " "): ("ex:p 5", "ex:p 6"),  # not compiled
    "sh:node ex:N . ex:N a sh:NodeShape ; sh:property [ sh:path ex:p ; sh:minCount 1 ]": ("ex:p 1", "ex:q 1"),
}


@pytest.mark.parametrize("constraint", NODE_TESTS)
def test_a_constraint_on_nodes_reports_the_invalid_node(constraint: str, tmp_path: Path) -> None:
    good, bad = NODE_TESTS[constraint]
    shapes = f"ex:S a sh:NodeShape ; sh:targetClass ex:C ; {constraint} ."
    data = f"ex:good a ex:C ; {good} .\nex:bad a ex:C ; {bad} ."
    assert {node for node, _, _ in both(tmp_path, shapes, data)} == {"bad"}


@pytest.mark.parametrize("target", ["sh:targetNode ex:a", "sh:targetSubjectsOf ex:p", "sh:targetObjectsOf ex:p"])
def test_every_kind_of_target_is_evaluated(target: str, tmp_path: Path) -> None:
    shapes = f"ex:S a sh:NodeShape ; {target} ; sh:property [ sh:path ex:name ; sh:minCount 1 ] ."
    expected = "b" if "Objects" in target else "a"
    assert both(tmp_path, shapes, "ex:a ex:p ex:b .") == {(expected, "MinCount", None)}


def test_a_class_that_is_a_shape_is_its_own_target(tmp_path: Path) -> None:
    shapes = "ex:C a sh:NodeShape, rdfs:Class ; sh:property [ sh:path ex:name ; sh:minCount 1 ] ."
    assert both(tmp_path, shapes, "ex:a a ex:C .") == {("a", "MinCount", None)}


TERMS = st.sampled_from(
    'ex:d ex:c "a" "a"@en "b"@en "" 1 01 1.0 -3 true "2024-02-30"^^xsd:date "2024-12-31"^^xsd:date "2024"^^xsd:gYear'
    ' "x"^^xsd:integer "http://a" <urn:x> "äb"@de-AT'.split(" ")
)
DEMANDS = st.sampled_from([*VALUE_TESTS, "sh:minCount 1", "sh:maxCount 1", "sh:uniqueLang true", "sh:hasValue 1"])


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TERMS, max_size=5), DEMANDS, DEMANDS)
def test_both_modes_agree_on_random_values(tmp_path: Path, values: list[str], first: str, second: str) -> None:
    shapes = f"""ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:property ex:P, ex:Q .
        ex:P sh:path ex:p ; {first} . ex:Q sh:path ex:p ; {second} ."""
    data = WORLD + "ex:a a ex:C . ex:b a ex:C ; ex:p 1 .\n" + "".join(f"ex:a ex:p {value} .\n" for value in values)
    both(tmp_path, shapes, data)


# Pitfalls.


def test_a_misspelled_keyword_of_pyshacl_is_an_error() -> None:
    with pytest.raises(TypeError, match="shacl_grph"):
        call_pyshacl(rdflib.Graph(), rdflib.Graph(), shacl_grph=rdflib.Graph())


def test_a_misspelled_target_class_is_noted(tmp_path: Path) -> None:
    shapes = "ex:S a sh:NodeShape ; sh:targetClass ex:Cc ; sh:property [ sh:path ex:name ; sh:minCount 1 ] ."
    report = check(tmp_path, shapes, "ex:a a ex:C .")
    assert not report.ok  # no record was checked
    assert "<https://example.org/Cc>" in report.notes[0]
    assert "check the spelling" in report.to_text()


def test_a_constraint_without_a_sparql_form_is_noted(tmp_path: Path) -> None:
    shapes = "ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:datatype xsd:anyURI ."
    assert any("no SPARQL form" in note for note in check(tmp_path, shapes, "ex:a a ex:C .").notes)


def test_the_bundled_shapes_all_have_a_sparql_form(graph: ThreatGraph) -> None:
    assert list(graph.validate(hints=True).notes) == []


# Reports.

SHAPES = """ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:property ex:P .
ex:P sh:path ex:p ; sh:maxCount 1 ; sh:datatype xsd:integer ; sh:message "100% of it: one, a number." ."""
DATA = """ex:a
    a ex:C ;
    ex:p 1 ;
    ex:p "one" ;
    .
"""


@pytest.fixture
def report(tmp_path: Path) -> ValidationReport:
    return check(tmp_path, SHAPES, DATA)


def test_a_result_has_file_line_node_rule_and_remedy(report: ValidationReport, tmp_path: Path) -> None:
    count, datatype = report
    lines = (tmp_path / "data.ttl").read_text().splitlines()
    assert (datatype.component, count.component) == ("Datatype", "MaxCount")
    assert datatype.file == tmp_path / "data.ttl"
    assert lines[datatype.line - 1 if datatype.line else 0] == '    ex:p "one" ;'
    assert lines[count.line - 1 if count.line else 0] == "    ex:p 1 ;"
    assert datatype.node == "https://example.org/a"
    assert datatype.rule == "https://example.org/P"
    assert datatype.value == "one"
    assert datatype.message == "100% of it: one, a number."


def test_the_report_as_text_and_json(report: ValidationReport, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert report.to_text().splitlines()[-1] == "2 violations; checked 1 record against 1 shape"
    assert report.to_text().startswith("data.ttl:")
    content = json.loads(report.to_json())
    assert content["ok"] is False
    assert [result["component"] for result in content["results"]] == ["MaxCount", "Datatype"]


def test_the_turtle_report_equals_that_of_pyshacl(report: ValidationReport, tmp_path: Path) -> None:
    ours = rdflib.Graph().parse(data=report.to_turtle(), format="turtle")
    assert list(parse(report.to_turtle(), format=RdfFormat.TURTLE))
    data = rdflib.Graph().parse(tmp_path / "data.ttl")
    theirs = call_pyshacl(data, rdflib.Graph().parse(tmp_path / "shapes.ttl"))
    sh = rdflib.Namespace("http://www.w3.org/ns/shacl#")

    def results(graph: rdflib.Graph) -> set[frozenset[tuple[object, object]]]:
        nodes = graph.subjects(rdflib.RDF.type, sh.ValidationResult)
        return {frozenset(graph.predicate_objects(node)) for node in nodes}

    assert results(ours) == results(theirs)
    assert list(ours.objects(None, sh.conforms)) == [rdflib.Literal(False)]
    assert "sh:conforms true" in ValidationReport([]).to_turtle()


def test_the_report_as_annotations_is_escaped() -> None:
    result = ValidationResult(
        "warning", "urn:a:b,c", None, None, "urn:x#Rule", "Class", "50% off,\nnow", Path("/a:b,c.ttl"), 3
    )
    line = ValidationReport([result]).to_github()
    assert line == ("::warning file=/a%3Ab%2Cc.ttl,line=3,title=Rule%3A urn%3Aa%3Ab%2Cc::50%25 off,%0Anow\n")
    assert ValidationReport([], ["note"]).to_github() == "::notice::note\n"


def test_a_report_does_not_depend_on_the_order_of_statements(tmp_path: Path) -> None:
    turned = "ex:a ex:p 'one' , 1 ; a ex:C ."
    texts = {check(tmp_path, SHAPES, text).to_turtle() for text in (DATA, turned)}
    assert len(texts) == 1


# Files.


def test_only_results_of_the_selected_files_are_reported(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.ttl").write_text(HEAD + f'ex:{name} a ex:C ; ex:p "{name}" .')
    (tmp_path / "shapes.ttl").write_text(HEAD + SHAPES)
    store = MemoryStore.open([tmp_path / "one.ttl", tmp_path / "two.ttl"], bundled=False)
    report = validate(store, shapes=[tmp_path / "shapes.ttl"], only=[tmp_path / "two.ttl"])
    assert [result.value for result in report] == ["two"]


def test_a_record_in_two_files_is_reported_for_both(tmp_path: Path) -> None:
    files = [tmp_path / "one.ttl", tmp_path / "two.ttl"]
    for file in files:
        file.write_text("<urn:a> a <https://w3id.org/threatgraph/ontology#Asset> .")
    report = validate(MemoryStore.open(files, bundled=False), shapes=[_no_shapes(tmp_path)])
    assert [(result.file, result.line) for result in report] == [(files[0], 1), (files[1], 1)]
    assert str(files[1]) in report.results[0].message


def test_shapes_that_are_missing_or_broken_are_named(graph: ThreatGraph, tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="no such file"):
        validate(graph.store, shapes=[tmp_path / "none.ttl"])
    broken = tmp_path / "broken.ttl"
    broken.write_text("ex:S a sh:NodeShape .")
    with pytest.raises(InvalidFile, match=r"broken\.ttl:1"):
        validate(graph.store, shapes=[broken])


def test_a_constraint_that_calls_another_server_is_refused(tmp_path: Path) -> None:
    select = "SELECT $this WHERE { SERVICE <http://example.org/> { $this ?p ?o } }"
    shapes = f"ex:S a sh:NodeShape ; sh:targetClass ex:C ; sh:sparql [ sh:select '{select}' ] ."
    with pytest.raises(QueryRefused, match="SERVICE"):
        check(tmp_path, shapes, "ex:a a ex:C .")


def _no_shapes(folder: Path) -> Path:
    path = folder / "shapes.ttl"
    path.write_text("")
    return path


@pytest.mark.skipif(not os.environ.get("THREATGRAPH_SLOW"), reason="pyshacl over all nodes takes most of a minute")
def test_both_modes_agree_on_the_bundled_graph(graph: ThreatGraph) -> None:
    assert list(graph.validate(hints=True)) == list(graph.validate(hints=True, fast=False))
