"""The examples in the docstrings of the public API run, and print what they show."""

from __future__ import annotations

import doctest
from importlib import import_module

import pytest

from threatgraph import ThreatGraph

MODULES = (
    "threatgraph",
    "threatgraph.description",
    "threatgraph.graph.api",
    "threatgraph.graph.exchange",
    "threatgraph.graph.lookups",
    "threatgraph.graph.queries",
    "threatgraph.graph.validation",
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_the_api_print_what_they_show(name: str, graph: ThreatGraph) -> None:
    names = {"graph": graph, "ThreatGraph": ThreatGraph}
    failed, tried = doctest.testmod(import_module(name), extraglobs=names)
    assert tried > 0
    assert failed == 0
