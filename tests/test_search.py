"""Search finds records by words, names and codes, and says so when the graph does not have what is asked for."""

from __future__ import annotations

import json
import sqlite3
import sys
import tomllib
from pathlib import Path

import pytest

from threatgraph import InvalidQuery, Table, ThreatGraph, ThreatGraphError, UnknownName
from threatgraph.cli import main
from threatgraph.resources import data_dir
from threatgraph.search import Searcher
from threatgraph.search.index import Index
from threatgraph.search.spelling import edit_distance
from threatgraph.search.words import stems, tokens
from threatgraph.vocab import BASE, PREFIXES, shorten

sys.path.insert(0, str(Path(__file__).parent / "bench"))
import search as bench

PATTERN = f"{BASE}pattern/strategic-misalignment"


@pytest.mark.parametrize(
    "phrase",
    ["AI strategic misalignment", "AI alignment problem", "AI value alignment", "AI safety alignment research",
     "specification gaming in AI", "deceptive alignment", "AI corrigibility", "AI existential risk from misalignment",
     "AI objective misspecification at scale", "relationship between AI alignment and governance",
     "the relationship between AI alignment and governance", "strategic misalignment", "PAT-SYS-005", "pat sys 5"],
)  # fmt: skip
def test_the_topics_of_a_pattern_find_it_first(graph: ThreatGraph, phrase: str) -> None:
    assert graph.search(phrase)[0].iri == PATTERN


def test_every_pattern_is_found_by_its_names_and_topics(graph: ThreatGraph) -> None:
    table = graph.query(
        "SELECT ?pattern ?name { ?pattern a tg:ThreatPattern ; skos:prefLabel|skos:altLabel|tg:retrievalTopic ?name }"
    )
    assert isinstance(table, Table)
    rows = table.to_dicts()
    missed = [
        row["name"]
        for row in rows
        if str(row["pattern"]) not in [found.iri for found in graph.search(str(row["name"]), kind="pattern", top=5)]
    ]
    assert len(missed) < len(rows) / 50, missed


@pytest.mark.parametrize(
    ("text", "record"),
    [
        ("Art. 14", "eu-ai-act:article-14"),
        ("what does Article 14 require?", "eu-ai-act:article-14"),
        ("Article 5(1)(f)", "eu-ai-act:article-5-1-f"),
        ("AI Act 50(4)", "eu-ai-act:article-50-4"),
        ("EU AI Act Art 50 para 4", "eu-ai-act:article-50-4"),
        ("Annex III, point 5(b)", "eu-ai-act:annex-iii-5-b"),
        ("annex 3 4 a", "eu-ai-act:annex-iii-4-a"),
        ("AIID 489", "incident:workday-applicant-screening-lawsuit"),
        ("incident 489", "incident:workday-applicant-screening-lawsuit"),
        ("https://incidentdatabase.ai/cite/489", "incident:workday-applicant-screening-lawsuit"),
        ("CVE-2025-32711", "incident:echoleak-microsoft-365-copilot"),
        ("AML.CS0009", "incident:microsoft-tay"),
        ("AML.T0051.000", "atlas:aml.t0051.000"),
        ("T0051", "atlas:aml.t0051"),
        ("ASI06", "owasp-agentic:asi06"),
        ("LLM01:2026", "owasp-llm-2026:llm01"),
        ("OWASP LLM01:2025", "owasp-llm:llm01"),
        ("MIT 4.3", "mit:4.3"),
        ("A.7.4", "iso-42001:a.7.4"),
        ("ISO 42001 clause 9.2", "iso-42001:9.2"),
        ("GOVERN 1.4", "nist-ai-rmf:govern-1.4"),
        ("GV-1.3-007", "nist-ai-600-1:gv-1.3-007"),
        ("CWE-1427", "cwe:cwe-1427"),
        ("pattern:goal-drift", "pattern:goal-drift"),
        ("FRIA", "eu-ai-act:article-27"),
        ("QMS", "eu-ai-act:article-17"),
        ("LAWS", "pattern:lethal-autonomous-weapon-systems"),
        ("NCII", "pattern:abusive-sexual-content"),
        ("robot boss", "pattern:automation-induced-job-degradation"),
        ("how do I stop prompt injection?", "pattern:prompt-injection"),
        ("prmpt injectoin", "pattern:prompt-injection"),
    ],
)
def test_codes_acronyms_and_misspelled_names_find_their_record_first(
    graph: ThreatGraph, text: str, record: str
) -> None:
    assert shorten(graph.search(text)[0].iri) == shorten(graph.resolve(record))


