"""A graph conforms only if everything that applies to it was evaluated."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
import rdflib

from threatgraph import ThreatGraph
from threatgraph.cli import main
from threatgraph.errors import InvalidShape, QueryRefused, ThreatGraphError
from threatgraph.validate import ValidationReport
from threatgraph.validate.shapes import terms as sh_terms
from threatgraph.vocab import SH
from validation_samples import COMPONENT, DATA, HEAD, MODES, SHAPE, report_on


def conforms_in_turtle(report: ValidationReport) -> list[object]:
    graph = rdflib.Graph().parse(data=report.to_turtle(), format="turtle")
    return [value.toPython() for value in graph.objects(None, rdflib.SH.conforms) if isinstance(value, rdflib.Literal)]


# Items that are not evaluated are reported in every format, and the graph does not conform.

#: By kind: shapes, and a text that the report must contain.
NOT_EVALUATED = {
    "a misspelled parameter": (
        SHAPE + "sh:property [ sh:path ex:size ; sh:mincount 2 ] .",
        "did you mean sh:minCount?",
    ),
    "a misspelled parameter deep inside": (
        SHAPE + "sh:or ( [ sh:not [ sh:datatyp xsd:string ] ] [ sh:nodeKind sh:IRI ] ) .",
        "did you mean sh:datatype?",
    ),
    "a misspelled target": ("ex:S a sh:NodeShape ; sh:targetclass ex:P ; sh:nodeKind sh:Literal .", "sh:targetClass?"),
    "a misspelled class": ("ex:S a sh:NodShape ; sh:targetClass ex:P ; sh:nodeKind sh:IRI .", "sh:NodeShape?"),
    "a misspelled severity": (SHAPE + "sh:nodeKind sh:IRI ; sh:severity sh:Warn .", "sh:Warning?"),
    "a node kind that does not exist": (SHAPE + "sh:property [ sh:path ex:nothing ; sh:nodeKind sh:Iri ] .", "sh:IRI?"),
    "another namespace": (SHAPE + "<https://www.w3.org/ns/shacl#minCount> 1 .", "http://www.w3.org/ns/shacl#"),
    "a target in SPARQL": (
        'ex:S a sh:NodeShape ; sh:nodeKind sh:IRI ; sh:target [ a sh:SPARQLTarget ; sh:select "SELECT ?this {}" ] .',
        "`advanced=True`",
    ),
    "a rule": (SHAPE + "sh:rule [ a sh:TripleRule ; sh:subject sh:this ] .", "`advanced=True`"),
    "an expression": (SHAPE + "sh:expression [ sh:path ex:ok ] .", "`advanced=True`"),
    "values that are derived": (SHAPE + "sh:property [ sh:path ex:x ; sh:values [ sh:path ex:y ] ] .", "sh:values"),
    "JavaScript": (SHAPE + 'sh:js [ a sh:JSConstraint ; sh:jsFunctionName "f" ] .', "JavaScript"),
    "a rule in JavaScript": (SHAPE + 'sh:rule [ a sh:JSRule ; sh:jsFunctionName "f" ] .', "JavaScript"),
    "a target in JavaScript": (SHAPE + 'sh:target [ a sh:JSTarget ; sh:jsFunctionName "f" ] .', "JavaScript"),
    "a component in JavaScript": (
        SHAPE
        + "ex:only 1 . ex:C a sh:ConstraintComponent ; sh:parameter [ sh:path ex:only ] ; "
        + 'sh:validator [ a sh:JSValidator ; sh:jsFunctionName "f" ] .',
        "https://example.org/C",
    ),
    "an entailment": (
        SHAPE + "sh:nodeKind sh:IRI . ex:g sh:entailment <http://www.w3.org/ns/entailment/RDFS> .",
        "RDFS",
    ),
    "the entailment of rules": (SHAPE + "sh:nodeKind sh:IRI . ex:g sh:entailment sh:Rules .", "sh:entailment"),
    "a target of SHACL 1.2": ("ex:S a sh:NodeShape ; sh:targetWhere [ sh:class ex:P ] .", "SHACL 1.2"),
    "a target by an expression": ('ex:S a sh:NodeShape ; sh:targetNode [ sh:select "" ] .', "SHACL 1.2"),
    "a class that is a shape of SHACL 1.2": ("ex:P a sh:ShapeClass ; sh:nodeKind sh:Literal .", "sh:ShapeClass"),
    "a node that names its shape": (SHAPE + "sh:nodeKind sh:IRI . ex:a sh:shape ex:S .", "sh:shape"),
    "reifiers": (SHAPE + "sh:property [ sh:path ex:size ; sh:reifierShape [ sh:nodeKind sh:IRI ] ] .", "SHACL 1.2"),
    "a component of SHACL 1.2": (SHAPE + "sh:property [ sh:path ex:name ; sh:singleLine true ] .", "sh:singleLine"),
    "the node kind of SHACL 1.2": (SHAPE + "sh:property [ sh:path ex:x ; sh:nodeKind sh:TripleTerm ] .", "TripleTerm"),
    "a query without sh:sparql": (SHAPE + 'sh:select "SELECT $this WHERE { $this ?p ?o }" .', "sh:sparql [ sh:select"),
    "a constraint of DASH": (SHAPE + "sh:property [ sh:path ex:name ; dash:singleLine true ] .", "dash:singleLine"),
    "a node shape that nothing defines": (SHAPE + "sh:node ex:Nowhere .", "<https://example.org/Nowhere>"),
    "a property shape that nothing defines": (SHAPE + "sh:property ex:Nowhere .", "<https://example.org/Nowhere>"),
    "an alternative that nothing defines": (SHAPE + "sh:or ( [ sh:class ex:P ] ex:Nowhere ) .", "Nowhere"),
    "a file that is imported": (SHAPE + "sh:nodeKind sh:IRI . ex:g owl:imports <urn:more-shapes> .", "urn:more-shapes"),
    "files without shapes": ("ex:P a owl:Class .", "contain no shapes"),
    "shapes without targets": ("ex:S a sh:NodeShape ; sh:nodeKind sh:Literal .", "sh:targetClass"),
    "shapes that are hints": (SHAPE + "sh:nodeKind sh:Literal ; sh:severity sh:Info .", "`hints=True`"),
    "targets that select nothing": (
        "ex:S a sh:NodeShape ; sh:targetClass ex:Q ; sh:nodeKind sh:Literal .",
        "no records",
    ),
}


@MODES
@pytest.mark.parametrize("kind", NOT_EVALUATED)
def test_what_is_not_evaluated_is_reported(kind: str, tmp_path: Path, fast: bool) -> None:
    shapes, expected = NOT_EVALUATED[kind]
    report = report_on(tmp_path, shapes, fast=fast)
    assert expected in "".join(map(str, report.unevaluated))
    assert not report.ok
    assert not report.conforms
    assert "not known to conform" in report.to_text().splitlines()[-1]
    content = json.loads(report.to_json())
    assert (content["ok"], content["conforms"]) == (False, False)
    assert expected in json.dumps(content["not_evaluated"], ensure_ascii=False)
    assert conforms_in_turtle(report) == [False]
    assert report.to_github().startswith("::error title=Not evaluated::")


def test_the_command_fails_where_something_was_not_evaluated(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shapes, data = tmp_path / "shapes.ttl", tmp_path / "data.ttl"
    data.write_text(HEAD + DATA)
    for constraint, status in (("sh:nodeKind sh:IRI .", 0), ("sh:nodeKind sh:IRI ; sh:js [] .", 2)):
        shapes.write_text(HEAD + SHAPE + constraint)
        assert main(["--no-bundled", "--data", str(data), "validate", "--shapes", str(shapes)]) == status
        out = capsys.readouterr().out
        assert out.endswith("checked 1 record against 1 shape\n")
        assert ("not evaluated: sh:js of <https://example.org/S>" in out) == bool(status)


def test_results_are_reported_together_with_items_not_evaluated(tmp_path: Path) -> None:
    shapes = SHAPE + "sh:property [ sh:path ex:size ; sh:mincount 1 ; sh:maxInclusive 4 ] ."
    report = report_on(tmp_path, shapes)
    assert [result.component for result in report] == ["MaxInclusive"]
    assert report.to_text().splitlines()[-1].startswith("1 violation, 1 item not evaluated")


@MODES
@pytest.mark.parametrize(
    "shapes",
    [
        SHAPE + "sh:deactivated true ; sh:property [ sh:path ex:size ; sh:mincount 2 ] ; sh:js [] .",
        SHAPE + "sh:property [ sh:path ex:size ; sh:deactivated true ; sh:mincount 2 ; sh:reifierShape ex:Nowhere ] .",
        SHAPE + "sh:property ex:Off . ex:Off sh:path ex:x ; sh:deactivated true ; sh:expression [ sh:path ex:y ] .",
    ],
)
def test_a_deactivated_shape_needs_no_evaluation(shapes: str, tmp_path: Path, fast: bool) -> None:
    assert report_on(tmp_path, shapes, fast=fast).conforms


@pytest.mark.parametrize(
    "more",
    [
        "ex:S sh:name 'S'@en ; sh:description 'All.' ; sh:order 1 ; sh:group ex:G . ex:G a sh:PropertyGroup .",
        "ex:g owl:imports <http://www.w3.org/ns/shacl#>, <http://www.w3.org/2004/02/skos/core> .",
        "ex:g a owl:Ontology ; owl:imports ex:h . ex:h a owl:Ontology .",
        "ex:C a sh:ConstraintComponent ; sh:parameter [ sh:path ex:x ] ; sh:validator [ sh:ask 'ASK {}' ] .",
        "ex:f a sh:SPARQLFunction ; sh:returnType xsd:boolean ; sh:ask 'ASK {}' .",
        "ex:S sh:ignoredProperties ( rdf:type ) .",
        "ex:S sh:property [ sh:path ex:name ; sh:flags 'i' ; sh:defaultValue 'x' ] .",
    ],
    ids=[
        "descriptions",
        "vocabularies",
        "a file that is there",
        "unused component",
        "unused function",
        "ignored",
        "flags",
    ],
)
@MODES
def test_a_term_without_a_constraint_does_not_prevent_conformance(more: str, tmp_path: Path, fast: bool) -> None:
    assert report_on(tmp_path, f"{SHAPE} sh:nodeKind sh:IRI . {more}", fast=fast).conforms


def test_every_term_of_the_vocabulary_that_comes_with_pyshacl_is_known() -> None:
    pyshacl = pytest.importorskip("pyshacl")
    vocabulary = rdflib.Graph().parse(Path(pyshacl.__file__).parent / "assets" / "shacl.ttl")
    names = {str(s).removeprefix(SH) for s in vocabulary.subjects() if str(s).startswith(SH)}
    assert len(names) > 200
    assert [name for name in sorted(names) if not sh_terms.is_term(name)] == []
    properties = {str(s).removeprefix(SH) for s in vocabulary.subjects(rdflib.RDF.type, rdflib.RDF.Property)} - {""}
    assert properties <= sh_terms.PROPERTIES
    from pyshacl.constraints import ALL_CONSTRAINT_PARAMETERS

    theirs = {str(parameter).removeprefix(SH) for parameter in ALL_CONSTRAINT_PARAMETERS}
    # sh:sparql is a constraint by itself; the others belong to parameters of pyshacl.
    assert (
        theirs - {"sparql"} == sh_terms.CORE_PARAMETERS - {"flags"} or theirs - {"sparql"} == sh_terms.CORE_PARAMETERS
    )


@pytest.mark.parametrize("name", sorted(sh_terms.CORE_PARAMETERS | set(sh_terms.TARGETS) | sh_terms.SHAPE_PROPERTIES))
def test_a_misspelled_term_is_recognized(name: str) -> None:
    for misspelled in {name.lower(), name.capitalize(), name.upper(), name.replace("C", "_c")} - {name}:
        if not sh_terms.is_term(misspelled):
            expected = sh_terms.unknown_term(misspelled, is_property=True)
            assert expected.endswith(f"did you mean sh:{name}?") or "_" in misspelled


#: Some terms of each specification.
SPECIFICATIONS = {
    "CORE_PARAMETERS": "minCount qualifiedValueShapesDisjoint languageIn xone ignoredProperties hasValue",
    "ADVANCED": "target rule expression condition filterShape returnType",
    "JAVASCRIPT": "js jsFunctionName jsLibrary jsLibraryURL",
    "NEWER": "targetWhere shape reifierShape reificationRequired memberShape minListLength uniqueMembers rootClass "
    "someValue subsetOf uniqueValuesFor nodeByExpression singleLine",
}


@pytest.mark.parametrize("name", SPECIFICATIONS)
def test_each_term_belongs_to_one_specification(name: str) -> None:
    table = getattr(sh_terms, name)
    assert set(SPECIFICATIONS[name].split()) <= table
    others = {other for table_name in SPECIFICATIONS.keys() - {name} for other in getattr(sh_terms, table_name)}
    assert not table & others


# Counts.


@MODES
def test_a_node_of_several_shapes_is_counted_once(tmp_path: Path, fast: bool) -> None:
    shapes = (
        SHAPE + "sh:nodeKind sh:IRI . ex:T a sh:NodeShape ; sh:targetSubjectsOf ex:size ; sh:targetNode ex:absent ."
    )
    report = report_on(tmp_path, shapes, fast=fast)
    assert (report.records, report.shapes) == (2, 2)
    assert json.loads(report.to_json())["checked"] == {"records": 2, "shapes": 2, "checks": 0, "hints_left_out": 0}
    assert report.to_text().endswith("checked 2 records against 2 shapes\n")


def test_instances_of_subclasses_are_counted(tmp_path: Path) -> None:
    data = DATA + " ex:Q rdfs:subClassOf ex:P . ex:b a ex:Q . ex:c a ex:Other ."
    assert report_on(tmp_path, SHAPE + "sh:nodeKind sh:IRI .", data).records == 2


@pytest.mark.parametrize("target", ["sh:targetClass ex:P", "sh:targetNode ex:a"])
def test_empty_data_does_not_conform(target: str, tmp_path: Path) -> None:
    report = report_on(tmp_path, f"ex:S a sh:NodeShape ; {target} ; sh:nodeKind sh:IRI .", "")
    assert not report.ok
    assert [item.term for item in report.unevaluated] == ["data"]


def test_a_file_without_records_does_not_conform_because_of_other_files(tmp_path: Path) -> None:
    for name, text in (("full", DATA), ("empty", ""), ("shapes", SHAPE + "sh:nodeKind sh:IRI .")):
        (tmp_path / f"{name}.ttl").write_text(HEAD + text)
    graph = ThreatGraph.open([tmp_path / "full.ttl", tmp_path / "empty.ttl"], bundled=False)
    shapes = [tmp_path / "shapes.ttl"]
    assert graph.validate([tmp_path / "full.ttl"], shapes=shapes).conforms
    report = graph.validate([tmp_path / "empty.ttl"], shapes=shapes)
    assert (report.records, report.ok) == (0, False)
    assert "no records" in report.to_text()


def test_a_shape_without_focus_nodes_is_noted(tmp_path: Path) -> None:
    report = report_on(tmp_path, SHAPE + "sh:nodeKind sh:IRI . ex:T a sh:NodeShape ; sh:targetObjectsOf ex:none .")
    assert report.conforms
    assert "the targets of <https://example.org/T> select no nodes in the data." in report.notes


def test_skipped_hints_are_counted(tmp_path: Path) -> None:
    shapes = SHAPE + "sh:property [ sh:path ex:x ; sh:minCount 1 ; sh:severity sh:Info ] ."
    report = report_on(tmp_path, shapes)
    assert "(1 hint skipped; use `hints=True`)" in report.to_text()
    assert "sh:conformanceDisallows sh:Violation" in report.to_turtle()


def test_a_report_can_be_pickled(tmp_path: Path) -> None:
    shapes = SHAPE + "sh:property [ sh:path ( ex:name ex:x ) ; sh:minCount 1 ; sh:maxcount 1 ] ."
    report = report_on(tmp_path, shapes)
    copy = pickle.loads(pickle.dumps(report))  # noqa: S301  # our own bytes
    assert copy == report
    assert copy.results
    assert copy.unevaluated
    assert (copy.to_text(), copy.to_json(), copy.to_turtle()) == (
        report.to_text(),
        report.to_json(),
        report.to_turtle(),
    )


# Ill-formed shapes are refused in one line that names them.

REFUSED = {
    "a node kind of one's own": "sh:property [ sh:path ex:name ; sh:nodeKind ex:IRI ]",
    "a node kind in quotes": 'sh:property [ sh:path ex:name ; sh:nodeKind "IRI" ]',
    "a switch in quotes": 'sh:property [ sh:path ex:name ; sh:uniqueLang "true" ]',
    "a closed shape in quotes": 'sh:closed "true"',
    "a severity in quotes": 'sh:nodeKind sh:IRI ; sh:severity "Warning"',
    "a class in quotes": 'sh:class "P"',
    "no list": 'sh:property [ sh:path ex:name ; sh:in "abc" ]',
    "a pattern that is no text": "sh:property [ sh:path ex:name ; sh:pattern ex:P ]",
    "a limit that is no literal": "sh:property [ sh:path ex:size ; sh:minInclusive ex:P ]",
    "properties in a list": "sh:property ( [ sh:path ex:size ; sh:minCount 2 ] )",
    "a property without path": "sh:property [ sh:name 'size' ; sh:minCount 2 ]",
    "a path in quotes": "sh:property [ sh:path 'size' ; sh:minCount 2 ]",
    "nodes in a list": "sh:node ( [ sh:nodeKind sh:Literal ] )",
    "an alternative in quotes": "sh:or ( [ sh:nodeKind sh:Literal ] 'IRI' )",
    "no alternatives": "sh:xone ( )",
    "a list without end": "sh:in ex:L . ex:L rdf:first 1 ; rdf:rest ex:L",
    "a list cut short": "sh:in ex:L . ex:L rdf:first 1",
    "two paths": "sh:property [ sh:path ex:name, ex:size ; sh:minCount 1 ]",
    "a constraint in quotes": 'sh:sparql "SELECT $this WHERE { $this ?p ?o }"',
    "a constraint without query": 'sh:sparql [ sh:message "Wrong." ]',
    "a query of another form": 'sh:sparql [ sh:select "ASK { $this ?p ?o }" ]',
    "a query with MINUS": 'sh:sparql [ sh:select "SELECT $this { $this ?p ?o MINUS { $this ex:x ?o } }" ]',
    "a query with VALUES": 'sh:sparql [ sh:select "SELECT $this { $this ?p ?o VALUES ?o { 5 } }" ]',
    "a query that binds $this": 'sh:sparql [ sh:select "SELECT $this { ?x ?p ?o BIND(?x AS ?this) }" ]',
    "a query of other prefixes": 'sh:sparql [ sh:select "SELECT $this { $this nowhere:p ?o }" ]',
    "a query that is none": 'sh:sparql [ sh:select "SELECT $this { $this " ]',
    "a function of a prefix": 'sh:sparql [ sh:select "PREFIX f: <urn:> SELECT $this { FILTER(f:f($this)) }" ]',
    "a cast that is none": 'sh:sparql [ sh:select "SELECT $this { $this ?p ?o FILTER(<urn:x-xsd#byte> (?o) = 5) }" ]',
    "a cast to bytes": """sh:sparql [ sh:prefixes ex:o ;
        sh:select "SELECT $this { $this ?p ?o FILTER(xsd:byte(?o) = 5) }" ] .
        ex:o sh:declare [ sh:prefix "xsd" ; sh:namespace "http://www.w3.org/2001/XMLSchema#" ]""",
    "a function of no one": 'sh:sparql [ sh:select "SELECT $this { $this ?p ?o FILTER(<urn:f>(?o)) }" ]',
    "a subquery that hides $this": 'sh:sparql [ sh:select "SELECT $this { $this ?p ?o { SELECT ?p { ?s ?p ?o } } }" ]',
    "a pattern that is none": 'sh:property [ sh:path ex:name ; sh:pattern "(" ]',
    "counts on a node": "sh:minCount 1",
    "a count of nothing": "sh:property [ sh:path ex:name ; sh:qualifiedMinCount 1 ]",
}


@MODES
@pytest.mark.parametrize("kind", REFUSED)
def test_an_ill_formed_shape_is_named(kind: str, tmp_path: Path, fast: bool, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InvalidShape) as error:
        report_on(tmp_path, f"{SHAPE}{REFUSED[kind]} .", fast=fast)
    assert "<https://example.org/S>" in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 600
    assert capfd.readouterr() == ("", "")


@MODES
@pytest.mark.parametrize("kind", ["a sh:PropertyShape ; ", "a sh:NodeShape ; sh:path ex:size ; "])
def test_a_shape_of_the_wrong_type_is_refused(kind: str, tmp_path: Path, fast: bool) -> None:
    with pytest.raises(InvalidShape, match=r"<https://example\.org/S>.*sh:path"):
        report_on(tmp_path, f"ex:S {kind} sh:targetClass ex:P ; sh:class ex:P .", fast=fast)


def test_the_ill_formed_shape_is_named_among_others(tmp_path: Path) -> None:
    others = "".join(
        f"ex:S{n} a sh:NodeShape ; sh:targetClass ex:P ; sh:property [ sh:path ex:size ; sh:maxInclusive {n} ] ."
        for n in range(5)
    )
    shapes = others + 'ex:Bad a sh:NodeShape ; sh:targetClass ex:P ; sh:property [ sh:path ex:name ; sh:pattern "(" ] .'
    with pytest.raises(InvalidShape, match=r"<https://example\.org/Bad>"):
        report_on(tmp_path, shapes)


def test_the_error_names_the_misspelled_term(tmp_path: Path) -> None:
    for constraint, term in (
        ("sh:property [ sh:path [ sh:inversepath ex:x ] ; sh:maxCount 1 ]", "sh:inversePath"),
        ("sh:property [ sh:pth ex:x ; sh:maxCount 1 ]", "sh:path"),
    ):
        with pytest.raises(InvalidShape, match=rf"did you mean {term}\?"):
            report_on(tmp_path, f"{SHAPE}{constraint} .")


# Queries of shapes access nothing but the data graph.

REACHING = {
    "constraint": SHAPE + "sh:sparql [ sh:select '''{query}''' ] .",
    "constraint of a deactivated shape": SHAPE + "sh:deactivated true ; sh:sparql [ sh:select '''{query}''' ] .",
    "validator": COMPONENT + "sh:validator [ sh:ask '''{query}''' ] .",
    "target": "ex:S a sh:NodeShape ; sh:target [ a sh:SPARQLTarget ; sh:select '''{query}''' ] .",
    "function": "ex:f a sh:SPARQLFunction ; sh:select '''{query}''' .",
    "rule": SHAPE + "sh:rule [ a sh:SPARQLRule ; sh:construct '''{query}''' ] .",
}
SERVICES = {
    "plain": "SERVICE <http://127.0.0.1:1/> {{ $this ?p ?o }}",
    "in small letters": "service silent <http://127.0.0.1:1/> {{ $this ?p ?o }}",
    "by the empty prefix": "SERVICE:s {{ $this ?p ?o }}",
    "escaped": "\\\\u0053ERVICE <http://127.0.0.1:1/> {{ $this ?p ?o }}",
}


@pytest.mark.parametrize("advanced", [False, True])
@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("place", REACHING)
def test_no_query_of_a_shape_calls_another_server(place: str, service: str, advanced: bool, tmp_path: Path) -> None:
    head = {"validator": "ASK", "rule": "CONSTRUCT { $this a ex:X } WHERE"}.get(place, "SELECT $this WHERE")
    query = "PREFIX : <http://127.0.0.1:1/> " + head + " { " + SERVICES[service].format() + " }"
    with pytest.raises(QueryRefused, match="SERVICE"):
        report_on(tmp_path, REACHING[place].replace("{query}", query), advanced=advanced)


def test_no_query_of_a_shape_reads_a_named_graph(tmp_path: Path) -> None:
    select = "SELECT $this FROM <http://127.0.0.1:1/> WHERE { $this ?p ?o }"
    with pytest.raises(QueryRefused, match=r"FROM.*<https://example\.org/S>"):
        report_on(tmp_path, f"{SHAPE} sh:sparql [ sh:select '{select}' ] .")


def test_a_keyword_in_a_string_is_allowed(tmp_path: Path) -> None:
    select = 'SELECT $this WHERE { $this ex:name "SERVICE from MINUS" }'
    shapes = f"{SHAPE} sh:sparql [ sh:prefixes ex:p ; sh:select '{select}' ] ."
    shapes += ' ex:p sh:declare [ sh:prefix "ex" ; sh:namespace "https://example.org/" ] .'
    try:
        assert report_on(tmp_path, shapes).conforms
    except ThreatGraphError as error:  # pyshacl looks for such words with regular expressions
        pytest.fail(str(error))
