"""The object that users hold: open, ask, look up, hand over."""

from __future__ import annotations

import io
from pathlib import Path

import networkx
import pandas
import pytest
import rdflib

import threatgraph
from threatgraph import (
    AmbiguousName,
    Chart,
    InvalidFile,
    InvalidQuery,
    Link,
    Record,
    Table,
    ThreatGraph,
    ThreatGraphError,
    UnknownName,
    resources,
)
from threatgraph.vocab import BASE, PREFIXES

OWN = """
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix tg: <https://w3id.org/threatgraph/ontology#> .
<https://example.org/risks#leak>
    a tg:ThreatPattern ;
    skos:notation "ORG-001" ;
    skos:prefLabel "Leak of board papers"@en ;
    tg:listedGroup <https://w3id.org/threatgraph/group/workers> .
"""


@pytest.fixture
def own(tmp_path: Path) -> ThreatGraph:
    path = tmp_path / "own.ttl"
    path.write_text(OWN)
    return ThreatGraph.open([path])


def test_the_front_door_gives_what_it_lists() -> None:
    for name in threatgraph.__all__:
        assert getattr(threatgraph, name).__name__ == name
    with pytest.raises(AttributeError, match="Graf"):
        _ = threatgraph.Graf


# Opening, loading, uploading.


def test_a_single_path_counts_as_one_path(tmp_path: Path) -> None:
    path = tmp_path / "own.ttl"
    path.write_text(OWN)
    for given in (path, str(path), [path], (str(path),)):
        graph = ThreatGraph.open(given, bundled=False)
        assert graph.list("pattern").column("label") == ["Leak of board papers"]
        assert graph.pattern("ORG-001").label == "Leak of board papers"
    assert ThreatGraph.open().validate(str(resources.data_dir() / "domains")).ok


def test_a_description_needs_no_query_and_an_empty_graph_is_true(tmp_path: Path) -> None:
    down = ThreatGraph.connect("http://localhost:9/query?key=secret")
    assert repr(down) == "<ThreatGraph at http://localhost:9/query>"
    assert bool(down)
    empty = ThreatGraph.open(bundled=False)
    assert (repr(empty), len(empty), bool(empty)) == ("<ThreatGraph in memory (0 files)>", 0, True)


def test_a_store_on_disk_is_loaded_and_opened(tmp_path: Path) -> None:
    path, folder = tmp_path / "own.ttl", tmp_path / "store"
    path.write_text(OWN)
    result = ThreatGraph.load(path, store=folder, bundled=False)
    assert (len(result.loaded), result.triples) == (1, 4)
    graph = ThreatGraph.open(store=folder)
    assert repr(graph) == f"<ThreatGraph in {folder}>"
    assert graph.pattern("ORG-001").iri == "https://example.org/risks#leak"
    assert graph.outdated is False
    with pytest.raises(ThreatGraphError, match=r"`ThreatGraph\.load` adds files"):
        ThreatGraph.open(path, store=folder)
    other = tmp_path / "other.ttl"
    other.write_text(OWN)
    with pytest.raises(InvalidFile, match="not in the store"):
        graph.validate(other)
    again = ThreatGraph.load(stream=io.BytesIO(b"<urn:a> <urn:b> 1 ."), format="turtle", store=folder, remove=str(path),
                             bundled=False)  # fmt: skip
    assert (again.triples, len(again.removed)) == (1, 1)
    with pytest.raises(InvalidQuery, match="`stream=` and `format=`"):
        ThreatGraph.load(stream=io.BytesIO(b""), store=folder)


def test_only_a_server_can_be_synchronized(graph: ThreatGraph) -> None:
    with pytest.raises(ThreatGraphError, match=r"ThreatGraph\.connect"):
        graph.sync()


# Lists, counts, inbound links.


def test_lists_take_plurals_and_filters(graph: ThreatGraph) -> None:
    assert graph.list("incidents").to_dicts() == graph.list("incident").to_dicts()
    high = graph.list("pattern", severity="high", domain="DOM-AGT")
    assert 0 < len(high) < len(graph.list("pattern"))
    assert all(row["severity"] == f"{BASE}severity/high" for row in high.to_dicts())
    caused = graph.list("incidents", causal_factor="regulatory-gap")
    assert 0 < len(caused) < len(graph.list("incident"))
    assert len(graph.list("incidents", causal_factor="regulatory-gap", limit=1)) == 1
    with pytest.raises(UnknownName, match="unknown property 'color'"):
        graph.list("incident", color="red")
    with pytest.raises(UnknownName, match="unknown kind 'patterms'"):
        graph.list("patterms")


