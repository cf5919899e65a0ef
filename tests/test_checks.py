"""The cross-record checks: no result for the bundled data, and each finds the mistakes that are planted for it."""

from __future__ import annotations

from pathlib import Path

import pytest
import rdflib

from planting import Ground
from threatgraph import ThreatGraph
from threatgraph.catalog import load_checks
from threatgraph.errors import ThreatGraphError, UnknownName
from threatgraph.validate import ValidationResult
from threatgraph.validate.cross_record import CheckRunner, select_checks
from threatgraph.validate.report import CHECKS
from threatgraph.vocab import BASE, PREFIXES, TG, shorten

HEAD = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())
EDITION = f"{BASE}provision/iso-iec-42001-2023/"

#: Name of each check to a fault, and to the record that the finding names.
FAULTS: dict[str, tuple[str, str]] = {
    "dangling-target": (
        "incident:x tg:causalFactor causal-factor:none .",
        f"{BASE}incident/x",
    ),
    "deprecated-target": (
        "pattern:old owl:deprecated true . incident:x tg:relatedIncident pattern:old .",
        f"{BASE}incident/x",
    ),
    "provision-identity": (
        'iso-42001:a.9.99 a tg:Provision ; skos:inScheme framework:iso-iec-42001-2023 ; skos:notation "A.9.98" .',
        f"{EDITION}a.9.99",
    ),
    "crosswalk-title": (
        "mapping-set:x tg:crosswalkMapping <https://w3id.org/threatgraph/mapping-set/x#one> ."
        " <https://w3id.org/threatgraph/mapping-set/x#one> a tg:CrosswalkMapping ;"
        ' tg:sourceLabel "B.2.2 Customers"@en ; sssom:object_id iso-42001:a.2.2 .',
        f"{BASE}mapping-set/x#one",
    ),
    "pattern-without-mapping": (
        "pattern:x a tg:ThreatPattern .",
        f"{BASE}pattern/x",
    ),
    "pattern-without-incidents": (
        "pattern:x a tg:ThreatPattern .",
        f"{BASE}pattern/x",
    ),
    "allegation": (
        "incident:x a tg:Incident ; skos:prefLabel 'Example Corp chatbot insults customers'@en ;"
        " tg:incidentStatus incident-status:alleged ; dcterms:description 'The chatbot insulted two customers.'@en .",
        f"{BASE}incident/x",
    ),
    "text-style": (
        "pattern:x a tg:ThreatPattern ; skos:definition 'Whoever trains the model answers for it.'@en .",
        f"{BASE}pattern/x",
    ),
    "incident-date": (
        'incident:x a tg:Incident ; tg:occurred "2022-10"^^xsd:gYearMonth ; tg:systemSince "2022-11-30"^^xsd:date .',
        f"{BASE}incident/x",
    ),
    "incident-without-primary-pattern": (
        'incident:x a tg:Incident ; skos:prefLabel "X"@en .'
        " incident:x tg:patternLink <https://w3id.org/threatgraph/incident/x#p> ."
        " <https://w3id.org/threatgraph/incident/x#p> tg:patternRole pattern-role:secondary .",
        f"{BASE}incident/x",
    ),
    "near-duplicate-incidents": (
        'incident:x a tg:Incident ; skos:prefLabel "The case"@en .'
        ' incident:y a tg:Incident ; skos:prefLabel "The Case!"@en .',
        f"{BASE}incident/x",
    ),
    "shared-sentence": (
        'incident:x dcterms:description "At first nothing. A chatbot told the customer what was untrue. It ended."@en .'
        ' incident:y dcterms:description "A chatbot told the customer what was untrue."@en .',
        f"{BASE}incident/x",
    ),
    "label-case": (
        'pattern:x skos:prefLabel "goal drift"@en .',
        f"{BASE}pattern/x",
    ),
    "blank-node": (
        "incident:x dcterms:creator [] .",
        f"{BASE}incident/x",
    ),
    "circular-link": (
        "pattern:x tg:distinguishedFrom pattern:x .",
        f"{BASE}pattern/x",
    ),
    "code-mismatch": (
        'pattern:x a tg:ThreatPattern ; skos:notation "PAT-SYS-091" ; tg:domain domain:economic-labor .',
        f"{BASE}pattern/x",
    ),
    "date-range": (
        'causal-factor:x tg:firstYear "2024"^^xsd:gYear ; tg:lastYear "2013"^^xsd:gYear .',
        f"{BASE}causal-factor/x",
    ),
    "duplicate-label": (
        'pattern:a a tg:ThreatPattern ; skos:altLabel "GOAL drift"@en .',
        f"{BASE}pattern/a",
    ),
    "figure-mismatch": (
        f"<{BASE}pattern/x#figure> tg:count 8 ; tg:total 97 ; tg:percentage 30 .",
        f"{BASE}pattern/x#figure",
    ),
    "foreign-statement": (
        "pattern:goal-drift tg:listedGroup group:workers .",
        f"{BASE}pattern/goal-drift",
    ),
    "label-iri": (
        'pattern:goal-drifts a tg:ThreatPattern ; skos:prefLabel "Goal Dirfts"@en .',
        f"{BASE}pattern/goal-drifts",
    ),
    "list-position": (
        f"pattern:x tg:mechanism <{BASE}pattern/x#one> . <{BASE}pattern/x#one> tg:position 2 .",
        f"{BASE}pattern/x",
    ),
    "mapping-justification": (
        f"<{BASE}pattern/x#mapping-one> sssom:mapping_justification semapv:ManualMappingCuratoin .",
        f"{BASE}pattern/x#mapping-one",
    ),
    "part-name": (
        f"<{BASE}pattern/x#mapping-eu-ai-act-article-14> a tg:FrameworkMapping ;"
        " sssom:object_id eu-ai-act:article-15 .",
        f"{BASE}pattern/x#mapping-eu-ai-act-article-14",
    ),
    "place-region": (
        'incident:x tg:placeName "Lyon, France"@en ; tg:region region:asia .',
        f"{BASE}incident/x",
    ),
    "property-use": (
        "incident:x a tg:Incident ; tg:severty severity:high .",
        f"{BASE}incident/x",
    ),
    "provision-tree": (
        "eu-ai-act:article-99a a tg:Provision ; skos:inScheme framework:eu-ai-act-2024-1689 ;"
        ' tg:provisionLevel "artcle" .',
        f"{BASE}provision/eu-ai-act-2024-1689/article-99a",
    ),
    "rank-order": (
        f"failure-stage:x tg:rank 2 ; skos:inScheme <{BASE}failure-stage> .",
        f"{BASE}failure-stage/x",
    ),
    "rating-mismatch": (
        'pattern:x tg:severityRationale "It destroys what cannot be restored."@en .',
        f"{BASE}pattern/x",
    ),
    "record-file": (
        'incident:x a tg:Incident ; tg:occurred "2023"^^xsd:gYear .',
        f"{BASE}incident/x",
    ),
    "repeated-link": (
        f"pattern:x tg:impact <{BASE}pattern/x#one>, <{BASE}pattern/x#two> ."
        f" <{BASE}pattern/x#one> tg:group group:workers . <{BASE}pattern/x#two> tg:group group:workers .",
        f"{BASE}pattern/x",
    ),
    "repeated-text": (
        'pattern:x skos:prefLabel "Slow drift"@en ; skos:definition "Slow drift."@en .',
        f"{BASE}pattern/x",
    ),
    "retired-record": (
        "pattern:x a tg:ThreatPattern ; dcterms:isReplacedBy pattern:goal-drift .",
        f"{BASE}pattern/x",
    ),
    "scheme-kind": (
        f"severity:x skos:inScheme <{BASE}likelihood-trend> .",
        f"{BASE}severity/x",
    ),
    "source-page": (
        "pattern:x a tg:ThreatPattern ; dcterms:source <https://topaithreats.com/patterns/goal-drift> .",
        f"{BASE}pattern/x",
    ),
    "text-characters": (
        'pattern:x skos:definition "A <b>bold</b> claim."@en .',
        f"{BASE}pattern/x",
    ),
    "text-form": (
        'pattern:x skos:prefLabel "Goal drift,"@en .',
        f"{BASE}pattern/x",
    ),
    "text-language": (
        'pattern:x skos:definition "A claim."@eng .',
        f"{BASE}pattern/x",
    ),
    "text-unfinished": (
        'pattern:x skos:definition "A model that is given a"@en .',
        f"{BASE}pattern/x",
    ),
    "record-class": (
        "incident:goal-drift a tg:ThreatPattern .",
        f"{BASE}incident/goal-drift",
    ),
}

