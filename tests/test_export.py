"""Exports: parsers of other projects read the same triples, and exports are deterministic."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache, lru_cache
from pathlib import Path
from xml.etree import ElementTree

import networkx
import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st
from pyld import jsonld as pyld
from pyoxigraph import BaseDirection, Literal, NamedNode, RdfFormat, Triple, parse

from excerpt import open_excerpt
from threatgraph import ThreatGraph
from threatgraph.cli import main
from threatgraph.errors import ThreatGraphError, UnknownName
from threatgraph.export import FORMATS, TABLE_FORMATS, export_table, export_triples
from threatgraph.export.json_text import dumps
from threatgraph.export.jsonld import jsonld_context
from threatgraph.export.neighborhood import neighborhood
from threatgraph.resources import data_dir, ontology_dir
from threatgraph.saving import save, saving
from threatgraph.table import Table
from threatgraph.vocab import BASE, DERIVED_GRAPH, FILE_GRAPHS, PREFIXES, RDF_TYPE, tg

RDF = [name for name, form in FORMATS.items() if form.kind in ("graph", "dataset")]
OXIGRAPH = {
    "turtle": RdfFormat.TURTLE,
    "jsonld": RdfFormat.JSON_LD,
    "ntriples": RdfFormat.N_TRIPLES,
    "rdfxml": RdfFormat.RDF_XML,
    "nquads": RdfFormat.N_QUADS,
    "trig": RdfFormat.TRIG,
}
RDFLIB = {
    "turtle": "turtle",
    "jsonld": "json-ld",
    "ntriples": "nt",
    "rdfxml": "xml",
    "nquads": "nquads",
    "trig": "trig",
}
NODES = [None, "PAT-SYS-005", "INC-23-0002", "eu-ai-act:article-14"]


def facts(text: str) -> set[tuple[str, ...]]:
    """The triples of an N-Quads text, with no regard to their graphs; there are no blank nodes in what we write."""
    found = {quad.triple for quad in parse(text, format=RdfFormat.N_QUADS)}
    return {(str(t.subject), str(t.predicate), str(t.object)) for t in found}


Export = Callable[..., bytes]


@pytest.fixture(scope="module")
def exported(graph: ThreatGraph) -> Export:
    """The exports of the bundled graph, each made once; all tests of this module run in one process (conftest.py)."""

    @cache
    def export(form: str, node: str | None = None) -> bytes:
        return graph.export(form, node=node)

    return export


@pytest.fixture(scope="module")
def part() -> Export:
    """The exports of a part of the bundled graph, for readers that take long."""
    graph = open_excerpt()

    @cache
    def export(form: str, node: str | None = None) -> bytes:
        return graph.export(form, node=node)

    return export


def known(graph: ThreatGraph) -> set[tuple[str, ...]]:
    """What a whole export must hold: the triples of the store itself."""
    return {(str(t.subject), str(t.predicate), str(t.object)) for t in graph.store.triples()}


@lru_cache(maxsize=8)
def read_by_oxigraph(content: bytes, form: str) -> set[tuple[str, ...]]:
    triples = {quad.triple for quad in parse(content, format=OXIGRAPH[form])}
    return {(str(t.subject), str(t.predicate), str(t.object)) for t in triples}


def read_by_rdflib(content: bytes, form: str) -> set[tuple[str, ...]]:
    dataset = rdflib.Dataset()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rdflib, "NORMALIZE_LITERALS", False)
        dataset.parse(data=content, format=RDFLIB[form])
    return {(_line(s), _line(p), _line(o)) for s, p, o, _ in dataset.quads()}


def _line(term: object) -> str:
    """A term of rdflib as N-Triples has it; there are no blank nodes in what we write."""
    if not isinstance(term, rdflib.Literal):
        assert isinstance(term, rdflib.URIRef)
        return f"<{term}>"
    kind = NamedNode(term.datatype) if term.datatype else None
    return str(Literal(str(term), language=term.language) if term.language else Literal(str(term), datatype=kind))


@pytest.fixture(scope="session")
def npm_jsonld(npm: Callable[[str], Path]) -> Callable[[Path], str]:
    """The reference JSON-LD implementation for JavaScript, installed once."""
    folder = npm("jsonld")

    def read(path: Path) -> str:
        done = subprocess.run(["node", "read.js", str(path)], cwd=folder, check=True, capture_output=True, timeout=120)
        return done.stdout.decode()

    return read


# Every RDF product, read back.


@pytest.mark.parametrize("form", RDF)
def test_the_export_contains_every_triple_of_the_store(graph: ThreatGraph, exported: Export, form: str) -> None:
    content = exported(form)
    assert read_by_oxigraph(content, form) == known(graph)


@pytest.mark.parametrize("node", NODES)
@pytest.mark.parametrize("form", RDF)
def test_rdflib_and_oxigraph_read_the_same(part: Export, form: str, node: str | None) -> None:
    content = part(form, node)
    assert len(read_by_oxigraph(content, form)) > 20
    assert read_by_rdflib(content, form) == read_by_oxigraph(content, form)


@pytest.mark.parametrize("form", RDF)
def test_jena_reads_the_same_without_a_warning(
    exported: Export, form: str, riot: Callable[..., str], tmp_path: Path
) -> None:
    for node in (None, "PAT-SYS-005"):
        path = tmp_path / f"export.{FORMATS[form].extension}"
        path.write_bytes(exported(form, node))
        assert facts(riot(path)) == read_by_oxigraph(exported(form, node), form)


@pytest.mark.parametrize("node", NODES)
def test_pyld_reads_the_same_json_ld(part: Export, node: str | None) -> None:
    content = part("jsonld", node)
    text = pyld.to_rdf(json.loads(content), {"format": "application/n-quads"})
    assert facts(text) == read_by_oxigraph(content, "jsonld")


@pytest.mark.parametrize("node", NODES)
def test_npm_jsonld_reads_the_same_json_ld(
    part: Export, node: str | None, npm_jsonld: Callable[[Path], str], tmp_path: Path
) -> None:
    path = tmp_path / "export.jsonld"
    content = part("jsonld", node)
    path.write_bytes(content)
    assert facts(npm_jsonld(path)) == read_by_oxigraph(content, "jsonld")


@pytest.mark.parametrize("form", ["nquads", "trig"])
def test_datasets_have_a_named_graph_for_each_file(graph: ThreatGraph, exported: Export, form: str) -> None:
    quads = list(parse(exported(form), format=OXIGRAPH[form]))
    graphs = {quad.graph_name.value for quad in quads if isinstance(quad.graph_name, NamedNode)}
    assert len({quad.graph_name for quad in quads}) == len(graphs)  # nothing is outside of a graph
    assert graphs == {*graph.store.files, DERIVED_GRAPH}
    goal_drift = {quad.graph_name.value for quad in quads if quad.subject == NamedNode(f"{BASE}pattern/goal-drift")}
    assert goal_drift == {f"{FILE_GRAPHS}data/patterns/goal-drift.ttl", DERIVED_GRAPH}


# JSON-LD as programs see it.


def test_the_bundled_context_is_the_one_that_is_written(graph: ThreatGraph) -> None:
    bundled = json.loads((ontology_dir() / "context.jsonld").read_text(encoding="utf-8"))
    assert bundled == jsonld_context()
    assert json.loads(graph.export("jsonld", node="goal-drift"))["@context"] == bundled["@context"]


def test_a_record_is_an_object_with_its_parts_inside(graph: ThreatGraph) -> None:
    record = json.loads(graph.export("jsonld", node="PAT-SYS-005"))["graph"][0]
    assert record["id"] == f"{BASE}pattern/strategic-misalignment"
    assert record["notation"] == ["PAT-SYS-005"]
    assert record["prefLabel"] == ["Strategic Misalignment"]
    assert record["severity"] == [f"{BASE}severity/high"]
    assert record["sourceUpdated"] == ["2025-01-15"]
    assert [step["prefLabel"] for step in record["responseStep"]] == [
        ["Contain"],
        ["Evaluate"],
        ["Consult"],
        ["Remediate or retire"],
    ]
    assert record["responseStep"][0]["position"] == [1]


def test_only_dates_of_varying_precision_carry_their_type(exported: Export) -> None:
    def typed(name: str, node: object) -> Iterator[str]:
        if isinstance(node, dict):
            yield from ({name} if str(node.get("@type", "")).startswith(("xsd:date", "xsd:gYear")) else ())
            for key, value in node.items():
                yield from typed(key, value)
        elif isinstance(node, list):
            for value in node:
                yield from typed(name, value)

    assert set(typed("", json.loads(exported("jsonld"))["graph"])) == {
        "occurred",
        "systemSince",
        "created",
        "modified",
        "issued",
    }


def test_a_neighborhood_has_labels_of_outbound_and_inbound_links(graph: ThreatGraph) -> None:
    nodes = {node["id"]: node for node in json.loads(graph.export("jsonld", node="PAT-SYS-005"))["graph"]}
    assert nodes[f"{BASE}causal-factor/regulatory-gap"]["prefLabel"] == ["Regulatory Gap"]
    act = nodes[f"{BASE}incident/eu-ai-act-enters-into-force"]
    assert act["patternLink"][0]["pattern"] == [f"{BASE}pattern/strategic-misalignment"]
    assert nodes[f"{BASE}pattern/goal-drift"]["escalatesTo"] == [f"{BASE}pattern/strategic-misalignment"]
    assert f"{BASE}pattern/prompt-injection" not in nodes


@pytest.mark.parametrize("node", ["PAT-SYS-005", "INC-23-0002", "eu-ai-act:article-14", "severity:high", "iso-42001"])
def test_a_neighborhood_is_what_its_description_says(graph: ThreatGraph, node: str) -> None:
    record = NamedNode(graph.resolve(node))
    naming = {NamedNode(RDF_TYPE), *(NamedNode(PREFIXES["skos"] + name) for name in ("prefLabel", "notation"))}
    has_part = NamedNode(tg("hasPart"))
    triples = list(graph.store.triples())
    parts = {t.object for t in triples if t.subject == record and t.predicate == has_part}
    own = {t for t in triples if t.subject == record or t.subject in parts}
    linked = {t.object for t in own if t.predicate != NamedNode(RDF_TYPE)} - parts
    named = {t.subject for t in triples if t.predicate in naming}
    inbound = {t for t in triples if t.object == record and t.subject in named - parts}
    linking = {t.subject for t in triples if t.object == record}
    owned = {(t.subject, t.object) for t in triples if t.predicate == has_part and t.object in linking}
    owned = {(owner, part) for owner, part in owned if owner != record and owner in named}
    foreign = {t for t in triples if t.subject in {part for _, part in owned} or (t.subject, t.object) in owned}
    shown = linked | {t.subject for t in inbound} | {owner for owner, _ in owned}
    names = {t for t in triples if t.predicate in naming and t.subject in shown}
    assert set(neighborhood(graph.store, record.value)) == own | inbound | foreign | names


# Networks.


@pytest.mark.parametrize("node", [None, "PAT-SYS-005"])
def test_networks_are_read_back_with_nodes_edges_and_attributes(part: Export, node: str | None) -> None:
    graphml = networkx.read_graphml(io.BytesIO(part("graphml", node)), force_multigraph=True)
    gexf = networkx.read_gexf(io.BytesIO(part("gexf", node)))
    assert set(graphml.nodes) == set(gexf.nodes)
    assert graphml.number_of_edges() == gexf.number_of_edges() > 0
    drift = f"{BASE}pattern/goal-drift"
    assert graphml.nodes[drift]["kind"] == "ThreatPattern"
    assert graphml.nodes[drift]["label"] == gexf.nodes[drift]["label"] == "Goal Drift"
    assert graphml.nodes[drift]["code"] == "PAT-AGT-003"


@pytest.mark.parametrize("form", ["graphml", "gexf"])
def test_every_edge_has_a_unique_identifier(graph: ThreatGraph, exported: Export, form: str) -> None:
    """Gephi and yEd keep one edge for each identifier and drop the others."""
    edges = [e for e in ElementTree.fromstring(exported(form)).iter() if e.tag.rpartition("}")[2] == "edge"]
    assert len(edges) == len({edge.get("id") for edge in edges}) == graph.to_networkx().number_of_edges()


MINE = f"""
@prefix tg: <{PREFIXES["tg"]}> .
@prefix skos: <{PREFIXES["skos"]}> .
@prefix mine: <https://example.org/risks#> .
mine:pattern a tg:ThreatPattern ; skos:prefLabel "Muster"@de , "Pattern"@en ; skos:notation "P-1" .
mine:incident a tg:Incident ; tg:patternLink mine:link .
mine:link a tg:PatternLink ; tg:pattern mine:pattern .
"""


def test_networks_contain_incomplete_records_of_users(tmp_path: Path) -> None:
    path = tmp_path / "mine.ttl"
    path.write_text(MINE)
    network = ThreatGraph.open([path], bundled=False).to_networkx()
    incident, pattern = "https://example.org/risks#incident", "https://example.org/risks#pattern"
    assert list(network) == [incident, pattern]
    assert network.nodes[incident] == {"kind": "Incident", "label": incident}
    assert network.nodes[pattern] == {"kind": "ThreatPattern", "label": "Pattern", "code": "P-1"}
    assert list(network.edges(data=True)) == [(incident, pattern, {"property": "tg:patternLink"})]


@pytest.mark.parametrize("form", ["graphml", "gexf"])
def test_a_label_that_xml_cannot_represent_is_rejected(tmp_path: Path, form: str) -> None:
    path = tmp_path / "mine.ttl"
    path.write_text(MINE.replace('Pattern"@en', '\\u0001"@en'))
    with pytest.raises(ThreatGraphError, match=r"risks#pattern: .* cannot represent the control characters"):
        ThreatGraph.open([path], bundled=False).export(form)


def test_networkx_gets_records_and_links_with_parts_folded(graph: ThreatGraph) -> None:
    network = graph.to_networkx()
    kinds = [data["kind"] for _, data in network.nodes(data=True)]
    assert kinds.count("ThreatPattern") == len(list((data_dir() / "patterns").glob("*.ttl"))) >= 42
    incidents = list((data_dir() / "incidents").rglob("*.ttl"))
    assert kinds.count("Incident") == len(incidents) >= 150
    assert not any("#" in node for node in network)
    misalignment = f"{BASE}pattern/strategic-misalignment"
    edges = {
        (data["property"], target.removeprefix(BASE), data.get("relation"))
        for _, target, data in network.out_edges(misalignment, data=True)
    }
    assert ("tg:impact", "group/general-public", "impact-role:primary-target") in edges
    assert ("tg:mapping", "provision/eu-ai-act-2024-1689/chapter-v", "skos:relatedMatch") in edges
    assert ("tg:causalFactor", "causal-factor/regulatory-gap", None) in edges
    assert not any(prop in ("tg:affects", "tg:mappedTo") for prop, *_ in edges)  # these follow from the others
    links = network.get_edge_data(
        f"{BASE}incident/samsung-chatgpt-data-leak", f"{BASE}pattern/overreliance-automation-bias"
    )
    assert [data["relation"] for data in links.values()] == ["pattern-role:secondary"]
    crosswalk = network.get_edge_data(
        f"{BASE}provision/owasp-agentic-2026/asi02", f"{BASE}provision/owasp-llm-2025/llm06"
    )
    assert [(data["property"], data["relation"]) for data in crosswalk.values()] == [
        ("tg:crosswalkMapping", "skos:broadMatch")
    ]


# The same bytes.

WRITE_ALL = """
import hashlib
from excerpt import open_excerpt
from threatgraph.export import FORMATS
graph = open_excerpt()
for form in FORMATS:
    for node in (None, "PAT-SYS-005"):
        print(form, hashlib.sha256(graph.export(form, node=node)).hexdigest())
