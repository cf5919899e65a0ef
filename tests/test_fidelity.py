"""Fidelity: every identifier, title, place in the tree and date against the reference facts, where they are at hand.

The facts stand beside a checkout (``shared/facts`` next to it) or where THREATGRAPH_FACTS says. Without them nothing of
this runs, and nothing else of the project needs them.
"""

from __future__ import annotations

import csv
import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from threatgraph import Link, Record, ThreatGraph
from threatgraph.vocab import BASE, EDITIONS

FACTS = Path(os.environ.get("THREATGRAPH_FACTS") or Path(__file__).resolve().parents[2] / "shared" / "facts")
SNAPSHOT = FACTS.parent / "datasets" / "aiid" / "incidents.csv"

pytestmark = pytest.mark.skipif(not FACTS.is_dir(), reason="the reference facts are not at hand")

Fact = Mapping[str, Any]

#: Prefix of each edition to the file of its facts, and to how many provisions of each level it has.
FRAMEWORKS: dict[str, tuple[str, dict[str, int]]] = {
    "mit": ("mit", {"domain": 7, "subdomain": 24, "causal-variable": 3, "causal-value": 9}),
    "eu-ai-act": (
        "eu_ai_act",
        {
            "chapter": 13,
            "section": 16,
            "article": 119,
            "annex": 14,
            "annex-III-area": 8,
            "annex-III-point": 24,
            "prohibited-practice": 10,
            "risk-tier": 6,
        },
    ),
    "nist-ai-rmf": (
        "nist_ai_rmf",
        {"function": 4, "category": 19, "subcategory": 72, "trustworthiness-characteristic": 7},
    ),
    "nist-ai-600-1": ("nist_ai_600_1", {"gai-risk": 12, "suggested-action": 212}),
    "iso-42001": (
        "iso_42001",
        {
            "clause": 7,
            "subclause": 36,
            "annex": 1,
            "control-objective-area": 9,
            "control-objective": 2,
            "control": 38,
            "reference-standard": 2,
        },
    ),
    "owasp-llm": ("owasp", {"risk": 10}),
    "owasp-agentic": ("owasp", {"risk": 10}),
    "atlas": ("mitre_atlas", {"tactic": 16, "technique": 101, "subtechnique": 69, "mitigation": 35}),
}


def entries(prefix: str) -> list[Fact]:
    """What the facts hold of an edition: of the files that hold several, the part that belongs to it."""
    found = json.loads((FACTS / "frameworks" / f"{FRAMEWORKS[prefix][0]}.json").read_text(encoding="utf-8"))["entries"]
    if prefix.startswith("owasp"):
        edition = {"owasp-llm": "OWASP-LLM-2025", "owasp-agentic": "OWASP-ASI-2026"}[prefix]
        return [fact for fact in found if fact["parent"] == edition]
    if prefix == "atlas":
        return [f for f in found if f["level"] != "case-study" and f["first_seen_in"] == "<=5.6.0"]
    return [fact for fact in found if fact["level"] != "standard"]


def iri(prefix: str, identifier: str) -> str:
    """The IRI that follows from an official identifier."""
    name = re.sub(r"[^a-z0-9.]+", "-", identifier.lower().removesuffix(":2025").removesuffix(":2026")).strip("-")
    if prefix == "iso-42001":
        name = re.sub(r"[^a-z0-9.]+", "-", identifier.lower()).strip("-")
    return f"{BASE}provision/{EDITIONS[prefix]}/{re.sub(r'^art-', 'article-', name)}"


def facts() -> Iterator[tuple[str, Fact]]:
    for prefix in FRAMEWORKS:
        yield from ((prefix, fact) for fact in entries(prefix))


def one(record: Record, name: str) -> Record | Link:
    (value,) = record[name]
    assert isinstance(value, (Link, Record))
    return value


def plain(text: str) -> str:
    """A title without regard to capitals, to the kind of quotation marks and to a full stop or colon at its end."""
    return text.replace("’", "'").rstrip(".:;").casefold()


@pytest.mark.parametrize("prefix", FRAMEWORKS)
def test_nothing_is_missing_and_nothing_is_added(graph: ThreatGraph, prefix: str) -> None:
    expected = Counter(str(fact["level"]) for fact in entries(prefix))
    assert expected == FRAMEWORKS[prefix][1]
    table = graph.run("provisions", framework=EDITIONS[prefix])
    levels = dict(zip(table.column("provision"), table.column("level"), strict=True))
    # The paragraphs and points of articles of the Act are added where duties differ.
    levels = {provision: level for provision, level in levels.items() if level not in ("paragraph", "point")}
    assert Counter(levels.values()) == expected
    assert levels.keys() == {iri(prefix, fact["id"]) for fact in entries(prefix)}


