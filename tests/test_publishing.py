"""The files for machines are read as third parties read them, and their counts are those of other counters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import rdflib
from rdflib.namespace import DCAT, DCTERMS, RDF, SKOS, VOID

from threatgraph import ThreatGraph, UnknownName
from threatgraph.errors import QueryTooLarge
from threatgraph.export import FORMATS
from threatgraph.publishing import dcat, descriptions, downloads, feed, llms, services, sitemap, void
from threatgraph.publishing.dates import timestamp
from threatgraph.publishing.urls import page_url
from threatgraph.store import Store
from threatgraph.store.memory import MemoryStore
from threatgraph.vocab import KINDS, TG, kind_of

SITE = "https://graph.example"
DATASET = rdflib.URIRef(f"{SITE}/void.ttl#dataset")
SD = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
ATOM = "{http://www.w3.org/2005/Atom}"
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
#: RFC 3339, section 5.6.
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
PARSERS = {"turtle": "turtle", "jsonld": "json-ld", "rdfxml": "xml", "ntriples": "nt"}
Describe = Callable[..., bytes]


@pytest.fixture(scope="module")
def store(graph: ThreatGraph) -> Store:
    return graph.store


@pytest.fixture(scope="module")
def copy(graph: ThreatGraph) -> rdflib.Graph:
    """The graph in rdflib, which counts it independently."""
    return graph.to_rdflib()


@pytest.fixture(scope="module")
def described(store: Store) -> rdflib.Graph:
    return rdflib.Graph().parse(data=void.void(store, base_url=SITE), format="turtle")


@pytest.fixture
def foreign(tmp_path: Path) -> Callable[[str], Store]:
    """Opens a graph of Turtle alone."""

    def open_(turtle: str) -> Store:
        file = tmp_path / "a.ttl"
        file.write_text(turtle, encoding="utf-8")
        return MemoryStore.open([file], bundled=False)

    return open_


def value(graph: rdflib.Graph, subject: Any, predicate: rdflib.URIRef) -> Any:
    found: Any
    [found] = graph.objects(subject, predicate)
    return found.toPython()


@pytest.mark.parametrize("describe", [void.void, dcat.dcat, services.service_description])
def test_all_forms_of_a_description_have_the_same_triples(store: Store, describe: Describe) -> None:
    assert descriptions.FORMATS.keys() == PARSERS.keys()
    read = [
        set(rdflib.Graph().parse(data=describe(store, base_url=SITE, format=form), format=parser))
        for form, parser in PARSERS.items()
    ]
    assert read[0]
    assert all(triples == read[0] for triples in read)
    assert not any(isinstance(term, rdflib.BNode) for triple in read[0] for term in triple)
    with pytest.raises(UnknownName):
        describe(store, base_url=SITE, format="csv")


def test_void_has_the_totals_of_the_graph(store: Store, described: rdflib.Graph, copy: rdflib.Graph) -> None:
    assert value(described, DATASET, VOID.triples) == len(copy)
    assert value(described, DATASET, VOID.distinctSubjects) == len(set(copy.subjects()))
    objects = store.select("SELECT (COUNT(*) AS ?n) { SELECT DISTINCT ?o { ?s ?p ?o } }").column("n")
    assert [value(described, DATASET, VOID.distinctObjects)] == objects
    assert value(described, DATASET, VOID.properties) == len(set(copy.predicates()))
    assert value(described, DATASET, VOID.classes) == len(set(copy.objects(None, RDF.type)))
    space = value(described, DATASET, VOID.uriSpace)
    assert value(described, DATASET, VOID.entities) == sum(str(term).startswith(space) for term in set(copy.subjects()))


def test_void_has_a_partition_for_each_class_and_property(described: rdflib.Graph, copy: rdflib.Graph) -> None:
    instances = Counter(copy.objects(None, RDF.type))
    found = {
        next(described.objects(part, VOID["class"])): value(described, part, VOID.entities)
        for part in described.objects(DATASET, VOID.classPartition)
    }
    assert found == instances
    triples = Counter(copy.predicates())
    properties = {
        next(described.objects(part, VOID.property)): (
            value(described, part, VOID.triples),
            value(described, part, VOID.distinctSubjects),
        )
        for part in described.objects(DATASET, VOID.propertyPartition)
    }
    assert properties == {name: (count, len(set(copy.subjects(name)))) for name, count in triples.items()}


def test_void_counts_the_properties_of_a_class(described: rdflib.Graph, copy: rdflib.Graph) -> None:
    incidents = set(copy.subjects(RDF.type, rdflib.URIRef(TG + "Incident")))
    expected = Counter(predicate for subject, predicate, _ in copy if subject in incidents)
    [part] = described.subjects(VOID["class"], rdflib.URIRef(TG + "Incident"))
    found = {
        next(described.objects(inner, VOID.property)): value(described, inner, VOID.triples)
        for inner in described.objects(part, VOID.propertyPartition)
    }
    assert found == expected


def test_void_counts_the_links_to_each_framework(described: rdflib.Graph, copy: rdflib.Graph) -> None:
    mapped = rdflib.URIRef(TG + "mappedTo")
    expected = Counter(
        framework
        for _, provision in copy.subject_objects(mapped)
        for framework in copy.objects(provision, SKOS.inScheme)
    )
    found = {}
    for links in described.subjects(VOID.linkPredicate, mapped):
        target = next(described.objects(links, VOID.objectsTarget))
        framework = next(described.objects(target, rdflib.FOAF.primaryTopic))
        found[framework] = value(described, links, VOID.triples)
        assert (DATASET, VOID.subset, target) in described
        assert all(
            str(provision).startswith(value(described, target, VOID.uriSpace))
            for provision in copy.subjects(SKOS.inScheme, framework)
        )
    assert found == expected


def test_void_names_the_endpoint_and_the_downloads(described: rdflib.Graph) -> None:
    assert (DATASET, VOID.sparqlEndpoint, rdflib.URIRef(f"{SITE}/sparql")) in described
    dumps = {str(url) for url in described.objects(DATASET, VOID.dataDump)}
    assert dumps == {
        f"{SITE}/export/graph.{form.extension}" for form in FORMATS.values() if form.kind in ("graph", "dataset")
    }
    assert [*described.subjects(RDF.type, SD.Service)]


def test_only_the_bundled_graph_has_the_license_of_the_bundled_data(
    described: rdflib.Graph, foreign: Callable[[str], Store]
) -> None:
    stated = rdflib.URIRef("https://creativecommons.org/licenses/by/4.0/")
    assert [*described.objects(DATASET, DCTERMS.license)] == [stated]
    own = foreign("<https://w3id.org/threatgraph/incident/x> a <https://w3id.org/threatgraph/ontology#Incident> .")
    read = rdflib.Graph().parse(data=void.void(own, base_url=SITE), format="turtle")
    assert not [*read.objects(DATASET, DCTERMS.license)]
    assert value(read, DATASET, VOID.triples) == 1


def test_the_service_description_has_the_required_statements(store: Store, copy: rdflib.Graph) -> None:
    read = rdflib.Graph().parse(data=services.service_description(store, base_url=SITE), format="turtle")
    [service] = read.subjects(RDF.type, SD.Service)
    assert str(value(read, service, SD.endpoint)) == f"{SITE}/sparql"
    assert (service, SD.supportedLanguage, SD.SPARQL11Query) in read
    assert rdflib.URIRef("http://www.w3.org/ns/formats/SPARQL_Results_JSON") in set(
        read.objects(service, SD.resultFormat)
    )
    [graph] = read.objects(next(read.objects(service, SD.defaultDataset)), SD.defaultGraph)
    assert value(read, graph, VOID.triples) == len(copy)


def test_dcat_has_a_distribution_for_each_export_format(store: Store) -> None:
    read = rdflib.Graph().parse(data=dcat.dcat(store, base_url=SITE), format="turtle")
    [catalog] = read.subjects(RDF.type, DCAT.Catalog)
    assert [*read.objects(catalog, DCAT.dataset)] == [DATASET]
    distributions = set(read.objects(DATASET, DCAT.distribution))
    assert distributions == set(read.subjects(RDF.type, DCAT.Distribution))
    urls = {str(next(read.objects(item, DCAT.downloadURL))) for item in distributions}
    assert urls == {f"{SITE}/export/graph.{form.extension}" for form in FORMATS.values()}
    for service in read.subjects(RDF.type, DCAT.DataService):
        assert (catalog, DCAT.service, service) in read
        assert (service, DCAT.servesDataset, DATASET) in read
    for subject in (catalog, DATASET, *distributions):
        assert [*read.objects(subject, DCTERMS.title)]


def test_the_sitemap_has_the_page_of_every_record(store: Store, copy: rdflib.Graph) -> None:
    root = ElementTree.fromstring(sitemap.sitemap(store, base_url=SITE))
    assert root.tag == f"{MAP}urlset"
    urls = [entry.findtext(f"{MAP}loc") for entry in root]
    classes = {rdflib.URIRef(TG + kind.class_name) for kind in KINDS.values()}
    records = {str(subject) for name in classes for subject in copy.subjects(RDF.type, name) if kind_of(str(subject))}
    assert len(urls) == len(set(urls))
    assert set(urls) == {page_url(SITE, iri) for iri in records}
    changed = {entry.findtext(f"{MAP}loc"): entry.findtext(f"{MAP}lastmod") for entry in root}
    for iri, date in copy.subject_objects(DCTERMS.modified):
        if str(iri) in records:
            assert changed[page_url(SITE, str(iri))] == f"{date}T00:00:00Z"


def test_a_large_sitemap_is_an_index_of_parts(store: Store) -> None:
    whole = [*ElementTree.fromstring(sitemap.sitemap(store, base_url=SITE))]
    most = len(whole) // 2
    index = ElementTree.fromstring(sitemap.sitemap(store, base_url=SITE, most=most))
    assert index.tag == f"{MAP}sitemapindex"
    parts = [entry.findtext(f"{MAP}loc") for entry in index]
    assert parts == [f"{SITE}/sitemap-{number}.xml" for number in range(1, len(parts) + 1)]
    entries = [
        entry
        for number in range(1, len(parts) + 1)
        for entry in ElementTree.fromstring(sitemap.sitemap(store, base_url=SITE, part=number, most=most))
    ]
    assert [*map(ElementTree.tostring, entries)] == [*map(ElementTree.tostring, whole)]
    for number in (0, len(parts) + 1):
        with pytest.raises(UnknownName):
            sitemap.sitemap(store, base_url=SITE, part=number, most=most)


def test_robots_names_the_sitemap() -> None:
    assert f"Sitemap: {SITE}/sitemap.xml" in sitemap.robots(SITE).decode().splitlines()


def test_the_feed_has_what_atom_requires(store: Store, graph: ThreatGraph) -> None:
    root = ElementTree.fromstring(feed.feed(store, base_url=SITE))
    entries = root.findall(f"{ATOM}entry")
    assert 0 < len(entries) <= feed.MOST
    for element in (root, *entries):  # RFC 4287, sections 4.1.1 and 4.1.2
        for name in ("id", "title", "updated"):
            assert len(element.findall(ATOM + name)) == 1, name
        assert RFC3339.fullmatch(element.findtext(f"{ATOM}updated") or "")
    assert root.findtext(f"{ATOM}author/{ATOM}name")
    assert [link.get("href") for link in root.findall(f"{ATOM}link") if link.get("rel") == "self"] == [
        f"{SITE}/feed.atom"
    ]
    ids = [entry.findtext(f"{ATOM}id") or "" for entry in entries]
    assert len(ids) == len(set(ids))
    for entry, iri in zip(entries, ids, strict=True):
        record = graph.incident(iri)
        assert record.iri == iri
        assert entry.findtext(f"{ATOM}title") == record.label
        [link] = entry.findall(f"{ATOM}link")
        assert link.get("href") == page_url(SITE, iri)
    updated = [datetime.fromisoformat(entry.findtext(f"{ATOM}updated") or "") for entry in entries]
    assert datetime.fromisoformat(root.findtext(f"{ATOM}updated") or "") == max(updated)


INCIDENT = """
<https://w3id.org/threatgraph/incident/{slug}> a <https://w3id.org/threatgraph/ontology#Incident> ;
    <http://www.w3.org/2004/02/skos/core#prefLabel> "{label}"@en ;
    <https://w3id.org/threatgraph/ontology#occurred> "{occurred}"^^<http://www.w3.org/2001/XMLSchema#date> .
