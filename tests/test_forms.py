"""Literals leave a store as the files write them, though the engine keeps numbers and times by value."""

from __future__ import annotations

import io
import itertools
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st

from threatgraph import ThreatGraph, resources
from threatgraph.rdf.lexical import as_stored, changed
from threatgraph.rdf.ntriples import to_lines
from threatgraph.store import Store
from threatgraph.store.disk.load import load
from threatgraph.store.disk.store import DirectoryStore
from threatgraph.store.inputs import file_sources
from threatgraph.store.lexical_forms import RestoringWriter
from threatgraph.store.memory import MemoryStore
from threatgraph.validate import validate
from threatgraph.vocab import XSD

#: Forms as people write them; the engine keeps the first group in other forms, and two of them as other datatypes.
WRITTEN = (
    *('"0.50"^^xsd:decimal', '"01"^^xsd:integer', '"1"^^xsd:boolean', '"2020-01-01T00:00:00.000Z"^^xsd:dateTime'),
    *('"1"^^xsd:nonNegativeInteger', '"2020-01-01T00:00:00Z"^^xsd:dateTimeStamp', '"PT60S"^^xsd:duration'),
    *('"2020-02"^^xsd:gYearMonth', '"2020-02-30"^^xsd:date', '"many"^^xsd:integer', '"x"@en', '"ab"^^xsd:hexBinary'),
    *('" a  b"^^xsd:token', '"a\\tb"^^xsd:normalizedString'),
)
Opened = Callable[[Path, list[Path]], Store]


def in_memory(_: Path, files: list[Path]) -> Store:
    return MemoryStore.open(files, bundled=False)


def on_disk(folder: Path, files: list[Path]) -> Store:
    load(folder / "store", file_sources(files), bundled=False)
    return DirectoryStore.open(folder / "store")


both = pytest.mark.parametrize("opened", [in_memory, on_disk])


def turtle(file: Path, *values: str, subject: str = "urn:a") -> Path:
    file.write_text(f"@prefix xsd: <{XSD}> .\n" + "".join(f"<{subject}> <urn:p> {value} .\n" for value in values))
    return file


def literal(value: str) -> ox.Literal:
    text = f"@prefix xsd: <{XSD}> . <urn:a> <urn:p> {value} ."
    return next(q.object for q in ox.parse(text, format=ox.RdfFormat.TURTLE) if isinstance(q.object, ox.Literal))


@both
@pytest.mark.parametrize("value", WRITTEN)
def test_a_literal_leaves_as_it_came(tmp_path: Path, opened: Opened, value: str) -> None:
    store = opened(tmp_path, [turtle(tmp_path / "a.ttl", value)])
    wanted = literal(value)
    assert [triple.object for triple in store.triples()] == [wanted]
    assert [triple.object for graph in store.graphs() for triple in store.graph_triples(graph)] == [wanted]
    assert [triple.object for triple in store.construct("CONSTRUCT WHERE { ?s ?p ?o }")] == [wanted]
    (outside,) = store.query("DESCRIBE <urn:a>", timeout=60)  # type: ignore[misc]
    assert outside.object == wanted
    (exported,) = store.to_rdflib().objects()
    assert (str(exported), exported.datatype) == (  # type: ignore[attr-defined]
        wanted.value,
        None if wanted.language else rdflib.URIRef(wanted.datatype.value),
    )


@both
def test_lines_are_written_as_the_files_have_them(tmp_path: Path, opened: Opened) -> None:
    """Also where two files have different forms of a value, and where the parts of a dump end inside a line."""
    files = [turtle(tmp_path / "a.ttl", *WRITTEN, "0.5"), turtle(tmp_path / "b.ttl", '"0.500"^^xsd:decimal', "<urn:x>")]
    store = opened(tmp_path, files)
    for graph in (None, *store.graphs()):
        content = io.BytesIO()
        store.dump(content, graph)
        triples = store.triples() if graph is None else store.graph_triples(graph)
        assert sorted(content.getvalue().splitlines(keepends=True)) == sorted(to_lines([triple]) for triple in triples)