@pytest.mark.parametrize("prefix", FRAMEWORKS)
def test_titles_places_and_addresses_are_the_official_ones(graph: ThreatGraph, prefix: str) -> None:
    untitled = {"annex-III-point", "category", "subcategory", "suggested-action"}  # the labels of these are ours
    for fact in entries(prefix):
        record = graph.record(iri(prefix, fact["id"]), "provision")
        assert record["provisionLevel"] == (fact["level"],)
        if fact["title"] and fact["level"] not in untitled:
            titles = {plain(record.label), *(plain(str(other)) for other in record["altLabel"])}
            assert plain(fact["title"]) in titles or fact.get("title_kind"), (fact["id"], record.label)
        parents = [link.iri for link in record["broader"] if isinstance(link, Link)]
        inside = fact["parent"] and prefix not in ("nist-ai-600-1", "owasp-llm", "owasp-agentic")
        assert parents == ([iri(prefix, fact["parent"])] if inside else []), fact["id"]
        assert fact["url"] in {str(source) for source in record["source"]}, fact["id"]


def test_the_acts_days_of_application(graph: ThreatGraph) -> None:
    for fact in entries("eu-ai-act"):
        record = graph.record(iri("eu-ai-act", fact["id"]), "provision")
        for name, key in (("appliesFrom", "applies_original"), ("appliesFromAsAmended", "applies_as_amended")):
            expected = {day["from"] for day in fact.get(key) or [] if day["from"]}
            if {str(day) for day in record[name]} != expected:  # a date that was settled from the text has a note
                notes = " ".join(map(str, record["editorialNote"]))
                assert re.search(r"Article 113|first published|Chapter II |bind|[Aa]mended", notes), (fact["id"], name)


def test_links_inside_the_frameworks(graph: ThreatGraph) -> None:
    def linked(subject: str, name: str) -> set[str]:
        record = graph.record(subject, "provision")
        return {link.iri for link in record[name] if isinstance(link, Link)}

    for fact in entries("nist-ai-600-1"):
        subject = iri("nist-ai-600-1", fact["id"])
        if fact["level"] == "suggested-action":
            assert linked(subject, "broadMatch") == {iri("nist-ai-rmf", fact["parent"])}
            assert linked(subject, "addresses") == {iri("nist-ai-600-1", risk) for risk in fact["gai_risks"]}
        else:
            named = {iri("nist-ai-rmf", name) for name in fact["trustworthy_ai_characteristics"]}
            assert linked(subject, "relatedMatch") == named
    for fact in entries("atlas"):
        subject = iri("atlas", fact["id"])
        assert linked(subject, "tactic") == {iri("atlas", tactic) for tactic in fact.get("tactics") or []}
        if fact["level"] == "mitigation":
            assert linked(subject, "addresses") == {iri("atlas", name) for name in fact["techniques"]}
        record = graph.record(subject, "provision")
        assert (record["created"], record["modified"]) == ((fact["created"],), (fact["modified"],))


@pytest.mark.parametrize(
    ("name", "subject", "object", "left_out"),
    [
        (
            "nist_ai_rmf__iso_42001",
            "nist-ai-rmf",
            "iso-42001",
            1 + 3,
        ),  # one row twice; three that contradict themselves
        ("owasp_asi__owasp_llm", "owasp-agentic", "owasp-llm", 0),
        ("owasp_llm__mitre_atlas", "owasp-llm", "atlas", 0),
    ],
)
def test_crosswalks_are_whole_but_for_their_faults(
    graph: ThreatGraph, name: str, subject: str, object: str, left_out: int
) -> None:
    printed = json.loads((FACTS / "crosswalks" / f"{name}.json").read_text(encoding="utf-8"))["mappings"]
    pairs = {(iri(subject, row["subject_id"]), iri(object, row["object_id"])) for row in printed}
    query = """SELECT ?s ?o ?p ?as WHERE {
      ?m a tg:CrosswalkMapping ; sssom:subject_id ?s ; sssom:object_id ?o ; sssom:predicate_id ?p
      OPTIONAL { ?m tg:publishedPredicate ?as } }"""
    rows = graph.store.select(query).to_dicts()
    spaces = tuple(f"{BASE}provision/{EDITIONS[prefix]}/" for prefix in (subject, object))
    ours = [r for r in rows if str(r["s"]).startswith(spaces[0]) and str(r["o"]).startswith(spaces[1])]
    assert {(str(row["s"]), str(row["o"])) for row in ours} <= pairs
    assert len(ours) == len(printed) - left_out
    as_printed = {
        (iri(subject, row["subject_id"]), iri(object, row["object_id"])): row["predicate_id"].partition(":")[2]
        for row in printed
        if "predicate_id" in row
    }
    for row in ours if as_printed else []:
        relation = str(row["as"] or row["p"]).partition("#")[2]
        assert relation == as_printed[str(row["s"]), str(row["o"])]