def test_both_editions_of_a_code_are_found(graph: ThreatGraph) -> None:
    assert {found.code for found in graph.search("LLM01")} == {"LLM01:2025", "LLM01:2026"}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("GDPR Art. 22", "General Data Protection Regulation"),
        ("ISO/IEC 27001 controls", "ISO/IEC 27001"),
        ("Colorado AI Act", "Colorado AI Act"),
        ("NIST CSF", "NIST Cybersecurity Framework"),
        ("LLM11", "LLM11"),
        ("Article 120", "Article 120"),
        ("Article 5(9)", "Article 5(9)"),
        ("Annex III 9", "Annex III 9"),
        ("AML.T9999", "AML.T9999"),
        ("MIT 8.1", "8.1"),
        ("AIID 99999", "AIID 99999"),
        ("https://incidentdatabase.ai/cite/99999", "99999"),
        ("sourdough bread recipe", "Nothing in the graph fits"),
        ("best pizza in Naples", "Nothing in the graph fits"),
        ("?!", "Nothing in the graph fits"),
    ],
)
def test_what_the_graph_does_not_have_is_not_answered_by_a_neighbor(graph: ThreatGraph, text: str, part: str) -> None:
    found = graph.search(text)
    assert list(found) == []
    assert part in found.note


def test_a_question_about_a_framework_of_the_graph_and_another_one_is_answered(graph: ThreatGraph) -> None:
    assert graph.search("does the EU AI Act or the Digital Services Act govern recommender systems?")


def test_a_framework_that_the_user_adds_is_searched(tmp_path: Path) -> None:
    file = tmp_path / "own.ttl"
    file.write_text(
        '<urn:f> a tg:Framework ; skos:prefLabel "HIPAA"@en .\n'
        '<urn:p> a tg:Provision ; skos:inScheme <urn:f> ; skos:notation "164.312" ; skos:prefLabel "Safeguards"@en .'
    )
    own = ThreatGraph.open(_with_prefixes(file), bundled=False)
    assert own.search("HIPAA safeguards")[0].iri == "urn:p"
    assert own.search("164.312")[0].iri == "urn:p"
    assert "Medical Device Regulation" in own.search("MDR").note


def test_a_record_of_the_user_is_found_among_the_bundled_ones(tmp_path: Path) -> None:
    file = tmp_path / "own.ttl"
    file.write_text(
        '<urn:x> a tg:Incident ; skos:prefLabel "Zorblax kiosk insults visitors"@en ; dcterms:identifier "TICKET-7" ;'
        ' tg:occurred "2031-02-03"^^xsd:date ; dcterms:description "The kiosk \\"replied\\" in anger."@en .'
    )
    own = ThreatGraph.open(_with_prefixes(file))
    assert own.search("zorblax kiosk")[0].iri == "urn:x"
    assert own.search("TICKET-7")[0].iri == "urn:x"
    assert [found.iri for found in own.search("kiosk", year=2031)] == ["urn:x"]
    assert not own.search("TICKET-8")


def _with_prefixes(file: Path) -> Path:
    prefixes = "".join(f"@prefix {name}: <{PREFIXES[name]}> .\n" for name in ("tg", "skos", "dcterms", "xsd"))
    file.write_text(prefixes + file.read_text())
    return file


def test_filters_restrict_the_results(graph: ThreatGraph) -> None:
    found = graph.search("deepfake fraud", kind="incident", year=2024, sector="finance", top=50)
    assert found
    listed = set(graph.list("incidents", sector="finance", since="2024", until="2024").column("record"))
    assert {item.iri for item in found} <= listed
    assert {item.kind for item in graph.search("deepfake", kind=["pattern", "provision"])} == {"pattern", "provision"}
    provisions = graph.search("human oversight", kind="provision", framework=["NIST AI RMF", "iso-42001"], top=30)
    assert {shorten(item.iri).partition(":")[0] for item in provisions} == {"nist-ai-rmf", "iso-42001"}
    critical = graph.search("autonomous weapons", severity="critical", kind="pattern")
    assert critical
    assert all(graph.pattern(item.iri).text("severity") == "Critical" for item in critical)
    assert "filters" in graph.search("deepfake", year=1982).note


