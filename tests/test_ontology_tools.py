"""The ontology and the concepts as other tools see them: skosify, reports after ROBOT, and the OWL 2 RL closure."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import owlrl
import pytest
import rdflib
import skosify
from rdflib import OWL, RDF, RDFS, SKOS

from threatgraph import ThreatGraph, vocab
from threatgraph.resources import data_dir, ontology_dir

ONTOLOGY = ontology_dir()
ONTOLOGIES = [ONTOLOGY / f"{name}.ttl" for name in ("threatgraph", "axioms", "alignments")]
TG = rdflib.Namespace(vocab.TG)
#: What skosify says of terms that are not SKOS, which it keeps, and of a graph with several schemes.
EXPECTED = re.compile(r"Don't know what to do with (type|literal|relation) https?://|Multiple concept schemes found")


# SKOS.


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory, graph: ThreatGraph) -> Path:
    path = tmp_path_factory.mktemp("skos") / "export.ttl"
    path.write_bytes(graph.export("turtle"))
    return path


def skosified(path: Path, caplog: pytest.LogCaptureFixture) -> tuple[rdflib.Graph, list[str]]:
    """What skosify makes of a file, and what it has to say about it."""
    caplog.clear()
    with caplog.at_level(logging.INFO):
        result = skosify.skosify(str(path), label="threatgraph")
    messages = [record.getMessage() for record in caplog.records]
    return result, [message for message in messages if not EXPECTED.match(message)]


def test_skosify_finds_every_concept_in_its_tree_and_nothing_to_correct(
    exported: Path, caplog: pytest.LogCaptureFixture
) -> None:
    before = rdflib.Graph().parse(exported)
    after, messages = skosified(exported, caplog)
    assert messages == []
    concepts = set(before.subjects(RDF.type, SKOS.Concept))
    assert len(concepts) > 1000
    assert set(after.subjects(RDF.type, SKOS.Concept)) == concepts
    for prop in (SKOS.hasTopConcept, SKOS.inScheme):
        assert set(after.subject_objects(prop)) == set(before.subject_objects(prop))
    # skosify adds what SKOS entails: a broad match is broader, too.
    broader = {pair for prop in (SKOS.broader, SKOS.broadMatch) for pair in before.subject_objects(prop)}
    assert set(before.subject_objects(SKOS.broader)) <= set(after.subject_objects(SKOS.broader)) <= broader
    assert set(after.subject_objects(SKOS.topConceptOf)) == {
        (c, s) for s, c in before.subject_objects(SKOS.hasTopConcept)
    }


def test_skosify_finds_a_planted_cycle_and_a_second_label(exported: Path, caplog: pytest.LogCaptureFixture) -> None:
    planted = exported.with_name("planted.ttl")
    article = f"<{vocab.PREFIXES['eu-ai-act']}article-14>"
    above = f"<{vocab.PREFIXES['eu-ai-act']}chapter-iii>"
    planted.write_text(
        exported.read_text(encoding="utf-8")
        + f"\n{above} <{SKOS.broader}> {article} .\n{article} <{SKOS.prefLabel}> 'Another label'@en .\n",
        encoding="utf-8",
    )
    _, messages = skosified(planted, caplog)
    assert any("loop" in message or "cycle" in message for message in messages), messages
    assert any("prefLabel" in message for message in messages), messages


def test_every_concept_reaches_a_top_concept_of_each_of_its_schemes(graph: ThreatGraph) -> None:
    lost = """SELECT ?concept ?scheme { ?concept a skos:Concept ; skos:inScheme ?scheme .
        FILTER NOT EXISTS { ?concept skos:broader*/^skos:hasTopConcept ?scheme } }"""
    assert graph.store.select(lost).rows == []
    outside = """SELECT ?concept ?broader { ?concept skos:broader ?broader .
        FILTER NOT EXISTS { ?concept skos:inScheme ?scheme . ?broader skos:inScheme ?scheme } }"""
    assert graph.store.select(outside).rows == []


def test_what_is_no_concept_has_no_match_to_a_page(graph: ThreatGraph) -> None:
    """SKOS entails that both ends of a match are concepts: an incident is an event, and its page is a document."""
    matched = """SELECT ?s { ?s skos:exactMatch|skos:closeMatch|skos:relatedMatch ?o
        FILTER NOT EXISTS { ?s a skos:Concept } }"""
    assert graph.store.select(matched).rows == []
    known = "SELECT ?s { ?s a tg:Incident ; tg:aiidNumber ?number ; schema:subjectOf ?page }"
    assert len(graph.store.select(known)) >= 150


# Reports after those of ROBOT (https://robot.obolibrary.org/report_queries/).

TERM = """VALUES ?type { owl:Class owl:ObjectProperty owl:DatatypeProperty }
    ?term a ?type FILTER(STRSTARTS(STR(?term), STR(tg:)))"""
REPORTS = {
    "missing_label": "FILTER NOT EXISTS { ?term rdfs:label ?label }",
    "multiple_labels": "?term rdfs:label ?label, ?other FILTER(?label != ?other)",
    "duplicate_label": """?term rdfs:label ?label . ?other rdfs:label ?same
        FILTER(?term != ?other && LCASE(STR(?label)) = LCASE(STR(?same)) && STRSTARTS(STR(?other), STR(tg:)))""",
    "label_whitespace": "?term rdfs:label ?label FILTER(REGEX(?label, '^ | $|  |[\\\\n\\\\t]'))",
    "label_formatting": "?term rdfs:label ?label FILTER(REGEX(?label, '[.;:]$'))",
    "missing_definition": "FILTER NOT EXISTS { ?term skos:definition ?definition }",
    "multiple_definitions": "?term skos:definition ?text, ?other FILTER(?text != ?other)",
    "duplicate_definition": "?term skos:definition ?text . ?other skos:definition ?text FILTER(?term != ?other)",
    "lowercase_definition": "?term skos:definition ?text FILTER(REGEX(?text, '^[a-z]'))",
    "annotation_whitespace": "?term ?any ?text FILTER(ISLITERAL(?text) && REGEX(STR(?text), '^ | $'))",
    "deprecated_reference": """?term owl:deprecated true .
        ?any rdfs:subClassOf|rdfs:domain|rdfs:range|rdfs:subPropertyOf ?term""",
    "undeclared_reference": """?term rdfs:subClassOf|rdfs:domain|rdfs:subPropertyOf ?other
        FILTER NOT EXISTS { ?other a ?kind }""",
    "missing_domain": """FILTER(?type != owl:Class)
        FILTER NOT EXISTS { ?term rdfs:domain|schema:domainIncludes ?domain }""",
    "cyclic_hierarchy": "?term (rdfs:subClassOf|rdfs:subPropertyOf)+ ?term",
    "comment_without_definition": """?term rdfs:comment ?comment ; skos:definition ?text
        FILTER(!STRSTARTS(?comment, ?text))""",
}


@pytest.fixture(scope="module")
def ontology() -> rdflib.Graph:
    return rdflib.Graph().parse(ONTOLOGY / "threatgraph.ttl")


def report(ontology: rdflib.Graph, pattern: str) -> set[str]:
    found = ontology.query(f"SELECT DISTINCT ?term {{ {TERM} {pattern} }}", initNs=vocab.PREFIXES)
    return {str(row[0]) for row in found if isinstance(row, rdflib.query.ResultRow)}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_finds_nothing(name: str, ontology: rdflib.Graph) -> None:
    assert len(report(ontology, "")) > 100
    assert report(ontology, REPORTS[name]) == set()


@pytest.mark.parametrize(
    ("name", "statements"),
    [
        ("missing_label", [(RDF.type, OWL.Class)]),
        ("missing_definition", [(RDF.type, OWL.Class)]),
        ("multiple_labels", [(RDF.type, OWL.Class), (RDFS.label, "One"), (RDFS.label, "Two")]),
        ("duplicate_label", [(RDF.type, OWL.ObjectProperty), (RDFS.label, "impact")]),
        ("lowercase_definition", [(RDF.type, OWL.Class), (SKOS.definition, "a class")]),
        ("deprecated_reference", [(RDF.type, OWL.Class), (OWL.deprecated, True), (RDFS.subClassOf, TG.planted)]),
        ("missing_domain", [(RDF.type, OWL.DatatypeProperty)]),
    ],
)
def test_a_report_finds_a_planted_fault(
    name: str, statements: list[tuple[rdflib.URIRef, object]], ontology: rdflib.Graph
) -> None:
    planted = rdflib.Graph() + ontology
    for prop, value in statements:
        planted.add((TG.planted, prop, value if isinstance(value, rdflib.URIRef) else rdflib.Literal(value)))
    assert report(planted, REPORTS[name]) >= {str(TG.planted)}


@pytest.mark.parametrize("path", ONTOLOGIES, ids=lambda path: path.stem)
def test_the_header_of_an_ontology_is_complete(path: Path) -> None:
    header = rdflib.Graph().parse(path)
    (home,) = header.subjects(RDF.type, OWL.Ontology)
    terms = "title description license created issued modified creator contributor publisher bibliographicCitation"
    for name in terms.split():
        assert header.value(home, rdflib.DCTERMS[name]), name
    version = header.value(home, OWL.versionInfo)
    assert str(header.value(home, OWL.versionIRI)) == f"{home}/{version}"
    named = rdflib.Graph().parse(ONTOLOGY / "threatgraph.ttl")
    for name in ("creator", "contributor", "publisher"):
        agent = header.value(home, rdflib.DCTERMS[name])
        assert isinstance(agent, rdflib.URIRef)
        assert named.value(agent, rdflib.FOAF.name), agent


# OWL.


def test_the_axioms_name_every_class_and_every_concept_of_a_closed_scheme(ontology: rdflib.Graph) -> None:
    axioms = rdflib.Graph().parse(ONTOLOGY / "axioms.ttl")
    parts = set(ontology.subjects(RDFS.subClassOf, TG.RecordPart))
    classes = {TG[name] for name in vocab.CLASSES} - parts - {TG.RankedConcept}
    (disjoint,) = axioms.objects(None, OWL.members)
    assert set(axioms.items(disjoint)) == classes
    different = [frozenset(axioms.items(node)) for node in axioms.objects(None, OWL.distinctMembers)]
    for path in (ONTOLOGY / "schemes").glob("*.ttl"):
        concepts = frozenset(rdflib.Graph().parse(path).subjects(SKOS.inScheme, None))
        assert concepts in different, path


CONTRADICTION = rdflib.URIRef("http://www.daml.org/2002/03/agents/agent-ont#error")
PATTERN = rdflib.URIRef(f"{vocab.BASE}pattern/goal-drift")


@pytest.fixture(scope="module")
def facts() -> rdflib.Graph:
    """The ontology with some records of each kind: the closure of all of them takes minutes."""
    data = data_dir()
    facts = rdflib.Graph()
    for path in (
        *ONTOLOGIES[:2],
        *(ONTOLOGY / "schemes").glob("*.ttl"),
        *(data / "domains").glob("*.ttl"),
        data / "patterns" / "goal-drift.ttl",
        data / "incidents" / "2023" / "samsung-chatgpt-data-leak.ttl",
        data / "actors" / "openai.ttl",
        data / "vocabularies" / "harm-types.ttl",
    ):
        facts.parse(path)
    return facts


def contradictions(facts: rdflib.Graph) -> list[str]:
    closure = rdflib.Graph() + facts
    owlrl.DeductiveClosure(owlrl.OWLRL_Semantics).expand(closure)
    assert (PATTERN, RDF.type, SKOS.Concept) in closure
    assert (PATTERN, TG.hasPart, None) in closure
    return [str(message) for message in closure.objects(None, CONTRADICTION)]


def test_the_owl_2_rl_closure_has_no_contradiction(facts: rdflib.Graph) -> None:
    assert contradictions(facts) == []


@pytest.mark.parametrize(
    ("prop", "value", "message"),
    [
        (TG.severity, rdflib.URIRef(f"{vocab.BASE}severity/low"), "AllDifferent"),
        (TG.domain, rdflib.URIRef(f"{vocab.BASE}domain/security-cyber"), "AllDifferent"),
        (RDF.type, TG.Actor, "Disjoint classes"),
    ],
)
def test_the_owl_2_rl_closure_finds_a_planted_contradiction(
    prop: rdflib.URIRef, value: rdflib.URIRef, message: str, facts: rdflib.Graph
) -> None:
    assert (PATTERN, prop, value) not in facts
    planted = rdflib.Graph() + facts
    planted.add((PATTERN, prop, value))
    assert any(message in found for found in contradictions(planted))