def labels(values: tuple[object, ...]) -> list[str]:
    return [value.label for value in values if isinstance(value, (Link, Record))]


def test_patterns_keep_what_their_source_says(graph: ThreatGraph) -> None:
    known = json.loads((FACTS / "topaithreats" / "patterns.json").read_text(encoding="utf-8"))
    assert len(known) == 42
    for fact in known:
        record = graph.pattern(fact["code"] or fact["name"])
        assert record.label == fact["name"]
        assert labels(record["domain"])
        for name, told in (("severity", fact["severity"]), ("likelihoodTrend", fact["likelihood"])):
            if told:
                assert [label.lower() for label in labels(record[name])] == [told], record.iri
        assert set(fact["why_labels"] or []) <= set(labels(record["mechanism"])), record.iri
        parts = [part for part in record["mechanism"] if isinstance(part, Record)]
        assert {part.text("sourceLabel") for part in parts} - {""} <= set(fact["why_labels"] or []), record.iri
        assert set(fact["causal_factors"] or []) <= set(labels(record["causalFactor"]))
        assert len(record["listedGroup"]) == len(fact["affected_groups"] or [])
        if fact["last_updated"]:
            assert record["sourceUpdated"] == (fact["last_updated"],)


def test_incidents_keep_what_their_source_says(graph: ThreatGraph) -> None:
    for fact in json.loads((FACTS / "topaithreats" / "incidents.json").read_text(encoding="utf-8")):
        if not fact["code"]:
            continue
        record = graph.incident(fact["code"])
        if fact["title"]:
            names = [record.label, *map(str, record["altLabel"])]
            assert plain(fact["title"]) in map(plain, names)
        if fact["date"]:
            assert record["occurred"] == (fact["date"],)
        for name in ("severity", "status"):
            if fact[name]:
                told = labels(record[{"severity": "severity", "status": "incidentStatus"}[name]])
                assert [label.lower() for label in told] == [fact[name].replace("_", " ").lower()], record.iri
        assert len(record["asset"]) >= len(fact["assets"] or [])


@pytest.mark.skipif(not SNAPSHOT.is_file(), reason="the snapshot of the AI Incident Database is not at hand")
def test_numbers_of_the_incident_database(graph: ThreatGraph) -> None:
    """Each number exists; the date is the snapshot's as far as it goes, or a note says why not; no text is copied."""
    with SNAPSHOT.open(encoding="utf-8", newline="") as file:
        snapshot = {row["incident_id"]: row for row in csv.DictReader(file)}
    query = """SELECT ?incident ?number ?occurred ?label ?description WHERE {
      ?incident a tg:Incident ; tg:aiidNumber ?number ; skos:prefLabel ?label ; dcterms:description ?description .
      OPTIONAL { ?incident tg:occurred ?occurred }
    }"""
    rows = graph.store.select(query).to_dicts()
    assert len(rows) >= 100
    for row in rows:
        entry = snapshot[str(row["number"])]
        notes = [str(note) for note in graph.record(str(row["incident"]))["editorialNote"]]
        if row["occurred"] and not entry["date"].startswith(str(row["occurred"])):
            stated_by_the_source = bool(graph.record(str(row["incident"])).code)
            assert stated_by_the_source or any(note.startswith("Date:") for note in notes), row
        theirs = plain(entry["title"] + " " + entry["description"])
        assert plain(str(row["label"])) != plain(entry["title"]), row
        words = plain(str(row["description"])).split()
        copied = [" ".join(words[n : n + 9]) for n in range(len(words) - 8)]
        assert not [run for run in copied if run in theirs], row


def test_case_studies_of_atlas(graph: ThreatGraph) -> None:
    """Each case study exists, and the date is that of the study, as far as the study claims to know it."""
    content = json.loads((FACTS / "frameworks" / "mitre_atlas.json").read_text(encoding="utf-8"))["entries"]
    studies = {fact["url"]: fact for fact in content if fact["level"] == "case-study"}
    query = """SELECT ?incident ?match ?occurred WHERE {
      ?incident a tg:Incident ; schema:subjectOf ?match ; tg:occurred ?occurred .
      FILTER(CONTAINS(STR(?match), "atlas.mitre.org"))
      FILTER NOT EXISTS { ?incident tg:aiidNumber ?number } }"""
    rows = graph.store.select(query).to_dicts()
    assert len(rows) >= 12
    for row in rows:
        study = studies[str(row["match"])]
        known = {"YEAR": 4, "MONTH": 7, "DATE": 10}[study["incident_date_granularity"]]
        notes = map(str, graph.record(str(row["incident"]))["editorialNote"])
        assert study["incident_date"][:known].startswith(str(row["occurred"])) or any(
            note.startswith("Date:") for note in notes
        ), row