def test_results_are_ranked_and_marked(graph: ThreatGraph) -> None:
    found = graph.search("prompt injection", top=7)
    assert [item.rank for item in found] == list(range(1, 8))
    assert [item.score for item in found] == sorted((item.score for item in found), reverse=True)
    assert all(0 < item.score <= 1 for item in found)
    assert all("**" in item.snippet for item in found)
    assert "**prompt**" in found[1].snippet.lower()


def test_results_have_the_forms_of_other_answers(graph: ThreatGraph) -> None:
    found = graph.search("prmpt injection", top=2)
    content = json.loads(found.to_json())
    assert content["query"] == "prmpt injection"
    assert "'prompt' for 'prmpt'" in content["note"] == found.note
    assert [item["iri"] for item in content["results"]] == [item.iri for item in found]
    table = found.to_table()
    assert table.columns == ("rank", "score", "kind", "code", "label", "snippet", "record")
    assert list(found.to_pandas()["label"]) == [item.label for item in found]
    assert "<mark>" in found._repr_html_()
    assert found[0].label in str(found)
    assert len(repr(found)) < 100
    assert len(repr(found[0])) < 200


def test_markup_in_data_stays_text(tmp_path: Path) -> None:
    file = tmp_path / "own.ttl"
    file.write_text('<urn:x> a tg:Incident ; skos:prefLabel "<script>alert(1)</script> \\u0002zorblax"@en .')
    found = ThreatGraph.open(_with_prefixes(file), bundled=False).search("zorblax")
    assert "<script>" not in found._repr_html_()
    assert "<mark>zorblax</mark>" in found._repr_html_()


@pytest.mark.parametrize(
    "text", ['"', "a AND OR NOT (", "NEAR(x y)", "label:x*", "' --", "\ud800 alignment", "\x00x", "ｆｕｌｌ"]
)
def test_any_text_is_a_query(graph: ThreatGraph, text: str) -> None:
    found = graph.search(text)
    assert found or found.note


def test_bad_input_is_an_error_that_says_what_to_do(graph: ThreatGraph) -> None:
    with pytest.raises(InvalidQuery, match="empty"):
        graph.search("  ")
    with pytest.raises(InvalidQuery, match="recommend"):
        graph.search("x" * 1_000_000)
    with pytest.raises(InvalidQuery, match="top"):
        graph.search("x", top=0)
    with pytest.raises(InvalidQuery, match="year"):
        graph.search("x", year="24")
    with pytest.raises(UnknownName, match="Finance"):
        graph.search("x", sector="finanse")
    with pytest.raises(UnknownName, match="kind"):
        graph.search("x", kind="thing")


def test_a_sqlite_without_fts5_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    class Old:
        def executescript(self, script: str) -> None:
            raise sqlite3.OperationalError("no such module: fts5")

    monkeypatch.setattr(sqlite3, "connect", lambda *_, **__: Old())
    with pytest.raises(ThreatGraphError, match="FTS5"):
        Index([])


def test_a_graph_without_records_finds_nothing(tmp_path: Path) -> None:
    file = tmp_path / "empty.ttl"
    file.write_text("<urn:a> <urn:b> <urn:c> .")
    assert "Nothing" in ThreatGraph.open(file, bundled=False).search("alignment").note


def test_searches_in_threads_give_the_same_answers(graph: ThreatGraph) -> None:
    from concurrent.futures import ThreadPoolExecutor

    texts = ["prompt injection", "Art. 14", "deepfake", "robot boss"] * 5
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda text: graph.search(text).to_dict(), texts))
    assert answers == [graph.search(text).to_dict() for text in texts]


