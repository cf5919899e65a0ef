"""SHACL Advanced Features are evaluated on request, and otherwise reported as not evaluated."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from threatgraph import ThreatGraph
from threatgraph.cli import main
from threatgraph.errors import InvalidShape
from threatgraph.validate import ValidationReport
from validation_samples import HEAD, SHAPE, report_on

EX = "https://example.org/"
DATA = "ex:a a ex:P ; ex:w 2 ; ex:h 2 . ex:b a ex:P ; ex:w 2 ; ex:h 3 . ex:c a ex:Q ; ex:land ex:DE ."
PREFIXES = f'ex:o sh:declare [ sh:prefix "ex" ; sh:namespace "{EX}" ] . '
VAT = "sh:property [ sh:path ex:vat ; sh:minCount 1 ; sh:message 'needs a number' ]"
TARGET = 'sh:prefixes ex:o ; sh:select "SELECT ?this WHERE { ?this ex:land ex:DE }"'
SIDE = "sh:property [ sh:path ex:side ; sh:minCount 1 ; sh:message 'needs a side' ]"
SQUARE = f"ex:SquareShape a sh:NodeShape ; sh:targetClass ex:Square ; {SIDE} . "
EQUAL = "[ sh:property [ sh:path ex:w ; sh:equals ex:h ] ]"
CONSTRUCT = "CONSTRUCT { $this a ex:Square } WHERE { $this ex:w ?s ; ex:h ?s }"
#: By feature: shapes, and the node and message of the expected result.
FEATURES = {
    "target": (f"ex:S a sh:NodeShape ; sh:target [ a sh:SPARQLTarget ; {TARGET} ] ; {VAT} .", "c", "needs a number"),
    "target without a type": (f"ex:S a sh:NodeShape ; sh:target [ {TARGET} ] ; {VAT} .", "c", "needs a number"),
    "type of target": (
        "ex:T a sh:SPARQLTargetType ; rdfs:subClassOf sh:Target ; sh:parameter [ sh:path ex:of ] ; sh:prefixes ex:o ; "
        'sh:select "SELECT ?this { ?this ex:land $of }" . '
        f"ex:S a sh:NodeShape ; sh:target [ a ex:T ; ex:of ex:DE ] ; {VAT} .",
        "c",
        "needs a number",
    ),
    "rule of triples": (
        SHAPE + f"sh:rule [ a sh:TripleRule ; sh:subject sh:this ; sh:predicate rdf:type ; sh:object ex:Square ; "
        f"sh:condition ex:Equal ] . ex:Equal a sh:NodeShape ; sh:property [ sh:path ex:w ; sh:equals ex:h ] . {SQUARE}",
        "a",
        "needs a side",
    ),
    "rule in SPARQL": (
        SHAPE + f'sh:rule [ a sh:SPARQLRule ; sh:prefixes ex:o ; sh:construct "{CONSTRUCT}" ] . {SQUARE}',
        "a",
        "needs a side",
    ),
    "expression": (
        SHAPE
        + "sh:expression [ sh:union ( true ) ; sh:message 'm' ] ; "
        + "sh:property [ sh:path ex:h ; sh:maxInclusive 2 ; sh:message 'high' ] .",
        "b",
        "high",
    ),
    "function": (
        "ex:area a sh:SPARQLFunction ; sh:parameter [ sh:path ex:one ; sh:order 1 ], [ sh:path ex:two ; sh:order 2 ] ; "
        'sh:returnType xsd:integer ; sh:select "SELECT ($one * $two AS ?area) {}" . '
        + SHAPE
        + 'sh:sparql [ sh:prefixes ex:o ; sh:message "wide" ; '
        'sh:select "SELECT $this { $this ex:w ?w ; ex:h ?h FILTER(ex:area(?w, ?h) > 5) }" ] .',
        "b",
        "wide",
    ),
}


def reported(report: ValidationReport) -> set[tuple[str, str]]:
    return {(result.node.removeprefix(EX), result.message) for result in report}


@pytest.mark.parametrize("feature", FEATURES)
def test_a_feature_is_evaluated_with_advanced(feature: str, tmp_path: Path) -> None:
    shapes, node, message = FEATURES[feature]
    report = report_on(tmp_path, PREFIXES + shapes, DATA, advanced=True)
    assert reported(report) == {(node, message)}
    assert report.unevaluated == []
    assert report.records


@pytest.mark.parametrize("feature", FEATURES)
def test_without_advanced_a_feature_prevents_conformance(feature: str, tmp_path: Path) -> None:
    shapes, _, _ = FEATURES[feature]
    if feature == "function":  # the query that calls it cannot be read without it
        with pytest.raises(InvalidShape, match=r"area.*advanced=True"):
            report_on(tmp_path, PREFIXES + shapes, DATA)
        return
    report = report_on(tmp_path, PREFIXES + shapes, DATA)
    assert not report.ok
    assert ["`advanced=True`" in item.reason for item in report.unevaluated] == [True]


def test_the_nodes_of_a_sparql_based_target_are_counted(tmp_path: Path) -> None:
    report = report_on(tmp_path, PREFIXES + FEATURES["target"][0], DATA, advanced=True)
    assert (report.records, report.shapes) == (1, 1)


def test_only_the_nodes_of_the_files_are_counted(tmp_path: Path) -> None:
    for name, text in (
        ("full", DATA),
        ("other", "ex:d ex:land ex:DE ."),
        ("empty", ""),
        ("shapes", FEATURES["target"][0]),
    ):
        (tmp_path / f"{name}.ttl").write_text(HEAD + PREFIXES * (name == "shapes") + text)
    graph = ThreatGraph.open([tmp_path / f"{name}.ttl" for name in ("full", "other", "empty")], bundled=False)
    for name, count in (("full", 1), ("other", 1), ("empty", 0)):
        report = graph.validate([tmp_path / f"{name}.ttl"], shapes=[tmp_path / "shapes.ttl"], advanced=True)
        assert (report.records, len(report), report.unevaluated == []) == (count, count, bool(count))


def test_core_shapes_have_the_same_results_with_advanced(tmp_path: Path) -> None:
    shapes = (
        SHAPE
        + "sh:property [ sh:path ex:h ; sh:maxInclusive 2 ] ; sh:closed true ; sh:ignoredProperties ( rdf:type ) ."
    )
    plain, advanced = (report_on(tmp_path, shapes, DATA, advanced=way) for way in (False, True))
    assert advanced == plain
    assert len(plain) > 1


def test_declared_components_and_advanced_features_can_be_combined(tmp_path: Path) -> None:
    component = """ex:C a sh:ConstraintComponent ; sh:parameter [ sh:path ex:most ] ;
        sh:validator [ sh:ask "ASK { FILTER($value <= $most) }" ; sh:message "over {$most}" ] . """
    shapes = (
        PREFIXES
        + component
        + FEATURES["target"][0]
        + SHAPE.replace("ex:S", "ex:R")
        + "sh:property [ sh:path ex:h ; ex:most 2 ] ."
    )
    assert reported(report_on(tmp_path, shapes, DATA, advanced=True)) == {("c", "needs a number"), ("b", "over 2")}


@pytest.mark.parametrize(
    "expression",
    [
        "[ sh:if [ sh:path ex:w ] ; sh:then true ; sh:else false ]",
        "[ sh:filterShape [ sh:class ex:P ] ; sh:nodes [ sh:path ex:w ] ]",
        "[ sh:union ( [ sh:count [ sh:path ex:w ] ] ) ]",
        "[ sh:sparqlExpr 'true' ]",
    ],
)
def test_what_pyshacl_does_not_evaluate_is_reported_with_advanced_too(expression: str, tmp_path: Path) -> None:
    shapes = SHAPE + f"sh:expression {expression} ; sh:property [ sh:path ex:h ; sh:maxInclusive 2 ] ."
    report = report_on(tmp_path, shapes, DATA, advanced=True)
    assert [result.node for result in report] == [f"{EX}b"]
    assert [item.term for item in report.unevaluated] == ["sh:expression"]


@pytest.mark.parametrize(
    "shapes",
    [
        SHAPE + "sh:rule [ a sh:JSRule ; sh:jsFunctionName 'f' ] .",
        SHAPE + "sh:rule [ sh:subject sh:this ] .",
        "ex:S a sh:NodeShape ; sh:target [ a ex:Unknown ] ; sh:nodeKind sh:IRI .",
        SHAPE + "sh:js [] .",
    ],
)
def test_targets_and_rules_of_other_kinds_are_reported_with_advanced_too(shapes: str, tmp_path: Path) -> None:
    report = report_on(tmp_path, shapes, DATA, advanced=True)
    assert report.unevaluated
    assert not report.ok


def test_an_unknown_function_in_a_target_is_refused(tmp_path: Path) -> None:
    shapes = (
        'ex:S a sh:NodeShape ; sh:target ex:T . ex:T sh:select "SELECT ?this { ?this ?p ?o FILTER(<urn:f>(?o)) }" .'
    )
    with pytest.raises(InvalidShape, match=r"<https://example\.org/T> calls <urn:f>"):
        report_on(tmp_path, shapes, DATA, advanced=True)


@pytest.mark.parametrize("prefix", ["nowhere", "foaf"])
def test_an_invalid_query_is_named(prefix: str, tmp_path: Path) -> None:
    shapes = f'ex:S a sh:NodeShape ; sh:target ex:T . ex:T sh:select "SELECT ?this {{ ?this {prefix}:x ?y " .'
    with pytest.raises(InvalidShape, match=r"<https://example\.org/T>"):
        report_on(tmp_path, shapes, DATA, advanced=True)


def test_the_command_and_python_evaluate_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = tmp_path / "data.ttl", tmp_path / "shapes.ttl"
    for file, text in zip(files, (DATA, PREFIXES + FEATURES["target"][0]), strict=True):
        file.write_text(HEAD + text)
    command = ["--no-bundled", "--data", str(files[0]), "validate", "--shapes", str(files[1]), "--format", "json"]
    assert main(command) == 2
    content = json.loads(capsys.readouterr().out)
    assert (content["results"], len(content["not_evaluated"])) == ([], 1)
    assert main([*command, "--advanced"]) == 2
    content = json.loads(capsys.readouterr().out)
    assert ([result["node"] for result in content["results"]], content["not_evaluated"]) == ([f"{EX}c"], [])
    report = ThreatGraph.open([files[0]], bundled=False).validate(shapes=[files[1]], advanced=True)
    assert reported(report) == {("c", "needs a number")}