"""
ADDED = '<https://w3id.org/threatgraph/incident/{slug}> <http://purl.org/dc/terms/created> "{date}" .\n'


def test_incidents_that_were_added_last_come_first(foreign: Callable[[str], Store]) -> None:
    own = foreign(
        INCIDENT.format(slug="old-event-new-record", label="A <b> & c\\u0001", occurred="2001-01-01")
        + ADDED.format(slug="old-event-new-record", date="2026-02-03")
        + INCIDENT.format(slug="late", label="Late", occurred="2025-05-05")
        + INCIDENT.format(slug="early", label="Early", occurred="2024-05-05")
    )
    entries = ElementTree.fromstring(feed.feed(own, base_url=SITE)).findall(f"{ATOM}entry")
    assert [(entry.findtext(f"{ATOM}title"), entry.findtext(f"{ATOM}updated")) for entry in entries] == [
        ("A <b> & c\ufffd", "2026-02-03T00:00:00Z"),
        ("Late", "2025-05-05T00:00:00Z"),
        ("Early", "2024-05-05T00:00:00Z"),
    ]
    assert [entry.findtext(f"{ATOM}published") for entry in entries] == ["2026-02-03T00:00:00Z", None, None]


def test_a_feed_without_incidents_is_valid(foreign: Callable[[str], Store]) -> None:
    root = ElementTree.fromstring(feed.feed(foreign("<urn:a> <urn:b> 1 ."), base_url=SITE))
    assert RFC3339.fullmatch(root.findtext(f"{ATOM}updated") or "")
    assert not root.findall(f"{ATOM}entry")


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("2024", "2024-01-01T00:00:00Z"),
        ("2024-07", "2024-07-01T00:00:00Z"),
        ("2024-07-09", "2024-07-09T00:00:00Z"),
        ("2024-07-09+02:00", "2024-07-08T22:00:00Z"),
        ("2024-07-09T01:02:03.5Z", "2024-07-09T01:02:03Z"),
        ("0024", "0024-01-01T00:00:00Z"),
        ("2024-13", None),
        ("-2024", None),
        ("0001-01-01+02:00", None),
        ("", None),
        ("soon", None),
    ],
)
def test_dates_become_timestamps(date: str, expected: str | None) -> None:
    assert timestamp(date) == expected


def test_llms_txt_links_to_every_pattern_and_query(store: Store, graph: ThreatGraph) -> None:
    text = llms.llms(store, base_url=SITE).decode()
    lines = text.splitlines()
    assert lines[0] == "# threatgraph"
    assert lines[2].startswith("> ")
    links = re.findall(r"^- \[.+\]\((\S+)\)(?:: .+)?$", text, re.MULTILINE)
    assert len(links) == sum(line.startswith("- ") for line in lines)
    assert all(link.startswith(f"{SITE}/") for link in links)
    for iri in graph.list("patterns").column("record"):
        assert f"{page_url(SITE, str(iri))}.md" in links
    for name in graph.queries:
        assert f"{SITE}/queries/{name}.md" in links


def test_llms_full_txt_has_every_pattern_within_its_size(store: Store, graph: ThreatGraph) -> None:
    labels = graph.list("patterns").column("label")
    whole = llms.llms_full(store, base_url=SITE).decode()
    assert len(whole.encode()) <= llms.LARGEST
    assert all(f"## {label}" in whole for label in labels)
    measure = graph.pattern("goal-drift")["measure"][0]
    assert measure.text("description") in whole  # type: ignore[union-attr]
    short = llms.llms_full(store, base_url=SITE, largest=20_000).decode()
    assert all(str(label) in short for label in labels)
    assert "## Further threat patterns" in short
    assert len(short) < 40_000


def test_a_download_is_the_export_of_its_format(store: Store, graph: ThreatGraph) -> None:
    found = downloads.downloads()
    assert {item.format.name for item in found.values()} == set(FORMATS)
    assert found["graph.ttl"].media_type == "text/turtle"
    for name in ("graph.nt", "graph.sssom.tsv"):
        assert downloads.download(store, name) == graph.export(found[name].format.name)
    with pytest.raises(UnknownName):
        downloads.download(store, "graph.exe")
    with pytest.raises(QueryTooLarge):
        downloads.download(store, "graph.nt", largest=10_000)


def test_a_page_is_at_the_path_of_the_iri() -> None:
    assert page_url(SITE, "https://w3id.org/threatgraph/pattern/goal-drift") == f"{SITE}/pattern/goal-drift"
    assert page_url(SITE, "https://w3id.org/threatgraph/incident/é b") == f"{SITE}/incident/%C3%A9%20b"
    assert page_url(SITE, "https://other.example/x") == "https://other.example/x"