#: Folder below the test's own in which a fault is planted, where that makes it one.
FOLDERS = {"record-file": "data/incidents/2024"}

PART = f"{BASE}pattern/x#part"
#: What else a check finds: its name, a fault and the record that the finding names.
MORE_FAULTS: list[tuple[str, str, str]] = [
    *(
        ("text-characters", f"pattern:x skos:prefLabel {label!s}@en .", "pattern/x")
        for label in (
            '"Goal\\u0007 drift"',
            '"Goal \\u202Edrift"',
            '"Goal\\u200B drift"',
            '"Goal\\u00A0drift"',
            '"Goal  drift"',
            '" Goal drift"',
            '"Goal drift\\n"',
            '"Goal\\ndrift"',
            '"Go\\u0430l drift"',
            '"Goe\\u0301l drift"',
            '"Goal drift\\uFFFD"',
            '"GoÃ©l drift"',
            '"Agentâ€™s goal drift"',
            '"Goal &amp; drift"',
            '"Goal **drift**"',
            '"Goal\\\\n drift"',
            '"Goal drift , slowly"',
            '"Goal drift of of agents"',
            '"Caf?s drift"',
        )
    ),
    ("text-characters", "pattern:x skos:prefLabel '\U0001f680 Drift'@en .", "pattern/x"),
    ("place-region", 'incident:x tg:placeName "US"@en .', "incident/x"),
    (
        "mapping-justification",
        f"<{PART}> tg:publishedPredicate skos:broadMatch ; sssom:predicate_id skos:broadMatch .",
        "pattern/x#part",
    ),
    ("source-page", "incident:x dcterms:source <https://incidentdatabase.ai/cite/> .", "incident/x"),
    ("source-page", "incident:x dcterms:source <http://doi.org/10.1000/1> .", "incident/x"),
    ("text-language", 'pattern:x skos:definition "Das Modell und der Agent sind nicht gleich."@en .', "pattern/x"),
    *(
        ("text-form", f"pattern:x skos:prefLabel {label!s}@en .", "pattern/x")
        for label in (
            r'"\"Goal drift\""',
            r'"\u201CGoal drift\u201D"',
            '"Goal drift -"',
            '"Goal_drift"',
            '"PAT-SYS-001 Goal drift"',
            r'"Goal drift\u2122"',
            f'"{"Goal drift " * 40}of agents"',
        )
    ),
    *(
        ("text-form", f'pattern:x skos:definition "{definition}"@en .', "pattern/x")
        for definition in (
            "An agent of {{vendor}} drifts.",
            "An agent drifts from ${goal}.",
            "An agent of %s drifts.",
            "An ag??nt drifts.",
            r"An agent is re\uFB01ned.",
            "Definition: an agent drifts.",
            "Test definition.",
            "An agent drifts from its goal. An agent drifts from its goal.",
            r"An agent is told \u201Cgo on, and drifts.",
        )
    ),
    ("text-unfinished", 'pattern:x skos:definition "AN AGENT DRIFTS."@en .', "pattern/x"),
    *(
        ("text-unfinished", f'pattern:x skos:definition "{definition}"@en .', "pattern/x")
        for definition in (
            "TODO",
            "…",
            "n/a",
            "Lorem ipsum dolor.",
            "word.",
            "and then it stops.",
            "It stops (at once.",
        )
    ),
    ("text-unfinished", 'pattern:x tg:retrievalQuestion "Which agents drift."@en .', "pattern/x"),
    ("text-unfinished", 'pattern:x skos:prefLabel "Test"@en .', "pattern/x"),
    *(
        ("text-language", f'pattern:x skos:definition "A claim."@{tag} ; skos:definition "A claim."@en .', "pattern/x")
        for tag in ("english", "zz", "en-UK", "xx-YYYYYYYY", "deu")
    ),
    ("text-language", 'pattern:x skos:definition "Eine Behauptung."@de .', "pattern/x"),
    ("repeated-text", 'pattern:x tg:retrievalTopic "agents", "Agents" .', "pattern/x"),
    ("repeated-text", f'pattern:x skos:prefLabel "Drift"@en . <{PART}> skos:prefLabel "drift"@en .', "pattern/x"),
    (
        "duplicate-label",
        'iso-42001:a.9.9 a tg:Provision ; skos:inScheme framework:iso-iec-42001-2023 ; tg:provisionLevel "control" ;'
        ' skos:broader iso-42001:a.9 ; skos:prefLabel "Intended use of the AI system"@en .',
        "provision/iso-iec-42001-2023/a.9.4",
    ),
    (
        "code-mismatch",
        'incident:x a tg:Incident ; skos:notation "INC-24-9011" ; tg:occurred "2021"^^xsd:gYear .',
        "incident/x",
    ),
    ("code-mismatch", 'pattern:x a tg:ThreatPattern ; skos:notation "INC-24-901" .', "pattern/x"),
    (
        "code-mismatch",
        'pattern:x a tg:ThreatPattern ; skos:notation "PTA-SYS-091" ; dcterms:source <https://topaithreats.com/x> .',
        "pattern/x",
    ),
    (
        "code-mismatch",
        'incident:x a tg:Incident ; skos:notation "INC-24-9011" ;'
        " dcterms:source <https://topaithreats.com/incidents/INC-24-9012-x> .",
        "incident/x",
    ),
    ("date-range", 'incident:x tg:occurred "2024-08-01"^^xsd:gYear .', "incident/x"),
    ("label-case", 'pattern:x skos:prefLabel "multi-agent drift"@en .', "pattern/x"),
    ("label-case", 'pattern:x skos:prefLabel "DRIFT OF AGENTS (SLOW)"@en .', "pattern/x"),
    ("date-range", 'incident:x tg:occurred "1949"^^xsd:gYear .', "incident/x"),
    ("date-range", 'causal-factor:x tg:lastYear "2099"^^xsd:gYear .', "causal-factor/x"),
    (
        "date-range",
        'incident:x tg:occurred "2024-05"^^xsd:gYearMonth ; tg:sourceUpdated "2024-04-30"^^xsd:date .',
        "incident/x",
    ),
    (
        "date-range",
        'pattern:x dcterms:created "2024-05-01"^^xsd:date ; dcterms:modified "2024-04-30"^^xsd:date .',
        "pattern/x",
    ),
    (
        "date-range",
        'eu-ai-act:x tg:appliesFrom "2014-08-02"^^xsd:date ; skos:inScheme framework:eu-ai-act-2024-1689 .',
        "provision/eu-ai-act-2024-1689/x",
    ),
    ("rank-order", f"failure-stage:x tg:rank 0 ; skos:inScheme <{BASE}failure-stage> .", "failure-stage/x"),
    ("circular-link", "sector:x skos:broader sector:y . sector:y skos:broader sector:x .", "sector/x sector/y"),
    (
        "circular-link",
        "sector:x dcterms:isReplacedBy sector:y . sector:y dcterms:isReplacedBy sector:x .",
        "sector/x sector/y",
    ),
    (
        "circular-link",
        "iso-42001:x tg:addresses iso-42001:y . iso-42001:y tg:addresses iso-42001:x .",
        "provision/iso-iec-42001-2023/x provision/iso-iec-42001-2023/y",
    ),
    ("record-class", "pattern:x a skos:Concept .", "pattern/x"),
    ("record-class", "pattern:x a schema:Event .", "pattern/x"),
    ("record-class", "pattern:x a tg:ThreatPattern, tg:Incident .", "pattern/x"),
    ("record-class", "incident:x a tg:ThreatPattern .", "incident/x"),
    ("record-class", f"<{BASE}pattern/x/> a tg:ThreatPattern .", "pattern/x/"),
    ("property-use", "incident:x a tg:Incident ; tg:likelihoodTrend likelihood-trend:stable .", "incident/x"),
    ("property-use", 'incident:x a tg:Incident ; rdfs:label "X"@en .', "incident/x"),
    ("property-use", 'incident:x a tg:Incident ; <http://purl.org/dc/elements/1.1/source> "X" .', "incident/x"),
    ("property-use", 'incident:x a tg:Incident ; skos:definition "X is a case."@en .', "incident/x"),
    ("property-use", f'<{PART}> a tg:Mechanism ; skos:altLabel "X"@en .', "pattern/x#part"),
    ("property-use", "actor:x a tg:Actor ; tg:rank 2 .", "actor/x"),
    ("foreign-statement", f"<{BASE}pattern/goal-drift#step-undo> a tg:ResponseStep .", "pattern/goal-drift#step-undo"),
    ("foreign-statement", "incident:x tg:affects group:workers .", "incident/x"),
    ("foreign-statement", "pattern:x a tg:ThreatPattern ; skos:broader domain:economic-labor .", "pattern/x"),
    (
        "part-name",
        f"<{BASE}pattern/x#impact-workers> a tg:Impact ; tg:group group:children .",
        "pattern/x#impact-workers",
    ),
    (
        "part-name",
        f"<{BASE}pattern/x#governance-eu-ai-act> a tg:GovernanceContext ; tg:framework framework:nist-ai-rmf-1.0 .",
        "pattern/x#governance-eu-ai-act",
    ),
    (
        "part-name",
        f"<{BASE}mapping-set/x#llm01-llm02> a tg:CrosswalkMapping ;"
        " sssom:subject_id owasp-llm:llm01 ; sssom:object_id owasp-llm:llm03 .",
        "mapping-set/x#llm01-llm02",
    ),
    (
        "repeated-link",
        f"mapping-set:x tg:crosswalkMapping <{PART}>, <{PART}2> ."
        f" <{PART}> sssom:subject_id owasp-llm:llm01 ; sssom:object_id owasp-llm:llm02 ."
        f" <{PART}2> sssom:subject_id owasp-llm:llm01 ; sssom:object_id owasp-llm:llm02 .",
        "mapping-set/x",
    ),
    (
        "provision-tree",
        "eu-ai-act:article-99a a tg:Provision ; skos:inScheme framework:eu-ai-act-2024-1689 ;"
        ' tg:provisionLevel "article" .',
        "provision/eu-ai-act-2024-1689/article-99a",
    ),
    (
        "provision-tree",
        'iso-42001:a.9.9 a tg:Provision ; skos:inScheme framework:iso-iec-42001-2023 ; tg:provisionLevel "control" ;'
        ' skos:notation "A.9.9" ; skos:broader iso-42001:a.8 .',
        "provision/iso-iec-42001-2023/a.9.9",
    ),
    (
        "provision-tree",
        'mit:9.9 tg:provisionLevel "subdomain" ; skos:broader mit:1.1 .',
        "provision/mit-ai-risk-repository-v3/9.9",
    ),
    ("provision-tree", "atlas:x tg:tactic atlas:aml.t0051 .", "provision/mitre-atlas-5.6.0/x"),
    (
        "provision-tree",
        "atlas:x skos:inScheme framework:mitre-atlas-5.6.0 ; tg:addresses owasp-llm:llm01 .",
        "provision/mitre-atlas-5.6.0/x",
    ),
    (
        "provision-tree",
        f"mapping-set:x tg:crosswalkMapping <{PART}> ; sssom:subject_source framework:owasp-llm-2025 ;"
        f" sssom:object_source framework:mitre-atlas-5.6.0 ."
        f" <{PART}> sssom:subject_id owasp-agentic:asi01 ; sssom:object_id atlas:aml.t0051 .",
        "pattern/x#part",
    ),
    (
        "provision-identity",
        "mit:x a tg:Provision ; skos:inScheme framework:owasp-llm-2025 .",
        "provision/mit-ai-risk-repository-v3/x",
    ),
    (
        "retired-record",
        "pattern:x a tg:ThreatPattern ; owl:deprecated true ; dcterms:isReplacedBy actor:openai .",
        "pattern/x",
    ),
    ("source-page", f"pattern:x dcterms:source <{BASE}pattern/goal-drift> .", "pattern/x"),
    (
        "source-page",
        "incident:x a tg:Incident ; dcterms:source <https://incidentdatabase.ai/cite/1> ;"
        " schema:subjectOf <https://incidentdatabase.ai/cite/2> .",
        "incident/x",
    ),
    ("figure-mismatch", f"<{PART}> a tg:SourceFigure ; tg:total 9 .", "pattern/x#part"),
    ("label-iri", 'sector:x a tg:Sector ; skos:prefLabel "Banking"@en .', "sector/x"),
    (
        "dangling-target",
        "incident:x tg:causalFactor <http://w3id.org/threatgraph/causal-factor/regulatory-gap> .",
        "incident/x",
    ),
]


