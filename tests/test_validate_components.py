"""Declared components, prefixes, class hierarchies, messages and nesting follow the specification."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import rdflib

from threatgraph.errors import InvalidShape
from threatgraph.validate import ValidationReport
from validation_samples import COMPONENT, DATA, HEAD, MODES, SHAPE, report_on

EX = "https://example.org/"


def found(report: ValidationReport) -> set[tuple[str, str | None, str]]:
    """The node, value and message of each result, after a check that everything was evaluated."""
    assert report.unevaluated == []
    return {(result.node.removeprefix(EX), result.value, result.message) for result in report}


# Declared components (SHACL, section 6).

ASK = """ex:C a sh:ConstraintComponent ; sh:parameter [ sh:path ex:only ] ;
    sh:validator [ a sh:SPARQLAskValidator ; sh:ask "ASK { FILTER(STR($value) = STR($only)) }" ;
    sh:message "{$value} is not {?only}" ] . """
PEOPLE = "ex:a a ex:P ; ex:v 'x' . ex:b a ex:P ; ex:v 'y', 'z' ."


@MODES
def test_an_ask_validator_evaluates_each_value(tmp_path: Path, fast: bool) -> None:
    report = report_on(tmp_path, ASK + SHAPE + "sh:property [ sh:path ex:v ; ex:only 'x' ] .", PEOPLE, fast=fast)
    assert found(report) == {("b", "y", "y is not x"), ("b", "z", "z is not x")}
    assert {result.component for result in report} == {f"{EX}C"}
    assert {result.rule for result in report} == {f"{EX}S"}


@MODES
@pytest.mark.parametrize("value", ["0", "false", '""', "0.0"])
def test_an_empty_or_zero_value_is_bound(value: str, tmp_path: Path, fast: bool) -> None:
    ask = COMPONENT + 'sh:validator [ sh:ask "ASK { FILTER(!BOUND($value)) }" ] . '
    shapes = ask + SHAPE + "sh:property [ sh:path ex:v ; ex:only 1 ] ."
    report = report_on(tmp_path, shapes, f"ex:a a ex:P ; ex:v {value} .", fast=fast)
    assert len(found(report)) == 1


@MODES
def test_each_value_of_a_single_parameter_is_a_constraint(tmp_path: Path, fast: bool) -> None:
    shapes = ASK + SHAPE + "sh:property [ sh:path ex:v ; ex:only 'x', 'y' ] ."
    report = report_on(tmp_path, shapes, "ex:a a ex:P ; ex:v 'x' .", fast=fast)
    assert found(report) == {("a", "x", "x is not y")}


@MODES
def test_a_select_validator_of_a_node_shape_names_the_node(tmp_path: Path, fast: bool) -> None:
    component = COMPONENT + (
        'sh:nodeValidator [ sh:select "SELECT $this WHERE { $this <https://example.org/v> ?v FILTER(?v = $only) }" ] ; '
        'sh:labelTemplate "No value is {$only}." . '
    )
    report = report_on(tmp_path, component + SHAPE + "ex:only 'z' .", PEOPLE, fast=fast)
    assert found(report) == {("b", f"{EX}b", "No value is z.")}


@MODES
def test_a_select_validator_of_a_property_shape_follows_the_path(tmp_path: Path, fast: bool) -> None:
    select = "SELECT $this ?value WHERE { $this $PATH ?value FILTER(STRLEN(?value) > $longest) }"
    component = f"""ex:C a sh:ConstraintComponent ; rdfs:label "short" ; sh:parameter [ sh:path ex:longest ] ;
        sh:propertyValidator [ a sh:SPARQLSelectValidator ; sh:select "{select}" ] . """
    shapes = component + SHAPE + "sh:property [ sh:path ( ex:to ex:v ) ; ex:longest 2 ] ."
    data = "ex:a a ex:P ; ex:to ex:b . ex:b ex:v 'ab', 'abc' ."
    assert found(report_on(tmp_path, shapes, data, fast=fast)) == {
        ("a", "abc", "This value does not meet the constraint: short.")
    }


@MODES
@pytest.mark.parametrize(
    ("reference", "broken"),
    [
        ("sh:node ex:N", {"b"}),
        ("sh:not ex:N", {"a"}),
        ("sh:or ( ex:N [ sh:class ex:None ] )", {"b"}),
        ("sh:xone ( ex:N [ sh:class ex:P ] )", {"a"}),
        ("sh:property [ sh:path ex:self ; sh:qualifiedValueShape ex:N ; sh:qualifiedMinCount 1 ]", {"b"}),
    ],
)
def test_a_component_applies_inside_other_shapes(reference: str, broken: set[str], tmp_path: Path, fast: bool) -> None:
    shapes = ASK + "ex:N a sh:NodeShape ; sh:property [ sh:path ex:v ; ex:only 'x' ] . " + SHAPE + reference + " ."
    data = "ex:a a ex:P ; ex:v 'x' ; ex:self ex:a . ex:b a ex:P ; ex:v 'y' ; ex:self ex:b ."
    assert {node for node, _, _ in found(report_on(tmp_path, shapes, data, fast=fast))} == broken


@MODES
def test_an_optional_parameter_may_be_left_out_and_a_mandatory_one_not(tmp_path: Path, fast: bool) -> None:
    component = """ex:C a sh:ConstraintComponent ;
        sh:parameter [ sh:path ex:must ], [ sh:path ex:may ; sh:optional true ] ;
        sh:validator [ sh:ask "ASK { FILTER($value = $must || $value = COALESCE($may, 'none')) }" ] . """
    shapes = component + "".join(
        f"ex:{name} sh:targetClass ex:P ; sh:property ex:{name}P . ex:{name}P sh:path ex:v ; {given} . "
        for name, given in (("S", "ex:must 'x'"), ("T", "ex:must 'x' ; ex:may 'y'"), ("U", "ex:may 'x'"))
    )
    report = report_on(tmp_path, shapes, PEOPLE, fast=fast)
    assert {(result.rule, result.value) for result in report} == {
        (f"{EX}SP", "y"),
        (f"{EX}SP", "z"),
        (f"{EX}TP", "z"),
    }


@MODES
def test_messages_of_a_shape_come_before_those_of_a_validator(tmp_path: Path, fast: bool) -> None:
    shapes = ASK + SHAPE + "sh:property [ sh:path ex:v ; ex:only 'x' ; sh:message 'Only x.' ] ."
    assert {message for _, _, message in found(report_on(tmp_path, shapes, PEOPLE, fast=fast))} == {"Only x."}


@MODES
def test_a_component_may_be_an_instance_of_a_subclass(tmp_path: Path, fast: bool) -> None:
    shapes = (
        ASK.replace("a sh:ConstraintComponent", "a ex:Kind") + SHAPE + "sh:property [ sh:path ex:v ; ex:only 'x' ] ."
    )
    shapes += " ex:Kind rdfs:subClassOf ex:Above . ex:Above rdfs:subClassOf sh:ConstraintComponent ."
    assert len(found(report_on(tmp_path, shapes, PEOPLE, fast=fast))) == 2


@pytest.mark.parametrize(
    "parameter", ["sh:path ex:this", "sh:path ex:value", "sh:path ( ex:p ex:q )", "sh:name 'x'", "sh:path ex:a-b"]
)
def test_a_component_with_an_invalid_parameter_is_refused(parameter: str, tmp_path: Path) -> None:
    component = f"ex:C a sh:ConstraintComponent ; sh:parameter [ {parameter} ] ; sh:validator [ sh:ask 'ASK {{}}' ] . "
    with pytest.raises(InvalidShape, match=r"<https://example\.org/C>"):
        report_on(tmp_path, component + SHAPE + "sh:nodeKind sh:IRI .")


@MODES
def test_the_same_component_evaluates_two_graphs(tmp_path: Path, fast: bool) -> None:
    shapes = ASK + SHAPE + "sh:property [ sh:path ex:v ; ex:only '{}' ] ."
    for only, left in (("x", {"y", "z"}), ("y", {"x", "z"})):
        report = report_on(tmp_path, shapes.replace("{}", only), PEOPLE, fast=fast)
        assert {value for _, value, _ in found(report)} == left


@MODES
def test_the_message_of_a_query_comes_first(tmp_path: Path, fast: bool) -> None:
    select = "SELECT $this ?message WHERE { $this $PATH ?v BIND(CONCAT('no ', ?v) AS ?message) FILTER(?v != $only) }"
    component = COMPONENT + f'sh:propertyValidator [ sh:message "{{?only}}" ; sh:select "{select}" ] . '
    report = report_on(tmp_path, component + SHAPE + "sh:property [ sh:path ex:v ; ex:only 'y' ] .", PEOPLE, fast=fast)
    assert {(node, message) for node, _, message in found(report)} == {("a", "no x"), ("b", "no z")}
    for own in ('sh:message "of its own" ; ', ""):
        constraint = f'sh:sparql [ {own}sh:select "{select}" ]'.replace("$only", "'y'")
        report = report_on(tmp_path, SHAPE + f"sh:property [ sh:path ex:v ; {constraint} ] .", PEOPLE, fast=fast)
        assert {(node, message) for node, _, message in found(report)} == {("a", "no x"), ("b", "no z")}


@MODES
@pytest.mark.parametrize("path", ["<urn:example:only>", "<https://example.org/a/b#only>", "<https://example.org/only>"])
def test_the_variable_of_a_parameter_is_its_local_name(path: str, tmp_path: Path, fast: bool) -> None:
    shapes = (ASK + SHAPE + "sh:property [ sh:path ex:v ; ex:only 'x' ] .").replace("ex:only", path)
    assert {value for _, value, _ in found(report_on(tmp_path, shapes, PEOPLE, fast=fast))} == {"y", "z"}


def test_threads_do_not_disturb_each_other(tmp_path: Path) -> None:
    def values(number: int) -> set[str | None]:
        folder = tmp_path / str(number)
        folder.mkdir()
        only = "xyz"[number % 3]
        report = report_on(folder, ASK + SHAPE + f"sh:property [ sh:path ex:v ; ex:only '{only}' ] .", PEOPLE)
        return {only, *(value for _, value, _ in found(report))}

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(values, range(12))) == [{"x", "y", "z"}] * 12


def test_pyshacl_itself_is_not_changed(tmp_path: Path) -> None:
    from pyshacl.constraints.sparql.sparql_based_constraint_components import SPARQLConstraintComponent as Theirs
    from rdflib.plugins.sparql import evaluate

    before = Theirs.make_validator_for_shape, evaluate.evalServiceQuery
    report_on(tmp_path, ASK + SHAPE + "sh:property [ sh:path ex:v ; ex:only 'x' ] .", PEOPLE)
    assert (Theirs.make_validator_for_shape, evaluate.evalServiceQuery) == before


# Queries of constraints (section 5).

CONSTRAINT = (
    SHAPE
    + 'sh:sparql [ sh:prefixes ex:o ; sh:message "bad" ; sh:select "SELECT $this ?value { $this e:size ?value }" ] . '
)
DECLARES = f'sh:declare [ sh:prefix "e" ; sh:namespace "{EX}"^^xsd:anyURI ]'


@MODES
@pytest.mark.parametrize(
    "holders",
    [
        f"ex:o {DECLARES} .",
        f"ex:o owl:imports ex:p . ex:p {DECLARES} .",
        f"ex:o a owl:Ontology ; owl:imports ex:p . ex:p a owl:Ontology ; owl:imports ex:q . ex:q {DECLARES} .",
        f"ex:o owl:imports ex:p . ex:p owl:imports ex:o ; {DECLARES} .",
        f"ex:o {DECLARES} ; owl:imports ex:o .",
    ],
    ids=["direct", "imported", "imported twice", "in a circle", "by itself"],
)
def test_prefixes_are_read_from_imports(holders: str, tmp_path: Path, fast: bool) -> None:
    assert found(report_on(tmp_path, CONSTRAINT + holders, fast=fast)) == {("a", "5", "bad")}


@pytest.mark.parametrize(
    "holders",
    [
        f'ex:o {DECLARES}, [ sh:prefix "e" ; sh:namespace "urn:other" ] .',
        f'ex:o {DECLARES} ; owl:imports ex:p . ex:p sh:declare [ sh:prefix "e" ; sh:namespace "urn:other" ] .',
        'ex:o sh:declare [ sh:prefix "e" ] .',
        'ex:o sh:declare [ sh:prefix "e" ; sh:namespace "urn:a> SELECT ?this { ?this ?p ?o } #" ] .',
        'ex:o sh:declare [ sh:prefix "e:" ; sh:namespace "urn:a" ] .',
        "ex:o a owl:Ontology .",
    ],
    ids=["two namespaces", "another is imported", "incomplete", "no namespace", "no prefix", "none"],
)
@MODES
def test_invalid_prefixes_name_the_shape(holders: str, tmp_path: Path, fast: bool) -> None:
    with pytest.raises(InvalidShape, match=r"<https://example\.org/S>"):
        report_on(tmp_path, CONSTRAINT + holders, fast=fast)


@MODES
@pytest.mark.parametrize("value", ["a\\\\d", "\\\\1", "{?this}", "100%"])
def test_a_value_is_reported_verbatim(value: str, tmp_path: Path, fast: bool) -> None:
    select = "SELECT $this ?value WHERE { $this <https://example.org/v> ?value } ORDER BY ?value"
    shapes = SHAPE + f'sh:sparql [ sh:message "it is {{?value}}" ; sh:select "{select}" ] .'
    report = report_on(tmp_path, shapes, f'ex:a a ex:P ; ex:v "{value}" .', fast=fast)
    plain = value.replace("\\\\", "\\")
    assert found(report) == {("a", plain, f"it is {plain}")}


@MODES
def test_a_query_may_read_the_shapes_graph(tmp_path: Path, fast: bool) -> None:
    there = "GRAPH $shapesGraph { $currentShape <https://example.org/least> ?least }"
    select = f"SELECT $this {{ {there} $this ?p ?n FILTER(?n < ?least) }}"
    shapes = SHAPE + f'ex:least 6 ; sh:sparql [ sh:message "small" ; sh:select "{select}" ] .'
    assert found(report_on(tmp_path, shapes, fast=fast)) == {("a", f"{EX}a", "small")}


@MODES
def test_a_target_node_without_statements_is_a_value_of_itself(tmp_path: Path, fast: bool) -> None:
    select = "SELECT $this ?value WHERE { $this <https://example.org/r>* ?value }"
    shapes = f'ex:S a sh:NodeShape ; sh:targetNode ex:absent ; sh:sparql [ sh:message "m" ; sh:select "{select}" ] .'
    assert found(report_on(tmp_path, shapes, fast=fast)) == {("absent", f"{EX}absent", "m")}


# The class hierarchies of the shapes graph (section 2.1.3.3) and of the data.


@MODES
@pytest.mark.parametrize(
    "shape",
    [
        "ex:P a rdfs:Class, sh:NodeShape ; ",
        "ex:P a owl:Class, sh:NodeShape ; ",
        "ex:Meta rdfs:subClassOf rdfs:Class . ex:P a ex:Meta, sh:NodeShape ; ",
        "ex:Meta rdfs:subClassOf ex:Above . ex:Above rdfs:subClassOf owl:Class . ex:P a ex:Meta, sh:NodeShape ; ",
        "ex:Meta rdfs:subClassOf rdfs:Class, sh:NodeShape . ex:P a ex:Meta ; ",
    ],
)
def test_a_class_that_is_a_shape_is_its_own_target(shape: str, tmp_path: Path, fast: bool) -> None:
    report = report_on(
        tmp_path, shape + "sh:property [ sh:path ex:none ; sh:minCount 1 ; sh:message 'm' ] .", fast=fast
    )
    assert found(report) == {("a", None, "m")}


@MODES
def test_the_class_hierarchy_of_the_shapes_does_not_apply_to_the_data(tmp_path: Path, fast: bool) -> None:
    shapes = "ex:S a sh:NodeShape ; sh:targetClass ex:Above ; sh:nodeKind sh:Literal . ex:P rdfs:subClassOf ex:Above ."
    assert (
        found(report_on(tmp_path, shapes + SHAPE.replace("ex:S", "ex:T") + "sh:nodeKind sh:IRI .", fast=fast)) == set()
    )
    below = "ex:P rdfs:subClassOf ex:Above ."
    assert len(found(report_on(tmp_path, shapes, DATA + below, fast=fast))) == 1


# Messages.


@MODES
@pytest.mark.parametrize(
    ("messages", "reported"),
    [
        ('"one"@en, "eins"@de, "un"@fr', "one"),
        ('"eins"@de, "un"@fr', "eins"),
        ('"plain", "eins"@de', "plain"),
        ('"plain", "one"@en-GB', "one"),
        ('"b", "a"', "a b"),
    ],
)
@pytest.mark.parametrize("constraint", ["sh:minInclusive 6", 'sh:sparql [ sh:select "SELECT $this { $this ?p 5 }" ]'])
def test_one_message_is_shown_and_all_are_kept(
    messages: str, reported: str, constraint: str, tmp_path: Path, fast: bool
) -> None:
    shapes = SHAPE + f"sh:property [ sh:path ex:size ; {constraint} ; sh:message {messages} ] ."
    report = report_on(tmp_path, shapes, fast=fast)
    assert [result.message for result in report] == [reported]
    graph = rdflib.Graph().parse(data=report.to_turtle(), format="turtle")
    kept = {value.n3() for value in graph.objects(None, rdflib.SH.resultMessage)}
    assert {text.lower() for text in kept} == {text.lower() for text in messages.split(", ")}


@MODES
def test_a_message_with_placeholders_keeps_its_language(tmp_path: Path, fast: bool) -> None:
    select = "SELECT $this ?value WHERE { $this <https://example.org/size> ?value }"
    constraint = f'sh:sparql [ sh:message "ist {{?value}}"@de, "is {{?value}}"@en ; sh:select "{select}" ]'
    report = report_on(tmp_path, SHAPE + constraint + " .", fast=fast)
    assert [result.message for result in report] == ["is 5"]
    assert '"is 5"@en' in report.to_turtle()
    assert '"ist 5"@de' in report.to_turtle()


def test_the_message_does_not_change_from_run_to_run(tmp_path: Path) -> None:
    shapes = SHAPE + 'sh:nodeKind sh:Literal ; sh:message "one"@en, "two"@en, "eins"@de, "un"@fr .'
    report_on(tmp_path, shapes)
    code = f"""if True:
        from pathlib import Path
        from threatgraph.store import MemoryStore
        from threatgraph.validate import validate
        store = MemoryStore.open([Path({str(tmp_path / "data.ttl")!r})], bundled=False)
        report = validate(store, shapes=[Path({str(tmp_path / "shapes.ttl")!r})])
        print(report.to_text() + report.to_turtle() + report.to_json())"""
    reported = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
        ).stdout
        for seed in range(4)
    }
    assert len(reported) == 1
    assert "one two" in reported.pop()


# Depth.


@MODES
@pytest.mark.parametrize("depth", [20, 140])
def test_shapes_may_be_nested(depth: int, tmp_path: Path, fast: bool) -> None:
    data = (
        "ex:n0 a ex:P . " + "".join(f"ex:n{n} ex:to ex:n{n + 1} . " for n in range(depth)) + f"ex:n{depth} ex:q 1, 2 ."
    )
    inner = "[ sh:path ex:q ; sh:maxCount 1 ; sh:message 'deep' ]"
    for _ in range(depth):
        inner = f"[ sh:path ex:to ; sh:property {inner} ]"
    report = report_on(tmp_path, f"{SHAPE} sh:property {inner} .", data, fast=fast)
    assert found(report) == {(f"n{depth}", None, "deep")}


@MODES
def test_shapes_nested_too_deep_are_refused_in_one_line(tmp_path: Path, fast: bool) -> None:
    shapes = SHAPE + "sh:property ex:P0 . "
    shapes += "".join(f"ex:P{n} sh:path ex:to ; sh:property ex:P{n + 1} . " for n in range(400))
    shapes += "ex:P400 sh:path ex:q ; sh:maxCount 1 ."
    data = "ex:n0 a ex:P ; ex:to ex:n0 ; ex:q 1, 2 ."
    with pytest.raises(InvalidShape) as error:
        report_on(tmp_path, shapes, data, fast=fast)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 500
    assert HEAD not in str(error.value)
