"""Predicted links to patterns: which are created, how they are recorded, and how to disable them."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyoxigraph import Literal, NamedNode

from importer_samples import statements
from threatgraph import ThreatGraph
from threatgraph.cli import main
from threatgraph.importers.builder import ImportResult, RecordBuilder, english
from threatgraph.importers.links import BOTH, TEXT, LinkPredictor, Prediction, add_links
from threatgraph.importers.writing import as_turtle
from threatgraph.recommend import Recommender, recommend
from threatgraph.store import MemoryStore
from threatgraph.vocab import BASE, PREFIXES

PATTERN = f"{BASE}pattern/goal-drift"


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    """The bundled graph."""
    return MemoryStore.open()


def incident(name: str, text: str, *, mit: str = "", same: str = "") -> RecordBuilder:
    """An imported incident."""
    builder = RecordBuilder(f"{BASE}incident/{name}", "Incident", "a.csv", 2)
    builder.add("skos:prefLabel", english("Something happened"))
    builder.add("dcterms:description", english(text))
    builder.add("tg:sameIncident", NamedNode(same) if same else None)
    if mit:
        part = builder.add_part("tg:mapping", "mapping-mit", "FrameworkMapping")
        builder.add("sssom:object_id", NamedNode(PREFIXES["mit"] + mit), part=part)
    return builder


def gathered(*records: RecordBuilder) -> ImportResult:
    """A result with some records."""
    found = ImportResult("Incident")
    for builder in records:
        assert found.add(builder)
    return found


def definition(store: MemoryStore) -> str:
    """The definition of the pattern, which is the strongest possible evidence for it."""
    query = f"SELECT ?text {{ <{PATTERN}> skos:definition ?text }}"
    return str(store.select(query).column("text")[0])


def test_an_incident_is_linked_to_the_pattern_that_it_describes(store: MemoryStore) -> None:
    found = gathered(incident("aiid-1", definition(store)))
    before = set(found.records["https://w3id.org/threatgraph/incident/aiid-1"].triples)
    add_links(found, store)
    link = "recommendation/incident-aiid-1/pattern-goal-drift"
    stated = statements(found, link)
    assert {
        ("rdf:type", "tg:Recommendation"),
        ("tg:recommendedFor", "incident:aiid-1"),
        ("tg:recommends", "pattern:goal-drift"),
        ("tg:rankPosition", "1^integer"),
        ("tg:recommendationBasis", "signals^string"),
        ("sssom:confidence", f"{TEXT.confidence:g}^decimal"),
        ("sssom:mapping_justification", "semapv:SemanticSimilarityThresholdMatching"),
    } == {pair for pair in stated if pair[0] != "tg:score"}
    assert all(float(value.partition("^")[0]) >= TEXT.least for name, value in stated if name == "tg:score")
    assert set(found.records["https://w3id.org/threatgraph/incident/aiid-1"].triples) == before, "no curated link"


def test_a_shared_mit_subdomain_lowers_the_threshold_and_is_recorded(store: MemoryStore) -> None:
    # Goal drift is mapped to the subdomains 7.1 and 7.6.
    found = gathered(incident("aiid-1", definition(store), mit="7.1"), incident("aiid-2", definition(store), mit="1.1"))
    add_links(found, store)
    marks = [
        statements(found, f"recommendation/incident-aiid-{number}/pattern-goal-drift")
        & {("sssom:mapping_justification", f"semapv:{mark}")}
        for number, mark in ((1, BOTH.justification), (2, TEXT.justification))
    ]
    assert all(marks)
    assert BOTH.least < TEXT.least
    assert Prediction(PATTERN, 1, 0.25, True).tier is BOTH
    assert Prediction(PATTERN, 1, 0.25, False).tier is TEXT


def test_weak_texts_known_incidents_and_other_records_get_no_link(store: MemoryStore) -> None:
    known = incident("aiid-2", definition(store), same=f"{BASE}incident/some-incident")
    other = RecordBuilder(f"{BASE}provision/x/y", "Provision", "a.csv")
    other.add("skos:prefLabel", english(definition(store)))
    page = incident("aiid-3", "Nothing.", same="https://example.org/page")
    # A text without terms of the graph has no prediction; a short text scores high by chance and has none either.
    weak = incident("aiid-1", "zzyzx qwxv " * 20)
    weak.triples = [t for t in weak.triples if not t.predicate.value.endswith("prefLabel")]
    found = gathered(weak, incident("aiid-4", "It took my job."), known, other, page)
    add_links(found, store)
    assert {builder.class_name for builder in found.records.values()} == {"Incident", "Provision"}


def test_links_below_the_minimum_confidence_are_left_out(store: MemoryStore) -> None:
    for above, expected in ((0.0, True), (TEXT.confidence, True), (TEXT.confidence + 0.01, False), (1.0, False)):
        found = gathered(incident("aiid-1", definition(store)))
        add_links(found, store, above)
        assert (len(found.records) > 1) is expected, above


def test_predictions_are_ranked_and_agree_with_recommendations(store: MemoryStore) -> None:
    text = "A chatbot told a man to trust nobody and he believed it for months"
    predictions = LinkPredictor(store).predictions(text, set())
    expected = recommend(Recommender(store), text=text, top=3)  # rules are for descriptions of systems
    assert [(prediction.rank, prediction.pattern) for prediction in predictions] == [
        (item.rank, item.iri) for item in expected
    ]
    assert [prediction.score for prediction in predictions] == pytest.approx(
        [item.score for item in expected], abs=1e-5
    )


def test_predicted_links_are_valid_and_change_no_count_of_curated_links(store: MemoryStore, tmp_path: Path) -> None:
    builder = incident("aiid-1", definition(store))
    builder.add("dcterms:source", NamedNode("https://incidentdatabase.ai/cite/1"))
    builder.add("tg:curationStatus", NamedNode(f"{BASE}curation-status/as-in-source"))
    builder.add("tg:occurred", Literal("2020", datatype=NamedNode(PREFIXES["xsd"] + "gYear")))
    found = gathered(builder)
    add_links(found, store)
    file = tmp_path / "links.ttl"
    file.write_text(as_turtle(found), encoding="utf-8")
    graph = ThreatGraph.open([file])
    report = graph.validate([file])
    assert [result for result in report.results if "recommendation" in result.node] == []
    assert report.ok
    count = "SELECT (COUNT(*) AS ?n) { ?incident tg:involvesPattern ?pattern }"
    assert graph.store.select(count).column("n") == store.select(count).column("n")


HEAD = (
    "incident_id,date,title,description,Alleged deployer of AI system,Alleged developer of AI system,"
    "Alleged harmed or nearly harmed parties\n"
)


@pytest.mark.parametrize(
    ("options", "linked"), [([], True), (["--no-links"], False), (["--links-above", "0.99"], False)]
)
def test_the_command_line(
    options: list[str], linked: bool, store: MemoryStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = tmp_path / "incidents.csv", tmp_path / "out.ttl"
    file.write_text(f'{HEAD}9001,2024-01-01,It drifted,"{definition(store)}",[],[],[]\n', encoding="utf-8")
    assert main(["import", "aiid", str(file), "-o", str(out), *options]) == 0
    assert ("predicted link" in capsys.readouterr().err) is linked
    assert ("tg:Recommendation" in out.read_text(encoding="utf-8")) is linked
    assert main(["--data", str(out), "show", "aiid-9001"]) == 0
    page = capsys.readouterr().out
    assert ("Predicted patterns (" in page) is linked
    assert (f"Goal Drift (PAT-AGT-003) [confidence {TEXT.confidence}]" in page) is linked


@pytest.mark.parametrize("share", ["-0.1", "1.5", "nan", "much"])
def test_a_confidence_is_a_number_from_0_to_1(share: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["import", "aiid", "x.csv", "--links-above", share])
    assert stopped.value.code == 2
    assert "from 0 to 1" in capsys.readouterr().err
