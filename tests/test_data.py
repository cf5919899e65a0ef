"""The bundled records: strict Turtle for three parsers, in the canonical form, whole and linked."""

from __future__ import annotations

import subprocess
import sys
import warnings
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import rdflib
from pyoxigraph import BlankNode, Literal, RdfFormat, parse

from threatgraph import Link, Record, ThreatGraph
from threatgraph.authoring import format_text
from threatgraph.rdf.turtle import write_turtle
from threatgraph.resources import bundled_files, data_dir, ontology_dir
from threatgraph.vocab import BASE, KINDS, shorten, tg

ALL = sorted([*ontology_dir().rglob("*.ttl"), *data_dir().rglob("*.ttl")])
ROOT = Path(__file__).resolve().parents[1]
PROJECT = f"{BASE}project"
RECORDS = sorted(data_dir().rglob("*.ttl"))


def where(path: Path) -> str:
    return "/".join(path.parts[-3:])


# Every file, in every parser.


@pytest.mark.parametrize("path", ALL, ids=where)
def test_two_strict_parsers_read_the_same_triples(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    ours = {quad.triple for quad in parse(text, format=RdfFormat.TURTLE)}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        theirs = rdflib.Graph().parse(data=text, format="turtle")
    assert len(theirs) == len(ours) > 0


def test_jena_reads_every_file_without_a_warning(riot: Callable[..., str]) -> None:
    read = {line for line in riot(*ALL).splitlines() if "_:" not in line}
    expected = {quad.triple for path in ALL for quad in parse(path=str(path), format=RdfFormat.TURTLE)}
    named = {t for t in expected if not isinstance(t.subject, BlankNode) and not isinstance(t.object, BlankNode)}
    assert {q.triple for q in parse("\n".join(read), format=RdfFormat.N_TRIPLES)} == named


@pytest.mark.parametrize("path", RECORDS, ids=where)
def test_records_are_in_the_canonical_form_without_blank_nodes(path: Path) -> None:
    """Comments of a template that is not completed yet are part of that form; see ``threatgraph new``."""
    text = path.read_text(encoding="utf-8")
    assert format_text(path) == text
    if "#?" not in text:
        assert write_turtle(quad.triple for quad in parse(text, format=RdfFormat.TURTLE)) == text


@pytest.mark.parametrize("path", [p for p in RECORDS if p.parts[-2] not in ("vocabularies",)], ids=where)
def test_a_record_is_in_the_file_that_bears_its_name(path: Path) -> None:
    if "frameworks" in path.parts:
        return  # a framework's provisions share a file
    records = {q.subject.value.partition("#")[0] for q in parse(path=str(path), format=RdfFormat.TURTLE)}
    assert {record.rpartition("/")[2] for record in records} == {path.stem}


# What is there.


def counted(graph: ThreatGraph) -> dict[str, int]:
    """How many records there are of each class, by SPARQL."""
    query = "SELECT ?class (COUNT(?s) AS ?n) WHERE { ?s a ?class } GROUP BY ?class"
    return {shorten(str(row["class"])): int(str(row["n"])) for row in graph.store.select(query).to_dicts()}


def test_the_counts_are_those_of_the_source(graph: ThreatGraph) -> None:
    counts = counted(graph)
    expected = {
        "domain": 8,
        "causal-factor": 15,
        "causal-factor-category": 4,
        "group": 11 + 6,
        "harm-type": 6,
        "asset": 7,
        "exposure-pathway": 5,
        "lifecycle-stage": 6,
        "sector": 7 + 12,  # the source's and ours
        "region": 4 + 4,
        "glossary-term": 18,
        "glossary-category": 4,
        "severity": 4,
        "likelihood-trend": 3,
    }
    assert {kind: counts[f"tg:{KINDS[kind].class_name}"] for kind in expected} == expected
    from_source = """SELECT (COUNT(DISTINCT ?s) AS ?n) WHERE {
        ?s a tg:ThreatPattern ; dcterms:source ?page FILTER(CONTAINS(STR(?page), "//topaithreats.com/")) }"""
    assert str(graph.store.select(from_source).column("n")[0]) == "42"
    assert counts["tg:ThreatPattern"] >= 42
    assert counts["tg:Incident"] >= 232
    published = """SELECT (COUNT(?m) AS ?n) WHERE {
        ?set tg:crosswalkMapping ?m ; tg:curationStatus curation-status:as-in-source
        FILTER(!CONTAINS(STR(?set), "cosai")) }"""
    assert str(graph.store.select(published).column("n")[0]) == str(277 + 23 + 15)


def test_generated_files_are_up_to_date() -> None:
    """`python tools/update_generated.py` writes them; a count that is too low is allowed, so a new record is enough."""
    command = [sys.executable, "tools/update_generated.py", "--check"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout == "22 counts and 2 files are up to date\n"


@pytest.mark.parametrize(
    ("framework", "levels"),
    [
        ("nist-ai-600-1", {"gai-risk": 12, "suggested-action": 212}),
        ("owasp-llm-2025", {"risk": 10}),
        ("owasp-llm-2026", {"risk": 10}),
        ("owasp-agentic-2026", {"risk": 10}),
        ("cosai-risk-map-2026", {"risk": 36, "control": 35, "control-category": 6}),
        ("mitre-atlas-5.6.0", {"tactic": 16, "technique": 101, "subtechnique": 69, "mitigation": 35}),
        ("mit-ai-risk-repository-v3", {"domain": 7, "subdomain": 24, "causal-variable": 3, "causal-value": 9}),
        ("nist-ai-rmf-1.0", {"function": 4, "category": 19, "subcategory": 72, "trustworthiness-characteristic": 7}),
        ("eu-ai-act-2024-1689", {"chapter": 13, "article": 119, "annex": 14, "annex-III-area": 8, "risk-tier": 6}),
        ("iso-iec-42001-2023", {"clause": 7, "control-objective-area": 9, "control": 38}),
    ],
)
def test_frameworks_are_whole_trees(graph: ThreatGraph, framework: str, levels: dict[str, int]) -> None:
    table = graph.run("provisions", framework=framework)
    counts = Counter(table.column("level"))
    assert {level: counts[level] for level in levels} == levels
    known = set(table.column("provision"))
    assert {parent for parent in table.column("parent") if parent} <= known


def test_every_link_has_a_target(graph: ThreatGraph) -> None:
    query = f"""SELECT DISTINCT ?target WHERE {{
        ?s ?p ?target FILTER(STRSTARTS(STR(?target), "{BASE}"))
        FILTER(!STRSTARTS(STR(?target), "{BASE}ontology"))
        FILTER NOT EXISTS {{ ?target a ?class }} }}"""
    assert graph.store.select(query).rows == []


def test_every_pattern_incident_and_provision_has_a_source(graph: ThreatGraph) -> None:
    query = """SELECT ?s WHERE { VALUES ?class { tg:ThreatPattern tg:Incident tg:Provision }
        ?s a ?class FILTER NOT EXISTS { ?s dcterms:source ?source } }"""
    assert graph.store.select(query).rows == []


def test_what_the_source_does_not_tell_is_not_said_to_be_the_sources(graph: ThreatGraph) -> None:
    memory = graph.pattern("memory-poisoning")
    assert memory.code is None
    assert str(memory["curationStatus"][0]) == "Unconfirmed"
    notes = " ".join(map(str, memory["editorialNote"]))
    assert "Its page was not read." in notes
    assert {tg("severity"), tg("likelihoodTrend"), tg("evidenceLevel")} <= added(memory)
    for kind in ("mechanism", "impact", "indicator", "measure", "responseStep"):
        agents = [part["wasAttributedTo"][0] for part in memory[kind] if isinstance(part, Record)]
        assert {agent.iri for agent in agents if isinstance(agent, Link)} == {PROJECT}
    seen = graph.pattern("PAT-AGT-003")
    assert tg("evidenceLevel") in added(seen)
    assert {tg("severity"), tg("likelihoodTrend")} & added(seen) == set()


def added(record: Record) -> set[str]:
    """The properties whose values in a record come from threatgraph."""
    return {value.iri for value in record["addedProperty"] if isinstance(value, Link)}


def test_a_record_has_the_properties_that_it_names_as_added(graph: ThreatGraph) -> None:
    named = "SELECT ?record ?property { ?record tg:addedProperty ?property }"
    assert len(graph.store.select(named)) > 1000
    absent = (
        "SELECT ?record ?property { ?record tg:addedProperty ?property FILTER NOT EXISTS { ?record ?property ?any } }"
    )
    assert graph.store.select(absent).rows == []


def test_derived_statements_are_in_no_file() -> None:
    derived = {
        tg(name) for name in ("affects", "mappedTo", "involvesPattern", "primaryPattern", "secondaryPattern", "actor")
    }
    stated = {q.predicate.value for path in RECORDS for q in parse(path=str(path), format=RdfFormat.TURTLE)}
    assert stated & derived == set()


def test_every_text_says_its_language() -> None:
    plain = {"notation", "identifier", "mapping_tool", "provisionLevel", "publisherName"}
    for path in RECORDS:
        for quad in parse(path=str(path), format=RdfFormat.TURTLE):
            value = quad.object
            if isinstance(value, Literal) and value.datatype.value.endswith(("#string", "#langString")):
                name = quad.predicate.value.replace("#", "/").rpartition("/")[2]
                assert (value.language == "en") != (name in plain), (path, name, value)


# PAT-SYS-005, field by field, as its page in the source has them.


def labels(values: tuple[object, ...]) -> list[str]:
    return [value.label for value in values if isinstance(value, (Link, Record))]


def test_strategic_misalignment_is_lossless(graph: ThreatGraph) -> None:
    pattern = graph.pattern("PAT-SYS-005")
    assert (pattern.code, pattern.label) == ("PAT-SYS-005", "Strategic Misalignment")
    assert labels(pattern["severity"]) == ["High"]
    assert labels(pattern["likelihoodTrend"]) == ["Stable"]
    assert labels(pattern["evidenceLevel"]) == ["Theoretical with empirical foundations"]
    assert pattern["sourceUpdated"] == ("2025-01-15",)
    assert sorted(labels(pattern["listedGroup"])) == ["Consumers", "IT & Security Professionals"]
    assert sorted(labels(pattern["causalFactor"])) == [
        "Accountability Vacuum",
        "Competitive Pressure",
        "Regulatory Gap",
    ]
    assert {part.text("sourceLabel") for part in pattern["mapping"] if isinstance(part, Record)} - {""} == {
        "Long-term / existential",
        "General-purpose AI provisions",
    }
    for (
        text
    ) in "abstract definition severityRationale likelihoodTrendRationale evidenceRationale incidentSummary".split():
        assert len(pattern.text(text)) > 60
    for text in "mechanismSummary indicatorSummary responseTrigger retrievalNote".split():
        assert len(pattern.text(text)) > 40


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (
            "mechanism",
            [
                "Value specification difficulty",
                "Capability-control asymmetry",
                "Optimization pressure",
                "Emergent strategic behavior",
                "Inadequate alignment verification",
            ],
        ),
        (
            "indicator",
            [
                "Specification gaming",
                "Capability-alignment gap",
                "Evaluation-deployment behavioral divergence",
                "Interpretability barriers",
                "Value divergence",
            ],
        ),
        (
            "measure",
            [
                "Alignment research investment",
                "Evaluation and red-teaming",
                "Interpretability requirements",
                "Incremental deployment with monitoring",
                "Corrigibility design",
            ],
        ),
        ("responseStep", ["Contain", "Evaluate", "Consult", "Remediate or retire"]),
        ("governanceContext", ["EU AI Act", "NIST AI RMF", "ISO/IEC 42001", "International AI safety efforts"]),
    ],
)
def test_its_lists_are_in_order_and_told(graph: ThreatGraph, field: str, expected: list[str]) -> None:
    parts = graph.pattern("PAT-SYS-005")[field]
    assert labels(parts) == expected
    assert all(len(part.text("description")) > 60 for part in parts if isinstance(part, Record))