"""


def test_the_bytes_do_not_depend_on_the_hash_seed(part: Export) -> None:
    """The seed of this process is random, and the other process has the seed 1."""
    done = subprocess.run(
        [sys.executable, "-c", WRITE_ALL],
        cwd=Path(__file__).parent,
        env=os.environ | {"PYTHONHASHSEED": "1"},
        capture_output=True,
        check=True,
        text=True,
        timeout=120,
    )
    assert os.environ.get("PYTHONHASHSEED", "random") != "1"
    assert done.stdout.splitlines() == [
        f"{form} {hashlib.sha256(part(form, node)).hexdigest()}" for form in FORMATS for node in (None, "PAT-SYS-005")
    ]


@pytest.mark.parametrize("form", FORMATS)
def test_the_bytes_do_not_depend_on_the_order_of_files(tmp_path: Path, form: str) -> None:
    files = [tmp_path / "a.ttl", tmp_path / "b.ttl"]
    for file, name in zip(files, ("one", "two"), strict=True):
        file.write_text(f'<{BASE}group/{name}> a <{tg("AffectedGroup")}> ; <{PREFIXES["skos"]}prefLabel> "{name}"@en .')
    first = ThreatGraph.open(files, bundled=False).export(form)
    assert first == ThreatGraph.open(files[::-1], bundled=False).export(form)


# Hard values.

NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # outside of the Char production of XML 1.0
HARD = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.text("\r\n\t \"'\\<>&]")


@given(st.lists(st.tuples(HARD, st.sampled_from(["en", "de-AT", None])), min_size=1, max_size=5))
def test_any_text_survives_or_is_rejected(texts: list[tuple[str, str | None]]) -> None:
    subject, predicate = NamedNode(f"{BASE}group/hard"), NamedNode(f"{PREFIXES['skos']}note")
    triples = {Triple(subject, predicate, Literal(text, language=tag) if tag else Literal(text)) for text, tag in texts}
    for form in ("turtle", "jsonld", "ntriples", "rdfxml"):
        if form == "rdfxml" and any(NOT_XML.search(text) for text, _ in texts):
            with pytest.raises(ThreatGraphError, match="control characters"):
                export_triples(triples, form)
            continue
        content = export_triples(triples, form)
        wanted = {(str(t.subject), str(t.predicate), str(t.object)) for t in triples}
        assert read_by_oxigraph(content, form) == wanted
        assert read_by_rdflib(content, form) == wanted
        if form == "jsonld":
            assert facts(pyld.to_rdf(json.loads(content), {"format": "application/n-quads"})) == wanted


@given(st.lists(st.tuples(HARD, st.sampled_from(["en", "de-AT", None])), min_size=1, max_size=5))
def test_json_is_formatted_as_the_standard_library_does(texts: list[tuple[str, str | None]]) -> None:
    subject, note = NamedNode(f"{BASE}group/hard"), NamedNode(f"{PREFIXES['skos']}note")
    triples = [Triple(subject, note, Literal(text, language=tag) if tag else Literal(text)) for text, tag in texts]
    content = export_triples(triples, "jsonld").decode()
    assert content == json.dumps(json.loads(content), ensure_ascii=False, indent=1) + "\n"
    values = {"a": {"b": [text for text, _ in texts], "c": []}, "n": 0, "d": {}}
    assert dumps(values) == json.dumps(values, ensure_ascii=False, indent=1)


@pytest.mark.parametrize("form", ["jsonld", "stix"])
def test_json_exports_are_formatted_as_the_standard_library_does(exported: Export, form: str) -> None:
    content = exported(form).decode()
    assert content == json.dumps(json.loads(content), ensure_ascii=False, indent=1) + "\n"


def test_jena_reads_hard_values(riot: Callable[..., str], tmp_path: Path) -> None:
    subject, predicate = NamedNode(f"{BASE}group/hard"), NamedNode(f"{PREFIXES['skos']}note")
    texts = ["a\rb\r\nc\n\td", "", '  \\ "quoted" ]]>&<', "\U0001f600 \x85 \u2028"]
    triples = {Triple(subject, predicate, Literal(text, language="de-AT")) for text in texts}
    for form in ("turtle", "jsonld", "ntriples", "rdfxml"):
        path = tmp_path / f"hard.{FORMATS[form].extension}"
        path.write_bytes(export_triples(triples, form))
        assert len(triples) == len(texts) == len(read_by_oxigraph(path.read_bytes(), form))
        assert {value.lower() for *_, value in facts(riot(path))} == {str(t.object).lower() for t in triples}


INTEGERS = ["0", "7", "007", "-1", "+1", "²", "x", "", "9007199254740993", "1" + "0" * 25, "1" * 5000]


def test_integers_survive_json_whatever_their_form(npm_jsonld: Callable[[Path], str], tmp_path: Path) -> None:
    """JavaScript is exact up to 2 to the power of 53, JSON-LD up to 10 to the power of 21, Python has no limit."""
    subject, number = NamedNode(f"{BASE}group/hard"), NamedNode(f"{PREFIXES['xsd']}integer")
    triples = [
        Triple(subject, NamedNode(tg(name)), Literal(n, datatype=number))
        for n in INTEGERS
        for name in ("count", "position")
    ]
    path = tmp_path / "integers.jsonld"
    path.write_bytes(export_triples(triples, "jsonld"))
    assert json.loads(path.read_bytes())["graph"][0]["count"][:2] == ["", "+1"]
    assert 7 in json.loads(path.read_bytes())["graph"][0]["count"]
    wanted = {(str(t.subject), str(t.predicate), str(t.object)) for t in triples}
    assert read_by_oxigraph(path.read_bytes(), "jsonld") == wanted
    assert facts(pyld.to_rdf(json.loads(path.read_bytes()), {"format": "application/n-quads"})) == wanted
    assert facts(npm_jsonld(path)) == wanted


def test_a_text_as_a_class_survives() -> None:
    content = export_triples([Triple(NamedNode(f"{BASE}group/x"), NamedNode(RDF_TYPE), Literal("odd"))], "jsonld")
    (quad,) = parse(content, format=RdfFormat.JSON_LD)
    assert quad.object == Literal("odd")


NOTE, PART = NamedNode(f"{PREFIXES['skos']}note"), NamedNode(f"{BASE}group/x")


@pytest.mark.parametrize(
    ("form", "triple", "message"),
    [
        (
            "rdfxml",
            Triple(PART, NamedNode("https://example.org/123"), PART),
            "cannot represent the name of this property",
        ),
        (
            "rdfxml",
            Triple(PART, NamedNode("https://example.org/a/"), PART),
            "cannot represent the name of this property",
        ),
        ("rdfxml", Triple(PART, NamedNode(f"{PREFIXES['rdf']}li"), PART), "cannot represent the name of this property"),
        ("rdfxml", Triple(PART, NOTE, Triple(PART, NOTE, PART)), "a triple as a value"),
        ("jsonld", Triple(PART, NOTE, Triple(PART, NOTE, PART)), "a triple as a value"),
        (
            "rdfxml",
            Triple(PART, NOTE, Literal("x", language="ar", direction=BaseDirection.RTL)),
            "cannot represent a text direction",
        ),
        (
            "jsonld",
            Triple(PART, NOTE, Literal("x", language="ar", direction=BaseDirection.RTL)),
            "cannot represent a text direction",
        ),
        ("jsonld", Triple(PART, NOTE, NamedNode("skos:note")), "reads this IRI as a prefixed name"),
        ("jsonld", Triple(PART, NamedNode("skos:note"), PART), "reads this IRI as a prefixed name"),
    ],
)
def test_values_that_a_format_cannot_represent_are_rejected(form: str, triple: Triple, message: str) -> None:
    with pytest.raises(ThreatGraphError, match=message):
        export_triples([triple], form)


@pytest.mark.parametrize("name", ["a-b.c", "é", "1abc", "a%20b", "a:b", "_x", "a·b"])
def test_rdf_xml_names_every_property_that_it_can(name: str) -> None:
    triple = Triple(PART, NamedNode(f"https://example.org/{name}"), Literal("x"))
    content = export_triples([triple], "rdfxml")
    wanted = {(str(triple.subject), str(triple.predicate), str(triple.object))}
    assert read_by_oxigraph(content, "rdfxml") == read_by_rdflib(content, "rdfxml") == wanted


def test_blank_nodes_of_a_query_survive(graph: ThreatGraph) -> None:
    answer = graph.store.construct(
        "CONSTRUCT { [] rdfs:label ?label } WHERE { pattern:goal-drift skos:prefLabel ?label }"
    )
    for form in ("turtle", "jsonld", "ntriples", "rdfxml"):
        (quad,) = parse(export_triples(answer, form), format=OXIGRAPH[form])
        assert quad.object == Literal("Goal Drift", language="en")


# Tables.


def test_tables_as_csv_tsv_json_and_markdown(graph: ThreatGraph) -> None:
    table = graph.run("patterns", domain="DOM-SYS")
    rows = list(csv.DictReader(io.StringIO(export_table(table, "csv").decode(), newline="")))
    assert len(rows) == len(table) >= 6
    assert rows[4]["code"] == "PAT-SYS-005"
    assert rows[4]["severity"] == f"{BASE}severity/high"
    header = export_table(table, "tsv").decode().splitlines()[0].split("\t")
    assert header == [
        *("code", "label", "domain", "domain_label", "severity", "severity_label"),
        *("likelihood_trend", "likelihood_trend_label", "pattern"),
    ]
    assert [row["code"] for row in json.loads(export_table(table, "json"))] == [row["code"] for row in rows]
    assert export_table(table, "markdown").decode().count("\n") == len(table) + 2


@pytest.mark.parametrize(("form", "delimiter"), [("csv", ","), ("tsv", "\t")])
@given(values=st.lists(st.text() | st.text('\r\n\t,"='), min_size=1, max_size=4))
def test_csv_and_tsv_give_back_any_text(form: str, delimiter: str, values: list[str]) -> None:
    values = [value.replace("\x00", "") for value in values]
    table = Table(["x"], [(Literal(value),) for value in values if _is_text(value)])
    read = list(csv.reader(io.StringIO(export_table(table, form).decode(), newline=""), delimiter=delimiter))
    assert [row[0] if row else "" for row in read[1:]] == [value for value in values if _is_text(value)]


def _is_text(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)


def test_unknown_formats_and_records_are_reported_with_suggestions(graph: ThreatGraph) -> None:
    with pytest.raises(UnknownName, match="did you mean 'turtle"):
        graph.export("turtel")
    with pytest.raises(UnknownName, match="did you mean 'csv"):
        export_table(graph.run("domains"), "cvs")
    with pytest.raises(UnknownName, match=r"(?i)did you mean 'pat-sys-00"):
        graph.export("turtle", node="PAT-SYS-00")
    assert set(TABLE_FORMATS) == {"table", "json", "csv", "tsv", "markdown"}


# Files, whole or not at all.


def test_a_file_is_replaced_atomically(tmp_path: Path) -> None:
    path = tmp_path / "out.ttl"
    path.write_text("old")
    path.chmod(0o640)
    save(b"new", path)
    assert path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [file.name for file in tmp_path.iterdir()] == ["out.ttl"]


def test_a_full_disk_leaves_the_old_file(tmp_path: Path) -> None:
    """The limit on the size of files stands for a disk that is full: the write fails in the same way."""
    path = tmp_path / "out.ttl"
    path.write_text("old")
    code = f"""