def fault(text: str, folder: Path) -> Path:
    path = folder / "fault.ttl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEAD + text, encoding="utf-8")
    return path


def planted(text: str, folder: Path, *, bundled: bool = True) -> ThreatGraph:
    return ThreatGraph.open([fault(text, folder)], bundled=bundled)


@pytest.fixture(scope="session")
def ground() -> Ground:
    return Ground()


def found_by(graph: ThreatGraph, name: str) -> list[ValidationResult]:
    """The results of a check."""
    return CheckRunner(graph.store).run([graph.checks[name]])


def test_every_check_has_a_fault(graph: ThreatGraph) -> None:
    assert set(FAULTS) == set(graph.checks)


@pytest.mark.parametrize("name", FAULTS)
def test_the_bundled_data_has_no_fault(graph: ThreatGraph, name: str) -> None:
    if graph.checks[name].severity == "info":  # a valid record may have hints
        patterns = {result.node for result in found_by(graph, name)}
        assert len(patterns) < len(graph.run("patterns")) / 2
    else:
        assert found_by(graph, name) == []


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found(graph: ThreatGraph, name: str, ground: Ground, tmp_path: Path) -> None:
    text, record = FAULTS[name]
    # A hint may stand for a valid record of ours too: only what the planted record adds counts.
    before = {result.node for result in found_by(graph, name)}
    with ground.planted(fault(text, tmp_path / FOLDERS.get(name, ""))) as faulty:
        found = [result for result in found_by(faulty, name) if result.node not in before]
    assert {result.node for result in found} == {record}
    assert {(result.severity, result.remedy is not None) for result in found} == {(load_checks()[name].severity, True)}


