"""The ontology: complete terms, OWL 2 DL, and no parser that complains."""

from __future__ import annotations

import subprocess
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import rdflib
from pyoxigraph import CanonicalizationAlgorithm, Dataset, RdfFormat, parse
from rdflib import OWL, RDF, RDFS, SKOS
from rdflib.compare import isomorphic

from threatgraph import vocab
from threatgraph.version import DATA_VERSION

ROOT = Path(__file__).resolve().parents[1]
ONTOLOGY = ROOT / "ontology"
FILES = sorted(ONTOLOGY.rglob("*.ttl"))
SCHEMES = sorted((ONTOLOGY / "schemes").glob("*.ttl"))
TERM_TYPES = (OWL.Class, OWL.ObjectProperty, OWL.DatatypeProperty)


@pytest.fixture(scope="module")
def ontology() -> rdflib.Graph:
    return rdflib.Graph().parse(ONTOLOGY / "threatgraph.ttl")


def _own_terms(ontology: rdflib.Graph) -> set[rdflib.URIRef]:
    subjects = {s for kind in TERM_TYPES for s in ontology.subjects(RDF.type, kind)}
    return {s for s in subjects if isinstance(s, rdflib.URIRef) and s.startswith(vocab.TG)}


def test_every_term_has_label_comment_and_home(ontology: rdflib.Graph) -> None:
    home = rdflib.URIRef("https://w3id.org/threatgraph/ontology")
    for term in _own_terms(ontology):
        for wanted in (RDFS.label, RDFS.comment):
            values = list(ontology.objects(term, wanted))
            assert [v.language for v in values if isinstance(v, rdflib.Literal)] == ["en"], f"{term} {wanted}"
        assert ontology.value(term, RDFS.isDefinedBy) == home, term


def test_the_ontology_has_a_version_iri_that_ends_in_its_version(ontology: rdflib.Graph) -> None:
    home = rdflib.URIRef("https://w3id.org/threatgraph/ontology")
    version = ontology.value(home, OWL.versionInfo)
    assert str(ontology.value(home, OWL.versionIRI)) == f"{home}/{version}"
    assert str(version) == DATA_VERSION


def test_the_code_knows_just_the_terms_that_the_ontology_declares(ontology: rdflib.Graph) -> None:
    declared = {term.removeprefix(vocab.TG) for term in _own_terms(ontology)}
    assert declared == vocab.CLASSES | vocab.PROPERTIES


def test_every_kind_of_record_has_a_class() -> None:
    assert {kind.class_name for kind in vocab.KINDS.values()} <= vocab.CLASSES


def test_a_misspelt_term_raises() -> None:
    with pytest.raises(KeyError, match="Pattren"):
        vocab.tg("Pattren")


@pytest.mark.parametrize(
    ("scheme", "ranked"),
    [
        ("severity", ["low", "medium", "high", "critical"]),
        ("likelihood-trend", ["decreasing", "stable", "increasing"]),
        ("impact-level", ["individual", "organization", "sector", "society-wide"]),
        ("incident-status", ["alleged", "under-investigation", "confirmed"]),
        (
            "evidence-level",
            ["hypothetical", "theoretical-with-empirical-foundations", "single-source", "corroborated", "primary"],
        ),
    ],
)
def test_scales_are_ranked_from_1_upwards(scheme: str, ranked: list[str]) -> None:
    graph = rdflib.Graph().parse(ONTOLOGY / "schemes" / f"{scheme}.ttl")
    rank = rdflib.URIRef(vocab.tg("rank"))
    order = sorted(graph.subject_objects(rank), key=lambda pair: int(str(pair[1])))
    assert [int(str(r)) for _, r in order] == list(range(1, len(ranked) + 1))
    assert [str(concept).rpartition("/")[2] for concept, _ in order] == ranked


@pytest.mark.parametrize("path", SCHEMES, ids=lambda p: p.stem)
def test_every_concept_of_a_scale_has_label_and_definition(path: Path) -> None:
    graph = rdflib.Graph().parse(path)
    scheme = rdflib.URIRef(vocab.BASE + path.stem)
    concepts = set(graph.subjects(SKOS.inScheme, scheme))
    assert len(concepts) >= 2
    for concept in concepts | {scheme}:
        assert graph.value(concept, SKOS.prefLabel), concept
        assert graph.value(concept, SKOS.definition), concept


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ONTOLOGY)))
def test_rdflib_and_oxigraph_read_the_same_without_a_warning(path: Path) -> None:
    import pyoxigraph

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        theirs = rdflib.Graph().parse(path)
    ours = pyoxigraph.serialize(
        (quad.triple for quad in pyoxigraph.parse(path=str(path))), format=pyoxigraph.RdfFormat.N_TRIPLES
    )
    assert isomorphic(theirs, rdflib.Graph().parse(data=ours, format="nt"))


@pytest.mark.peers
def test_jena_reads_every_file_without_a_warning(riot: Callable[..., str]) -> None:
    ours = Dataset(
        quad for path in FILES for quad in parse(path=str(path), format=RdfFormat.TURTLE, rename_blank_nodes=True)
    )
    theirs = Dataset(parse(riot(*FILES), format=RdfFormat.N_TRIPLES))
    for graph in (ours, theirs):
        graph.canonicalize(CanonicalizationAlgorithm.RDFC_1_0)
    assert set(theirs) == set(ours)


@pytest.mark.peers
def test_the_ontology_and_its_alignments_are_in_the_owl_2_dl_profile(
    java: list[str],
) -> None:
    if not Path("/usr/share/java/owlapi-distribution.jar").exists():
        pytest.skip("the OWL API is not installed (Debian package libowlapi-java)")
    files = [ONTOLOGY / f"{name}.ttl" for name in ("threatgraph", "axioms", "alignments")]
    command = [*java, str(ROOT / "tests" / "peers" / "Profile.java"), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("in OWL 2 DL") == len(files), done.stdout
