"""The schema explains itself, and queries warn of names that do not exist."""

from __future__ import annotations

import ast
import json
import re
import warnings
from pathlib import Path

import pytest

import threatgraph
from threatgraph import InvalidQuery, Table, ThreatGraph, ThreatGraphWarning, UnknownName
from threatgraph.cli import main
from threatgraph.cli.wording import as_command_line
from threatgraph.vocab import CLASSES, PREFIXES, PROPERTIES, TG

SOURCE = Path(threatgraph.__file__).parent
COMMAND = re.compile(r"`threatgraph |(?:^|[ (])--[a-z]")

# The schema.


def test_every_class_and_property_is_explained(graph: ThreatGraph) -> None:
    for name in CLASSES | PROPERTIES:
        found = graph.schema(f"tg:{name}")
        assert found.iri == TG + name
        assert found.comment, name
        assert found.facts["type"]


def test_the_overview_lists_classes_and_prefixes(graph: ThreatGraph) -> None:
    found = graph.schema()
    rows = {row["class"]: row for row in found.tables["Classes"].to_dicts()}
    assert {f"tg:{name}" for name in CLASSES} == rows.keys()
    assert int(str(rows["tg:ThreatPattern"]["records"])) == len(graph.list("pattern"))
    assert rows["tg:ThreatPattern"]["kind"] == "pattern"
    assert len(found.tables["Prefixes"]) == len(PREFIXES)


def test_a_class_has_properties_with_cardinality_and_values(graph: ThreatGraph) -> None:
    found = graph.schema("Threat pattern")
    assert found.name == "tg:ThreatPattern"
    rows = {row["property"]: row for row in found.tables["Properties"].to_dicts()}
    assert (rows["tg:domain"]["values"], rows["tg:domain"]["count"]) == ("tg:Domain", "1")
    assert rows["tg:severity"]["count"] == "0..1"
    assert rows["skos:prefLabel"]["count"] == "1..*"
    assert graph.record(found.facts["example"]).kind == "pattern"
    assert graph.schema("Severity").tables["Values"].column("label") == ["Low", "Medium", "High", "Critical"]


def test_a_property_has_the_classes_that_use_it_and_an_example(graph: ThreatGraph) -> None:
    found = graph.schema("severity")
    assert found.name == "tg:severity"
    assert "tg:ThreatPattern" in found.tables["Used by"].column("class")
    assert found.tables["Values"].column("label") == ["Low", "Medium", "High", "Critical"]
    assert graph.query(f"ASK {{ {found.facts['example']} }}") is True
    assert graph.schema("dcterms:source").tables["Used by"].column("class")
    assert graph.schema("evidenceLevel").name == "tg:evidenceLevel"


def test_an_unknown_term_draws_suggestions(graph: ThreatGraph) -> None:
    with pytest.raises(UnknownName, match=r"unknown term 'tg:severty'; did you mean 'tg:severity"):
        graph.schema("tg:severty")


def test_a_description_is_text_json_and_html(graph: ThreatGraph) -> None:
    found = graph.schema("tg:severity")
    assert max(map(len, found.render(80).splitlines())) <= 80
    assert str(found).startswith("tg:severity\n")
    assert json.loads(found.to_json())["values"][0]["label"] == "Low"
    assert "<table>" in found._repr_html_()


def test_the_schema_needs_no_data() -> None:
    assert ThreatGraph.open(bundled=False).schema("tg:severity").facts["range"] == "tg:Severity"


