"""Validation against shapes of every kind: nodes that are not candidates must conform according to pyshacl.

The values are those on which libraries differ: numbers and dates with different orders, texts for regular expressions,
literals that a store normalizes, and nodes of every kind.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Set as AbstractSet
from itertools import pairwise
from pathlib import Path

import pytest
import rdflib

from threatgraph import resources
from threatgraph.errors import InvalidShape
from threatgraph.store import MemoryStore
from threatgraph.validate import ValidationReport, validate
from threatgraph.vocab import PREFIXES, TG

HEAD = "@prefix ex: <https://example.org/> .\n" + "".join(
    f"@prefix {prefix}: <{PREFIXES[prefix]}> .\n" for prefix in ("rdf", "rdfs", "sh", "xsd", "tg", "skos")
)
VALUES = r"""
ex:a | ex:t | ex:u | <urn:x> | _:b | "abc" | "abc"@en | "other"@en | "abc"@en-GB | "abc"@en-GB-oed | "abc"@de | ""
""@en | "abc\n" | "ABC" | "a b" | "é" | "e\u0301" | "\u212A" | "\u001C" | "123" | "٣" | "0.50"^^xsd:decimal | 5
"+5"^^xsd:integer | "05"^^xsd:integer | 5.0 | ".5"^^xsd:decimal | 5e0 | "INF"^^xsd:double | "5"^^xsd:int
99999999999999999999999999 | 0.1234567890123456789012345 | "x"^^xsd:integer | ""^^xsd:integer | " 5"^^xsd:integer
"1"^^xsd:boolean | true | "TRUE"^^xsd:boolean | "yes"^^xsd:boolean | "2024-01-01"^^xsd:date | "2024-02-29"^^xsd:date
"2023-02-29"^^xsd:date | "2024-1-1"^^xsd:date | "2024-01-01Z"^^xsd:date | "2024-06-01+05:00"^^xsd:date
"-0044-03-15"^^xsd:date | "12024-01-01"^^xsd:date | "20240101"^^xsd:date | "2024-01-01T00:00:00"^^xsd:date
"2024-01"^^xsd:gYearMonth | "2024-13"^^xsd:gYearMonth | "2024"^^xsd:gYear | "20245"^^xsd:gYear | "-0001"^^xsd:gYear
"24"^^xsd:gYear | "2024-01-01T00:00:00"^^xsd:dateTime | "2025-06-01T00:00:00Z"^^xsd:dateTime | "P1D"^^xsd:duration
"abc"^^ex:dt
"""
DEMANDS = r"""
sh:datatype xsd:string
sh:datatype rdf:langString
sh:datatype xsd:integer
sh:datatype xsd:decimal
sh:datatype xsd:boolean
sh:datatype xsd:date
sh:datatype xsd:gYear
sh:datatype xsd:gYearMonth
sh:datatype xsd:dateTime
sh:nodeKind sh:IRI
sh:nodeKind sh:BlankNodeOrLiteral
sh:class ex:T
sh:class ex:T , ex:U
sh:in ( ex:a "abc" "0.50"^^xsd:decimal 5 true "abc"@en )
sh:in ( )
sh:pattern "^abc$"
sh:pattern "b" , "a"
sh:pattern "k" ; sh:flags "i"
sh:pattern "a b" ; sh:flags "x"
sh:pattern "^\\w+$"
sh:pattern "^\\s$"
sh:pattern "^(?!abc)"
sh:pattern "[a-z&&[^b]]"
sh:pattern "a++bc"
sh:pattern "\\<a"
sh:minLength 1
sh:maxLength 1
sh:minInclusive 5
sh:maxExclusive 5.5
sh:minInclusive 5e0
sh:minInclusive "2024-01-01"^^xsd:date
sh:maxInclusive "2024-12-31"^^xsd:date
sh:minInclusive "2024-01-01T00:00:00"^^xsd:dateTime
sh:minExclusive "2023"^^xsd:gYear
sh:maxInclusive "abc"
sh:languageIn ( "en" )
sh:languageIn ( "en-GB" "de" )
sh:languageIn ( "*" )
sh:languageIn ( )
sh:hasValue "0.50"^^xsd:decimal
sh:hasValue ex:a , "abc"
sh:or ( [ sh:datatype xsd:date ] [ sh:datatype xsd:gYear ; sh:minInclusive "2000"^^xsd:gYear ] )
sh:or ( [ sh:class ex:T ] [ sh:pattern "^\\d+$" ] )
sh:or ( [ sh:sparql [ sh:select "SELECT $this WHERE { $this a <https://example.org/T> }" ] ] )
sh:not [ sh:datatype xsd:string ]
sh:xone ( [ sh:datatype xsd:string ] [ sh:minLength 1 ] )
sh:node [ sh:property [ sh:path ex:q ; sh:minCount 1 ] ]
sh:property [ sh:path ex:q ; sh:maxCount 0 ]
sh:property ex:Inner . ex:Inner sh:path ex:q ; sh:property [ sh:path ex:q ; sh:minCount 1 ]
sh:deactivated true ; sh:datatype xsd:integer
"""
ON_PATHS = r"""
sh:minCount 2
sh:maxCount 1
sh:uniqueLang true
sh:lessThan ex:q
sh:qualifiedValueShape [ sh:class ex:T ] ; sh:qualifiedMinCount 1
sh:qualifiedValueShape [ sh:nodeKind sh:Literal ] ; sh:qualifiedMaxCount 1
"""


def lines(text: str) -> list[str]:
    return text.strip().split("\n")


def turtle(folder: Path, name: str, text: str) -> Path:
    file = folder / f"{name}.ttl"
    file.write_text(HEAD + text, encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> MemoryStore:
    """One node per value, and one per pair of neighboring values."""
    values = [value.strip() for line in lines(VALUES) for value in line.split(" | ")]
    text = "ex:S rdfs:subClassOf ex:T . ex:t a ex:T . ex:u a ex:S, ex:U ; ex:q 1, ex:u . ex:none a ex:F .\n"
    text += "".join(f"ex:n{n} a ex:F ; ex:p {value} .\n" for n, value in enumerate(values))
    text += "".join(
        f"ex:m{n} a ex:F ; ex:p {one} , {two} ; ex:q {one} .\n" for n, (one, two) in enumerate(pairwise(values))
    )
    return MemoryStore.open([turtle(tmp_path_factory.mktemp("world"), "world", text)], bundled=False)


def both(store: MemoryStore, file: Path) -> tuple[ValidationReport, AbstractSet[object]]:
    """The report of the fast mode and its results, after a check that the full mode has the same."""
    reports = [validate(store, shapes=[file], fast=fast) for fast in (True, False)]
    fast, full = ({(f.focus, f.path, f.value, f.rule, f.component, f.severity, f.line) for f in r} for r in reports)
    assert fast == full
    return reports[0], fast


@pytest.mark.filterwarnings("ignore:Possible set intersection:FutureWarning")
@pytest.mark.parametrize("constraint", lines(DEMANDS) + lines(ON_PATHS))
def test_both_modes_agree_on_the_values_of_a_path(world: MemoryStore, tmp_path: Path, constraint: str) -> None:
    shapes = f"ex:S a sh:NodeShape ; sh:targetClass ex:F ; sh:property ex:P . ex:P sh:path ex:p ; {constraint} ."
    _, found = both(world, turtle(tmp_path, "shapes", shapes))
    assert bool(found) == ("deactivated" not in constraint)


@pytest.mark.parametrize("constraint", lines(DEMANDS))
def test_both_modes_agree_on_literal_focus_nodes(world: MemoryStore, tmp_path: Path, constraint: str) -> None:
    both(world, turtle(tmp_path, "shapes", f"ex:S a sh:NodeShape ; sh:targetObjectsOf ex:p ; {constraint} ."))


def test_a_deactivated_shape_deactivates_its_property_shapes(world: MemoryStore, tmp_path: Path) -> None:
    shapes = """ex:S a sh:NodeShape ; sh:targetClass ex:F ; sh:deactivated true ; sh:property ex:P .
        ex:P sh:path ex:p ; sh:datatype xsd:integer ."""
    _, found = both(world, turtle(tmp_path, "shapes", shapes))
    assert not found


CONSTRAINTS = {
    "a group of its own": "SELECT $this WHERE { ?x ex:q ?y { ?z ex:p ?v FILTER($this = ex:none) } }",
    "optional in optional": """SELECT $this WHERE { ?x ex:q ?y
        OPTIONAL { ?x a ?c OPTIONAL { ?c a ?d FILTER($this != ex:none) } } FILTER(!BOUND(?d) && $this = ex:none) }""",
    "optional": "SELECT $this WHERE { ?x a ex:S, ex:U OPTIONAL { $this ex:p ?v } FILTER(!BOUND(?v)) }",
    "exists": "SELECT $this WHERE { ?x a ex:T FILTER NOT EXISTS { ?y ex:p ?v FILTER(?y = $this) } }",
    "limit": "SELECT $this ?value WHERE { $this ex:p ?value } ORDER BY ?value LIMIT 1",
    "no where": "SELECT $this { $this ex:p ex:a }",
    "prologue": "PREFIX q: <https://example.org/> SELECT $this WHERE { $this q:p q:a }",
    "count": "SELECT $this WHERE { $this ex:p ?v } GROUP BY $this HAVING (COUNT(?v) > 1)",
    "path": "SELECT $this ?value WHERE { $this $PATH ?value FILTER(isLiteral(?value)) }",
    "shape": "SELECT $this WHERE { $this ex:p ex:a FILTER($currentShape = ex:P) }",
    "deactivated": "SELECT $this WHERE { $this a ?class } #",
}


@pytest.mark.parametrize("name", CONSTRAINTS)
def test_both_modes_agree_on_sparql_constraints(tmp_path: Path, name: str) -> None:
    data = "ex:a a ex:F ; ex:p ex:a, 'x' . ex:b a ex:F ; ex:p 1 . ex:none a ex:F . ex:u a ex:T, ex:S, ex:U ; ex:q 1 ."
    select = CONSTRAINTS[name].replace("\n", " ")
    off = "sh:deactivated true ;" if name == "deactivated" else ""
    shapes = f"""ex:S a sh:NodeShape ; sh:targetClass ex:F ; sh:property ex:P .
        ex:P sh:path ex:p ; sh:sparql [ {off} sh:prefixes ex:names ; sh:select "{select}" ] .
        ex:names sh:declare [ sh:prefix "ex" ; sh:namespace "https://example.org/"^^xsd:anyURI ] ."""
    store = MemoryStore.open([turtle(tmp_path, "data", data)], bundled=False)
    _, found = both(store, turtle(tmp_path, "shapes", shapes))
    assert bool(found) == (name != "deactivated")


def test_values_that_differ_only_in_language_have_two_results(world: MemoryStore, tmp_path: Path) -> None:
    shapes = "ex:S a sh:NodeShape ; sh:targetClass ex:F ; sh:property [ sh:path ex:p ; sh:nodeKind sh:IRI ] ."
    report, _ = both(world, turtle(tmp_path, "shapes", shapes))
    of_one_node = [f for f in report if f.node == "https://example.org/m5"]
    assert [f.value for f in of_one_node] == ["abc", "abc"]
    assert report.to_turtle().count('sh:value "abc"@en ;') == 3  # a node of its own, and two neighbors


def test_the_details_of_a_result_are_not_results(world: MemoryStore, tmp_path: Path) -> None:
    shapes = """ex:S a sh:NodeShape ; sh:targetNode ex:none ; sh:node ex:N .
        ex:N a sh:NodeShape ; sh:property [ sh:path ex:p ; sh:minCount 1 ] ."""
    report, _ = both(world, turtle(tmp_path, "shapes", shapes))
    assert [result.component for result in report] == ["Node"]


def test_a_custom_severity_is_reported_and_counts_as_a_violation(world: MemoryStore, tmp_path: Path) -> None:
    shapes = """ex:S a sh:NodeShape ; sh:targetNode ex:none ; sh:property ex:P .
        ex:P sh:path ex:p ; sh:minCount 1 ; sh:severity ex:Grave ."""
    report, _ = both(world, turtle(tmp_path, "shapes", shapes))
    assert not report.ok
    assert [result.severity for result in report] == ["https://example.org/Grave"]
    assert report.to_text().splitlines()[-1].startswith("1 of https://example.org/Grave;")
    assert report.to_github().startswith("::error ")
    assert "sh:resultSeverity <https://example.org/Grave>" in report.to_turtle()


# Ill-formed shapes.


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ('sh:minCount "one"', "non-negative integer"),
        ("sh:maxCount 1, 2", "2 values"),
        ("sh:datatype xsd:date, xsd:gYear", "2 values"),
        ("sh:minLength -1", "non-negative integer"),
        ("sh:or ( )", "non-empty list"),
        ('sh:pattern "("', "regular expression of XPath"),
        ('sh:sparql [ sh:select "SELECT $this WHERE { $this nowhere:p ?value }" ]', "nowhere"),
    ],
)
@pytest.mark.parametrize("fast", [True, False])
def test_an_ill_formed_shape_is_refused(tmp_path: Path, constraint: str, expected: str, fast: bool) -> None:
    shapes = f"ex:S a sh:NodeShape ; sh:targetClass ex:F ; sh:property [ sh:path ex:p ; {constraint} ] ."
    store = MemoryStore.open([turtle(tmp_path, "data", "ex:a a ex:F ; ex:p 1 .")], bundled=False)
    with pytest.raises(InvalidShape, match=expected):
        validate(store, shapes=[turtle(tmp_path, "shapes", shapes)], fast=fast)


def test_files_without_shapes_are_reported(world: MemoryStore, tmp_path: Path) -> None:
    report = validate(world, shapes=[turtle(tmp_path, "shapes", "ex:a a ex:F .")])
    assert [item.reason for item in report.unevaluated] == ["the shapes files contain no shapes."]
    assert not report.ok


def test_a_misspelled_path_is_noted(world: MemoryStore, tmp_path: Path) -> None:
    shapes = "ex:S a sh:NodeShape ; sh:targetClass ex:F ; sh:property [ sh:path ex:pp ; sh:maxCount 1 ] ."
    notes = validate(world, shapes=[turtle(tmp_path, "shapes", shapes)]).notes
    assert [note for note in notes if "<https://example.org/pp>" in note and "check the spelling" in note]


def test_a_normalized_literal_does_not_affect_constraints_on_links(tmp_path: Path) -> None:
    select = "SELECT $this ?value WHERE { ?value ?property $this FILTER(?value != $this) }"
    shapes = f'ex:S a sh:NodeShape ; sh:targetClass ex:F ; sh:sparql [ sh:select "{select}" ] .'
    data = "ex:a a ex:F ; ex:p 0.50 . ex:b a ex:F . ex:c ex:q ex:b ."
    store = MemoryStore.open([turtle(tmp_path, "data", data)], bundled=False)
    assert store.rewritten
    file = turtle(tmp_path, "shapes", shapes)
    report = validate(store, shapes=[file])
    assert [result.node[-1] for result in report] == ["b"]
    assert not any("no SPARQL form" in note for note in report.notes)
    both(store, file)


def test_nan_violates_every_limit(tmp_path: Path) -> None:
    shapes = """ex:S a sh:NodeShape ; sh:targetClass ex:F ; sh:property ex:P, ex:Q .
        ex:P sh:path ex:p ; sh:maxInclusive 1.0 ; sh:message "At most 1." . ex:Q sh:path ex:q ; sh:minCount 1 ."""
    data = 'ex:a a ex:F ; ex:p "NaN"^^xsd:double ; ex:q 1 .\nex:b a ex:F ; ex:p 2 .\nex:c a ex:F ; ex:p 1 ; ex:q 1 .'
    store = MemoryStore.open([turtle(tmp_path, "data", data)], bundled=False)
    file = turtle(tmp_path, "shapes", shapes)
    report = validate(store, shapes=[file])
    found = {(f.node[-1], f.component) for f in report}
    assert found == {("a", "MaxInclusive"), ("b", "MaxInclusive"), ("b", "MinCount")}
    both(store, file)


def test_an_ill_typed_value_prints_no_traceback(tmp_path: Path) -> None:
    shapes = "ex:S a sh:NodeShape ; sh:targetClass ex:F ; sh:property [ sh:path ex:p ; sh:datatype xsd:date ] ."
    files = (
        turtle(tmp_path, "shapes", shapes),
        turtle(tmp_path, "data", 'ex:a a ex:F ; ex:p "2024-02-30"^^xsd:date, "yes"^^xsd:boolean .'),
    )
    code = f"""if True:
        import sys
        from pathlib import Path
        from threatgraph.store import MemoryStore
        from threatgraph.validate import validate
        store = MemoryStore.open([Path({str(files[1])!r})], bundled=False)
        print(len(validate(store, shapes=[Path({str(files[0])!r})])))"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("2\n", "")


