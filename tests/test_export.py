"""What we write, others read: the same triples out of the parsers of other projects, and the same bytes each time."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import networkx
import pytest
import rdflib
from hypothesis import given
from hypothesis import strategies as st
from pyld import jsonld as pyld
from pyoxigraph import Literal, NamedNode, RdfFormat, Triple, parse

from threatgraph import ThreatGraph
from threatgraph.errors import ThreatGraphError, UnknownName
from threatgraph.export import FORMATS, TABLE_FORMATS, export_table, export_triples
from threatgraph.export.jsonld import jsonld_context
from threatgraph.resources import ontology_dir
from threatgraph.saving import save
from threatgraph.table import Table
from threatgraph.vocab import BASE, DERIVED_GRAPH, FILE_GRAPHS, PREFIXES, tg

PEERS = Path(__file__).parent / "peers"
RDF = [name for name, form in FORMATS.items() if form.kind != "network"]
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


def known(graph: ThreatGraph, content: bytes) -> set[tuple[str, ...]]:
    """What a whole export must hold: the triples of the store itself."""
    return {(str(t.subject), str(t.predicate), str(t.object)) for t in graph.store.triples()}


def read_by_oxigraph(content: bytes, form: str) -> set[tuple[str, ...]]:
    triples = {quad.triple for quad in parse(content, format=OXIGRAPH[form])}
    return {(str(t.subject), str(t.predicate), str(t.object)) for t in triples}


def read_by_rdflib(content: bytes, form: str) -> set[tuple[str, ...]]:
    dataset = rdflib.Dataset()
    rdflib.NORMALIZE_LITERALS = False
    dataset.parse(data=content, format=RDFLIB[form])
    merged = rdflib.Graph()
    for subject, predicate, value, _ in dataset.quads():
        merged.add((subject, predicate, value))
    return facts(merged.serialize(format="nt"))


@pytest.fixture(scope="session")
def npm_jsonld(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], str]:
    """The reference JSON-LD implementation for JavaScript, installed once."""
    if shutil.which("npm") is None:
        if os.environ.get("THREATGRAPH_PEERS") == "required":
            pytest.fail("npm is not installed")
        pytest.skip("npm is not installed")
    folder = tmp_path_factory.mktemp("npm") / "jsonld"
    shutil.copytree(PEERS / "jsonld", folder)
    subprocess.run(["npm", "install", "--silent", "--no-audit", "--no-fund"], cwd=folder, check=True, timeout=300)

    def read(path: Path) -> str:
        done = subprocess.run(["node", "read.js", str(path)], cwd=folder, check=True, capture_output=True, timeout=120)
        return done.stdout.decode()

    return read


# Every RDF product, read back.


@pytest.mark.parametrize("form", RDF)
def test_the_whole_graph_holds_every_triple_of_the_store(graph: ThreatGraph, form: str) -> None:
    content = graph.export(form)
    assert read_by_oxigraph(content, form) == known(graph, content)


@pytest.mark.parametrize("node", NODES)
@pytest.mark.parametrize("form", RDF)
def test_rdflib_and_oxigraph_read_the_same(graph: ThreatGraph, form: str, node: str | None) -> None:
    content = graph.export(form, node=node)
    assert len(read_by_oxigraph(content, form)) > 20
    assert read_by_rdflib(content, form) == read_by_oxigraph(content, form)


@pytest.mark.parametrize("form", RDF)
def test_jena_reads_the_same_without_a_warning(
    graph: ThreatGraph, form: str, riot: Callable[..., str], tmp_path: Path
) -> None:
    for node in (None, "PAT-SYS-005"):
        path = tmp_path / f"export.{FORMATS[form].extension}"
        graph.export(form, node=node, path=path)
        assert facts(riot(path)) == read_by_oxigraph(path.read_bytes(), form)


@pytest.mark.parametrize("node", NODES)
def test_pyld_reads_the_same_json_ld(graph: ThreatGraph, node: str | None) -> None:
    content = graph.export("jsonld", node=node)
    text = pyld.to_rdf(json.loads(content), {"format": "application/n-quads"})
    assert facts(text) == read_by_oxigraph(content, "jsonld")


@pytest.mark.parametrize("node", NODES)
def test_npm_jsonld_reads_the_same_json_ld(
    graph: ThreatGraph, node: str | None, npm_jsonld: Callable[[Path], str], tmp_path: Path
) -> None:
    path = tmp_path / "export.jsonld"
    content = graph.export("jsonld", node=node, path=path)
    assert facts(npm_jsonld(path)) == read_by_oxigraph(content, "jsonld")


@pytest.mark.parametrize("form", ["nquads", "trig"])
def test_datasets_say_in_which_file_a_statement_stands(graph: ThreatGraph, form: str) -> None:
    quads = list(parse(graph.export(form), format=OXIGRAPH[form]))
    graphs = {quad.graph_name.value for quad in quads if isinstance(quad.graph_name, NamedNode)}
    assert len({quad.graph_name for quad in quads}) == len(graphs)  # nothing is outside of a graph
    assert graphs == {*graph.store.files, DERIVED_GRAPH}
    goal_drift = {quad.graph_name.value for quad in quads if quad.subject == NamedNode(f"{BASE}pattern/goal-drift")}
    assert goal_drift == {f"{FILE_GRAPHS}data/patterns/goal-drift.ttl", DERIVED_GRAPH}


# JSON-LD as programs see it.


def test_the_shipped_context_is_the_one_that_is_written(graph: ThreatGraph) -> None:
    shipped = json.loads((ontology_dir() / "context.jsonld").read_text(encoding="utf-8"))
    assert shipped == jsonld_context()
    assert json.loads(graph.export("jsonld", node="goal-drift"))["@context"] == shipped["@context"]


def test_a_record_is_an_object_with_its_parts_inside(graph: ThreatGraph) -> None:
    record = json.loads(graph.export("jsonld", node="PAT-SYS-005"))["graph"][0]
    assert record["id"] == f"{BASE}pattern/strategic-misalignment"
    assert record["notation"] == ["PAT-SYS-005"]
    assert record["prefLabel"] == ["Strategic Misalignment"]
    assert record["severity"] == [f"{BASE}severity/high"]
    assert record["sourceUpdated"] == [{"@value": "2025-01-15", "@type": "xsd:date"}]
    assert [step["prefLabel"] for step in record["responseStep"]] == [
        ["Contain"],
        ["Evaluate"],
        ["Consult"],
        ["Remediate or retire"],
    ]
    assert record["responseStep"][0]["position"] == [1]


def test_a_neighbourhood_names_what_it_points_to_and_what_points_at_it(graph: ThreatGraph) -> None:
    nodes = {node["id"]: node for node in json.loads(graph.export("jsonld", node="PAT-SYS-005"))["graph"]}
    assert nodes[f"{BASE}causal-factor/regulatory-gap"]["prefLabel"] == ["Regulatory Gap"]
    act = nodes[f"{BASE}incident/eu-ai-act-enters-into-force"]
    assert act["patternLink"][0]["pattern"] == [f"{BASE}pattern/strategic-misalignment"]
    assert nodes[f"{BASE}pattern/goal-drift"]["escalatesTo"] == [f"{BASE}pattern/strategic-misalignment"]
    assert f"{BASE}pattern/prompt-injection" not in nodes


# Networks.


@pytest.mark.parametrize("node", [None, "PAT-SYS-005"])
def test_networks_are_read_back_with_nodes_edges_and_attributes(graph: ThreatGraph, node: str | None) -> None:
    graphml = networkx.read_graphml(io.BytesIO(graph.export("graphml", node=node)), force_multigraph=True)
    gexf = networkx.read_gexf(io.BytesIO(graph.export("gexf", node=node)))
    assert set(graphml.nodes) == set(gexf.nodes)
    assert graphml.number_of_edges() == gexf.number_of_edges() > 0
    drift = f"{BASE}pattern/goal-drift"
    assert graphml.nodes[drift]["kind"] == "ThreatPattern"
    assert graphml.nodes[drift]["label"] == gexf.nodes[drift]["label"] == "Goal Drift"
    assert graphml.nodes[drift]["code"] == "PAT-AGT-003"


def test_networkx_gets_records_and_links_with_parts_folded(graph: ThreatGraph) -> None:
    network = graph.to_networkx()
    kinds = [data["kind"] for _, data in network.nodes(data=True)]
    assert kinds.count("ThreatPattern") == 42
    assert kinds.count("Incident") == 52
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


# The same bytes.

WRITE_ALL = """
import hashlib
from threatgraph import ThreatGraph
from threatgraph.export import FORMATS
graph = ThreatGraph.open()
for form in FORMATS:
    for node in (None, "PAT-SYS-005"):
        print(form, hashlib.sha256(graph.export(form, node=node)).hexdigest())
