"""Look-ups accept the identifiers of other projects, and suggest only names that are similar."""

from __future__ import annotations

from pathlib import Path

import pytest

from threatgraph import AmbiguousName, ThreatGraph, UnknownName
from threatgraph.errors import nearest
from threatgraph.vocab import BASE

AI_ACT = f"{BASE}provision/eu-ai-act-2024-1689/"


@pytest.mark.parametrize(
    "name",
    ["AIID 489", "aiid:489", "AIID #489", "aiid-489", "https://incidentdatabase.ai/cite/489",
     "https://incidentdatabase.ai/cite/489/", "https://incidentdatabase.ai/cite/489#r2635"],
)  # fmt: skip
def test_an_incident_is_found_by_its_number_in_the_ai_incident_database(graph: ThreatGraph, name: str) -> None:
    record = graph.incident(name)
    assert "Workday" in record.label


@pytest.mark.parametrize(
    ("name", "iri"),
    [
        ("Art. 14", AI_ACT + "article-14"),
        ("art 14", AI_ACT + "article-14"),
        ("Article 5(1)(a)", AI_ACT + "article-5-1-a"),
        ("Annex III 4(a)", AI_ACT + "annex-iii-4-a"),
        ("Annex III, point 4(a)", AI_ACT + "annex-iii-4-a"),
        ("eu-ai-act Art. 14", AI_ACT + "article-14"),
        ("eu-ai-act:article-14", AI_ACT + "article-14"),
        ("AML.T0051", f"{BASE}provision/mitre-atlas-5.6.0/aml.t0051"),
        ("LLM01:2026", f"{BASE}provision/owasp-llm-2026/llm01"),
        ("LLM01:2025", f"{BASE}provision/owasp-llm-2025/llm01"),
        ("ASI06", f"{BASE}provision/owasp-agentic-2026/asi06"),
        ("MAP 3.4", f"{BASE}provision/nist-ai-rmf-1.0/map-3.4"),
        ("GOVERN 1.1", f"{BASE}provision/nist-ai-rmf-1.0/govern-1.1"),
        ("GV-1.1-001", f"{BASE}provision/nist-ai-600-1/gv-1.1-001"),
        ("A.7.4", f"{BASE}provision/iso-iec-42001-2023/a.7.4"),
        ("iso-42001 A.7.4", f"{BASE}provision/iso-iec-42001-2023/a.7.4"),
    ],
)
def test_a_provision_is_found_by_its_citation(graph: ThreatGraph, name: str, iri: str) -> None:
    assert graph.resolve(name) == graph.resolve(name, "provision") == iri


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("eu-ai-act", "eu-ai-act-2024-1689"),
        ("iso-42001", "iso-iec-42001-2023"),
        ("nist-ai-rmf", "nist-ai-rmf-1.0"),
        ("NIST AI 100-1", "nist-ai-rmf-1.0"),
        ("owasp-llm", "owasp-llm-2025"),
        ("OWASP-Agentic", "owasp-agentic-2026"),
        ("atlas", "mitre-atlas-5.6.0"),
    ],
)
def test_a_framework_is_found_by_its_short_name(graph: ThreatGraph, name: str, slug: str) -> None:
    assert graph.framework(name).iri == f"{BASE}framework/{slug}"


def test_an_incident_is_found_by_its_page_or_case_study(graph: ThreatGraph) -> None:
    pages = [
        str(page)
        for page in graph.query("SELECT ?page { ?i a tg:Incident ; dcterms:source ?page }").column("page")  # type: ignore[union-attr]
        if "/AML.CS" in str(page)
    ]
    assert pages
    for page in pages:
        assert graph.resolve(page) == graph.resolve(page.rpartition("/")[2])


def test_an_identifier_of_a_users_record_is_found(tmp_path: Path) -> None:
    path = tmp_path / "own.ttl"
    path.write_text(
        "@prefix dcterms: <http://purl.org/dc/terms/> .\n@prefix tg: <https://w3id.org/threatgraph/ontology#> .\n"
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n@prefix schema: <https://schema.org/> .\n"
        '<urn:a> a tg:Incident ; skos:prefLabel "Echo"@en ; dcterms:identifier "CVE-2025-32711", "TICKET-7" ;'
        " tg:aiidNumber 77 .\n"
        '<urn:b> a tg:Incident ; skos:prefLabel "Foxtrot"@en ; tg:aiidNumber 77 ;'
        " schema:subjectOf <https://nvd.nist.gov/vuln/detail/CVE-2024-5184> ."
    )
    graph = ThreatGraph.open(path, bundled=False)
    assert graph.resolve("cve-2025-32711") == graph.resolve("ticket-7") == "urn:a"
    assert graph.resolve("CVE-2024-5184") == graph.resolve("http://nvd.nist.gov/vuln/detail/CVE-2024-5184/") == "urn:b"
    with pytest.raises(AmbiguousName, match="urn:a, urn:b"):
        graph.resolve("AIID 77")


def test_a_word_names_the_only_incident_that_has_it(graph: ThreatGraph) -> None:
    assert "COMPAS" in graph.record("COMPAS").label
    with pytest.raises(UnknownName):
        graph.pattern("COMPAS")
    with pytest.raises(UnknownName, match=r"did you mean 'incident:") as caught:
        graph.record("ChatGPT")
    assert all("chatgpt" in graph.record(name).label.lower() + name for name in caught.value.suggestions)


def test_only_similar_names_are_suggested(graph: ThreatGraph) -> None:
    for name in ("NOPE", "xyzzy", "AIID 999999"):
        with pytest.raises(UnknownName) as caught:
            graph.record(name)
        assert caught.value.suggestions == []
    with pytest.raises(UnknownName, match=r'`graph\.list\("incident"\)` lists the incidents'):
        graph.incident("NOPE")
    with pytest.raises(UnknownName, match="did you mean 'eu-ai-act:article-5-1-a"):
        graph.record("Article 5(1)")


def test_similar_names_are_near_by_letters_or_swapped_ones() -> None:
    assert nearest("hihg", ["high", "low"]) == ["high"]
    assert nearest("NOPE", ["open", "scope", "openai"]) == []
    assert nearest("goal-drfit", ["Goal-Drift", "goal"]) == ["Goal-Drift"]
