"""STIX 2.1 export: other libraries accept the bundle, it is lossless, and the importer reads it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stix2
import stix2validator
from pyoxigraph import Literal, NamedNode

from threatgraph import ThreatGraph, UnknownName
from threatgraph.cli import main
from threatgraph.resources import data_dir
from threatgraph.vocab import BASE, PREFIXES, RDF_TYPE, tg

Object = dict[str, Any]
SKOS = PREFIXES["skos"]

TAY = "Microsoft withdraws Tay chatbot after users elicit racist posts"


@pytest.fixture(scope="module")
def content(graph: ThreatGraph) -> bytes:
    return graph.export("stix")


@pytest.fixture(scope="module")
def objects(content: bytes) -> list[Object]:
    found: list[Object] = json.loads(content)["objects"]
    return found


def named(objects: list[Object], kind: str, name: str) -> Object:
    (found,) = [item for item in objects if item["type"] == kind and item["name"] == name]
    return found


def record(item: Object) -> Object:
    (extension,) = item["extensions"].values()
    assert isinstance(extension, dict)
    return extension


# What others make of it.


def test_stix2_parses_it_strictly(content: bytes) -> None:
    bundle = stix2.parse(content.decode(), allow_custom=False, version="2.1")
    counts = Counter(item["type"] for item in bundle["objects"])
    assert counts["attack-pattern"] == len(list((data_dir() / "patterns").glob("*.ttl")))
    assert counts["incident"] == len(list((data_dir() / "incidents").rglob("*.ttl")))
    groups, actors = (len(list((data_dir() / name).glob("*.ttl"))) for name in ("groups", "actors"))
    assert counts["identity"] == groups + actors + 1  # and the project


@pytest.mark.parametrize("node", [None, "INC-23-0002"])
def test_the_validator_finds_no_error(graph: ThreatGraph, node: str | None) -> None:
    told = stix2validator.validate_string(
        graph.export("stix", node=node).decode(), stix2validator.ValidationOptions(version="2.1")
    )
    assert told.is_valid
    found = {str(warning).partition("{")[2][:3] for warning in told.warnings}
    # Identifiers that are no random ones (103), and addresses without a digest of what stands there (302), may be.
    assert found <= {"103", "302"}


# What it says.


def test_a_pattern_by_hand(objects: list[Object]) -> None:
    item = named(objects, "attack-pattern", "Strategic Misalignment")
    first = item["external_references"][0]
    assert first["external_id"] == "PAT-SYS-005"
    assert first["url"] == f"{BASE}pattern/strategic-misalignment"
    assert {
        "source_name": "topaithreats.com",
        "url": "https://topaithreats.com/patterns/strategic-misalignment",
    } in item["external_references"]
    assert "Chapter V" in {reference.get("external_id") for reference in item["external_references"]}
    assert record(item)["severity"] == [f"{BASE}severity/high"]
    assert record(item)["source_updated"] == ["2025-01-15"]
    steps = sorted((step["position"], step["pref_label"]) for step in record(item)["response_step"])
    assert [label for _, (label,) in steps] == ["Contain", "Evaluate", "Consult", "Remediate or retire"]


def test_relationships_have_both_ends_and_a_description(objects: list[Object]) -> None:
    ids = {item["id"]: item for item in objects}
    assert len(ids) == len(objects)
    drift, strategic = (
        named(objects, "attack-pattern", name)["id"] for name in ("Goal Drift", "Strategic Misalignment")
    )
    links = [item for item in objects if item["type"] == "relationship"]
    assert all(link["source_ref"] in ids and link["target_ref"] in ids for link in links)
    between = {link["description"] for link in links if (link["source_ref"], link["target_ref"]) == (drift, strategic)}
    assert between == {"escalates to", "is distinguished from"}
    tay = named(objects, "incident", TAY)["id"]
    of_tay = {(link["description"], ids[link["target_ref"]]["name"]) for link in links if link["source_ref"] == tay}
    assert of_tay >= {
        ("has the primary pattern", "Goal Drift"),
        ("has the secondary pattern", "Data Poisoning"),
        ("was deployed by", "Microsoft"),
        ("affects", "General Public"),
    }
    assert {link["relationship_type"] for link in links} == {"related-to", "targets", "mitigates"}


def test_no_date_is_older_than_these_exports(objects: list[Object]) -> None:
    """The dates of an object are its own; those of what it tells stand in the record."""
    assert {item["created"] for item in objects} == {"2026-11-24T00:00:00.000Z"}
    assert all(item["modified"] >= item["created"] for item in objects)
    assert record(named(objects, "incident", TAY))["occurred"] == ["2016-03-24"]


def values(told: object) -> Iterator[str]:
    """All values of a record and of its parts."""
    if isinstance(told, dict):
        for key, value in told.items():
            if key != "extension_type":
                yield from values(value)
    elif isinstance(told, list):
        for value in told:
            yield from values(value)
    else:
        yield str(told)


@pytest.mark.parametrize("name", ["pattern/strategic-misalignment", "pattern/goal-drift", "incident/microsoft-tay"])
def test_the_extension_contains_all_statements_of_a_record(
    graph: ThreatGraph, objects: list[Object], name: str
) -> None:
    iri = BASE + name
    (item,) = [item for item in objects if item.get("extensions") and record(item).get("iri") == iri]
    stated = [
        triple
        for file in graph.store.files
        for triple in graph.store.graph_triples(file)
        if isinstance(triple.subject, NamedNode) and triple.subject.value.partition("#")[0] == iri
    ]
    wanted = Counter(t.object.value for t in stated if isinstance(t.object, (NamedNode, Literal)))
    wanted[iri] += 1  # its own name
    assert Counter(values(record(item))) == wanted


def test_a_node_is_exported_with_its_links(graph: ThreatGraph) -> None:
    def names(node: str) -> set[str]:
        return {item["name"] for item in json.loads(graph.export("stix", node=node))["objects"] if "name" in item}

    assert {"Strategic Misalignment", "Goal Drift", "General Public"} <= names("PAT-SYS-005")
    assert "Prompt Injection" not in names("microsoft-tay")
    assert {TAY, "Goal Drift", "Microsoft"} <= names("microsoft-tay")
    assert "Goal Drift" in names("eu-ai-act:article-14-4")  # what is mapped to a provision
    assert "Goal Drift" in names("causal-factor/model-opacity")
    with pytest.raises(UnknownName):
        graph.export("stix", node="PAT-XXX-001")


# There and back.


def test_the_importer_restores_labels_codes_definitions_and_links(
    graph: ThreatGraph, content: bytes, tmp_path: Path
) -> None:
    file = tmp_path / "ours.json"
    file.write_bytes(content)
    assert main(["import", "stix", str(file), "--no-links", "-o", str(tmp_path / "back.ttl")]) == 0
    back = ThreatGraph.open([tmp_path / "back.ttl"], bundled=False).store
    there = graph.store

    def rows(query: str, of: Any) -> set[tuple[str, ...]]:
        return {tuple(str(getattr(cell, "value", "")) for cell in row) for row in of.select(query).rows}

    code = "OPTIONAL { ?r skos:notation ?code }"
    ours = f"SELECT * {{ ?r a tg:ThreatPattern ; skos:prefLabel ?name ; skos:definition ?text {code} }}"
    theirs = ours.replace("a tg:ThreatPattern", 'a tg:Provision ; tg:provisionLevel "attack-pattern"')
    ours, theirs = (query.replace("*", "?name ?code ?text") for query in (ours, theirs))
    assert rows(ours, there) == rows(theirs, back)
    incidents = "SELECT ?name ?text { ?r a tg:Incident ; skos:prefLabel ?name ; dcterms:description ?text }"
    assert rows(incidents, there) == rows(incidents, back)
    named = "?a skos:prefLabel ?one . ?b skos:prefLabel ?other"
    between = "tg:escalatesTo|tg:distinguishedFrom|tg:coOccursWith"
    assert rows(f"SELECT ?one ?other {{ ?a a tg:ThreatPattern ; {between} ?b . {named} }}", there) == rows(
        f"SELECT ?one ?other {{ ?a skos:relatedMatch ?b . {named} }}", back
    )
    assert rows(f"SELECT ?one ?other {{ ?a tg:involvesPattern ?b . {named} }}", there) == rows(
        f"SELECT ?one ?other {{ ?a tg:mapping/sssom:object_id ?b . {named} }}", back
    )
    assert rows(f"SELECT ?one ?other {{ ?b tg:measure|tg:responseStep ?a . {named} }}", there) == rows(
        f"SELECT ?one ?other {{ ?a tg:addresses ?b . {named} }}", back
    )


def test_texts_keep_their_language_in_a_round_trip(tmp_path: Path) -> None:
    def record_of(name: str, labels: str, definitions: str) -> str:
        return (
            f"<urn:uuid:{name * 8}-0000-4000-8000-000000000000> a <{tg('ThreatPattern')}> ;"
            f" <{SKOS}prefLabel> {labels} ; <{SKOS}definition> {definitions} ."
        )

    shared = [
        record_of("a", '"Dérive"@fr, "Drift"@de', '"Abweichung."@de'),
        record_of("b", '"Plain"', '"Without a tag."'),
        record_of("c", '"Both"@en, "Beide"@de', '"English."@en, "Deutsch."@de'),
    ]
    mixed = [record_of("d", '"Muster"@de', '"A pattern."@en'), record_of("e", '"Clear"@en', '"Clair."@fr')]
    (tmp_path / "mine.ttl").write_text("\n".join(shared), encoding="utf-8")
    content = ThreatGraph.open([tmp_path / "mine.ttl"], bundled=False).export("stix").decode()
    assert stix2validator.validate_string(content, stix2validator.ValidationOptions(version="2.1")).is_valid
    (tmp_path / "mine.ttl").write_text("\n".join([*shared, *mixed]), encoding="utf-8")
    content = ThreatGraph.open([tmp_path / "mine.ttl"], bundled=False).export("stix").decode()
    stix2.parse(content, allow_custom=False)
    (tmp_path / "b.json").write_text(content, encoding="utf-8")
    assert main(["import", "stix", str(tmp_path / "b.json"), "-o", str(tmp_path / "back.ttl")]) == 0
    back = ThreatGraph.open([tmp_path / "back.ttl"], bundled=False).store
    rows = back.select("SELECT ?name ?text { ?p skos:prefLabel ?name ; skos:definition ?text }").rows
    assert {tuple(map(str, row)) for row in rows} == {
        ('"Drift"@de', '"Abweichung."@de'),
        ('"Plain"@en', '"Without a tag."@en'),
        ('"Both"@en', '"English."@en'),
        ('"Muster"@de', '"A pattern."@en'),
        ('"Clear"@en', '"Clair."@fr'),
    }


def test_a_record_of_a_user_with_nothing_but_a_name(tmp_path: Path) -> None:
    (tmp_path / "mine.ttl").write_text(
        f'<urn:mine> <{RDF_TYPE}> <{tg("ThreatPattern")}> ; <{SKOS}prefLabel> "Mein Muster"@de .'
    )
    bundle = ThreatGraph.open([tmp_path / "mine.ttl"], bundled=False).export("stix").decode()
    found = stix2.parse(bundle, allow_custom=False)["objects"]
    assert [item["name"] for item in found if item["type"] == "attack-pattern"] == ["Mein Muster"]