def test_its_impacts_say_who_in_which_role_and_why(graph: ThreatGraph) -> None:
    impacts = [part for part in graph.pattern("PAT-SYS-005")["impact"] if isinstance(part, Record)]
    assert [(i.text("sourceLabel"), labels(i["group"])[0], labels(i["impactRole"])[0]) for i in impacts] == [
        ("General public", "General Public", "Primary target"),
        ("Government agencies", "Government Institutions", "Primary target"),
        ("IT and security professionals", "IT & Security Professionals", "Secondary impact"),
        ("Business professionals", "Business Leaders", "Secondary impact"),
    ]
    assert all(len(impact.text("rationale")) > 60 for impact in impacts)


def test_its_retrieval_topics_and_incident_count(graph: ThreatGraph) -> None:
    pattern = graph.pattern("PAT-SYS-005")
    assert set(pattern["retrievalTopic"]) == {
        "AI strategic misalignment",
        "AI alignment problem",
        "AI value alignment",
        "AI safety alignment research",
        "specification gaming in AI",
        "deceptive alignment",
        "AI corrigibility",
        "AI existential risk from misalignment",
        "AI objective misspecification at scale",
        "relationship between AI alignment and governance",
    }
    (figure,) = pattern["sourceFigure"]
    assert isinstance(figure, Record)
    assert figure["count"] == (2,)


def test_bundled_files_are_the_ontology_the_scales_and_the_records() -> None:
    assert {path for path in bundled_files() if "shapes" in path.parts} == set()
    assert set(RECORDS) <= set(bundled_files())