import resource, signal
from pathlib import Path
from threatgraph.saving import save
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, {resource.getrlimit(resource.RLIMIT_FSIZE)[1]}))
save(b"x" * 5000, Path({str(path)!r}))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert "nothing was changed" in done.stderr
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["out.ttl"]


def test_an_error_while_a_file_is_written_leaves_the_old_one(tmp_path: Path) -> None:
    path, pipe, read = tmp_path / "out.ttl", tmp_path / "pipe", tmp_path / "read"
    path.write_text("old")
    os.mkfifo(pipe)
    with read.open("wb") as content, subprocess.Popen(["cat", str(pipe)], stdout=content):
        for target in (path, pipe):
            with pytest.raises(ThreatGraphError, match="cannot represent"), saving(target) as file:  # noqa: PT012
                file.write(b"begun")
                raise ThreatGraphError("cannot represent")
    assert path.read_text() == "old"
    assert read.read_bytes() == b""
    assert {file.name for file in tmp_path.iterdir()} == {"out.ttl", "pipe", "read"}


def test_the_command_writes_nothing_of_a_graph_that_a_format_cannot_represent(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    file, target = tmp_path / "a.ttl", tmp_path / "out.jsonld"
    file.write_text("<urn:a> <urn:p> 1 . <urn:b> <urn:p> <skos:note> .")
    words = ["export", "--no-bundled", "--data", str(file), "--format", "jsonld"]
    assert main(words) == 2
    assert main([*words, "-o", str(target)]) == 2
    captured = capfdbinary.readouterr()
    assert captured.out == b""
    assert captured.err.count(b"reads this IRI as a prefixed name") == 2
    assert not target.exists()


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ThreatGraphError, match="no/such"):
        save(b"x", tmp_path / "no" / "such" / "out.ttl")


def test_a_pipe_is_written_to_and_a_link_is_followed(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE)
    save(b"through", pipe)
    assert reader.communicate(timeout=20)[0] == b"through"
    assert pipe.is_fifo()
    target, link = tmp_path / "target.ttl", tmp_path / "link.ttl"
    target.write_bytes(b"old")
    link.symlink_to(target)
    save(b"new", link)
    assert link.is_symlink()
    assert target.read_bytes() == b"new"
