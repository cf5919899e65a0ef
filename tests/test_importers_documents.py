"""Importers of mappings and documents: SSSOM, the AI Atlas Nexus, MITRE ATLAS and STIX."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from importer_samples import (
    ATLAS,
    ATLAS_6,
    ATLAS_FILE,
    BY_HAND,
    CROSSWALKS,
    HEAD,
    NEXUS,
    NEXUS_DATA,
    STIX_FILE,
    TITLES,
    bundle,
    check,
    import_file,
    mappings,
    names,
    relation,
    statements,
    stix,
    uuid,
)
from threatgraph.cli import main
from threatgraph.errors import InvalidFile
from threatgraph.importers.builder import ImportResult
from threatgraph.importers.writing import as_turtle
from threatgraph.vocab import BASE


def test_mappings_of_sssom_become_a_set_and_new_entries_become_provisions(tmp_path: Path) -> None:
    author = "orcid:0000-0000-0000-0000"
    more = [author, "0.5", 'He said "why"', ""]
    file = mappings(
        tmp_path / "a.tsv",
        ["foo:R-1", "Risk one", "skos:closeMatch", "owasp_asi:asi01-agent-goal-hijack", "ASI01", BY_HAND, *more],
        ["foo:R-1", "Risk one", "skos:relatedMatch", "owasp_asi:asi01-agent-goal-hijack", "ASI01", BY_HAND],
        ["foo:R-2", "", "skos:broadMatch", "foo:R-1", "Risk one", BY_HAND],
        ["owasp-llm-2.0:llm022025-sensitive", "", "skos:exactMatch", "mit:7.3", "", BY_HAND],
    )
    found = import_file("sssom", file)
    assert found.problems == []
    prefix = "mapping-set/sssom-foo-to-"
    assert names(found, "mapping-set") == {
        "sssom-foo-to-owasp-agentic-2026-foo",
        "sssom-foo-to-foo-foo",
        "sssom-owasp-llm-2025-to-mit-ai-risk-repository-v3-foo",
    }
    part = "r-1-to-asi01"
    assert statements(found, f"{prefix}owasp-agentic-2026-foo") == {
        ("rdf:type", "tg:MappingSet"),
        ("skos:prefLabel", "foo to OWASP Top 10 for Agentic Applications for 2026 (Foo by hand)@en"),
        ("dcterms:description", "Invented: for this test@en"),
        ("dcterms:source", "https://maps.example/foo.sssom.tsv"),
        ("dcterms:license", "https://creativecommons.org/publicdomain/zero/1.0/"),
        ("dcterms:modified", "2031-05-06^date"),
        ("sssom:subject_source", "framework:foo"),
        ("sssom:object_source", "framework:owasp-agentic-2026"),
        ("tg:curationStatus", "curation-status:as-in-source"),
        ("tg:crosswalkMapping", f"mapping-set:sssom-foo-to-owasp-agentic-2026-foo#{part}"),
        ("tg:crosswalkMapping", f"mapping-set:sssom-foo-to-owasp-agentic-2026-foo#{part}-2"),
    }
    assert statements(found, f"{prefix}owasp-agentic-2026-foo", part) == {
        ("rdf:type", "tg:CrosswalkMapping"),
        ("sssom:subject_id", "provision:foo/r-1"),
        ("sssom:object_id", "owasp-agentic:asi01"),
        ("sssom:predicate_id", "skos:closeMatch"),
        ("sssom:mapping_justification", "semapv:ManualMappingCuration"),
        ("sssom:confidence", "0.5^decimal"),
        ("skos:editorialNote", 'He said "why"@en'),
        ("tg:sourceLabel", "ASI01@en"),
        ("prov:wasAttributedTo", "https://orcid.org/0000-0000-0000-0000"),
    }
    assert names(found, "provision") == {"foo/r-1", "foo/r-2"}
    assert statements(found, "provision/foo/r-2") == {
        ("rdf:type", "tg:Provision"),
        ("skos:prefLabel", "R-2@en"),
        ("skos:notation", "R-2^string"),
        ("skos:inScheme", "framework:foo"),
        ("skos:exactMatch", "https://foo.example/risks#R-2"),
        ("dcterms:source", "https://foo.example/risks#R-2"),
        ("tg:provisionLevel", "entry^string"),
        ("tg:curationStatus", "curation-status:as-in-source"),
    }
    assert ("dcterms:source", "https://foo.example/risks#") in statements(found, "framework/foo")


def test_unsupported_mappings_are_reported(tmp_path: Path) -> None:
    good = ["foo:a", "A", "skos:closeMatch", "foo:b", "B", BY_HAND]
    file = mappings(
        tmp_path / "a.tsv",
        good,
        ["foo:a", "A", "owl:sameAs", "foo:b", "B", BY_HAND],
        ["foo:a", "A", "skos:closeMatch", "bar:b", "B", BY_HAND],
        ["foo:a", "A", "skos:closeMatch", "foo:b", "B", "0.95"],
        [*good, "", "1.5"],
        good,
        ["pattern:no-such-one", "A", "skos:closeMatch", "foo:b", "B", BY_HAND],
        ["foo:---", "A", "skos:closeMatch", "foo:b", "B", BY_HAND],
        ["foo:A", "A", "skos:closeMatch", "foo:b", "B", BY_HAND],
        [*good, "", "", "", "Not"],
        ["foo:a", "A", "noMatch", "", "", BY_HAND],
        ["foo:a", "A", "skos:closeMatch", "sssom:NoTermFound", "", BY_HAND],
        ["foo:a", "A", "skos:closeMatch", "foo:a", "", BY_HAND],
        [*good, "", "", "", "Inverse"],
        ["foo:a", "A", "skos:closeMatch", "", "", BY_HAND],
    )
    found = import_file("sssom", file)
    assert [str(problem).removeprefix(f"{file}:") for problem in sorted(found.problems)] == [
        "11: predicate_id must be skos:exactMatch, closeMatch, relatedMatch, broadMatch or narrowMatch, "
        "not 'owl:sameAs'.",
        "12: 'bar:b' has an undeclared prefix: add it to curie_map.",
        "13: '0.95' is not a justification such as semapv:ManualMappingCuration.",
        "14: confidence must be a number from 0 to 1, not '1.5'.",
        "15: duplicate of the mapping on line 10; left out.",
        "16: pattern:no-such-one is not a provision, pattern, domain or framework in the graph; left out.",
        "17: the id '---' must contain a letter or digit.",
        "19: predicate_modifier 'Not' is a negative mapping; left out.",
        "20: predicate_id 'noMatch' means that nothing matches; left out.",
        "21: object_id 'sssom:NoTermFound' means that nothing matches; left out.",
        "22: 'foo:a' is mapped to itself; left out.",
        "23: predicate_modifier 'Inverse' is not supported; left out.",
        "24: object_id is missing.",
    ]
    assert found.notes == []
    assert found.counts() == {"framework": 1, "provisions": 3, "mapping-set": 1, "mappings": 2}
    other = names(found, "provision") - {"foo/a", "foo/b"}
    assert len(other) == 1, "an id that differs in its case alone is another entry"
    assert ("skos:notation", "A^string") in statements(found, f"provision/{other.pop()}")


def test_mappings_of_other_records_are_reported_in_one_line(tmp_path: Path) -> None:
    subjects = [f"incident:no-such-{number}" for number in range(3)]
    rows = [[subject, "", "skos:closeMatch", "foo:b", "B", BY_HAND] for subject in subjects]
    file = mappings(tmp_path / "m.tsv", *rows, ["foo:a", "A", "skos:closeMatch", "foo:b", "B", BY_HAND])
    found = import_file("sssom", file)
    (problem,) = found.problems
    assert problem.reason == (
        "incident:no-such-0 is not a provision, pattern, domain or framework in the graph; left out, "
        "with 2 other mappings of such records."
    )
    assert names(found, "provision") == {"foo/a", "foo/b"}


def test_several_files_of_mappings_share_their_entries(tmp_path: Path) -> None:
    mappings(tmp_path / "a.tsv", ["foo:a", "A", "skos:closeMatch", "foo:b", "B", BY_HAND])
    other = HEAD.replace("foo.sssom", "other").replace("https://foo.example/risks#", "https://foo.example/elsewhere/")
    second = mappings(tmp_path / "b.tsv", ["foo:b", "B", "skos:closeMatch", "foo:c", "C", BY_HAND], head=other)
    both = import_file("sssom", tmp_path)
    assert both.problems == []
    assert names(both, "provision") == {"foo/a", "foo/b", "foo/c"}
    # The same one after the other, where the first result is among the user's files.
    first = tmp_path / "first.ttl"
    first.write_text(as_turtle(import_file("sssom", tmp_path / "a.tsv")), encoding="utf-8")
    later = import_file("sssom", second, [first])
    assert later.problems == []
    assert (names(later, "provision"), names(later, "framework")) == ({"foo/c"}, set())


def test_mappings_require_a_source(tmp_path: Path) -> None:
    row = ["foo:a", "A", "skos:closeMatch", "foo:b", "B", BY_HAND]
    file = mappings(tmp_path / "a.tsv", row, head=HEAD.replace("mapping_set_id", "mapping_set_ix"))
    with pytest.raises(InvalidFile, match="add `# mapping_set_id: https://…` to the header"):
        import_file("sssom", file)
    (tmp_path / "b.tsv").write_text(HEAD + "subject_id\tobject_id\n", encoding="utf-8")
    with pytest.raises(
        InvalidFile, match=r"b\.tsv:9: the columns are missing: 'predicate_id', 'mapping_justification'\."
    ):
        import_file("sssom", tmp_path / "b.tsv")
    (tmp_path / "none").mkdir()
    with pytest.raises(InvalidFile, match=r"has no \.tsv file with mappings"):
        import_file("sssom", tmp_path / "none")


@pytest.fixture(scope="module")
def nexus(tmp_path_factory: pytest.TempPathFactory) -> ImportResult:
    """A folder of the AI Atlas Nexus."""
    folder = tmp_path_factory.mktemp("nexus")
    (folder / "data.yaml").write_text(NEXUS, encoding="utf-8")
    return import_file("nexus", folder)


def test_the_knowledge_graph_of_the_nexus(nexus: ImportResult) -> None:
    found = nexus
    assert names(found, "provision") == {"foo-atlas/foo-group", "foo-atlas/foo-one", "foo-atlas/foo-two", "doc-1/act-1"}
    shared = {
        ("rdf:type", "tg:Provision"),
        ("prov:wasAttributedTo", "https://github.com/IBM/ai-atlas-nexus"),
        ("tg:curationStatus", "curation-status:as-in-source"),
    }
    assert statements(found, "provision/foo-atlas/foo-one") == shared | {
        ("skos:prefLabel", "One@en"),
        ("skos:definition", "First line.@en"),
        ("skos:scopeNote", "Why it matters.@en"),
        ("skos:notation", "foo-one^string"),
        ("skos:inScheme", "framework:foo-atlas"),
        ("skos:broader", "provision:foo-atlas/foo-group"),
        ("skos:relatedMatch", "provision:foo-atlas/foo-two"),
        ("skos:relatedMatch", "owasp-agentic:asi01"),
        ("dcterms:source", "https://foo.example/one"),
        ("dcterms:modified", "2031-02-03^date"),
        ("tg:provisionLevel", "risk^string"),
    }
    assert ("skos:broader", "provision:foo-atlas/foo-group") in statements(found, "provision/foo-atlas/foo-two")
    assert ("tg:provisionLevel", "risk-group^string") in statements(found, "provision/foo-atlas/foo-group")
    assert statements(found, "provision/doc-1/act-1") == shared | {
        ("skos:prefLabel", "Do it@en"),
        ("skos:notation", "Act 1^string"),
        ("skos:inScheme", "framework:doc-1"),
        ("dcterms:source", "https://github.com/IBM/ai-atlas-nexus"),
        ("tg:addresses", "provision:foo-atlas/foo-one"),
        ("tg:provisionLevel", "action^string"),
    }
    assert statements(found, "framework/foo-atlas") == {
        ("rdf:type", "tg:Framework"),
        ("skos:prefLabel", "Foo Atlas@en"),
        ("dcterms:description", "Invented for this test.@en"),
        ("dcterms:source", "https://foo.example/atlas?topic=all"),
        ("dcterms:created", "2030-01-02^date"),
        ("dcterms:identifier", "foo-atlas^string"),
        ("prov:wasAttributedTo", "https://github.com/IBM/ai-atlas-nexus"),
    }
    assert [f"{problem.line}: {problem.reason}" for problem in found.problems] == [
        "26: 'homeless' has neither a taxonomy nor a document.",
        "27: the entry has no id.",
        "24: 'foo-two' refers to 'nowhere', which does not exist.",
    ]
    notes = [note.rpartition(": ")[2] for note in found.notes]
    assert notes == ["1 entries are already in the graph."]


def test_an_incident_of_the_nexus(nexus: ImportResult) -> None:
    found = nexus
    part = "mapping-foo-atlas-foo-one"
    assert statements(found, "incident/nexus-ri-1") == {
        ("rdf:type", "tg:Incident"),
        ("skos:prefLabel", "It happened@en"),
        ("dcterms:description", "In a test.@en"),
        ("dcterms:identifier", "ri-1^string"),
        ("dcterms:source", "https://news.example/it?a=b"),
        ("skos:scopeNote", "Reported by The Example, May 2031@en"),
        ("prov:wasAttributedTo", "https://github.com/IBM/ai-atlas-nexus"),
        ("tg:curationStatus", "curation-status:as-in-source"),
        ("tg:mapping", f"incident:nexus-ri-1#{part}"),
    }
    assert {
        ("sssom:object_id", "provision:foo-atlas/foo-one"),
        ("sssom:predicate_id", "skos:broadMatch"),
        ("tg:rationale", "Listed in the AI Atlas Nexus as an example of this risk@en"),
    } <= statements(found, "incident/nexus-ri-1", part)


def test_mappings_find_the_entries_of_the_nexus(nexus: ImportResult, tmp_path: Path) -> None:
    mine = tmp_path / "mine.ttl"
    mine.write_text(as_turtle(nexus), encoding="utf-8")
    row = ["foo-atlas:foo-one", "One", "skos:closeMatch", "foo-atlas:foo-two", "Two", BY_HAND]
    file = mappings(tmp_path / "a.tsv", row, head=HEAD.replace("foo:", "foo-atlas:"))
    found = import_file("sssom", file, [mine])
    assert (found.problems, names(found, "provision"), names(found, "framework")) == ([], set(), set())
    assert found.counts() == {"mapping-set": 1, "mapping": 1}


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> ImportResult:
    """A release of MITRE ATLAS that is not the bundled one."""
    file = tmp_path_factory.mktemp("atlas") / "ATLAS.yaml"
    file.write_text(ATLAS.format(version="4.7.1"), encoding="utf-8")
    return import_file("atlas", file)


def test_a_release_of_atlas(release: ImportResult) -> None:
    found = release
    ours = "provision:mitre-atlas-4.7.1"
    ids = ("aml.ta0002", "aml.t0051", "aml.t0051.001", "aml.m0000")
    assert names(found, "provision") == {f"mitre-atlas-4.7.1/{name}" for name in ids}
    assert statements(found, "provision/mitre-atlas-4.7.1/aml.t0051") == {
        ("rdf:type", "tg:Provision"),
        ("skos:prefLabel", "Push@en"),
        ("skos:definition", "Pushes a door open.@en"),
        ("skos:notation", "AML.T0051^string"),
        ("skos:scopeNote", "Maturity in ATLAS: feasible.@en"),
        ("skos:relatedMatch", "https://attack.example/T1"),
        ("skos:inScheme", "framework:mitre-atlas-4.7.1"),
        ("dcterms:source", "https://atlas.mitre.org/techniques/AML.T0051"),
        ("dcterms:created", "2030-01-02^date"),
        ("dcterms:modified", "2031-01-02^date"),
        ("prov:wasAttributedTo", "https://atlas.mitre.org/"),
        ("tg:curationStatus", "curation-status:as-in-source"),
        ("tg:provisionLevel", "technique^string"),
        ("tg:tactic", f"{ours}/aml.ta0002"),
    }
    sub = statements(found, "provision/mitre-atlas-4.7.1/aml.t0051.001")
    assert {("skos:broader", f"{ours}/aml.t0051"), ("tg:provisionLevel", "subtechnique^string")} <= sub
    lock = statements(found, "provision/mitre-atlas-4.7.1/aml.m0000")
    assert {value for name, value in lock if name == "tg:addresses"} == {f"{ours}/aml.t0051", f"{ours}/aml.t0051.001"}
    assert ("dcterms:identifier", "4.7.1^string") in statements(found, "framework/mitre-atlas-4.7.1")
    assert [f"{problem.line}: {problem.reason}" for problem in found.problems] == [
        "18: 'T1' is not an ATLAS id such as AML.T0051.000.",
        "9: AML.T0051 refers to 'AML.TA9999', which is not in the release.",
    ]


def test_a_case_study_of_atlas(release: ImportResult) -> None:
    found = release
    assert statements(found, "incident/atlas-aml.cs0001") == {
        ("rdf:type", "tg:Incident"),
        ("skos:prefLabel", "Somebody pushed@en"),
        ("dcterms:description", "It fell down.@en"),
        ("dcterms:source", "https://atlas.mitre.org/studies/AML.CS0001"),
        ("dcterms:source", "https://paper.example/p"),
        ("dcterms:identifier", "AML.CS0001^string"),
        ("schema:subjectOf", "https://atlas.mitre.org/studies/AML.CS0001"),
        ("skos:scopeNote", "Actor: Example Person@en"),
        ("prov:wasAttributedTo", "https://atlas.mitre.org/"),
        ("tg:curationStatus", "curation-status:as-in-source"),
        ("tg:occurred", "2031-05^gYearMonth"),
        ("tg:systemName", "Example Door@en"),
        ("tg:failureStage", "failure-stage:signal"),
        ("tg:mapping", "incident:atlas-aml.cs0001#mapping-aml-t0051"),
        ("tg:mapping", "incident:atlas-aml.cs0001#mapping-aml-t0051-001"),
    }
    part = statements(found, "incident/atlas-aml.cs0001", "mapping-aml-t0051")
    assert ("tg:rationale", "Once. Twice, so.@en") in part
    assert ("sssom:object_id", "provision:mitre-atlas-4.7.1/aml.t0051") in part
    bare = statements(found, "incident/atlas-aml.cs0001", "mapping-aml-t0051-001")
    assert ("tg:rationale", "Step of the case study@en") in bare


def test_formats_5_and_6_give_the_same_records(release: ImportResult, tmp_path: Path) -> None:
    file = tmp_path / "ATLAS-4.7.1.yaml"
    file.write_text(ATLAS_6.format(version="4.7.1"), encoding="utf-8")
    found = import_file("atlas", file)
    assert found.problems == []
    assert found.records.keys() == release.records.keys()
    for iri, builder in found.records.items():
        assert set(builder.triples) == set(release.records[iri].triples), iri


def test_objects_on_the_top_level_are_those_of_the_matrix(tmp_path: Path) -> None:
    file = tmp_path / "ATLAS.yaml"
    text = (
        ATLAS.format(version="3.0.0").replace("matrices:\n- id: ATLAS\n", "").replace("subtechnique-of", "specializes")
    )
    matrix, _, studies = text.partition("case-studies:")
    file.write_text(matrix.replace("\n  ", "\n") + "case-studies:" + studies, encoding="utf-8")
    found = import_file("atlas", file)
    assert len(names(found, "provision")) == 4
    sub = statements(found, "provision/mitre-atlas-3.0.0/aml.t0051.001")
    assert ("skos:broader", "provision:mitre-atlas-3.0.0/aml.t0051") in sub


def test_the_bundled_release_of_atlas_adds_only_its_case_studies(tmp_path: Path) -> None:
    file = tmp_path / "ATLAS.yaml"
    file.write_text(ATLAS.format(version="5.6.0"), encoding="utf-8")
    found = import_file("atlas", file)
    assert (names(found, "provision"), names(found, "framework")) == (set(), set())
    part = statements(found, "incident/atlas-aml.cs0001", "mapping-aml-t0051")
    assert ("sssom:object_id", "atlas:aml.t0051") in part
    assert found.notes == [f"{file}: 4 entries are already in the graph."]


def test_invalid_dates_are_reported_and_left_out(tmp_path: Path) -> None:
    text = (
        ATLAS.format(version="4.7.1")
        .replace("2031-05-01", "May 2031")
        .replace("created_date: 2030-01-02", "created_date: 1_000")
    )
    (tmp_path / "ATLAS.yaml").write_text(text, encoding="utf-8")
    found = import_file("atlas", tmp_path / "ATLAS.yaml")
    assert [problem.reason for problem in found.problems if "is not a date" in problem.reason] == [
        "the created_date of AML.T0051 is not a date such as 2024-08-01: '1_000'; left out.",
        "the incident-date of AML.CS0001 is not a date such as 2024-08-01: 'May 2031'; left out.",
    ]
    assert not {prop for prop, _ in statements(found, "incident/atlas-aml.cs0001")} & {"tg:occurred"}
    (tmp_path / "data.yaml").write_text(NEXUS.replace("2031-02-03", "2031-02-30"), encoding="utf-8")
    found = import_file("nexus", tmp_path / "data.yaml")
    reason = "the dateModified of 'foo-one' is not a date such as 2024-08-01: '2031-02-30'; left out."
    assert reason in {problem.reason for problem in found.problems}


def test_invalid_entries_are_reported_and_a_technique_may_be_just_an_id(tmp_path: Path) -> None:
    text = ATLAS.format(version="4.7.1").replace(
        "techniques: [{id: AML.T0051, use: Doors.}, ", "techniques: [AML.T0051, "
    )
    text = text.replace("case-studies:\n", "case-studies:\n- a word\n- [a, list]\n")
    (tmp_path / "ATLAS.yaml").write_text(text, encoding="utf-8")
    found = import_file("atlas", tmp_path / "ATLAS.yaml")
    lock = statements(found, "provision/mitre-atlas-4.7.1/aml.m0000")
    ours = "provision:mitre-atlas-4.7.1"
    assert {value for name, value in lock if name == "tg:addresses"} == {f"{ours}/aml.t0051", f"{ours}/aml.t0051.001"}
    assert "'case-studies' has 2 entries that are not mappings; left out." in {
        problem.reason for problem in found.problems
    }
    (tmp_path / "data.yaml").write_text(NEXUS + "controls: {id: one}\n", encoding="utf-8")
    found = import_file("nexus", tmp_path / "data.yaml")
    assert "'controls' is not a list; left out." in {problem.reason for problem in found.problems}


def test_files_other_than_atlas_releases_are_rejected(tmp_path: Path) -> None:
    file = tmp_path / "ATLAS.yaml"
    for text, message in (
        ("collection: {version: '2026.07'}", "is not a release of ATLAS: it has neither matrices nor relationships"),
        ("id: ATLAS", "is not a release of ATLAS"),
        (ATLAS_6.format(version=""), "has an invalid version, '': it must be a version such as 5.6.0."),
        (ATLAS.format(version="'5 / 6'"), "has an invalid version, '5 / 6': it must be a version such as 5.6.0."),
        (ATLAS.format(version="5." * 200 + "1"), "has an invalid version, '5.5."),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(InvalidFile) as caught:
            import_file("atlas", file)
        assert message in str(caught.value)


def test_a_bundle_of_stix(tmp_path: Path) -> None:
    push, hard, old = (f"attack-pattern--{uuid(number)}" for number in (1, 2, 3))
    lock, fall, again = f"course-of-action--{uuid(4)}", f"incident--{uuid(5)}", f"incident--{uuid(6)}"
    maker = f"identity--{uuid(7)}"
    file = bundle(
        tmp_path / "My bundle.json",
        stix("identity", 7, name="Example Org", identity_class="organization"),
        stix("x-mitre-tactic", 8, name="Enter", x_mitre_shortname="enter"),
        stix("attack-pattern", 1, name="An older version", modified="2030-01-01T00:00:00Z"),
        stix(
            "attack-pattern",
            1,
            name="Push",
            description="See [this](https://x.example): <code>push</code>.",
            created_by_ref=maker,
            kill_chain_phases=[{"kill_chain_name": "k", "phase_name": "enter"}, {"phase_name": "leave"}],
            external_references=[{"source_name": "a", "external_id": "T.1", "url": "https://a.example/T1"}],
        ),
        stix("attack-pattern", 2, name="Push hard"),
        stix("attack-pattern", 3, name="Old", revoked=True),
        stix("course-of-action", 4, name="Lock"),
        stix("incident", 5, name="It fell", description="Down.", created_by_ref=maker),
        stix("incident", 6, name="It fell again"),
        stix("malware", 9, name="Not brought"),
        stix("marking-definition", 10, definition_type="statement", definition={"statement": "Example terms."}),
        stix("marking-definition", 11, definition_type="tlp", definition={"tlp": "green"}),
        relation(12, "mitigates", lock, push),
        relation(13, "subtechnique-of", hard, push),
        relation(14, "uses", fall, push, description="By hand."),
        relation(15, "related-to", again, fall),
        relation(16, "related-to", hard, lock),
        relation(17, "uses", push, f"malware--{uuid(9)}"),
        relation(18, "targets", lock, push),
        relation(19, "mitigates", lock, old),
        "no object",
        {"type": "incident", "id": "incident--1", "name": "No id"},
        stix("incident", 20),
        stix("course-of-action", 4, name="Another lock"),
        stix("course-of-action", 4, name="Lock"),
    )
    found = import_file("stix", file)
    ours = "provision:stix-my-bundle"
    stamps = {("dcterms:created", "2031-01-02^date"), ("dcterms:modified", "2031-01-02^date")}
    shared = {*stamps, ("tg:curationStatus", "curation-status:as-in-source")}
    assert statements(found, "provision/stix-my-bundle/t.1") == shared | {
        ("rdf:type", "tg:Provision"),
        ("skos:prefLabel", "Push@en"),
        ("skos:definition", "See this: push.@en"),
        ("skos:notation", "T.1^string"),
        ("skos:inScheme", "framework:stix-my-bundle"),
        ("dcterms:source", "https://a.example/T1"),
        ("prov:wasAttributedTo", f"urn:uuid:{uuid(7)}"),
        ("tg:provisionLevel", "attack-pattern^string"),
        ("tg:tactic", f"{ours}/x-mitre-tactic-{uuid(8)}"),
    }
    ends = (f"attack-pattern-{uuid(2)}", f"course-of-action-{uuid(4)}", f"x-mitre-tactic-{uuid(8)}", "t.1")
    assert names(found, "provision") == {f"stix-my-bundle/{name}" for name in ends}
    below = statements(found, f"provision/stix-my-bundle/{ends[0]}")
    assert {("skos:broader", f"{ours}/t.1"), ("skos:relatedMatch", f"{ours}/{ends[1]}")} <= below
    assert ("tg:addresses", f"{ours}/t.1") in statements(found, f"provision/stix-my-bundle/{ends[1]}")
    assert statements(found, f"incident/stix-{uuid(5)}") == shared | {
        ("rdf:type", "tg:Incident"),
        ("skos:prefLabel", "It fell@en"),
        ("dcterms:description", "Down.@en"),
        ("dcterms:source", f"urn:uuid:{uuid(5)}"),
        ("dcterms:identifier", f"incident--{uuid(5)}^string"),
        ("prov:wasAttributedTo", f"urn:uuid:{uuid(7)}"),
        ("tg:mapping", f"incident:stix-{uuid(5)}#mapping-t-1"),
    }
    assert ("tg:rationale", "By hand.@en") in statements(found, f"incident/stix-{uuid(5)}", "mapping-t-1")
    assert ("tg:relatedIncident", f"incident:stix-{uuid(5)}") in statements(found, f"incident/stix-{uuid(6)}")
    stated = {value for name, value in statements(found, "framework/stix-my-bundle") if name == "skos:editorialNote"}
    assert stated == {f"Marking of objects in the bundle: {terms}@en" for terms in ("Example terms.", "TLP:GREEN")}
    assert found.notes == [
        f"{file}: 1 objects are revoked or deprecated, and left out.",
        f"{file}: kill chain phases without a tactic in the bundle are left out: 1 without a kill chain.",
        f"{file}: unsupported relationships are left out: 1 mitigates, 1 targets, 1 uses.",
        f"{file}: objects of unsupported types are left out: 1 malware.",
    ]
    reasons = sorted(problem.reason.partition(": Give ")[0] for problem in found.problems)
    assert reasons[1:] == [
        "object 21 is not a JSON object.",
        "object 22 has an invalid id, 'incident--1': use an id such as incident--UUID.",
        f"object 24 has the same id as another object, course-of-action--{uuid(4)}: give each object its own id.",
    ]
    assert reasons[0].startswith(f"incident:stix-{uuid(20)} ")


def test_a_bundle_with_only_incidents_is_imported(tmp_path: Path) -> None:
    found = import_file("stix", bundle(tmp_path / "b.json", stix("incident", 1, name="It", description="Fell.")))
    assert (found.is_empty(), found.counts()) == (False, {"incident": 1})


def test_files_other_than_bundles_are_rejected(tmp_path: Path) -> None:
    file = tmp_path / "b.json"
    for text, message in (
        ("{", "b.json:1:2: is not valid JSON: "),
        ("[]", "must contain a JSON object at the top level."),
        ("[" * 200_000, "is nested too deeply."),
        ('{"type": "bundle"}', 'is not a STIX bundle: it has no "type": "bundle" with a list of "objects".'),
    ):
        file.write_text(text, encoding="utf-8")
        with pytest.raises(InvalidFile) as caught:
            import_file("stix", file)
        assert message in str(caught.value)
    assert main(["import", "stix", str(bundle(file)), "-o", str(tmp_path / "out.ttl")]) == 2
    assert not (tmp_path / "out.ttl").exists()


@pytest.mark.skipif(not CROSSWALKS.is_dir(), reason="the mappings of the AI Atlas Nexus are not at hand")
def test_all_mappings_of_the_ai_atlas_nexus(tmp_path: Path) -> None:
    found = import_file("sssom", CROSSWALKS)
    store = check(found, tmp_path)
    ids = "SELECT ?m { ?m a tg:CrosswalkMapping . ?set tg:crosswalkMapping ?m FILTER(CONTAINS(STR(?set), '/sssom-')) }"
    brought = len(store.select(ids).rows)
    kept: set[tuple[str, ...]] = set()
    for file in CROSSWALKS.glob("*.tsv"):
        lines = [line for line in file.read_text(encoding="utf-8").splitlines() if line[:1] not in ("#", "")]
        columns = lines[0].split("\t")
        for line in lines[1:]:
            cells = dict(zip(columns, line.split("\t"), strict=False))
            if cells["predicate_id"].startswith("skos:"):
                kept.add((file.name, *(cells[name] for name in ("subject_id", *TITLES[2:4], TITLES[5]))))
    assert brought == len(kept) > 1400
    reasons = (
        "duplicate of the mapping on",
        "must be skos:exactMatch, closeMatch",
        "author_id",
        "means that nothing matches",
    )
    unexpected = {
        problem.reason for problem in found.problems if not any(reason in problem.reason for reason in reasons)
    }
    assert unexpected == set()


@pytest.mark.skipif(not NEXUS_DATA.is_dir(), reason="the AI Atlas Nexus is not at hand")
def test_the_complete_ai_atlas_nexus(tmp_path: Path) -> None:
    found = import_file("nexus", NEXUS_DATA)
    check(found, tmp_path)
    text = "".join(file.read_text(encoding="utf-8") for file in NEXUS_DATA.rglob("knowledge_graph/*.yaml"))
    # Sections stand at the start of a line, and the entries of each two or four characters further in.
    sections = re.split(r"^([a-z]+):\n", text, flags=re.MULTILINE)
    entries = Counter[str]()
    for section, body in zip(sections[1::2], sections[2::2], strict=True):
        entries[section] += len(re.findall(r"^ *- id: ", body, flags=re.MULTILINE))
    stated = sum(entries[name] for name in ("groups", "entries", "rules", "actions", "controls"))
    bundled = int(re.findall(r" (\d+) entries are provisions", " ".join(found.notes))[0])
    assert len(names(found, "provision")) + bundled == stated > 2000
    assert len(names(found, "incident")) == entries["riskincidents"] > 30
    assert all("which is not there" in problem.reason for problem in found.problems)


@pytest.mark.skipif(not ATLAS_FILE.is_file(), reason="a release of MITRE ATLAS is not at hand")
def test_a_complete_release_of_atlas(tmp_path: Path) -> None:
    found = import_file("atlas", ATLAS_FILE)
    assert found.problems == []
    check(found, tmp_path)
    ids = re.findall(r"^ *- id: (AML\.\S+)\n +name:", ATLAS_FILE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    studies = {name for name in ids if ".CS" in name}
    assert names(found, "incident") == {f"atlas-{name.lower()}" for name in studies}
    bundled = re.findall(r" (\d+) entries are provisions", " ".join(found.notes))
    assert len(names(found, "provision")) + sum(map(int, bundled)) == len(ids) - len(studies) > 100


@pytest.mark.skipif(not STIX_FILE.is_file(), reason="a bundle of MITRE ATLAS is not at hand")
def test_a_complete_bundle_of_stix(tmp_path: Path) -> None:
    found = import_file("stix", STIX_FILE)
    assert found.problems == []
    store = check(found, tmp_path)
    objects = json.loads(STIX_FILE.read_text(encoding="utf-8"))["objects"]
    kinds = Counter(item["type"] for item in objects)
    brought = kinds["attack-pattern"] + kinds["course-of-action"] + kinds["x-mitre-tactic"]
    assert len(names(found, "provision")) == brought > 100
    ends = {
        (item["relationship_type"], item["source_ref"], item["target_ref"])
        for item in objects
        if item["type"] == "relationship"
    }
    relations = Counter(kind for kind, _, _ in ends)
    for prop, kind in (("tg:addresses", "mitigates"), ("skos:broader", "subtechnique-of")):
        ours = f"?a {prop} ?b FILTER(STRSTARTS(STR(?a), '{BASE}provision/stix-'))"
        assert len(store.select(f"SELECT ?a ?b {{ {ours} }}").rows) == relations[kind] > 50