@given(cuts=st.lists(st.integers(1, 40), min_size=1))
def test_forms_are_restored_in_parts_of_lines(cuts: list[int]) -> None:
    triples = [ox.Triple(ox.NamedNode("urn:a"), ox.NamedNode("urn:p"), literal(value)) for value in WRITTEN]
    lines, content = b"".join(f"{triple} .\n".encode() for triple in triples), io.BytesIO()
    more = ox.Triple(ox.NamedNode("urn:a"), ox.NamedNode("urn:p"), ox.NamedNode("urn:b"))
    writer = RestoringWriter(content, lambda triple: [triple, more] if changed(triple) else [triple])
    position = 0
    for cut in itertools.cycle(cuts):
        writer.write(lines[position : position + cut])
        position += cut
        if position >= len(lines):
            break
    wanted = (f"{triple} .\n{more} .\n" if changed(triple) else f"{triple} .\n" for triple in triples)
    assert content.getvalue().decode() == "".join(wanted)


@both
def test_queries_compare_values(tmp_path: Path, opened: Opened) -> None:
    store = opened(tmp_path, [turtle(tmp_path / "a.ttl", '"0.50"^^xsd:decimal', '"05"^^xsd:byte')])
    assert store.ask("ASK { <urn:a> <urn:p> 0.5, 5 }")


@both
def test_each_graph_has_its_own_form(tmp_path: Path, opened: Opened) -> None:
    files = [turtle(tmp_path / f"{n}.ttl", value) for n, value in enumerate(('"0.50"^^xsd:decimal', "0.500"))]
    store = opened(tmp_path, files)
    found = [str(t.object) for file in files for t in store.graph_triples(file.resolve().as_uri())]
    assert found == [f'"{text}"^^<{XSD}decimal>' for text in ("0.50", "0.500")]
    assert {str(t.object) for t in store.triples()} == set(found)


@both
@pytest.mark.parametrize("order", [("0.5", "0.50"), ("0.50", "0.5")])
@pytest.mark.parametrize("apart", [False, True], ids=["one file", "two files"])
def test_the_form_of_the_engine_is_a_form_too(
    tmp_path: Path, opened: Opened, order: tuple[str, str], apart: bool
) -> None:
    lists = [[order[0]], [order[1]]] if apart else [list(order)]
    files = [turtle(tmp_path / f"{n}.ttl", *values) for n, values in enumerate(lists)]
    store = opened(tmp_path, files)
    assert {str(t.object)[:6] for t in store.triples()} == {'"0.50"', '"0.5"^'}
    for file, values in zip(files, lists, strict=True):
        found = [t.object for t in store.graph_triples(file.resolve().as_uri())]
        assert {value.value for value in found if isinstance(value, ox.Literal)} == set(values)


def test_forms_are_told_apart_in_batches_of_a_file_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("threatgraph.store.memory._BATCH", 1)
    store = in_memory(tmp_path, [turtle(tmp_path / "a.ttl", "7", '"07"^^xsd:integer')])
    for triples in (store.triples(), store.graph_triples((tmp_path / "a.ttl").resolve().as_uri())):
        assert {str(triple.object)[:4] for triple in triples} == {'"07"', '"7"^'}


def test_a_form_goes_with_its_file_and_stays_with_others(tmp_path: Path) -> None:
    """Twice over: where the rest of the store is written anew, and where it is taken over by links."""
    for others in (1, 200):
        folder = tmp_path / str(others)
        folder.mkdir()
        one = turtle(folder / "one.ttl", '"0.50"^^xsd:decimal')
        rest = [turtle(folder / f"{n}.ttl", '"07"^^xsd:byte', subject=f"urn:{n}") for n in range(others)]
        on_disk(folder, [one, *rest])
        store = on_disk(folder, [turtle(one, "2.0")])
        found = {str(triple.object) for triple in store.triples()}
        assert found == {f'"2.0"^^<{XSD}decimal>', f'"07"^^<{XSD}byte>'}
        load(folder / "store", remove=[str(file) for file in [one, *rest]], bundled=False)
        assert not (DirectoryStore.open(folder / "store").path / "written-forms.nq").exists()