def test_the_command_line_shows_terms(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["schema", "tg:severity"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("tg:severity\n")
    assert max(map(len, shown.splitlines())) <= 80
    assert main(["show", "tg:severity"]) == 0
    assert capsys.readouterr().out == shown
    assert main(["schema", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["classes"]


# Queries with names that do not exist.


def test_an_undeclared_prefix_is_named(graph: ThreatGraph) -> None:
    with pytest.raises(InvalidQuery, match=r"unknown prefix 'ex:' at line 2, column 4; declare it with PREFIX ex: <…>"):
        graph.query("SELECT ?x {\n?x ex:name ?y }")
    with pytest.raises(InvalidQuery, match=r"did you mean skos:\?"):
        graph.query("SELECT ?x { ?x skso:prefLabel ?y }")
    with pytest.raises(InvalidQuery, match="does not parse"):
        graph.query('SELECT ?x { ?x a "ex:name" ')
    assert isinstance(graph.query("PREFIX ex: <urn:x> SELECT ?x { ?x ex:name ?y }"), Table)


@pytest.mark.parametrize(
    ("sparql", "message"),
    [
        ("SELECT ?x { ?p tg:severty ?x }", r"does not define tg:severty; did you mean tg:severity\?"),
        ("ASK { ?x a tg:Threatpattern }", r"does not define tg:Threatpattern; did you mean tg:ThreatPattern\?"),
        (f"ASK {{ ?x <{TG}severty> ?y }}", "does not define tg:severty"),
        (f"PREFIX t: <{TG}> ASK {{ ?x t:severty ?y }}", "does not define tg:severty"),
        ("ASK { ?x tg:severity severity:hihg }", r"no record severity:hihg; did you mean severity:high\?"),
    ],
)
def test_a_name_that_does_not_exist_draws_a_warning(graph: ThreatGraph, sparql: str, message: str) -> None:
    with pytest.warns(ThreatGraphWarning, match=message):
        answer = graph.query(sparql)
    assert not answer


@pytest.mark.parametrize(
    "sparql",
    [
        "SELECT ?x { ?p tg:severity ?x ; a tg:ThreatPattern }",
        "ASK { ?x tg:severity severity:high } # tg:severty",
        "SELECT ('tg:severty' AS ?x) {}",
        "PREFIX tg: <urn:x> ASK { ?x tg:severty ?y }",
        "CONSTRUCT { pattern:made-up skos:prefLabel ?x } { pattern:goal-drift skos:prefLabel ?x }",
        "DESCRIBE tg:severity",
    ],
)
def test_right_names_draw_no_warning(graph: ThreatGraph, sparql: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        graph.query(sparql)


def test_the_command_line_warns_on_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    for _ in range(2):
        assert main(["query", "ASK { ?x tg:severty ?y }"]) == 0
        captured = capsys.readouterr()
        assert captured.out == "false\n"
        expected = "threatgraph: warning: the ontology does not define tg:severty; did you mean tg:severity?\n"
        assert captured.err == expected


# Messages in the words of Python, and of the command line.


@pytest.mark.parametrize(
    ("python", "command"),
    [
        ("raise the limit (`timeout=`).", "raise the limit (--timeout)."),
        ("`allow_service=True` permits them.", "--allow-service permits them."),
        ('`graph.list("pattern")` lists them.', "`threatgraph list pattern` lists them."),
        ("use `graph.list(kind)`.", "use `threatgraph list KIND`."),
        ("`graph.queries` lists them.", "`threatgraph queries` lists them."),
        ("do not set `bundled=False`.", "do not set --no-bundled."),
        ("load it with `ThreatGraph.load('a.ttl', store='d')`.", "load it with `threatgraph load --store d a.ttl`."),
        ("use `period=year`.", "use --period year."),
        ("timeout= without backticks, `of the data`", "timeout= without backticks, `of the data`"),
    ],
)
def test_messages_speak_python_in_python_and_options_on_the_command_line(python: str, command: str) -> None:
    assert as_command_line(python) == command


def test_an_error_names_the_parameter_or_the_option(
    graph: ThreatGraph, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    federated = "SELECT * { SERVICE <http://localhost:9/> { ?s ?p ?o } }"
    with pytest.raises(PermissionError, match="`allow_service=True`"):
        graph.query(federated)
    assert main(["query", federated]) == 2
    assert "--allow-service permits them" in capsys.readouterr().err
    with pytest.raises(UnknownName, match=r"`graph\.queries`"):
        graph.run("no-such-query")
    assert main(["run", "no-such-query"]) == 2
    assert "`threatgraph queries` lists them" in capsys.readouterr().err


def test_messages_of_the_library_name_no_command_and_no_option() -> None:
    named = []
    for path in sorted(SOURCE.rglob("*.py")):
        if {"cli", "authoring"} & {*path.relative_to(SOURCE).parts}:
            continue  # authoring writes comments for users of the command line
        if path.name in ("style.py", "query_code.py"):
            continue  # names of CSS variables begin with two hyphens; programs for a shell have options
        tree = ast.parse(path.read_text(encoding="utf-8"))
        # Docstrings of modules, classes, functions and attributes; they may show commands.
        expressions = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in expressions:
                named += [f"{path.name}:{node.lineno}: {node.value}"] if COMMAND.search(node.value) else []
    assert not named, "write `timeout=` or `graph.list()`, which the command line translates:\n" + "\n".join(named)
