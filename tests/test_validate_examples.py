"""The examples in the modules of validation are run as they are written there."""

from __future__ import annotations

import doctest
import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pyoxigraph import Literal, NamedNode

from threatgraph.store import MemoryStore
from threatgraph.table import Table
from threatgraph.validate.candidates.compiler import Compiler
from threatgraph.validate.candidates.conformance import Conformance
from threatgraph.validate.evaluation.constraint_matches import fetch_matches
from threatgraph.validate.evaluation.footprint import Footprint
from threatgraph.validate.evaluation.subgraph import Subgraph
from threatgraph.validate.shapes.constraints import read_constraints
from threatgraph.validate.shapes.graph import ShapeGraph, load
from threatgraph.validate.statistics import Statistics
from threatgraph.vocab import PREFIXES
from validation_samples import HEAD

EX = "https://example.org/"
SHAPE = NamedNode(f"{EX}S")
#: Ten instances of ex:P with one size and three names each.
DATA = "".join(f"ex:n{n} a ex:P ; ex:size {n} ; ex:name 'n{n}' ; ex:name 'm{n}' ; ex:name 'o{n}' ." for n in range(10))
MODULES = {
    "sparql.values": 2,
    "validate.shapes.paths": 5,
    "validate.candidates.compiler": 3,
    "validate.candidates.conformance": 3,
    "validate.evaluation.constraint_matches": 1,
    "validate.evaluation.footprint": 1,
}


def short(text: str) -> str:
    """A query with prefixed names in place of IRIs, and single spaces."""
    for prefix, namespace in {**PREFIXES, "ex": EX}.items():
        text = re.sub(rf"<{re.escape(namespace)}([\w-]+)>", rf"{prefix}:\1", text)
    text = re.sub(r'"(\d+)"\^\^xsd:integer', r"\1", text)
    return re.sub(r"\s+", " ", text).replace("rdf:type", "a").strip()


class Recorder(Subgraph):
    """A subgraph that also records the queries for it."""

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store, Statistics(store))
        self.queries: list[str] = []

    def select(self, query: str) -> Table:
        self.queries.append(short(query))
        return super().select(query)


class Examples:
    """The functions that the examples call."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def _file(self, name: str, text: str) -> Path:
        file = self._folder / name
        file.write_text(HEAD + text, encoding="utf-8")
        return file

    def _shapes(self, shape: str) -> ShapeGraph:
        return load([self._file("shapes.ttl", f"ex:S sh:targetClass ex:P ; {shape} .")])

    def _store(self, data: str) -> MemoryStore:
        return MemoryStore.open([self._file("data.ttl", data)], bundled=False)

    def candidate_queries(self, shape: str) -> None:
        graph = self._shapes(shape)
        compiler = Compiler(graph, Statistics(self._store(DATA)))
        for constraint in read_constraints(graph, hints=True):
            for query in compiler.queries(constraint):
                print(short(query))  # noqa: T201

    def conformance(self, shape: str) -> None:
        test = Conformance(self._shapes(shape), lambda variable, cls: f"{variable} a {cls} .").shape(SHAPE, "?this")
        print("holds:", short(str(test.holds)))  # noqa: T201
        print("fails:", short(str(test.fails)))  # noqa: T201

    def footprint(self, shape: str, data: str) -> None:
        store = self._store(data)
        subgraph = Subgraph(store, Statistics(store))
        Footprint(self._shapes(shape), subgraph).fetch(SHAPE, [NamedNode(f"{EX}book")])
        for triple in subgraph.triples:
            print(short(str(triple)))  # noqa: T201

    def match_queries(self, select: str) -> None:
        graph = self._shapes(
            f"sh:sparql ex:Q . ex:Q sh:prefixes ex:O ; sh:select {Literal(select)} . "
            f'ex:O sh:declare [ sh:prefix "ex" ; sh:namespace "{EX}" ]'
        )
        subgraph = Recorder(self._store(DATA))
        fetch_matches(subgraph, graph, SHAPE, NamedNode(f"{EX}Q"), [NamedNode(f"{EX}a")])
        print(*subgraph.queries, sep="\n")  # noqa: T201


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_true(name: str, tmp_path: Path) -> None:
    examples = Examples(tmp_path)
    names = ("candidate_queries", "conformance", "footprint", "match_queries")
    given: dict[str, Any] = {name: getattr(examples, name) for name in names}
    module = import_module(f"threatgraph.{name}")
    flags = doctest.NORMALIZE_WHITESPACE
    assert doctest.testmod(module, extraglobs=given, optionflags=flags) == (0, MODULES[name])
