"""The facets of lists: their counts agree with the lists that they lead to."""

from __future__ import annotations

import re
from typing import Any

import pytest

from threatgraph import ThreatGraph
from threatgraph.errors import InvalidQuery, UnknownName
from threatgraph.facets import Facet, read_facets

NAMES = ("severity", "domain", "year", "framework", "sector")


def facets(graph: ThreatGraph, kind: str, **where: list[str]) -> dict[str, Facet]:
    return {facet.name: facet for facet in read_facets(graph.store, kind, NAMES, where)}


@pytest.mark.parametrize("where", [{}, {"severity": ["high"]}, {"severity": ["high", "low"], "domain": ["DOM-AGT"]}])
def test_each_count_is_the_length_of_the_list_with_the_value(graph: ThreatGraph, where: dict[str, list[str]]) -> None:
    found = facets(graph, "incident", **where)
    assert list(found) == [name for name in NAMES if name in found]
    assert found.keys() >= where.keys() | {"year"}
    for facet in found.values():
        others = {name: values for name, values in where.items() if name != facet.name}
        for choice in facet.choices:
            filters: dict[str, Any] = {**others, facet.name: choice.value}
            listed = graph.list("incident", **filters)
            assert len(listed) == choice.total > 0, (facet.name, choice)


def test_the_values_of_a_facet_are_alternatives(graph: ThreatGraph) -> None:
    plain, chosen = facets(graph, "pattern"), facets(graph, "pattern", severity=["Critical"])
    assert [one.total for one in plain["severity"].choices] == [one.total for one in chosen["severity"].choices]
    assert [one.value for one in chosen["severity"].choices if one.is_chosen] == ["critical"]
    assert chosen["severity"].chosen == 1
    assert plain["domain"].choices != chosen["domain"].choices


def test_a_code_chooses_its_value(graph: ThreatGraph) -> None:
    found = facets(graph, "pattern", domain=["DOM-SYS"])
    assert [one.label for one in found["domain"].choices if one.is_chosen] == ["Systemic & Catastrophic Risks"]


def test_severities_come_by_rank_and_years_by_date(graph: ThreatGraph) -> None:
    found = facets(graph, "incident")
    assert [one.value for one in found["severity"].choices] == ["critical", "high", "medium", "low"]
    years = [one.value for one in found["year"].choices]
    assert years == sorted(years, reverse=True)
    assert all(re.fullmatch(r"\d{4}", year) for year in years)


def test_the_facet_of_frameworks_has_frameworks_only(graph: ThreatGraph) -> None:
    found = facets(graph, "incident")["framework"]
    frameworks = set(graph.list("framework").column("record"))
    assert {f"https://w3id.org/threatgraph/framework/{one.value}" for one in found.choices} <= frameworks


def test_a_value_without_records_stays_while_it_is_chosen(graph: ThreatGraph) -> None:
    found = facets(graph, "incident", year=["1234"])
    assert [one.total for one in found["year"].choices if one.is_chosen] == [0]
    assert all(facet.name == "year" or not facet.choices for facet in found.values())


def test_values_that_do_not_exist_are_reported(graph: ThreatGraph) -> None:
    with pytest.raises(UnknownName):
        facets(graph, "pattern", severity=["huge"])
    with pytest.raises(InvalidQuery):
        facets(graph, "incident", year=["24"])


@pytest.mark.parametrize("sort", ["severity", "-severity", "label", "-occurred", "sector"])
def test_lists_are_sorted(graph: ThreatGraph, sort: str) -> None:
    name = sort.removeprefix("-")
    table = graph.list("incident", sort=sort, columns=[name])
    shown = f"{name}_label" if f"{name}_label" in table.columns else name
    texts = [None if value is None else str(value) for value in table.column(shown)]
    assert set(table.column("record")) == set(graph.list("incident").column("record"))
    given = [text for text in texts if text]
    assert texts == given + [text for text in texts if not text]  # those without a value come last
    if name == "severity":
        order = ["Low", "Medium", "High", "Critical"]
        positions = [order.index(text) for text in given]
        assert positions == sorted(positions, reverse=sort.startswith("-"))
    elif name == "occurred":
        assert given == sorted(given, reverse=True)


def test_a_sorted_list_is_cut_after_it_is_sorted(graph: ThreatGraph) -> None:
    whole = graph.list("incident", sort="-occurred").column("record")
    assert graph.list("incident", sort="-occurred", limit=5).column("record") == whole[:5]
    with pytest.raises(UnknownName):
        graph.list("incident", sort="nothing")
