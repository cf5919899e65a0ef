"""Importers of tables: the AI Incident Database and the AI Risk Database of MIT."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path

import pytest

from importer_samples import (
    AIID,
    CITE,
    DEPLOYER,
    DEVELOPER,
    HARMED,
    INCIDENTS,
    MIT,
    check,
    import_file,
    incident,
    names,
    read_rows,
    statements,
    table,
    write_sheet,
    write_snapshot,
)
from threatgraph.errors import InvalidFile
from threatgraph.importers.builder import ImportResult
from threatgraph.importers.writing import as_turtle
from threatgraph.vocab import BASE


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A snapshot of the AI Incident Database."""
    return write_snapshot(tmp_path_factory.mktemp("snapshot"))


@pytest.fixture(scope="module")
def sheet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sheet of the AI Risk Database."""
    return write_sheet(tmp_path_factory.mktemp("sheets"))


@pytest.fixture(scope="module")
def risks(sheet: Path) -> ImportResult:
    """What the folder of the sheet gives."""
    return import_file("mit-risk-repository", sheet.parent)


@pytest.fixture(scope="module")
def whole() -> ImportResult:
    """The whole AI Incident Database; only for tests that are skipped without it."""
    return import_file("aiid", AIID)


@pytest.fixture(scope="module")
def brought(snapshot: Path) -> ImportResult:
    return import_file("aiid", snapshot)


def test_an_incident_of_the_aiid_in_full(brought: ImportResult) -> None:
    assert statements(brought, "incident/aiid-9001") == {
        ("rdf:type", "tg:Incident"),
        ("skos:prefLabel", "Robot of Example Works tips over@en"),
        (
            "dcterms:description",
            "A robot of Example Works tipped over. It was the xBot kind, and nobody at OpenAI made it.@en",
        ),
        ("dcterms:source", f"{CITE}/9001"),
        ("schema:subjectOf", f"{CITE}/9001"),
        ("tg:aiidNumber", "9001^integer"),
        ("prov:wasAttributedTo", "https://incidentdatabase.ai/"),
        ("tg:curationStatus", "curation-status:as-in-source"),
        ("tg:occurred", "2031-02-03^date"),
        ("tg:deployer", "actor:aiid-example-works"),
        ("tg:developer", "actor:openai"),  # the bundled record of that name
        ("tg:victim", "actor:aiid-example-works"),
        ("tg:harmedParty", "Bystanders@en"),
        ("tg:harmedParty", "Café Guests@en"),
        ("tg:placeName", "Springfield, US@en"),
        ("tg:region", "region:north-america"),
        ("tg:failureStage", "failure-stage:harm"),
        ("tg:sourceFigure", "incident:aiid-9001#figure-injuries"),
        ("tg:mapping", "incident:aiid-9001#mapping-mit-7-3"),
        ("tg:mapping", "incident:aiid-9001#mapping-mit-causal-entity-ai"),
        ("tg:mapping", "incident:aiid-9001#mapping-mit-causal-timing-post-deployment"),
        ("tg:mapping", "incident:aiid-9001#mapping-mit-causal-intent-other"),
        ("tg:mapping", "incident:aiid-9001#mapping-gmf-goal-walking"),
        ("tg:mapping", "incident:aiid-9001#mapping-gmf-goal-lifting"),
        ("tg:mapping", "incident:aiid-9001#mapping-gmf-technology-motor-control"),
    }


def test_the_parts_of_an_incident_of_the_aiid(brought: ImportResult) -> None:
    assert statements(brought, "incident/aiid-9001", "mapping-mit-7-3") == {
        ("rdf:type", "tg:FrameworkMapping"),
        ("sssom:object_id", "mit:7.3"),
        ("sssom:predicate_id", "skos:broadMatch"),
        ("sssom:mapping_justification", "semapv:UnspecifiedMatching"),
        ("prov:wasAttributedTo", "https://incidentdatabase.ai/"),
        ("tg:curationStatus", "curation-status:as-in-source"),
        ("tg:rationale", "Classification in the AI Incident Database: Risk Subdomain@en"),
        ("tg:sourceLabel", "7.3. Lack of capability or robustness@en"),
    }
    assert statements(brought, "incident/aiid-9001", "figure-injuries") == {
        ("rdf:type", "tg:SourceFigure"),
        ("skos:prefLabel", "Injuries, as counted in the CSET taxonomy@en"),
        ("tg:count", "2^integer"),
    }


def test_actors_of_the_aiid_are_bundled_actors_or_new_ones(brought: ImportResult) -> None:
    assert names(brought, "actor") == {"aiid-example-works", "aiid-x-twitter"}
    assert ("skos:prefLabel", "Example Works@en") in statements(brought, "actor/aiid-example-works")
    pages = {value for name, value in statements(brought, "actor/aiid-x-twitter") if name == "dcterms:source"}
    assert pages == {f"https://incidentdatabase.ai/entities/{name}" for name in ("x-%28twitter%29", "x-twitter")}


def test_a_domain_is_used_without_a_subdomain_and_unpublished_classes_are_left_out(brought: ImportResult) -> None:
    links = {value for name, value in statements(brought, "incident/aiid-9002") if name == "tg:mapping"}
    assert links == {"incident:aiid-9002#mapping-mit-7"}
    assert not any(name == "tg:mapping" for name, _ in statements(brought, "incident/aiid-9003"))
    assert [note.partition(": ")[2] for note in brought.notes] == [
        "1 rows refer to incidents that are not in the table of incidents.",
        "1 unpublished rows are left out.",
        "1 unpublished rows are left out.",
    ]


def test_a_cell_that_would_be_a_formula_in_a_spreadsheet_is_text(brought: ImportResult) -> None:
    assert ("skos:prefLabel", '=HYPERLINK("http://x","y")@en') in statements(brought, "incident/aiid-9002")


def test_dates_keep_their_precision_and_duplicates_are_retired(brought: ImportResult) -> None:
    assert ("tg:occurred", "2031-02^gYearMonth") in statements(brought, "incident/aiid-9002")
    third = statements(brought, "incident/aiid-9003")
    assert {("tg:occurred", "2031^gYear"), ("owl:deprecated", "true^boolean")} <= third
    assert ("dcterms:isReplacedBy", "incident:aiid-9002") in third


def test_used_classes_of_the_aiid_taxonomy_are_imported(brought: ImportResult) -> None:
    assert names(brought, "framework") == {"aiid-gmf"}
    classes = {"goal", "goal-walking", "goal-lifting", "technology", "technology-motor-control"}
    assert names(brought, "provision") == {f"aiid-gmf/{name}" for name in classes}
    assert {
        ("skos:broader", "provision:aiid-gmf/goal"),
        ("skos:inScheme", "framework:aiid-gmf"),
        ("tg:provisionLevel", "goal^string"),
    } <= statements(brought, "provision/aiid-gmf/goal-lifting")


def test_classes_without_an_incident_or_outside_the_taxonomy_are_reported(
    brought: ImportResult, snapshot: Path
) -> None:
    file = snapshot / "classifications_MIT.csv"
    assert [str(problem) for problem in brought.problems] == [
        f"{file}:3: 'Entity' has a value that is not in the MIT taxonomy: 'Nobody'.",
        f"{file}:5: unknown incident '9999'.",
    ]


def test_the_publisher_has_the_license_of_the_snapshot(snapshot: Path, tmp_path: Path) -> None:
    def licenses(found: ImportResult) -> list[str]:
        triples = found.records["https://incidentdatabase.ai/"].triples
        return [str(t.object) for t in triples if t.predicate.value == "http://purl.org/dc/terms/license"]

    assert licenses(import_file("aiid", snapshot)) == ["<https://creativecommons.org/licenses/by-sa/4.0/>"]
    table(tmp_path / "incidents.csv", INCIDENTS, [incident(1)])
    (tmp_path / "license.txt").write_text("See https://creativecommons.org/licenses/by/9.0/.", encoding="utf-8")
    assert licenses(import_file("aiid", tmp_path)) == ["<https://creativecommons.org/licenses/by/9.0/>"]


def test_a_single_table_and_compressed_tables_are_read(snapshot: Path, tmp_path: Path) -> None:
    alone = import_file("aiid", snapshot / "incidents.csv")
    assert names(alone, "incident") == {"aiid-9001", "aiid-9002", "aiid-9003"}
    assert names(alone, "framework") == set()
    packed = tmp_path / "incidents.csv.gz"
    packed.write_bytes(gzip.compress((snapshot / "incidents.csv").read_bytes()))
    assert as_turtle(import_file("aiid", tmp_path)) == as_turtle(alone)


def test_a_later_snapshot_builds_on_an_earlier_one(tmp_path: Path) -> None:
    first = table(tmp_path / "incidents.csv", INCIDENTS, [incident(1, developer=["somebody"])])
    mine = tmp_path / "mine.ttl"
    mine.write_text(as_turtle(import_file("aiid", first)), encoding="utf-8")
    table(first, INCIDENTS, [incident(1, developer=["somebody"]), incident(2, developer=["somebody"])])
    found = import_file("aiid", first, [mine])
    assert (names(found, "incident"), names(found, "actor")) == ({"aiid-2"}, set())
    assert ("tg:developer", "actor:aiid-somebody") in statements(found, "incident/aiid-2")
    assert [problem.reason.partition(": ")[0] for problem in found.problems] == ["incident:aiid-1"]


def test_an_incident_is_not_a_duplicate_of_itself_or_of_its_duplicate(tmp_path: Path) -> None:
    table(tmp_path / "incidents.csv", INCIDENTS, [incident(number) for number in ("1", "2", "3", "4", "0005")])
    columns = ("duplicate_incident_number", "true_incident_number")
    table(tmp_path / "duplicates.csv", columns, [[1, 1], [2, 3], [3, 2], [4, 5], [6, 1]])
    found = import_file("aiid", tmp_path)
    retired = {
        name: {(prop, value) for prop, value in statements(found, f"incident/{name}") if prop.endswith(("By", "ated"))}
        for name in names(found, "incident")
    }
    assert retired == {
        **{f"aiid-{number}": set() for number in (1, 2, 3, 5)},
        "aiid-4": {("dcterms:isReplacedBy", "incident:aiid-5"), ("owl:deprecated", "true^boolean")},
    }
    assert {problem.reason for problem in found.problems} == {
        "incident 1 is listed as a duplicate of itself; left out.",
        "dcterms:isReplacedBy forms a cycle between incident:aiid-2, incident:aiid-3; these links are left out.",
    }


def test_each_invalid_row_is_reported(tmp_path: Path) -> None:
    rows = [
        incident(1),
        incident("two"),
        incident(3, title=" "),
        incident(4, day="yesterday"),
        incident(5, day="2031-02-30"),
        [*incident(6)[:4], "openai", "[]", "[1]", "Invented.", "Lists that are none"],
        incident(1, title="The same number"),
        incident(7)[:5],
        incident(8, day="2031-02-03T04:05:06.789Z"),
        incident(9, day="03/02/2031"),
        incident(10, day="2031-02-03 or later"),
    ]
    file = table(tmp_path / "incidents.csv", INCIDENTS, rows)
    found = import_file("aiid", file)
    assert names(found, "incident") == {"aiid-1", "aiid-6", "aiid-8"}
    assert ("tg:occurred", "2031-02-03^date") in statements(found, "incident/aiid-8")
    assert [str(problem).removeprefix(f"{file}:") for problem in sorted(found.problems)] == [
        "3: incident_id is not a number: 'two'.",
        "4: incident 3 has no title.",
        "5: incident 4 has an invalid date, 'yesterday': use a date such as 2024-08-01.",
        "6: incident 5 has an invalid date, '2031-02-30': use a date such as 2024-08-01.",
        f'7: {DEPLOYER!r} is not a list such as ["openai"]; left out.',
        f'7: {HARMED!r} is not a list such as ["openai"]; left out.',
        "8: incident/aiid-1 already exists on line 2: give each record its own id.",
        "9: this row has 5 cells, but the header has 9.",
        "11: incident 9 has an invalid date, '03/02/2031': use a date such as 2024-08-01.",
        "12: incident 10 has an invalid date, '2031-02-03 or later': use a date such as 2024-08-01.",
    ]
    assert ("skos:prefLabel", "A test row@en") in statements(found, "incident/aiid-1")


def test_risks_of_mit_in_full(risks: ImportResult) -> None:
    found = risks
    ours = "provision:mit-ai-risk-database-v3"
    shared = {
        ("rdf:type", "tg:Provision"),
        ("dcterms:source", "https://airisk.mit.edu/"),
        ("dcterms:source", "https://paper.example/a"),
        ("prov:wasAttributedTo", "https://airisk.mit.edu/"),
        ("skos:inScheme", "framework:mit-ai-risk-database-v3"),
        ("skos:scopeNote", "Nobody2031: A Paper@en"),
        ("tg:curationStatus", "curation-status:as-in-source"),
    }
    placed = {
        ("skos:broadMatch", f"mit:{local}")
        for local in ("6.5", "causal-entity-ai", "causal-intent-intentional", "causal-timing-post-deployment")
    }
    category, sub = ("tg:provisionLevel", "risk-category^string"), ("tg:provisionLevel", "risk-subcategory^string")
    expected = {
        "01.01.00": {*placed, category, ("skos:notation", "01.01.00^string"), ("skos:prefLabel", "First@en")},
        "01.01.01": {
            *placed,
            sub,
            ("skos:notation", "01.01.01^string"),
            ("skos:prefLabel", "Below@en"),
            ("skos:definition", "What may go wrong.@en"),
            ("skos:broader", f"{ours}/01.01.00"),
        },
        "01.02.01": {
            sub,
            ("skos:notation", "01.02.01^string"),
            ("skos:prefLabel", "Numbered elsewhere@en"),
            ("skos:broader", f"{ours}/01.01.00"),
        },
        "01.01.00-2": {
            category,
            ("skos:prefLabel", "Second@en"),
            ("skos:broadMatch", "mit:4"),
            ("skos:broadMatch", "mit:causal-entity-human"),
            ("skos:editorialNote", "The database uses the number 01.01.00 for more than one risk.@en"),
        },
        "01.01.01-2": {
            sub,
            ("skos:prefLabel", "Below too@en"),
            ("skos:broader", f"{ours}/01.01.00-2"),
            ("skos:editorialNote", "The database uses the number 01.01.01 for more than one risk.@en"),
        },
        "02.01.01": {*placed, sub, ("skos:notation", "02.01.01^string"), ("skos:prefLabel", "Alone@en")},
    }
    assert names(found, "provision") == {f"mit-ai-risk-database-v3/{name}" for name in expected}
    for name, own in expected.items():
        assert statements(found, f"provision/mit-ai-risk-database-v3/{name}") == shared | own, name


def test_problems_of_the_mit_sheet(risks: ImportResult, sheet: Path) -> None:
    stated = [str(problem).removeprefix(f"{sheet}:") for problem in sorted(risks.problems)]
    # The sheet begins with three lines of remarks; a cell with a line break makes the row after it stand lower.
    assert stated[0].startswith("12: 'Entity' has a value that is not in the MIT taxonomies: '9 - Ghost'; ")
    assert stated[1].startswith("12: 'Sub-domain' has a value that is not in the MIT taxonomies: '9.9 > None'; ")
    assert stated[2] == "14: Ev_ID '2' is not a number such as 01.02.00."
    assert stated[3].startswith("15: the category level must be one of Risk Category, ")
    assert stated[4].startswith(
        "16: provision:mit-ai-risk-database-v3/02.04.00 skos:prefLabel: A record must have one name"
    )
    assert len(stated) == 5
    assert [note.removeprefix(f"{sheet}:") for note in risks.notes] == [
        "11: duplicate number 01.01.00: this risk becomes 01.01.00-2.",
        "12: duplicate number 01.01.01: this risk becomes 01.01.01-2.",
    ]


def test_the_framework_of_the_risks_has_its_edition(risks: ImportResult, sheet: Path, tmp_path: Path) -> None:
    dated = statements(risks, "framework/mit-ai-risk-database-v3")
    assert {("skos:prefLabel", "MIT AI Risk Database, version 3@en"), ("dcterms:modified", "2025-03-26^date")} <= dated
    renamed = tmp_path / "risks.csv"
    renamed.write_bytes(sheet.read_bytes())
    undated = statements(import_file("mit-risk-repository", renamed), "framework/mit-ai-risk-database")
    assert ("skos:prefLabel", "MIT AI Risk Database@en") in undated
    assert not any(name == "dcterms:modified" for name, _ in undated)
    with pytest.raises(InvalidFile, match=r"has no file named …AI-Risk-Database-v3\.csv"):
        import_file("mit-risk-repository", tmp_path)


@pytest.mark.skipif(not AIID.is_dir(), reason="the snapshot of the AI Incident Database is not at hand")
def test_the_complete_ai_incident_database(whole: ImportResult, tmp_path: Path) -> None:
    found = whole
    assert found.problems == []
    rows = read_rows(AIID / "incidents.csv")
    assert names(found, "incident") == {f"aiid-{row['incident_id']}" for row in rows}
    store = check(found, tmp_path)
    classes = Counter(
        row["Risk Subdomain"].partition(" ")[0].rstrip(".") for row in read_rows(AIID / "classifications_MIT.csv")
    )
    counted = store.select(
        "SELECT ?code (COUNT(?incident) AS ?n) { ?incident tg:mapping/sssom:object_id ?p ; tg:aiidNumber ?number . "
        f"FILTER(STRSTARTS(STR(?incident), '{BASE}incident/aiid-')) "
        "?p tg:provisionLevel 'subdomain' ; skos:notation ?code } GROUP BY ?code"
    ).to_dicts()
    assert {str(row["code"]): row["n"] for row in counted} == dict(classes)
    for column, prop in ((DEPLOYER, "tg:deployer"), (DEVELOPER, "tg:developer")):
        stated = sum(len(set(json.loads(row[column])) - {"unknown"}) for row in rows)
        links = store.select(f"SELECT ?i ?a {{ ?i {prop} ?a FILTER(STRSTARTS(STR(?i), '{BASE}incident/aiid-')) }}").rows
        assert stated - 5 <= len(links) <= stated, "but for a few identifiers that differ in their punctuation alone"


@pytest.mark.skipif(not AIID.is_dir(), reason="the snapshot of the AI Incident Database is not at hand")
def test_one_incident_of_the_ai_incident_database_with_all_tables(whole: ImportResult) -> None:
    assert statements(whole, "incident/aiid-23") == {
        ("rdf:type", "tg:Incident"),
        ("skos:prefLabel", "Las Vegas Self-Driving Bus Involved in Accident@en"),
        (
            "dcterms:description",
            "A self-driving public shuttle by Keolis North America and Navya was involved in a collision with a "
            "human-driven delivery truck in Las Vegas, Nevada on its first day of service.@en",
        ),
        ("dcterms:source", f"{CITE}/23"),
        ("schema:subjectOf", f"{CITE}/23"),
        ("tg:aiidNumber", "23^integer"),
        ("tg:sameIncident", "incident:las-vegas-shuttle-controller-locked-away"),
        ("prov:wasAttributedTo", "https://incidentdatabase.ai/"),
        ("tg:curationStatus", "curation-status:as-in-source"),
        ("tg:occurred", "2017-11-08^date"),
        *(
            (f"tg:{role}", f"actor:{name}")
            for role in ("deployer", "developer", "victim")
            for name in ("navya", "keolis-north-america")
        ),
        ("tg:harmedParty", "Bus passengers@en"),
        ("tg:placeName", "Las Vegas, NV, US@en"),
        ("tg:region", "region:north-america"),
        ("tg:failureStage", "failure-stage:harm"),
        ("tg:mapping", "incident:aiid-23#mapping-mit-7-3"),
        ("tg:mapping", "incident:aiid-23#mapping-mit-causal-entity-human"),
        ("tg:mapping", "incident:aiid-23#mapping-mit-causal-timing-post-deployment"),
        ("tg:mapping", "incident:aiid-23#mapping-mit-causal-intent-unintentional"),
    }


@pytest.mark.skipif(not MIT.is_dir(), reason="the AI Risk Database is not at hand")
def test_all_risks_of_mit(tmp_path: Path) -> None:
    found = import_file("mit-risk-repository", MIT)
    assert found.problems == []
    rows = [
        row
        for row in read_rows(next(MIT.glob("*AI-Risk-Database-v3.csv")))
        if row["Category level"].startswith("Risk ")
    ]
    assert len(rows) == len(names(found, "provision")) == 1612
    store = check(found, tmp_path)
    levels = Counter(row["Category level"] for row in rows)
    placed = Counter(row["Sub-domain"].split()[0].removesuffix(".0") for row in rows)
    del placed["X.1"]
    risks = f"?risk skos:inScheme <{BASE}framework/mit-ai-risk-database-v3>"
    counted = store.select(f"SELECT ?l (COUNT(*) AS ?n) {{ {risks} ; tg:provisionLevel ?l }} GROUP BY ?l").to_dicts()
    assert {str(row["l"]): row["n"] for row in counted} == {
        "risk-category": levels["Risk Category"],
        "risk-subcategory": levels["Risk Sub-Category"],
    }
    assert levels == {"Risk Category": 515, "Risk Sub-Category": 1097}
    counted = store.select(
        f"SELECT ?code (COUNT(*) AS ?n) {{ {risks} ; skos:broadMatch ?p . ?p skos:notation ?code ; tg:provisionLevel "
        "?l FILTER(?l IN ('domain', 'subdomain')) } GROUP BY ?code"
    ).to_dicts()
    assert {str(row["code"]): row["n"] for row in counted} == dict(placed)
    orphans = f"{risks} ; tg:provisionLevel 'risk-subcategory' FILTER NOT EXISTS {{ ?risk skos:broader ?above }}"
    assert store.select(f"SELECT * {{ {orphans} }}").rows == []