def test_a_planted_graph_is_the_one_that_is_opened_with_the_file(ground: Ground, tmp_path: Path) -> None:
    for name in ("provision-tree", "date-range"):
        text, _ = FAULTS[name]
        opened = planted(text, tmp_path).store
        with ground.planted(tmp_path / "fault.ttl") as graph:
            assert graph.store.files == opened.files
            assert graph.store.rewritten == opened.rewritten
            assert graph.store.graphs() == opened.graphs()
            assert set(graph.store.triples()) == set(opened.triples())
            for iri in opened.graphs():
                assert set(graph.store.graph_triples(iri)) == set(opened.graph_triples(iri))


@pytest.mark.parametrize(("name", "text", "records"), MORE_FAULTS)
def test_each_part_of_a_check_finds_a_fault(name: str, text: str, records: str, ground: Ground, tmp_path: Path) -> None:
    with ground.planted(fault(text, tmp_path)) as graph:
        found = found_by(graph, name)
    assert {result.node for result in found} == {BASE + record for record in records.split()}


@pytest.mark.parametrize(
    ("occurred", "since", "wrong"),
    [
        ('"2999"^^xsd:gYear', None, True),
        ('"2022"^^xsd:gYear', '"2022-11-30"^^xsd:date', False),  # a year may be before or after a day in it
        ('"2022-11"^^xsd:gYearMonth', '"2022-11-30"^^xsd:date', False),
        ('"2022-11-29"^^xsd:date', '"2022-11-30"^^xsd:date', True),
        ('"2021-12-31"^^xsd:date', '"2022"^^xsd:gYear', True),
        ('"2022-01-01"^^xsd:date', '"2022"^^xsd:gYear', False),
    ],
)
def test_dates_are_compared_as_far_as_both_are_known(
    occurred: str, since: str | None, wrong: bool, tmp_path: Path
) -> None:
    more = f" ; tg:systemSince {since}" if since else ""
    graph = planted(f"incident:x a tg:Incident ; tg:occurred {occurred}{more} .", tmp_path)
    assert bool(found_by(graph, "incident-date")) == wrong