def test_records_are_counted(graph: ThreatGraph) -> None:
    counts = {row["what"]: row["count"] for row in graph.stats().to_dicts()}
    assert counts["patterns"] == len(graph.list("pattern"))
    assert counts["triples"] == len(graph)


def test_inbound_links_come_from_other_records_and_their_parts(graph: ThreatGraph) -> None:
    inbound = graph.inbound("DOM-AGT")
    patterns = {row["record"] for row in graph.list("pattern", domain="DOM-AGT").to_dicts()}
    assert {link.iri for link in inbound["domain"]} == patterns
    drift = graph.inbound(graph.pattern("goal-drift"))
    assert graph.incident(drift["patternLink"][0].iri).kind == "incident"
    assert "involvesPattern" not in drift


# Look-ups.


@pytest.mark.parametrize(
    ("kind", "name", "label"),
    [
        ("pattern", "PAT-SYS-005", "Strategic Misalignment"),
        ("pattern", "lethal-autonomous-weapon-systems", "Lethal Autonomous Weapon Systems (LAWS)"),
        ("incident", "INC-23-0002", "Samsung engineers leak semiconductor trade secrets through ChatGPT"),
        ("domain", "DOM-SYS", "Systemic & Catastrophic Risks"),
        ("causal_factor", "regulatory-gap", "Regulatory Gap"),
        ("group", "Society at Large", "Society at Large"),
        ("framework", "nist-ai-rmf-1.0", "NIST AI Risk Management Framework 1.0"),
        ("provision", "eu-ai-act:article-14", "Human oversight"),
        ("provision", "iso-42001:a.5.4", "Assessing AI system impact on individuals or groups of individuals"),
    ],
)
def test_records_of_every_kind_are_found(graph: ThreatGraph, kind: str, name: str, label: str) -> None:
    record = getattr(graph, kind)(name)
    assert record.label == label
    assert record.kind == kind.replace("_", "-")


def test_a_record_reads_like_a_mapping(graph: ThreatGraph) -> None:
    record = graph.pattern("goal-drift")
    assert "severity" in record
    assert "mechanism" in set(record)
    assert record["severity"] == (Link(f"{BASE}severity/high", "High"),)
    assert record["no such property"] == ()
    assert str(record["domain"][0]) == "Agentic & Autonomous Threats (DOM-AGT)"
    assert record.to_dict()["notation"] == ["PAT-AGT-003"]


def test_wrong_kinds_and_names_are_told_apart(graph: ThreatGraph) -> None:
    with pytest.raises(UnknownName):
        graph.incident("PAT-SYS-005")
    with pytest.raises(UnknownName, match=r"unknown kind 'patern'; did you mean 'pattern"):
        graph.resolve("PAT-SYS-005", "patern")
    with pytest.raises(UnknownName, match=r"(?i)did you mean .*goal-drift"):
        graph.pattern("goal-drif")
    with pytest.raises(AmbiguousName, match=r"iso-42001:7\.5\.1"):
        graph.provision("General")


@pytest.mark.parametrize(
    "name",
    ["PAT-AGT-003", "pat-agt-003", "goal-drift", "GOAL drift", "pattern:goal-drift", "pattern/goal-drift",
     f"{BASE}pattern/goal-drift", f"{BASE}Pattern/Goal-Drift"],
)  # fmt: skip
def test_upper_and_lower_case_are_alike(graph: ThreatGraph, name: str) -> None:
    assert graph.resolve(name) == f"{BASE}pattern/goal-drift"


@pytest.mark.parametrize("name", ["", "drift", "a://b c", 'x"y', "x\ny", "\ud800", "goal-drift#impact", "\\"])
def test_whatever_is_no_name_is_an_unknown_one(graph: ThreatGraph, name: str) -> None:
    with pytest.raises(UnknownName):
        graph.resolve(name)


def test_a_users_record_of_another_namespace_is_found_and_shown(own: ThreatGraph) -> None:
    record = own.pattern("ORG-001")
    assert record.iri == "https://example.org/risks#leak"
    assert (record.label, record.kind) == ("Leak of board papers", "pattern")
    assert own.pattern("leak").iri == record.iri
    assert own.pattern("PAT-SYS-005").label == "Strategic Misalignment"
    rows = own.run("patterns-by-group", group="workers").to_dicts()
    assert "ORG-001" in [row["code"] for row in rows]  # the shortcut tg:affects is derived for it too


# Tables.