def test_the_bundled_files_write_what_the_engine_keeps() -> None:
    """They are read without a detour, on which forms would be noted."""
    for file in resources.bundled_files():
        assert not [quad for quad in ox.parse(path=str(file), format=ox.RdfFormat.TURTLE) if changed(quad.triple)]


NAMES = (
    "string boolean decimal float double integer duration dayTimeDuration yearMonthDuration dateTime dateTimeStamp "
    "time date gYear gYearMonth gMonth gMonthDay gDay hexBinary base64Binary anyURI language normalizedString token "
    "NMTOKEN Name NCName long int short byte nonNegativeInteger positiveInteger unsignedLong unsignedInt unsignedShort "
    "unsignedByte negativeInteger nonPositiveInteger"
).split()
TEXTS = (
    *("1", "01", "-1", "0.50", "1e0", "INF", "true", "P1Y0M", "PT60S", "2020-01-01T00:00:00.0Z", "2020-01-01+00:00"),
    *("2020+00:00", "2020-01+00:00", "--01+00:00", "--01-01+00:00", "---01+00:00", "00:00:00.0", "ab", "YQ ==", "x y"),
)


@settings(max_examples=60, deadline=None)
@given(literals=st.lists(st.tuples(st.sampled_from(TEXTS), st.sampled_from(NAMES)), min_size=1, unique=True))
def test_any_literal_of_any_datatype_survives(literals: list[tuple[str, str]]) -> None:
    with TemporaryDirectory() as folder:
        file = Path(folder) / "a.nt"
        lines = [f'<urn:{n % 2}> <urn:p> "{text}"^^<{XSD}{name}> .' for n, (text, name) in enumerate(literals)]
        file.write_text("\n".join(lines))
        store = MemoryStore.open([file], bundled=False)
        wanted = {quad.triple for quad in ox.parse(path=str(file), format=ox.RdfFormat.N_TRIPLES)}
        assert set(store.triples()) == wanted


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("text", TEXTS)
def test_what_the_engine_keeps_is_known(name: str, text: str) -> None:
    engine, value = ox.Store(), ox.Literal(text, datatype=ox.NamedNode(XSD + name))
    engine.add(ox.Quad(ox.NamedNode("urn:a"), ox.NamedNode("urn:p"), value))
    assert [quad.object for quad in engine] == [as_stored(value)]


SHAPES = """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
<urn:S> a sh:NodeShape ; sh:targetSubjectsOf <urn:p> ;
    sh:property [ sh:path <urn:p> ; sh:datatype xsd:unsignedByte ] ."""


@both
def test_shapes_see_the_datatype_that_was_written(tmp_path: Path, opened: Opened) -> None:
    values = '"5"^^xsd:unsignedByte', '"05"^^xsd:unsignedByte', '"256"^^xsd:unsignedByte', "5", '"5"^^xsd:int'
    files = [turtle(tmp_path / f"{n}.ttl", value, subject=f"urn:{n}") for n, value in enumerate(values)]
    (tmp_path / "shapes.ttl").write_text(SHAPES)
    store = opened(tmp_path, files)
    for fast in (True, False):
        report = validate(store, shapes=[tmp_path / "shapes.ttl"], fast=fast)
        assert sorted(finding.node for finding in report) == ["urn:2", "urn:3", "urn:4"]


def test_an_export_keeps_the_cardinalities_of_an_ontology(tmp_path: Path) -> None:
    """OWL 2 wants xsd:nonNegativeInteger there (section 8.3 of its mapping to RDF)."""
    (tmp_path / "own.ttl").write_text("""@prefix owl: <http://www.w3.org/2002/07/owl#> .
        @prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
        <urn:r> a owl:Restriction ; owl:onProperty <urn:p> ; owl:maxCardinality "1"^^xsd:nonNegativeInteger .""")
    text = ThreatGraph.open([tmp_path / "own.ttl"]).export("ntriples")
    assert b'#maxCardinality> "1"^^<http://www.w3.org/2001/XMLSchema#nonNegativeInteger>' in text