def test_linked_incidents_are_no_duplicates(tmp_path: Path) -> None:
    text, _ = FAULTS["near-duplicate-incidents"]
    linked = planted(f"{text} incident:x tg:relatedIncident incident:y .", tmp_path)
    assert found_by(linked, "near-duplicate-incidents") == []


def test_one_database_number_for_two_incidents_is_a_duplicate(tmp_path: Path) -> None:
    same = "tg:aiidNumber 1"
    text = f"incident:x a tg:Incident ; {same} . incident:y a tg:Incident ; {same} ."
    assert len(found_by(planted(text, tmp_path, bundled=False), "near-duplicate-incidents")) == 1


X = f"{BASE}incident/x"
MIXED = (
    'incident:x a tg:Incident ; skos:prefLabel "x"@en ; tg:severty severity:high ;'
    " tg:causalFactor causal-factor:none ; tg:sector actor:openai ; tg:incidentStatus actor:openai ."
)


def test_one_report_has_the_results_of_shapes_and_checks(tmp_path: Path) -> None:
    report = planted(MIXED, tmp_path).validate([tmp_path])
    rules = {(result.rule.rpartition("#")[2], result.path and shorten(result.path)) for result in report}
    assert {("source", "dcterms:source"), ("label-case", "skos:prefLabel"), ("sector", "tg:sector")} <= rules
    assert all(result.file == tmp_path / "fault.ttl" and result.line and result.remedy for result in report)
    assert all(result.node == X for result in report)
    assert not report.ok
    assert (report.records, report.checks) == (1, len(select_checks(True, hints=False)))
    assert (
        f"checked 1 record against {report.shapes} shapes and {report.checks} cross-record checks" in report.to_text()
    )


