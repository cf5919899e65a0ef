"""Answers in the W3C formats for query results, read back by other SPARQL tools."""

from __future__ import annotations

import io
import json

import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import (
    BlankNode,
    Literal,
    NamedNode,
    QueryBoolean,
    QueryResultsFormat,
    QuerySolutions,
    Triple,
    parse_query_results,
)
from rdflib.query import Result, ResultRow

from threatgraph import Table, ThreatGraph, ThreatGraphError
from threatgraph.export import export_results
from threatgraph.table import to_rdflib
from threatgraph.vocab import XSD

FORMATS = {"json": QueryResultsFormat.JSON, "xml": QueryResultsFormat.XML, "tsv": QueryResultsFormat.TSV}
IN_XML = st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")) | st.sampled_from("\t\n\r")
TYPES = st.sampled_from(["integer", "decimal", "double", "boolean", "date", "gYear", "string"])
TEXTS = st.text(IN_XML.filter(lambda char: char not in "\ufffe\uffff"), max_size=12)
LITERALS = (
    TEXTS.map(Literal)
    | st.builds(Literal, TEXTS, language=st.sampled_from(["en", "de-AT"]))
    | st.builds(lambda text, name: Literal(text, datatype=NamedNode(XSD + name)), TEXTS, TYPES)
    | st.integers().map(Literal)
    | st.floats(allow_nan=False, allow_infinity=False).map(Literal)
)
TERMS = st.none() | LITERALS | st.sampled_from([NamedNode("http://e.example/?a=1&b#c"), BlankNode("b1")])
ROWS = st.lists(st.tuples(TERMS, TERMS), max_size=5)


def read(content: bytes, form: str) -> tuple[list[str], list[tuple[object, ...]]]:
    solutions = parse_query_results(content, format=FORMATS[form])
    assert isinstance(solutions, QuerySolutions)
    names = [variable.value for variable in solutions.variables]
    return names, [tuple(solution[name] for name in names) for solution in solutions]


@pytest.mark.parametrize("form", FORMATS)
@given(rows=ROWS)
def test_oxigraph_reads_back_every_term(form: str, rows: list[tuple[Literal | None, ...]]) -> None:
    assert read(export_results(Table(["a", "b"], rows), form), form) == (["a", "b"], rows)


@pytest.mark.parametrize("form", ["json", "xml", "tsv"])
def test_rdflib_reads_back_the_answer_of_a_query(graph: ThreatGraph, form: str) -> None:
    table = graph.query("SELECT ?p ?label ?rank { ?p skos:prefLabel ?label OPTIONAL { ?p tg:rank ?rank } } LIMIT 200")
    assert isinstance(table, Table)
    result = Result.parse(io.BytesIO(export_results(table, form)), format=form)
    expected = {tuple(None if term is None else to_rdflib(term) for term in row) for row in table.rows}
    assert {tuple(row) for row in result if isinstance(row, ResultRow)} == expected
    assert len(expected) == 200


def test_rdflib_reads_csv_with_iris_blank_nodes_and_text() -> None:
    table = Table(["a"], [(NamedNode("urn:x"),), (BlankNode("n"),), (Literal('say "hi",\nbye'),)])
    result = Result.parse(io.BytesIO(export_results(table, "csv")), format="csv")
    values = [row[0] for row in result if isinstance(row, ResultRow)]
    assert str(values[2]) == 'say "hi",\nbye'
    assert isinstance(values[1], rdflib.BNode)


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize("truth", [True, False])
def test_the_answer_to_ask_is_read_back(form: str, truth: bool) -> None:
    content = export_results(truth, form)
    answer = parse_query_results(content, format=FORMATS[form])
    assert isinstance(answer, QueryBoolean)
    assert bool(answer) is truth
    assert Result.parse(io.BytesIO(content), format=form).askAnswer is truth


def test_json_has_the_type_language_and_datatype_of_each_value() -> None:
    table = Table(["i", "l", "n", "none"], [(NamedNode("urn:x"), Literal("hi", language="en"), Literal(5), None)])
    assert json.loads(table.to_sparql_json()) == {
        "head": {"vars": ["i", "l", "n", "none"]},
        "results": {
            "bindings": [
                {
                    "i": {"type": "uri", "value": "urn:x"},
                    "l": {"type": "literal", "value": "hi", "xml:lang": "en"},
                    "n": {"type": "literal", "value": "5", "datatype": XSD + "integer"},
                }
            ]
        },
    }


def test_a_triple_term_is_written_as_sparql_1_2_has_it() -> None:
    triple = Triple(NamedNode("urn:s"), NamedNode("urn:p"), Literal("x"))
    (binding,) = json.loads(Table(["t"], [(triple,)]).to_sparql_json())["results"]["bindings"]
    assert binding["t"]["type"] == "triple"
    assert binding["t"]["value"]["subject"] == {"type": "uri", "value": "urn:s"}


def test_xml_refuses_a_character_that_it_cannot_represent() -> None:
    with pytest.raises(ThreatGraphError, match=r"U\+001B.*json"):
        Table(["x"], [(Literal("\x1b"),)]).to_sparql_xml()


@pytest.mark.parametrize("form", ["csv", "tsv"])
def test_formulas_are_guarded_on_request(form: str) -> None:
    table = Table(["x"], [(Literal("=1+1"),), (Literal(-5),)])
    assert b"'=1+1" in export_results(table, form, guard_formulas=True)
    assert b"'-5" not in export_results(table, form, guard_formulas=True)
    assert b"'=1+1" not in export_results(table, form)