def test_rows_iterate_as_rdflib_terms_and_turn_into_plain_values(graph: ThreatGraph) -> None:
    table = graph.query("SELECT ?p ?n ?none { ?p skos:prefLabel 'High'@en ; tg:rank ?n } ORDER BY ?p")
    assert isinstance(table, Table)
    row = table[0]
    assert row["n"] == rdflib.Literal(3)
    assert row.p == rdflib.URIRef(f"{BASE}severity/high")
    assert row[2] is None
    assert list(row) == [row["p"], row["n"], None]
    assert table.to_dicts() == [{"p": f"{BASE}severity/high", "n": 3, "none": None}]
    assert len(table[:1]) == len(table) == 1
    with pytest.raises(KeyError, match="the columns are p, n, none"):
        _ = row["x"]


def test_tables_print_turn_into_frames_and_show_in_notebooks(graph: ThreatGraph) -> None:
    table = graph.run("domains")
    assert str(table).splitlines()[2].startswith("DOM-AGT")
    frame = table.to_pandas()
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame["patterns"]) == list(table.column("patterns"))
    assert min(frame["patterns"]) >= 5
    html = table._repr_html_()
    assert ">Agentic &amp; Autonomous Threats</td>" in html
    assert html.count("<tr>") == 9


def test_markup_in_a_value_is_shown_as_text(graph: ThreatGraph) -> None:
    table = graph.query("SELECT ('<script>' AS ?x) (IRI('http://e/?a=\"&b') AS ?y) {}")
    assert isinstance(table, Table)
    assert "<script>" not in table._repr_html_()


def test_a_table_keeps_to_a_width(graph: ThreatGraph) -> None:
    for width in (80, 100, 120):
        assert max(map(len, graph.run("incidents").render(width).splitlines())) <= width


# Hand over.


def test_construct_gives_an_rdflib_graph(graph: ThreatGraph) -> None:
    answer = graph.query("CONSTRUCT { ?s skos:prefLabel ?l } WHERE { ?s a tg:Domain ; skos:prefLabel ?l }")
    assert isinstance(answer, rdflib.Graph)
    assert len(answer) == 8
    assert dict(answer.namespaces())["tg"] == rdflib.URIRef(PREFIXES["tg"])


def test_to_rdflib_is_a_copy_and_to_networkx_a_network(graph: ThreatGraph) -> None:
    copy = graph.to_rdflib()
    assert len(copy) == len(graph)
    copy.remove((None, None, None))
    assert len(graph) > 8000
    network = graph.to_networkx()
    assert isinstance(network, networkx.MultiDiGraph)
    drift, runaway = f"{BASE}pattern/goal-drift", f"{BASE}pattern/uncontrolled-recursive-self-improvement"
    assert networkx.has_path(network, drift, runaway)


def test_a_chart_is_drawn_written_and_displayed(graph: ThreatGraph, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "timeline.png"
    chart = graph.plot("timeline", path=path, by="severity")
    assert isinstance(chart, Chart)
    assert path.read_bytes() == chart == chart._repr_png_()
    assert str(graph.plot("coverage", domain="DOM-AGT")._repr_svg_()).startswith("<?xml")
    with pytest.raises(InvalidFile, match="does not match the format svg"):
        graph.plot("timeline", "svg", path=path)
    with pytest.raises(InvalidFile, match="unknown extension"):
        graph.plot("timeline", path=tmp_path / "timeline.gif")


def test_parts_are_records_of_their_own(graph: ThreatGraph) -> None:
    steps = graph.pattern("PAT-SYS-005")["responseStep"]
    assert all(isinstance(step, Record) and step.kind == "" for step in steps)


def test_blank_nodes_of_users_get_names(tmp_path: Path) -> None:
    path = tmp_path / "blank.ttl"
    path.write_text("<urn:a> <urn:p> [ <urn:q> 1 ] , [ <urn:q> 2 ] .")
    graph = ThreatGraph.open([path], bundled=False)
    assert graph.query("ASK { ?s ?p ?o FILTER(ISBLANK(?s) || ISBLANK(?o)) }") is False
    assert len(graph) == 4
    assert graph.export("turtle") == ThreatGraph.open([path], bundled=False).export("turtle")


def test_numbers_that_json_does_not_have_are_text() -> None:
    table = ThreatGraph.open(bundled=False).query('SELECT ("INF"^^xsd:double AS ?x) ("1.5"^^xsd:decimal AS ?y) {}')
    assert isinstance(table, Table)
    assert table.to_dicts() == [{"x": "INF", "y": 1.5}]