def test_a_mistake_that_both_can_find_is_reported_once(tmp_path: Path) -> None:
    report = planted(MIXED, tmp_path).validate([tmp_path])
    paths = [shorten(result.path or "") for result in report]
    assert paths.count("tg:severty") == paths.count("tg:causalFactor") == 1
    (misspelt,) = [result for result in report if result.path == f"{TG}severty"]
    assert (misspelt.severity, misspelt.rule) == ("violation", f"{CHECKS}property-use")
    assert "Did you mean tg:severity?" in str(misspelt.remedy)


def test_without_checks_the_shapes_alone_are_evaluated(tmp_path: Path) -> None:
    report = planted(MIXED, tmp_path).validate([tmp_path], checks=False)
    assert report.checks == 0
    assert len(report) > 0
    assert not [result for result in report if result.rule.startswith(CHECKS)]


def test_a_named_check_runs_even_if_it_gives_hints(tmp_path: Path) -> None:
    graph = planted("pattern:x a tg:ThreatPattern .", tmp_path)
    rule = f"{CHECKS}pattern-without-incidents"
    assert rule not in {result.rule for result in graph.validate([tmp_path])}
    assert rule in {result.rule for result in graph.validate([tmp_path], hints=True)}
    with_one = graph.validate([tmp_path], checks=["pattern-without-incidents"])
    assert {result.rule for result in with_one if result.rule.startswith(CHECKS)} == {rule}
    assert with_one.checks == 1


