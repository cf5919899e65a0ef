"""Lists of records: filters, columns and limits, compared with plain reads of the records."""

from __future__ import annotations

import pytest

from threatgraph import InvalidQuery, ThreatGraph, UnknownName
from threatgraph.listed_properties import property_names
from threatgraph.listing import list_records
from threatgraph.records import Link
from threatgraph.vocab import KINDS


def labels(graph: ThreatGraph, kind: str, **options: object) -> set[object]:
    return set(list_records(graph.store, kind, **options).column("label"))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_can_be_listed_by_its_name_and_its_plural(graph: ThreatGraph, kind: str) -> None:
    table = list_records(graph.store, kind)
    assert table.columns[-1] == "record"
    assert table.rows == list_records(graph.store, KINDS[kind].plural).rows
    assert len(set(table.column("record"))) == len(table)


@pytest.mark.parametrize(("name", "value"), [("severity", "critical"), ("sector", "employment"), ("harm", "physical")])
def test_a_filter_selects_the_records_with_the_value(graph: ThreatGraph, name: str, value: str) -> None:
    prop = {"harm": "harmType"}.get(name, name)
    expected = set()
    for iri in list_records(graph.store, "incident").column("record"):
        record = graph.record(str(iri))
        if any(isinstance(link, Link) and link.iri.endswith(f"/{value}") for link in record[prop]):
            expected.add(record.label)
    assert expected
    assert labels(graph, "incident", where={name: value}) == expected


def test_values_are_found_by_code_slug_label_and_iri(graph: ThreatGraph) -> None:
    iri = graph.resolve("DOM-SEC")
    found = [labels(graph, "pattern", where={"domain": v}) for v in ("DOM-SEC", "security-cyber", iri)]
    found.append(labels(graph, "pattern", where={"domain": graph.record(iri).label.upper()}))
    assert found[0]
    assert all(each == found[0] for each in found)


def test_values_of_one_property_are_alternatives_and_properties_combine(graph: ThreatGraph) -> None:
    high, low = (labels(graph, "pattern", where={"severity": v}) for v in ("high", "low"))
    assert labels(graph, "pattern", where={"severity": ["high", "low"]}) == high | low
    security = labels(graph, "pattern", where={"domain": "DOM-SEC"})
    assert labels(graph, "pattern", where={"severity": "high", "domain": "DOM-SEC"}) == high & security


def test_frameworks_filter_provisions_and_what_is_mapped_to_them(graph: ThreatGraph) -> None:
    table = list_records(graph.store, "provision", where={"framework": "owasp-llm-2025"})
    assert {str(iri).rpartition("/")[0].rpartition("/")[2] for iri in table.column("record")} == {"owasp-llm-2025"}
    mapped = {str(row["label"]) for row in graph.run("patterns-by-framework", framework="owasp-llm-2025").to_dicts()}
    assert labels(graph, "pattern", where={"framework": "owasp-llm-2025"}) == mapped


def test_dates_are_compared_at_the_precision_that_both_have(graph: ThreatGraph) -> None:
    dated = [str(date) for date in list_records(graph.store, "incident").column("occurred") if date]
    table = list_records(graph.store, "incident", since="2023-03", until="2023-10-15")
    expected = [d for d in dated if d >= "2023-03"[: len(d)] and d <= "2023-10-15"[: len(d)]]
    assert expected
    assert sorted(map(str, table.column("occurred"))) == sorted(expected)


def test_columns_come_with_labels_and_join_several_values(graph: ThreatGraph) -> None:
    table = list_records(graph.store, "incident", columns=["label", "harm-type"])
    assert table.columns == ("label", "harm_type", "harm_type_label", "record")
    several = [row for row in table.to_dicts() if "; " in str(row["harm_type"])]
    assert several
    for row in several:
        record = graph.record(str(row["record"]))
        assert {link.label for link in record["harmType"] if isinstance(link, Link)} == set(
            str(row["harm_type_label"]).split("; ")
        )


def test_columns_do_not_depend_on_the_rows(graph: ThreatGraph) -> None:
    none = list_records(graph.store, "incident", until="1950")
    assert not none.rows
    assert none.columns == list_records(graph.store, "incident").columns


def test_the_limit_cuts_the_list(graph: ThreatGraph) -> None:
    assert list_records(graph.store, "actor", limit=3).rows == list_records(graph.store, "actor").rows[:3]


def test_provisions_are_in_the_order_of_their_numbers(graph: ThreatGraph) -> None:
    codes = list_records(graph.store, "provision", where={"framework": "eu-ai-act-2024-1689"}).column("code")
    assert codes.index("Article 9") < codes.index("Article 10") < codes.index("Article 100")


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("patern", {}, "unknown kind 'patern'"),
        ("pattern", {"where": {"severty": "high"}}, "unknown property 'severty'; did you mean 'severity"),
        ("pattern", {"where": {"severity": "hihg"}}, "unknown severity 'hihg'; did you mean 'High"),
        ("actor", {"where": {"severity": "high"}}, "unknown property of actors 'severity'"),
        ("actor", {"columns": ["severity"]}, "unknown property of actors 'severity'"),
    ],
)
def test_unknown_names_come_with_the_nearest(
    graph: ThreatGraph, kind: str, options: dict[str, object], message: str
) -> None:
    with pytest.raises(UnknownName) as error:
        labels(graph, kind, **options)
    assert message in str(error.value)


@pytest.mark.parametrize("options", [{"since": "23"}, {"until": "2023-1"}, {"limit": 0}])
def test_invalid_options_are_refused(graph: ThreatGraph, options: dict[str, object]) -> None:
    with pytest.raises(InvalidQuery):
        labels(graph, "incident", **options)
    with pytest.raises(InvalidQuery, match="have no date"):
        labels(graph, "pattern", since="2023")


def test_the_properties_of_a_kind_are_known(graph: ThreatGraph) -> None:
    assert {"severity", "sector", "occurred"} <= set(property_names(graph.store, "incident"))
    assert "sector" not in property_names(graph.store, "actor")