def test_the_vocabulary_is_well_formed(graph: ThreatGraph) -> None:
    folder = data_dir() / "search"
    synonyms = tomllib.loads((folder / "synonyms.toml").read_text(encoding="utf-8"))
    frameworks = tomllib.loads((folder / "frameworks.toml").read_text(encoding="utf-8"))
    for entry in synonyms["synonym"]:
        assert entry["terms"], entry
        assert entry["means"], entry
        assert entry.get("source", "https://").startswith("https://")
    for entry in frameworks["absent"]:
        assert entry["names"], entry
        assert entry["source"].startswith("https://")
    editions = {edition for entry in frameworks["held"] for edition in entry["editions"]}
    assert editions == {iri.rpartition("/")[2] for iri in map(str, graph.list("frameworks").column("record"))}


def test_a_synonym_leads_to_words_of_the_graph(graph: ThreatGraph) -> None:
    """An entry none of whose meanings has a word in the graph cannot find anything."""
    index = graph.searcher._index
    synonyms = tomllib.loads((data_dir() / "search" / "synonyms.toml").read_text(encoding="utf-8"))["synonym"]
    for entry in synonyms:
        assert any(all(map(index.frequency, stems(tokens(text)))) for text in entry["means"]), entry


@pytest.mark.parametrize(
    ("a", "b", "distance"), [("cat", "cat", 0), ("cat", "act", 1), ("cat", "cart", 1), ("cat", "dog", 3), ("", "ab", 2)]
)
def test_edit_distance(a: str, b: str, distance: int) -> None:
    assert edit_distance(a, b, 5) == edit_distance(b, a, 5) == distance


def test_the_figures_of_the_benchmark_hold(graph: ThreatGraph) -> None:
    cases, absent = bench.read_cases(graph), bench.read_absent()
    found = list(bench.ranks(bench.ours(graph.searcher), cases))
    assert sum(rank == 1 for rank in found) >= 0.85 * len(cases)
    assert sum(rank is not None for rank in found) >= 0.95 * len(cases)
    answers = [graph.search(text) for text in absent]
    assert sum(not answer and bool(answer.note) for answer in answers) >= 0.85 * len(absent)
    questions = bench.read_questions(graph)
    held_out = Searcher(graph.store, without=["retrievalQuestion"])
    found = list(bench.ranks(bench.ours(held_out, "pattern"), questions))
    assert sum(rank == 1 for rank in found) >= 0.80 * len(questions)
    assert sum(rank is not None for rank in found) >= 0.98 * len(questions)


def test_the_command_prints_the_record_in_its_first_lines(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", "AI corrigibility"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "PAT-SYS-005" in lines[2]
    assert "Strategic Misalignment" in lines[2]


def test_the_command_prints_why_there_are_no_results(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["search", "GDPR", "Art. 22"]) == 0
    assert capsys.readouterr().out.startswith("General Data Protection Regulation (GDPR) is not in the graph.")
    assert main(["search", "LLM11", "--format", "csv"]) == 0
    captured = capsys.readouterr()
    assert captured.out.strip() == "rank,score,kind,code,label,snippet,record"
    assert "The graph has no LLM11." in captured.err
    assert main(["search", "LLM11", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"query": "LLM11", "note": "The graph has no LLM11.", "results": []}


def test_the_command_has_filters(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["search", "deepfake", "--kind", "incident", "--year", "2023", "--year", "2024", "--top", "3"]
    assert main([*words, "--columns", "kind,record"]) == 0
    rows = capsys.readouterr().out.splitlines()[2:5]
    assert all(row.startswith("incident") for row in rows)
    assert main(["search", "deepfake", "--sector", "finanse"]) == 2
    assert "Finance" in capsys.readouterr().err


QUERIES = ["deepfake", "Art. 5(1)(f)", "AIID 6", "goal drfit", "What is prompt injection?", "NIST 800-53", "xyzzy"]


def test_a_kept_index_gives_the_same_results(
    graph: ThreatGraph, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THREATGRAPH_CACHE", "on")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    wanted = [graph.search(text).to_json() for text in QUERIES]
    for _ in range(2):
        found = ThreatGraph.open(cached=True)
        assert [found.search(text).to_json() for text in QUERIES] == wanted
        (kept,) = tmp_path.rglob("kept-search-*")
    kept.write_bytes(kept.read_bytes()[:-1])
    assert ThreatGraph.open(cached=True).search(QUERIES[0]).to_json() == wanted[0]