"""


def test_the_bytes_do_not_depend_on_the_hash_seed() -> None:
    outputs = {
        subprocess.run(
            [sys.executable, "-c", WRITE_ALL],
            env=os.environ | {"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            timeout=120,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


@pytest.mark.parametrize("form", [name for name, form in FORMATS.items() if form.kind != "dataset"])
def test_the_bytes_do_not_depend_on_the_order_of_files(tmp_path: Path, form: str) -> None:
    files = [tmp_path / "a.ttl", tmp_path / "b.ttl"]
    for file, name in zip(files, ("one", "two"), strict=True):
        file.write_text(f'<{BASE}group/{name}> a <{tg("AffectedGroup")}> ; <{PREFIXES["skos"]}prefLabel> "{name}"@en .')
    first = ThreatGraph.open(files, shipped=False).export(form)
    assert first == ThreatGraph.open(files[::-1], shipped=False).export(form)


# Hard values.

NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # outside of the Char production of XML 1.0
HARD = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(st.lists(st.tuples(HARD, st.sampled_from(["en", "de-AT", None])), min_size=1, max_size=5))
def test_any_text_survives_or_is_refused(texts: list[tuple[str, str | None]]) -> None:
    subject, predicate = NamedNode(f"{BASE}group/hard"), NamedNode(f"{PREFIXES['skos']}note")
    triples = {Triple(subject, predicate, Literal(text, language=tag) if tag else Literal(text)) for text, tag in texts}
    for form in ("turtle", "jsonld", "ntriples", "rdfxml"):
        if form == "rdfxml" and any(NOT_XML.search(text) for text, _ in texts):
            with pytest.raises(ThreatGraphError, match="control characters"):
                export_triples(triples, form)
            continue
        content = export_triples(triples, form)
        assert read_by_oxigraph(content, form) == {(str(t.subject), str(t.predicate), str(t.object)) for t in triples}


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
    assert len(rows) == 6
    assert rows[4]["code"] == "PAT-SYS-005"
    assert rows[4]["severity"] == f"{BASE}severity/high"
    assert export_table(table, "tsv").decode().splitlines()[0] == "code\tlabel\tdomain\tseverity\tlikelihood\tpattern"
    assert [row["code"] for row in json.loads(export_table(table, "json"))] == [row["code"] for row in rows]
    assert export_table(table, "markdown").decode().count("\n") == 8


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_csv_gives_back_any_text(values: list[str]) -> None:
    values = [value.replace("\x00", "") for value in values]
    table = Table(["x"], [(Literal(value),) for value in values if _is_text(value)])
    read = list(csv.reader(io.StringIO(export_table(table, "csv").decode(), newline="")))
    assert [row[0] if row else "" for row in read[1:]] == [value for value in values if _is_text(value)]


def _is_text(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)


def test_unknown_formats_and_records_are_named_with_the_nearest(graph: ThreatGraph) -> None:
    with pytest.raises(UnknownName, match="Did you mean turtle"):
        graph.export("turtel")
    with pytest.raises(UnknownName, match="Did you mean csv"):
        export_table(graph.run("domains"), "cvs")
    with pytest.raises(UnknownName, match=r"(?i)did you mean pat-sys-00"):
        graph.export("turtle", node="PAT-SYS-00")
    assert set(TABLE_FORMATS) == {"table", "json", "csv", "tsv", "markdown"}


# Files, whole or not at all.


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
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


def test_a_folder_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(ThreatGraphError, match="no/such"):
        save(b"x", tmp_path / "no" / "such" / "out.ttl")
