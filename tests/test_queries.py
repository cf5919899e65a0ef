"""Every named query, on the shipped data, against an answer that was worked out by hand from the source's own lists."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threatgraph import ThreatGraph
from threatgraph.catalog import load_catalog, read_query
from threatgraph.errors import InvalidFile, InvalidQuery, UnknownName
from threatgraph.table import to_text

NO_PAGE = ["AI Supply Chain Attacks", "Adversarial Evasion", "Memory Poisoning", "Prompt Injection"]
NO_PAGE += ["Re-identification Attacks", "Sensitive Attribute Inference"]


SAMPLES = {
    "causal-factor": "regulatory-gap",
    "date": "2026-11-01",
    "framework": "eu-ai-act-2024-1689",
    "group": "consumers",
    "incident": "INC-23-0002",
    "pattern": "PAT-SYS-005",
    "provision": "mit:7",
    "string": "a",
}


def rows(graph: ThreatGraph, name: str, columns: str, **params: object) -> list[tuple[str, ...]]:
    """Some columns of an answer, as a person reads them; an empty cell is an empty string."""
    table = graph.run(name, **params)
    wanted = [table.columns.index(column) for column in columns.split()]
    return [tuple(to_text(row[position]) for position in wanted) for row in table.rows]


def column(graph: ThreatGraph, name: str, wanted: str, **params: object) -> list[str]:
    return [row[0] for row in rows(graph, name, wanted, **params)]


# What the catalogue promises for each of its queries.


@pytest.mark.parametrize("name", load_catalog())
def test_a_query_gives_the_columns_that_its_header_names(graph: ThreatGraph, name: str) -> None:
    query = load_catalog()[name]
    assert graph.store.select(query.sparql).columns == tuple(query.columns)


@pytest.mark.parametrize("name", load_catalog())
def test_the_order_of_the_rows_is_settled(graph: ThreatGraph, name: str) -> None:
    """No two rows are alike, and the order does not depend on the order in which triples were loaded."""
    query = load_catalog()[name]
    assert "ORDER BY" in query.sparql
    table = graph.run(name, **{p.name: SAMPLES[p.type] for p in query.parameters if p.default is None})
    assert len({tuple(map(str, row)) for row in table.rows}) == len(table)


def test_there_are_at_least_25_questions() -> None:
    catalog = load_catalog()
    assert len(catalog) >= 25
    assert len({query.question for query in catalog.values()}) == len(catalog)
    assert all(query.question.endswith("?") for query in catalog.values())


# Threat patterns.


def test_patterns(graph: ThreatGraph) -> None:
    assert len(graph.run("patterns")) == 42
    assert rows(graph, "patterns", "code severity likelihood", domain="DOM-SYS") == [
        ("PAT-SYS-001", "severity:high", "likelihood:increasing"),
        ("PAT-SYS-002", "severity:critical", "likelihood:stable"),
        ("PAT-SYS-003", "severity:critical", "likelihood:increasing"),
        ("PAT-SYS-004", "severity:critical", "likelihood:increasing"),
        ("PAT-SYS-005", "severity:high", "likelihood:stable"),
        ("PAT-SYS-006", "severity:low", "likelihood:stable"),
    ]
    stable = column(graph, "patterns", "code", likelihood="stable")
    assert stable == ["PAT-SOC-003", "PAT-SYS-002", "PAT-SYS-005", "PAT-SYS-006"]
    assert column(graph, "patterns", "code", severity="low") == ["PAT-SYS-006"]
    assert column(graph, "patterns", "code", severity="high", likelihood="stable") == ["PAT-SOC-003", "PAT-SYS-005"]


def test_patterns_at_least_as_severe(graph: ThreatGraph) -> None:
    critical = ["PAT-ECO-004", "PAT-INF-003", "PAT-PRI-003", "PAT-SOC-002", "PAT-SYS-002", "PAT-SYS-003", "PAT-SYS-004"]
    assert column(graph, "patterns-at-least-as-severe", "code", severity="critical") == critical
    at_least_high = column(graph, "patterns-at-least-as-severe", "code")  # "high" is the default
    assert at_least_high[:7] == critical
    assert len(at_least_high) == 23
    assert len(graph.run("patterns-at-least-as-severe", severity="low")) == 34  # the other eight have no rating


def test_severity_by_domain(graph: ThreatGraph) -> None:
    table = rows(graph, "severity-by-domain", "domain severity patterns")
    assert ("domain:systemic-catastrophic", "severity:critical", "3") in table
    assert ("domain:discrimination-social-harm", "severity:high", "3") in table
    assert ("domain:security-cyber", "", "4") in table
    assert ("domain:security-cyber", "severity:high", "1") in table
    assert sum(int(count) for _, _, count in table) == 42
    assert len(table) == 22


def test_patterns_by_cause(graph: ThreatGraph) -> None:
    table = rows(graph, "patterns-by-cause", "code stated incidents", cause="CAUSE-009")
    assert table == [("PAT-SEC-005", "false", "2"), ("PAT-CTL-004", "false", "1"), ("PAT-PRI-003", "false", "1")]
    gap = rows(graph, "patterns-by-cause", "code stated incidents", cause="regulatory-gap")
    assert gap[0] == ("PAT-SYS-005", "true", "1")
    assert gap[1:3] == [("PAT-CTL-003", "false", "2"), ("PAT-PRI-001", "false", "2")]
    assert len(gap) == 10


def test_patterns_by_group(graph: ThreatGraph) -> None:
    seniors = rows(graph, "patterns-by-group", "code role", group="seniors")
    assert seniors == [("PAT-CTL-003", ""), ("PAT-INF-002", ""), ("PAT-PRI-002", "")]
    public = rows(graph, "patterns-by-group", "code role", group="general-public")
    assert public == [("PAT-SYS-005", "impact-role:primary-target")]
    assert len(graph.run("patterns-by-group", group="consumers")) == 18


def test_patterns_by_framework(graph: ThreatGraph) -> None:
    mit = rows(graph, "patterns-by-framework", "target code", framework="mit-ai-risk-repository-v3")
    assert len(mit) == 34
    agents = ["PAT-AGT-001", "PAT-AGT-002", "PAT-AGT-003", "PAT-AGT-005", "PAT-AGT-006"]
    assert [code for target, code in mit if target == "mit:7.6"] == agents
    act = rows(graph, "patterns-by-framework", "code target relation", framework="eu-ai-act-2024-1689")
    assert len({code for code, _, _ in act}) == 34
    assert ("PAT-SYS-005", "eu-ai-act:chapter-v", "skos:relatedMatch") in act
    assert ("PAT-AGT-006", "framework:eu-ai-act-2024-1689", "skos:relatedMatch") in act  # no article could be named


def test_patterns_by_provision(graph: ThreatGraph) -> None:
    agents = column(graph, "patterns-by-provision", "code", provision="mit:7.6")
    assert agents == ["PAT-AGT-001", "PAT-AGT-002", "PAT-AGT-003", "PAT-AGT-005", "PAT-AGT-006"]
    systemic = [f"PAT-SYS-00{n}" for n in range(1, 7)]
    assert column(graph, "patterns-by-provision", "code", provision="mit:7") == agents + systemic
    general = column(graph, "patterns-by-provision", "code", provision="eu-ai-act:chapter-v")
    assert general == ["PAT-AGT-001", "PAT-AGT-005", "PAT-SYS-003", "PAT-SYS-005", "PAT-SYS-006"]


def test_pattern_incidents(graph: ThreatGraph) -> None:
    table = rows(graph, "pattern-incidents", "code role status", pattern="PAT-CTL-005")
    unspecified, sure = "pattern-role:unspecified", "curation-status:as-in-source"
    codes = ["INC-18-0001", "INC-24-0021", "INC-25-0013", "INC-25-0015"]
    assert table == [(code, unspecified, sure) for code in codes]
    misalignment = rows(graph, "pattern-incidents", "occurred code status", pattern="PAT-SYS-005")
    assert misalignment == [("2024-08-01", "INC-24-0011", "curation-status:matched-from-text")]
    inversion = rows(graph, "pattern-incidents", "occurred code role", pattern="PAT-SEC-005")
    assert inversion == [
        ("2023-03", "INC-23-0002", "pattern-role:primary"),
        ("2025-01", "INC-25-0003", "pattern-role:secondary"),
    ]


def test_pattern_guidance(graph: ThreatGraph) -> None:
    table = rows(graph, "pattern-guidance", "part position label", pattern="PAT-SYS-005")
    assert table == [
        ("mechanism", "1", "Value specification difficulty"),
        ("mechanism", "2", "Capability-control asymmetry"),
        ("mechanism", "3", "Optimization pressure"),
        ("mechanism", "4", "Emergent strategic behavior"),
        ("mechanism", "5", "Inadequate alignment verification"),
        ("indicator", "1", "Specification gaming"),
        ("indicator", "2", "Capability-alignment gap"),
        ("indicator", "3", "Evaluation-deployment behavioral divergence"),
        ("indicator", "4", "Interpretability barriers"),
        ("indicator", "5", "Value divergence"),
        ("measure", "1", "Alignment research investment"),
        ("measure", "2", "Evaluation and red-teaming"),
        ("measure", "3", "Interpretability requirements"),
        ("measure", "4", "Incremental deployment with monitoring"),
        ("measure", "5", "Corrigibility design"),
        ("response step", "1", "Contain"),
        ("response step", "2", "Evaluate"),
        ("response step", "3", "Consult"),
        ("response step", "4", "Remediate or retire"),
    ]


def test_escalations(graph: ThreatGraph) -> None:
    drift, misaligned = "pattern:goal-drift", "pattern:strategic-misalignment"
    runaway = "pattern:uncontrolled-recursive-self-improvement"
    everything = [(drift, misaligned, "true"), (drift, runaway, "false"), (misaligned, runaway, "true")]
    assert rows(graph, "escalations", "pattern target direct") == everything
    assert rows(graph, "escalations", "pattern target direct", pattern="PAT-SYS-005") == everything[2:]


def test_patterns_sharing_context(graph: ThreatGraph) -> None:
    table = rows(graph, "patterns-sharing-context", "other causes groups provisions incidents", pattern="PAT-SYS-005")
    shared = {other: counts for other, *counts in table}
    # Consumers and IT & Security Professionals, the domain on safety of the MIT repository.
    assert shared["pattern:infrastructure-dependency-collapse"] == ["0", "3", "1", "0"]  # and Business Leaders
    assert shared["pattern:loss-of-human-agency"] == ["0", "1", "0", "1"]  # Consumers; the AI Act enters into force
    assert "pattern:strategic-misalignment" not in shared
    assert "pattern:prompt-injection" not in shared


def test_patterns_without_incidents(graph: ThreatGraph) -> None:
    table = rows(graph, "patterns-without-incidents", "label published")
    assert table == [*((name, "") for name in NO_PAGE), ("Deceptive or Manipulative Interfaces", "5")]
    agents = column(graph, "patterns-without-incidents", "label", domain="DOM-AGT")
    assert agents == ["Memory Poisoning"]


@pytest.mark.parametrize("framework", ["mit-ai-risk-repository-v3", "eu-ai-act-2024-1689"])
def test_patterns_without_mapping(graph: ThreatGraph, framework: str) -> None:
    table = column(graph, "patterns-without-mapping", "label", framework=framework)
    assert table == [*NO_PAGE, "Behavioral Profiling Without Consent", "Model Inversion & Data Extraction"]
    assert len(graph.run("patterns-without-mapping", framework="nist-ai-rmf-1.0")) == 42


def test_patterns_about(graph: ThreatGraph) -> None:
    table = rows(graph, "patterns-about", "code", text="CORRIGIBILITY")
    assert table == [("PAT-SYS-005",)]
    by_name = rows(graph, "patterns-about", "label found_in", text="surveillance amplification")
    assert by_name == [("Mass Surveillance Amplification", "name")]
    assert len(graph.run("patterns-about", text="no such words anywhere")) == 0


def test_patterns_together(graph: ThreatGraph) -> None:
    first = rows(graph, "patterns-together", "pattern with incidents")
    representation, media = "pattern:representational-harm", "pattern:synthetic-media-manipulation"
    assert first[:2] == [(representation, media, "2"), (media, representation, "2")]
    assert len(first) == 2 * 16
    assert {count for *_, count in first[2:]} == {"1"}
    surveillance = column(graph, "patterns-together", "with", pattern="PAT-PRI-003")
    assert surveillance == ["pattern:biometric-exploitation", "pattern:model-inversion-data-extraction"]


def test_published_and_recorded(graph: ThreatGraph) -> None:
    table = rows(graph, "published-and-recorded", "code published recorded")
    assert len(table) == 34
    assert table[:4] == [
        ("PAT-CTL-004", "20", "1"),
        ("PAT-INF-002", "12", "1"),
        ("PAT-INF-004", "11", "3"),
        ("PAT-AGT-006", "10", "5"),
    ]
    assert ("PAT-SYS-005", "2", "1") in table


# Incidents.


def test_incidents(graph: ThreatGraph) -> None:
    assert len(graph.run("incidents")) == 52
    span = column(graph, "incidents", "code", since="2024-08-15", until="2025-01-10")
    assert span == ["INC-24-0015", "INC-24-0013", "INC-25-0003"]  # "2024" and "2025-01" may lie within
    assert column(graph, "incidents", "code", since="2025-02-01") == ["INC-26-0047"]
    assert column(graph, "incidents", "code", until="2020-03-01") == ["INC-17-0001", "INC-20-0003"]
    assert len(graph.run("incidents", severity="critical")) == 12
    assert column(graph, "incidents", "code", domain="DOM-PRI") == ["INC-25-0003"]


def test_incidents_by_cause(graph: ThreatGraph) -> None:
    table = column(graph, "incidents-by-cause", "code", cause="CAUSE-015")
    assert table == ["INC-18-0003", "INC-23-0011", "INC-26-0047"]
    assert column(graph, "incidents-by-cause", "code", cause="over-automation") == ["INC-26-0047"]


def test_incidents_by_group(graph: ThreatGraph) -> None:
    table = column(graph, "incidents-by-group", "code", group="business-organizations")
    assert table == ["INC-23-0002", "INC-23-0011"]
    assert column(graph, "incidents-by-group", "code", group="Vulnerable Communities") == ["INC-22-0002"]


def test_incidents_by_actor(graph: ThreatGraph) -> None:
    table = rows(graph, "incidents-by-actor", "role occurred", actor="openai")
    assert table == [("developer", "2023-03"), ("deployer", "2023-12"), ("developer", "2023-12")]
    victims = [actor for actor, role in rows(graph, "incidents-by-actor", "actor role") if role == "victim"]
    assert victims == ["actor:samsung-electronics", "actor:the-new-york-times"]


def test_incidents_by_year(graph: ThreatGraph) -> None:
    assert rows(graph, "incidents-by-year", "year incidents") == [
        ("", "41"),
        ("2017", "1"),
        ("2020", "1"),
        ("2022", "1"),
        ("2023", "3"),
        ("2024", "3"),
        ("2025", "1"),
        ("2026", "1"),
    ]


def test_incidents_by_provision(graph: ThreatGraph) -> None:
    table = rows(graph, "incidents-by-provision", "incident via target", provision="mit:3")
    assert len(table) == 9
    assert {target for *_, target in table} == {"mit:3"}
    arrest = "incident:facebook-ai-mistranslation-arrest"
    assert (arrest, "pattern:misinformation-hallucinated-content", "mit:3") in table
    biometrics = column(graph, "incidents-by-provision", "incident", provision="eu-ai-act:article-5")
    assert "incident:clearview-ai-mass-scraping" in biometrics  # through point (h) of Article 5(1)


def test_incident_context(graph: ThreatGraph) -> None:
    assert rows(graph, "incident-context", "aspect item via", incident="INC-23-0002") == [
        ("cause", "causal-factor:inadequate-access-controls", ""),
        ("cause", "causal-factor:misconfigured-deployment", ""),
        ("group", "group:business-organizations", ""),
        ("pattern", "pattern:model-inversion-data-extraction", ""),
        ("pattern", "pattern:overreliance-automation-bias", ""),
        ("provision", "eu-ai-act:article-14", "pattern:overreliance-automation-bias"),
        ("provision", "mit:5", "pattern:overreliance-automation-bias"),
    ]


# Causes, groups, domains.


def test_causes(graph: ThreatGraph) -> None:
    table = rows(graph, "causes", "code incidents patterns published")
    assert len(table) == 15
    assert table[:4] == [
        ("CAUSE-013", "8", "1", "21"),
        ("CAUSE-014", "4", "1", "16"),
        ("CAUSE-006", "3", "0", "34"),
        ("CAUSE-001", "3", "0", "15"),
    ]
    assert table[-1] == ("CAUSE-002", "0", "0", "2")


def test_causes_together(graph: ThreatGraph) -> None:
    twice = [
        ("causal-factor:accountability-vacuum", "causal-factor:competitive-pressure", "2"),
        ("causal-factor:accountability-vacuum", "causal-factor:regulatory-gap", "2"),
        ("causal-factor:inadequate-access-controls", "causal-factor:misconfigured-deployment", "2"),
    ]
    assert rows(graph, "causes-together", "cause with incidents", least=2) == twice
    everything = rows(graph, "causes-together", "cause with incidents")
    assert everything[:3] == twice
    assert len(everything) == 17


def test_groups(graph: ThreatGraph) -> None:
    table = rows(graph, "groups", "group patterns incidents")
    assert len(table) == 17
    assert table[:3] == [
        ("group:consumers", "18", "0"),
        ("group:business-leaders", "17", "0"),  # 16 list it, and Strategic Misalignment has an impact on it
        ("group:it-security-professionals", "11", "0"),
    ]
    assert ("group:general-public", "1", "3") in table


def test_domains(graph: ThreatGraph) -> None:
    assert rows(graph, "domains", "code patterns incidents") == [
        ("DOM-AGT", "6", "9"),
        ("DOM-CTL", "5", "9"),
        ("DOM-ECO", "5", "5"),
        ("DOM-INF", "5", "9"),
        ("DOM-PRI", "5", "5"),
        ("DOM-SEC", "5", "3"),
        ("DOM-SOC", "5", "11"),
        ("DOM-SYS", "6", "9"),
    ]


# Frameworks.


def test_provisions(graph: ThreatGraph) -> None:
    table = rows(graph, "provisions", "code patterns", framework="mit-ai-risk-repository-v3", level="domain")
    assert table == [("1", "5"), ("2", "3"), ("3", "5"), ("4", "0"), ("5", "5"), ("6", "5"), ("7", "6")]
    assert len(graph.run("provisions", framework="nist-ai-rmf-1.0", level="subcategory")) == 72
    assert len(graph.run("provisions", framework="iso-iec-42001-2023", level="control")) == 38
    sections = rows(graph, "provisions", "provision parent", framework="eu-ai-act-2024-1689", level="section")
    assert ("eu-ai-act:chapter-v-section-3", "eu-ai-act:chapter-v") in sections


def test_provisions_applying_on(graph: ThreatGraph) -> None:
    def since(day: str) -> dict[str, tuple[str, str]]:
        table = rows(graph, "provisions-applying-on", "code since original", day=day)
        return {code: (first, original) for code, first, original in table}

    assert list(since("2025-02-01")) == ["Article 113"]  # the article on entry into force, from 1 August 2024
    february = since("2025-02-02")
    assert february["Article 5"] == ("2025-02-02", "2025-02-02")
    assert "Article 51" not in february
    august = since("2026-08-02")
    assert august["Article 50"] == ("2026-08-02", "2026-08-02")
    assert "Article 9" not in august  # put off from 2 August 2026 to 2 December 2027
    assert since("2027-12-02")["Article 9"] == ("2027-12-02", "2026-08-02")


def test_provisions_without_patterns(graph: ThreatGraph) -> None:
    domains = column(
        graph, "provisions-without-patterns", "code", framework="mit-ai-risk-repository-v3", level="domain"
    )
    assert domains == ["4"]
    assert len(graph.run("provisions-without-patterns", framework="nist-ai-rmf-1.0")) == 102
    chapters = column(graph, "provisions-without-patterns", "code", framework="eu-ai-act-2024-1689", level="chapter")
    assert "Chapter V" not in chapters
    assert "Chapter II" not in chapters  # reached through Article 5(1)
    assert "Chapter XII" in chapters


# What rests on what.


def test_unconfirmed(graph: ThreatGraph) -> None:
    table = rows(graph, "unconfirmed", "record link status")
    links = [row for row in table if row[1]]
    assert len(links) == 30
    assert {status for *_, status in links} == {"curation-status:matched-from-text"}
    records = {record for record, link, _ in table if not link}
    assert {"pattern:prompt-injection", "domain:security-cyber", "causal-factor:weaponization"} <= records
    assert "pattern:strategic-misalignment" not in records


def test_where_stated(graph: ThreatGraph) -> None:
    table = rows(graph, "where-stated", "file subject", pattern="PAT-PRI-001")
    folder = "https://w3id.org/threatgraph/graph/data"
    assert {file for file, _ in table} == {
        f"{folder}/domains/privacy-surveillance.ttl",
        f"{folder}/incidents/2022/meta-housing-ad-discrimination.ttl",
        f"{folder}/incidents/2023/nyt-openai-copyright-lawsuit.ttl",
        f"{folder}/patterns/behavioral-profiling-without-consent.ttl",
        f"{folder}/vocabularies/glossary-terms.ttl",
        "https://w3id.org/threatgraph/graph/derived",
    }


# Parameters.


def test_a_parameter_takes_code_slug_label_and_iri(graph: ThreatGraph) -> None:
    names = [
        "PAT-SYS-005",
        "pat-sys-005",
        "strategic-misalignment",
        "pattern:strategic-misalignment",
        "Strategic Misalignment",
        "https://w3id.org/threatgraph/pattern/strategic-misalignment",
    ]
    answers = [graph.run("pattern-guidance", pattern=name).rows for name in names]
    assert len(answers[0]) == 19
    assert all(answer == answers[0] for answer in answers)


def test_an_unknown_name_is_answered_with_the_nearest(graph: ThreatGraph) -> None:
    with pytest.raises(UnknownName, match=r"did you mean|Did you mean") as caught:
        graph.run("pattern-guidance", pattern="PAT-SYS-05")
    assert "pat-sys-005" in str(caught.value).lower()
    with pytest.raises(UnknownName, match="patterns-by-cause"):
        graph.run("patterns-by-causes", cause="x")
    with pytest.raises(UnknownName, match="cause"):
        graph.run("patterns-by-cause", causes="regulatory-gap")


def test_a_missing_or_ill_typed_parameter_is_named(graph: ThreatGraph) -> None:
    with pytest.raises(InvalidQuery, match="cause"):
        graph.run("patterns-by-cause")
    with pytest.raises(InvalidQuery, match="least"):
        graph.run("causes-together", least="two")
    with pytest.raises(InvalidQuery, match="2024-08-01"):
        graph.run("incidents", since="August 2024")


@pytest.mark.parametrize(
    "attack",
    ['x")) } DROP ALL #', '"@en . ?s ?p ?o } #', "'; INSERT DATA { <urn:a> <urn:b> 1 }", "\\", '"""', "}\n{", "?x"],
)
def test_an_injection_attempt_is_a_plain_literal(graph: ThreatGraph, attack: str) -> None:
    assert len(graph.run("patterns-about", text=attack)) == 0


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_any_text_is_looked_for_as_it_stands(graph: ThreatGraph, text: str) -> None:
    words = "skos:prefLabel|skos:altLabel|dcterms:abstract|skos:definition|tg:retrievalTopic"
    every = graph.store.select(
        f"SELECT ?label ?words {{ ?p a tg:ThreatPattern ; skos:prefLabel ?label ; {words} ?words }}"
    )
    expected = {
        label for label, said in zip(every.column("label"), every.column("words"), strict=True) if text in str(said)
    }
    assert expected <= set(graph.run("patterns-about", text=text).column("label"))
    if text not in "".join(map(str, every.column("words"))).lower() and text.isascii() and text == text.lower():
        assert len(graph.run("patterns-about", text=text)) == 0


# Headers.


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("#: title: T\n#: question: Q?\nSELECT ?x {}", None, "column"),
        ("#: question: Q?\n#: column x: y\nSELECT ?x {}", None, "title"),
        ("#: title: T\n#: parm a string: b\n", 2, "header line"),
        ("#: title: T\n#: param a text: b\n", 2, "no parameter type"),
        ("#: title: T\n#: param a\n", 2, "must read"),
    ],
)
def test_a_faulty_header_is_refused_with_its_line(tmp_path: Path, text: str, line: int | None, reason: str) -> None:
    path = tmp_path / "faulty.rq"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidFile, match=reason) as caught:
        read_query(path)
    assert caught.value.line == line