def test_checks_do_not_run_with_your_own_shapes(graph: ThreatGraph, tmp_path: Path) -> None:
    file = tmp_path / "shapes.ttl"
    file.write_text(f"{HEAD}<urn:s> a sh:NodeShape ; sh:targetClass tg:Domain ; sh:nodeKind sh:IRI .")
    assert graph.validate(shapes=[file]).checks == 0
    with pytest.raises(ThreatGraphError, match="checks cannot run with your own shapes"):
        graph.validate(shapes=[file], checks=["label-case"])


def test_a_result_about_two_records_is_reported_for_the_chosen_file(tmp_path: Path) -> None:
    """The name of the bundled pattern comes first in the alphabet, and the file of the other one is validated."""
    text = 'pattern:zz a tg:ThreatPattern ; skos:prefLabel "Goal Drift"@en .'
    results = planted(text, tmp_path).validate([tmp_path], checks=["duplicate-label"])
    (result,) = [result for result in results if result.rule == f"{CHECKS}duplicate-label"]
    assert result.node == f"{BASE}pattern/zz"
    assert "other: pattern:goal-drift" in result.message


def test_nodes_of_other_vocabularies_are_not_checked(tmp_path: Path) -> None:
    text = '<https://e.org/x> a <https://e.org/T> ; skos:prefLabel "an  x"@en ; <https://e.org/p> [] .'
    report = planted(text, tmp_path).validate([tmp_path])
    assert list(report) == []
    assert not report.ok
    assert "nothing was checked" in report.to_text()


