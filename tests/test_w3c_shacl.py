"""The W3C test suite for SHACL Core and SPARQL (``data-shapes-test-suite`` in ``w3c/data-shapes``), in both modes.

``THREATGRAPH_SHACL_TESTS`` is the path of the folder with ``core/`` and ``sparql/``. Reports are compared as sets of
results, since threatgraph reports identical results once.
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import pytest
import rdflib
from rdflib.collection import Collection
from rdflib.namespace import RDF, SH
from rdflib.term import Node

from threatgraph.errors import InvalidShape, QueryRefused
from threatgraph.store import MemoryStore
from threatgraph.validate import ValidationReport, validate

MF = rdflib.Namespace("http://www.w3.org/2001/sw/DataAccess/tests/test-manifest#")
SHT = rdflib.Namespace("http://www.w3.org/ns/shacl-test#")
FOLDER = os.environ.get("THREATGRAPH_SHACL_TESTS")
#: The properties that the suite compares of each result; it does not compare messages.
COMPARED = (SH.focusNode, SH.resultPath, SH.value, SH.sourceConstraintComponent, SH.resultSeverity, SH.sourceShape)

#: The folders of the suite, and the number of tests in each.
PARTS = {"core": 98, "sparql": 23}
#: The skolem IRI of a blank node.
GIVEN = re.compile(r".*#_[1-9][0-9]*")

Result = tuple[str, ...]


class Case(NamedTuple):
    """A test: the files of data and shapes, and the expected results, or ``None`` if the shapes must be refused."""

    data: Path
    shapes: Path
    results: frozenset[Result] | None


if not FOLDER:
    if os.environ.get("THREATGRAPH_PEERS") == "required":
        pytest.fail("THREATGRAPH_SHACL_TESTS must name the folder of the W3C's tests for SHACL", pytrace=False)
    pytest.skip("THREATGRAPH_SHACL_TESTS names no folder of the W3C's tests for SHACL", allow_module_level=True)


def _file(iri: object) -> Path:
    return Path(unquote(urlsplit(str(iri)).path))


@cache
def cases() -> dict[str, Case]:
    """The tests by folder and file name."""
    folder = Path(FOLDER or "")
    found = {}
    for file in sorted(file for part in PARTS for file in (folder / part).rglob("*.ttl")):
        manifest = rdflib.Graph().parse(file, format="turtle", publicID=file.resolve().as_uri())
        for test in manifest.subjects(RDF.type, SHT.Validate):
            action, result = manifest.value(test, MF.action), manifest.value(test, MF.result)
            data, shapes = (_file(manifest.value(action, name)) for name in (SHT.dataGraph, SHT.shapesGraph))
            wanted = None if result == SHT.Failure else frozenset(results(manifest, result))
            found[file.relative_to(folder).with_suffix("").as_posix()] = Case(data, shapes, wanted)
    return found


def results(graph: rdflib.Graph, report: Node | None) -> Iterator[Result]:
    """The results of a report, with the properties that the suite compares."""
    for result in graph.objects(report, SH.result):
        reported = [graph.value(result, name) for name in COMPARED]
        yield tuple(text(graph, term) for term in reported)


def text(graph: rdflib.Graph, term: Node | None) -> str:
    """A comparable text for a term: a decimal by value, a path by its steps; all other blank nodes are equal."""
    if isinstance(term, rdflib.Literal):
        return f"{term.value.normalize()}" if isinstance(term.value, Decimal) else term.n3()
    if not isinstance(term, rdflib.BNode) and not str(term).startswith("urn:threatgraph:"):
        return GIVEN.sub("a blank node", str(term))
    if term is not None and (term, RDF.first, None) in graph:
        return "/".join(text(graph, step) for step in Collection(graph, term))
    steps = [(p, o) for p, o in graph.predicate_objects(term) if str(p).startswith(str(SH)) and "Path" in str(p)]
    if len(steps) == 1:
        return f"{steps[0][0]}({text(graph, steps[0][1])})"
    return "a blank node"


def report_of(case: Case, *, fast: bool) -> ValidationReport:
    store = MemoryStore.open([case.data], bundled=False)
    return validate(store, shapes=[case.shapes], fast=fast, hints=True)


@pytest.mark.parametrize("fast", [True, False], ids=["fast", "full"])
@pytest.mark.parametrize("name", cases())
def test_the_results_are_those_of_the_w3c(name: str, fast: bool) -> None:
    case = cases()[name]
    if case.results is None:
        with pytest.raises((InvalidShape, QueryRefused)):
            report_of(case, fast=fast)
        return
    graph = rdflib.Graph().parse(data=report_of(case, fast=fast).to_turtle(), format="turtle")
    assert set(results(graph, graph.value(None, RDF.type, SH.ValidationReport))) == case.results


#: The tests with a shape without a SPARQL form, so that pyshacl evaluates all nodes of its target.
LEFT_TO_PYSHACL = {
    "core/node/qualified-001": "a qualified shape on a node shape, where it means nothing",
    "core/path/path-strange-001": "a node that is two paths in one",
    "core/path/path-strange-002": "the same",
}


@pytest.mark.parametrize("name", [name for name in cases() if name.startswith("core/")])
def test_shapes_left_to_pyshacl_are_noted(name: str) -> None:
    if (
        cases()[name].results is not None and name != "core/complex/shacl-shacl"
    ):  # copies of the suite differ in that one
        notes = report_of(cases()[name], fast=True).notes
        left = any("no SPARQL form" in note or "full graph" in note for note in notes)
        assert left == (name in LEFT_TO_PYSHACL)


def test_the_suite_is_complete() -> None:
    found = Counter(name.partition("/")[0] for name in cases())
    assert found == PARTS


def test_each_component_of_the_core_is_tested() -> None:
    wanted = {result[3] for case in cases().values() for result in case.results or ()}
    components = "And Class Closed Datatype Disjoint Equals HasValue In LanguageIn LessThan LessThanOrEquals MaxCount "
    components += "MaxExclusive MaxInclusive MaxLength MinCount MinExclusive MinInclusive MinLength NodeKind Node Not "
    components += "Or Pattern QualifiedMaxCount QualifiedMinCount UniqueLang Xone"
    missing = {f"{SH}{name}ConstraintComponent" for name in components.split()} - wanted
    # No test has a result of this one; test_validate_engine.py has.
    assert missing == {f"{SH}QualifiedMaxCountConstraintComponent"}
