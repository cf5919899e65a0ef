"""The embedded store: what it loads, what it refuses, and how it stops a query that would not end."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode

from threatgraph import (
    InvalidFile,
    InvalidQuery,
    QueryRefused,
    QueryTimeout,
    QueryTooLarge,
    Table,
    ThreatGraph,
    resources,
)
from threatgraph.sparql.guard import refuse_unsafe
from threatgraph.store import MemoryStore
from threatgraph.vocab import BASE, DERIVED_GRAPH

TINY = """
@prefix tg: <https://w3id.org/threatgraph/ontology#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix pattern: <https://w3id.org/threatgraph/pattern/> .
@prefix group: <https://w3id.org/threatgraph/group/> .
pattern:mine a tg:ThreatPattern ; skos:prefLabel "Mine"@en ; tg:listedGroup group:children ;
  tg:impact <https://w3id.org/threatgraph/pattern/mine#impact-workers> .
<https://w3id.org/threatgraph/pattern/mine#impact-workers> tg:group group:workers .
"""


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "mine.ttl"
    path.write_text(TINY, encoding="utf-8")
    return path


@pytest.fixture
def store(tiny: Path) -> MemoryStore:
    return MemoryStore.open([tiny], bundled=False)


def test_each_file_is_a_named_graph_and_the_default_graph_merges_them(tmp_path: Path) -> None:
    (tmp_path / "a.ttl").write_text("<urn:s> <urn:p> <urn:o>, <urn:only-a> .")
    (tmp_path / "b.nt").write_text("<urn:s> <urn:p> <urn:o> .\n")
    store = MemoryStore.open([tmp_path], bundled=False)
    assert len(store.select("SELECT ?o { <urn:s> <urn:p> ?o }")) == 2
    homes = store.select("SELECT ?file { GRAPH ?file { <urn:s> <urn:p> <urn:o> } } ORDER BY ?file")
    assert homes.column("file") == [(tmp_path / "a.ttl").as_uri(), (tmp_path / "b.nt").as_uri()]
    assert store.files[(tmp_path / "b.nt").as_uri()] == tmp_path / "b.nt"


def test_the_rules_derive_shortcuts_into_a_graph_of_their_own(store: MemoryStore) -> None:
    groups = store.select("SELECT ?g { pattern:mine tg:affects ?g } ORDER BY ?g").column("g")
    assert groups == [f"{BASE}group/children", f"{BASE}group/workers"]
    derived = [t for t in store.graph_triples(DERIVED_GRAPH) if t.predicate.value.endswith("#affects")]
    assert len(derived) == 2


def test_all_formats_load_to_the_same_triples(tmp_path: Path, store: MemoryStore) -> None:
    graph = store.to_rdflib()
    for ending, form in {".nt": "nt", ".rdf": "xml", ".jsonld": "json-ld", ".trig": "trig", ".nq": "nquads"}.items():
        import rdflib

        dataset = rdflib.Dataset()
        for triple in graph:
            dataset.add(triple)
        source = dataset if form in ("trig", "nquads") else graph
        target = tmp_path / f"again{ending}"
        source.serialize(target, format=form, encoding="utf-8")
        again = MemoryStore.open([target], bundled=False)
        assert set(again.triples()) == set(store.triples()), ending


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("cut.ttl", b"@prefix a: <urn:a:> .\na:b a:c ", r"cut\.ttl:2"),
        ("latin.ttl", "\n<urn:a> <urn:b> 'caf\xe9' .".encode("latin-1"), r"latin\.ttl:2: not UTF-8 \(byte 0xe9\)"),
        ("notes.docx", b"x", r"not a known RDF file extension; known extensions are \.ttl"),
        ("page.ttl", b"<html><body>no</body></html>", r"page\.ttl:1"),
        ("half.jsonld", b'{"@id": ', r"half\.jsonld"),
    ],
)
def test_a_bad_file_is_named_with_its_line(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidFile, match=message):
        MemoryStore.open([tmp_path / name], bundled=False)


def test_a_missing_file_and_an_empty_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match=r"nowhere\.ttl: no such file"):
        MemoryStore.open([tmp_path / "nowhere.ttl"])
    with pytest.raises(InvalidFile, match="no RDF file found in this folder"):
        MemoryStore.open([tmp_path])


def test_a_syntax_error_is_placed_by_line_and_column(tmp_path: Path) -> None:
    path = tmp_path / "bad.ttl"
    path.write_text("@prefix a: <urn:a:> .\na:b a:c  d .\n")
    with pytest.raises(InvalidFile) as caught:
        MemoryStore.open([path], bundled=False)
    assert (caught.value.path, caught.value.line, caught.value.column) == (str(path), 2, 10)


# Queries from outside.


def test_a_byte_order_mark_and_dos_line_ends_are_read(tmp_path: Path) -> None:
    path = tmp_path / "dos.ttl"
    path.write_bytes(b'\xef\xbb\xbf<urn:a> <urn:b>\r\n "c" .\r\n')
    assert len(list(MemoryStore.open([path], bundled=False).triples())) == 1


BOMB = """<!DOCTYPE r [<!ENTITY a "lol"><!ENTITY b "%s">]>
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">
<rdf:Description rdf:about="urn:a"><e:p>&b;</e:p></rdf:Description></rdf:RDF>"""


@pytest.mark.parametrize("entity", ["&a;" * 10, "x" * 600])
def test_xml_entities_that_may_expand_without_bound_are_refused(tmp_path: Path, entity: str) -> None:
    path = tmp_path / "bomb.rdf"
    path.write_text(BOMB % entity)
    with pytest.raises(InvalidFile, match="entity"):
        MemoryStore.open([path], bundled=False)


def test_xml_entities_for_namespaces_are_read(tmp_path: Path) -> None:
    path = tmp_path / "owl.rdf"
    path.write_text(BOMB % "http://www.w3.org/2002/07/owl#")
    assert len(list(MemoryStore.open([path], bundled=False).triples())) == 1


def test_the_three_kinds_of_answer(store: MemoryStore) -> None:
    table = store.query("SELECT ?label { pattern:mine skos:prefLabel ?label }", timeout=10)
    assert isinstance(table, Table)
    assert table.rows == [(Literal("Mine", language="en"),)]
    assert store.query("ASK { pattern:mine a tg:ThreatPattern }", timeout=10) is True
    triples = store.query("CONSTRUCT { ?s a ?o } WHERE { ?s a ?o }", timeout=10)
    assert isinstance(triples, list)
    assert [t.subject for t in triples] == [NamedNode(f"{BASE}pattern/mine")]


@pytest.mark.parametrize("timeout", [None, 10])
def test_bindings_are_terms_and_never_text(store: MemoryStore, timeout: float | None) -> None:
    attack = Literal('Mine"@en } ; DROP ALL #', language="en")
    answer = store.query("SELECT ?s { ?s skos:prefLabel ?label }", {"label": attack}, timeout=timeout)
    assert isinstance(answer, Table)
    assert len(answer) == 0
    assert len(store.select("SELECT ?s { ?s skos:prefLabel ?l }", {"l": Literal("Mine", language="en")})) == 1


@pytest.mark.parametrize(
    ("text", "word", "place"),
    [
        ("INSERT DATA { <urn:a> <urn:b> 1 }", "INSERT", "line 1, column 1"),
        ("DROP ALL", "DROP", "line 1, column 1"),
        ("LOAD <http://example.org/x>", "LOAD", "line 1, column 1"),
        ("PREFIX a: <urn:a>\nDELETE WHERE { ?s ?p ?o }", "DELETE", "line 2, column 1"),
        ("SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }", "SERVICE", "line 1, column 12"),
        ("SELECT * {\n  sErViCe SILENT ?where { ?s ?p ?o } }", "SERVICE", "line 2, column 3"),
        ("SELECT * { ?s <urn:p> 1.SERVICE<http://example.org/>{} }", "SERVICE", "line 1, column 25"),
        ('SELECT ("a" AS ?x) { FILTER(?a<?b).SERVICE<urn:x>{} }', "SERVICE", "line 1, column 36"),
    ],
)
def test_what_writes_or_reaches_outside_is_refused(store: MemoryStore, text: str, word: str, place: str) -> None:
    with pytest.raises(QueryRefused, match=f"{word} at {place} is refused"):
        store.query(text)


@pytest.mark.parametrize(
    "text",
    [
        "SELECT * { ?insert ?DROP 'LOAD' } # SERVICE",
        'SELECT * { ?s rdfs:label """DELETE "quoted" INSERT""" ; <urn:LOAD> \'\'\'it\'s SERVICE\'\'\' }',
        "PREFIX service: <urn:x> SELECT * { ?s service:load service:DROP }",
        "SELECT * { ?s ?p 'x\\'SERVICE' }",
    ],
)
def test_the_same_words_as_names_and_text_are_welcome(store: MemoryStore, text: str) -> None:
    assert isinstance(store.query(text), Table)


def test_service_is_let_through_where_the_owner_turns_it_on() -> None:
    refuse_unsafe("SELECT * { SERVICE <http://example.org/> { ?s ?p ?o } }", allow_service=True)


def test_a_malformed_query_is_shown_with_its_place(store: MemoryStore) -> None:
    with pytest.raises(InvalidQuery) as caught:
        store.query("SELECT * {\n  ?s ?p\n}")
    lines = str(caught.value).splitlines()
    assert "line 3, column 2" in lines[0]
    assert lines[1:] == ["  }", "   ^"]


HANGS = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l . ?m ?n0 ?o }"
SWELLS = "SELECT * { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i } ORDER BY ?a ?d ?g"


def test_a_query_that_hangs_is_stopped_in_time(graph: ThreatGraph) -> None:
    began = time.monotonic()
    with pytest.raises(QueryTimeout, match="time limit"):
        graph.query(HANGS, timeout=0.5)
    assert time.monotonic() - began < 10  # a query that is not stopped runs for hours
    assert graph.query("ASK {}") is True


def test_a_query_that_swells_is_stopped_and_harms_nothing_else(graph: ThreatGraph) -> None:
    assert isinstance(graph.store, MemoryStore)
    with pytest.raises(QueryTooLarge, match=r"more than 0\.2 GiB"):
        graph.store.pool(graphs=False).query(SWELLS, timeout=60, memory=200 * 1024**2)
    assert graph.query("ASK {}") is True


# The bundled graph.


def test_a_byte_order_mark_in_a_bundled_file_is_no_part_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ontology/rules", "ontology/schemes", "data"):
        (tmp_path / name).mkdir(parents=True)
    file = tmp_path / "ontology/threatgraph.ttl"
    file.write_bytes(b"\xef\xbb\xbf<urn:s> <urn:p> <urn:o> .")
    monkeypatch.setattr(resources, "root", lambda: tmp_path)
    store = MemoryStore.open()
    assert store.ask("ASK { <urn:s> <urn:p> <urn:o> }")
    assert store.ask("ASK { GRAPH ?g { <urn:s> <urn:p> <urn:o> } }")


def test_bundled_files_given_as_data_are_not_loaded_twice(graph: ThreatGraph) -> None:
    again = ThreatGraph.open([graph.store.files[g] for g in sorted(graph.store.files)[:3]])
    assert set(again.store.files) == set(graph.store.files)


def test_rdflib_gets_the_same_graph_and_its_own_engine_agrees(graph: ThreatGraph) -> None:
    copy = graph.to_rdflib()
    assert len(copy) == len(graph)
    query = "SELECT ?d (COUNT(?p) AS ?n) { ?p a tg:ThreatPattern ; tg:domain ?d } GROUP BY ?d"
    ours = graph.query(query)
    assert isinstance(ours, Table)
    theirs = {(str(row[0]), int(str(row[1]))) for row in copy.query(query)}  # type: ignore[index]
    assert {(r["d"], r["n"]) for r in ours.to_dicts()} == theirs
    assert len(theirs) == 8