def test_the_turtle_report_has_results_of_checks_as_validation_results(tmp_path: Path) -> None:
    turtle = planted(MIXED, tmp_path).validate([tmp_path], checks=["label-case"]).to_turtle()
    report = rdflib.Graph().parse(data=turtle, format="turtle")
    sh = rdflib.Namespace(PREFIXES["sh"])
    (result,) = report.subjects(sh.sourceShape, rdflib.URIRef(f"{CHECKS}label-case"))
    assert (result, sh.focusNode, rdflib.URIRef(X)) in report
    assert (result, sh.value, rdflib.Literal("x", lang="en")) in report
    assert (result, sh.sourceConstraintComponent, sh.SPARQLConstraintComponent) in report


def test_an_unknown_check_is_an_error_with_the_nearest_name(graph: ThreatGraph) -> None:
    with pytest.raises(UnknownName, match="shared-sentence"):
        graph.validate(checks=["shared-sentance"])


def test_a_part_that_is_described_in_another_file_than_its_record_is_found(tmp_path: Path) -> None:
    planted(f"<{PART}> a tg:Mechanism .", tmp_path / "parts")
    (tmp_path / "record.ttl").write_text(f"{HEAD} pattern:x a tg:ThreatPattern ; tg:mechanism <{PART}> .")
    found = found_by(ThreatGraph.open([tmp_path]), "foreign-statement")
    assert [result.node for result in found] == [PART]


@pytest.mark.parametrize(
    "statement",
    [
        'skos:prefLabel "Man-in-the-middle"@en',
        'skos:altLabel "\\"Jailbreak\\" and \\"DAN\\""@en',
        r'skos:prefLabel "\u201CWhite flag\u201D and \u201Cred flag\u201D"@en',
        r'skos:definition "An agent is told \u201Cgo on\u201D and drifts at 5 % of its runs; is it one?"@en',
        'skos:definition "The share of { } in a prompt, and $5 a month, say nothing of an agent."@en',
    ],
)
def test_a_text_in_its_form_is_no_fault(tmp_path: Path, statement: str) -> None:
    file = tmp_path / "x.ttl"
    file.write_text(f"{HEAD}pattern:x {statement} .", encoding="utf-8")
    assert not found_by(ThreatGraph.open([file], bundled=False), "text-form")