def test_pyshacl_is_not_imported_if_the_graph_conforms() -> None:
    code = """if True:
        import sys
        from threatgraph import ThreatGraph
        assert ThreatGraph.open().validate().ok
        print(sorted(sys.modules.keys() & {"pyshacl", "rdflib"}))"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


# Locations.


PLACES = '''
ex:a
    a ex:F ;
    ex:p "good" ;
    ex:p "b\\"ad" ;
    skos:note """
ex:a
    ex:p "in a text" ;
""" ;
    .
<https://example.org/b> a ex:F ;
\tex:p\t"bad" .
'''


def test_a_result_has_the_line_of_its_value(tmp_path: Path) -> None:
    shapes = 'ex:S a sh:NodeShape ; sh:targetClass ex:F ; sh:property [ sh:path ex:p ; sh:in ( "good" ) ] .'
    file = turtle(tmp_path, "data", PLACES)
    report, _ = both(MemoryStore.open([file], bundled=False), turtle(tmp_path, "shapes", shapes))
    expected = file.read_text(encoding="utf-8").split("\n")
    assert [expected[f.line - 1].strip() for f in report if f.line] == ['ex:p "b\\"ad" ;', 'ex:p\t"bad" .']
    assert {result.rule for result in report} == {"https://example.org/S"}


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    shapes = turtle(tmp_path, "shapes", "ex:S a sh:NodeShape ; sh:targetClass ex:F ; sh:nodeKind sh:Literal .")
    found = []
    for blank in ("", "\n\n"):
        store = MemoryStore.open([turtle(tmp_path, "data", f"{blank}ex:a a ex:F .\n")], bundled=False)
        found += [result.line for result in validate(store, shapes=[shapes])]
    assert found == [HEAD.count("\n") + 1, HEAD.count("\n") + 3]


def test_a_literal_focus_node_has_the_line_of_its_statement(tmp_path: Path) -> None:
    shapes = turtle(tmp_path, "shapes", 'ex:S a sh:NodeShape ; sh:targetObjectsOf ex:p ; sh:pattern "^a b$" .')
    data = turtle(tmp_path, "data", 'ex:a\n    ex:p "a b" ;\n    ex:p "a c" ;\n    .\n')
    report, _ = both(MemoryStore.open([data], bundled=False), shapes)
    assert [(result.file, result.line) for result in report] == [(data, HEAD.count("\n") + 3)]
    only = validate(MemoryStore.open([data], bundled=False), shapes=[shapes], only=[data])
    assert len(only) == 1


def test_a_file_that_makes_a_record_of_another_file_invalid_is_reported(tmp_path: Path) -> None:
    """``threatgraph validate PATH`` must not pass a file that adds a second severity to a bundled record."""
    shapes = turtle(
        tmp_path, "shapes", "ex:S a sh:NodeShape ; sh:targetClass ex:F ; sh:property [ sh:path ex:p ; sh:maxCount 1 ] ."
    )
    first = turtle(tmp_path, "first", "ex:a a ex:F ; ex:p 1 .")
    second = turtle(tmp_path, "second", "ex:a\n    ex:p 2 ;\n    .\n")
    other = turtle(tmp_path, "other", "ex:b a ex:F ; ex:p 1 .")
    store = MemoryStore.open([first, second, other], bundled=False)
    everything, of_second, of_other = (
        [(result.file, result.line) for result in validate(store, shapes=[shapes], only=only)]
        for only in (None, [second], [other])
    )
    assert everything == [(first, HEAD.count("\n") + 1)]
    assert of_second == [(second, HEAD.count("\n") + 2)]
    assert of_other == []


def test_a_violation_in_another_file_is_reported_for_the_selected_file(tmp_path: Path) -> None:
    shapes = turtle(
        tmp_path,
        "shapes",
        "ex:S a sh:NodeShape ; sh:targetClass ex:F ; sh:property [ sh:path ex:first ; sh:lessThan ex:last ] .",
    )
    begun = turtle(tmp_path, "begun", "ex:a a ex:F ; ex:first 5 .")
    ended = turtle(tmp_path, "ended", "ex:a ex:last 3 .")
    report = validate(MemoryStore.open([begun, ended], bundled=False), shapes=[shapes], only=[ended])
    assert [(result.file, result.component) for result in report] == [(begun, "LessThan")]


def test_a_file_with_statements_but_no_class_does_not_define_a_record(tmp_path: Path) -> None:
    files = [turtle(tmp_path, "one", f"<urn:a> a <{TG}Asset> ."), turtle(tmp_path, "two", '<urn:a> skos:note "x"@en .')]
    report = validate(MemoryStore.open(files, bundled=False), shapes=[turtle(tmp_path, "shapes", "")])
    assert list(report) == []


def test_two_records_with_the_same_code_are_both_reported(tmp_path: Path) -> None:
    kind = "https://w3id.org/threatgraph/asset"
    files = [
        turtle(tmp_path, name, f'<{kind}/{name}>\n    a tg:Asset ;\n    skos:notation "AST-XX-1" ;\n    .\n')
        for name in ("one", "two")
    ]
    store = MemoryStore.open([resources.ontology_dir() / "threatgraph.ttl", *files], bundled=False)
    report = validate(
        store, shapes=[resources.ontology_dir() / "shapes" / name for name in ("identifier.ttl", "prefixes.ttl")]
    )
    assert [(f.file, f.rule.rpartition("#")[2], f.value) for f in report] == [
        (file, "Identifier-unique", "AST-XX-1") for file in files
    ]


# The report in Turtle.


def test_a_complex_path_is_reported_deterministically(world: MemoryStore, tmp_path: Path) -> None:
    shapes = """ex:S a sh:NodeShape ; sh:targetNode ex:none ; sh:property [
        sh:path ( [ sh:inversePath ex:q ] [ sh:zeroOrMorePath ex:p ] ) ; sh:minCount 3 ; sh:name "far" ] ."""
    file = turtle(tmp_path, "shapes", shapes)
    texts = {validate(world, shapes=[file], fast=fast).to_turtle() for fast in (True, False, True)}
    assert len(texts) == 1
    graph = rdflib.Graph().parse(data=texts.pop(), format="turtle")
    sh = rdflib.Namespace(PREFIXES["sh"])
    (head,) = graph.objects(None, sh.resultPath)
    first, second = graph.items(head)
    assert (first, sh.inversePath, rdflib.URIRef("https://example.org/q")) in graph
    assert (second, sh.zeroOrMorePath, rdflib.URIRef("https://example.org/p")) in graph
