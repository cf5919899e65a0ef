"""Tables fit the terminal with every word whole, or become stacked records."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode
from wcwidth import wcswidth

from threatgraph import Table, ThreatGraph, UnknownName
from threatgraph.layout import lay_out
from threatgraph.vocab import BASE, XSD

WORDS = st.text(st.sampled_from("abcdefgh-:."), min_size=1, max_size=20)
CELLS = st.lists(WORDS, max_size=12).map(" ".join)


def decimal(value: str) -> Literal:
    return Literal(value, datatype=NamedNode(XSD + "decimal"))


@given(rows=st.lists(st.tuples(CELLS, CELLS, CELLS), min_size=1, max_size=6), width=st.integers(40, 120))
def test_no_word_is_cut_and_no_line_is_too_long(rows: list[tuple[str, str, str]], width: int) -> None:
    text = lay_out(("first", "second", "third"), rows, width)
    assert max(map(len, text.splitlines())) <= width
    written = text.split()
    for word in (word for row in rows for cell in row for word in cell.split()):
        assert word in written


def test_columns_are_two_blanks_apart_and_numbers_are_aligned_to_the_right() -> None:
    table = Table(["name", "n"], [(Literal("a"), Literal(5)), (Literal("bcdefg"), Literal(1234))])
    assert table.render(80).splitlines() == ["name       n", "------  ----", "a          5", "bcdefg  1234"]


def test_a_table_that_does_not_fit_is_written_as_stacked_records() -> None:
    rows = [
        (Literal("eu-ai-act:article-14"), None, Literal("one " * 60)),
        (Literal("iso-42001:a.6"), Literal("x"), None),
    ]
    lines = Table(["provision", "empty", "text"], rows).render(40).splitlines()
    assert lines[0] == "provision  eu-ai-act:article-14"
    assert lines[1].startswith("text       one one")
    assert lines[2].startswith("           one one")
    assert lines[-3:] == ["", "provision  iso-42001:a.6", "empty      x"]
    assert max(map(len, lines)) <= 40


@pytest.mark.parametrize("width", [40, 60, 80, 100])
@pytest.mark.parametrize("name", ["patterns", "incidents", "causes", "patterns-together", "severity-by-domain"])
def test_answers_of_named_queries_fit(graph: ThreatGraph, name: str, width: int) -> None:
    table = graph.run(name)
    text = table.render(width)
    assert max(map(wcswidth, text.splitlines())) <= width
    written = set(text.split())
    for label in table.column("label") if "label" in table.columns else []:
        assert {word for word in str(label).split() if len(word) <= 32} <= written


def test_numbers_for_people_have_at_most_three_decimals_and_files_have_all() -> None:
    table = Table(["x"], [(decimal("0.160976"),), (decimal("41.000000"),), (decimal("0.00001"),)])
    assert [line.strip() for line in table.render().splitlines()[2:]] == ["0.161", "41.000", "1.0e-05"]
    assert table.column("x") == [0.160976, 41.0, 0.00001]
    whole = Table(["x"], [(decimal("53.000000"),)])
    assert whole.render().splitlines()[2].strip() == "53."[:-1]


def test_labels_replace_records_unless_two_share_one() -> None:
    high, low = NamedNode(f"{BASE}severity/high"), NamedNode(f"{BASE}severity/low")
    table = Table(["severity", "severity_label"], [(high, Literal("High")), (low, Literal("Low"))])
    assert table.render().split() == ["severity", "--------", "High", "Low"]
    assert "severity_label" in table.to_dicts()[0]
    same = Table(table.columns, [(high, Literal("Same")), (low, Literal("Same"))])
    assert re.split(r"\s+", same.render())[:2] == ["severity", "severity_label"]
    provision = NamedNode(f"{BASE}provision/eu-ai-act-2024-1689/article-14")
    kept = Table(["target", "target_label"], [(provision, Literal("Human oversight"))])
    assert "eu-ai-act:article-14" in kept.render()


def test_columns_can_be_selected() -> None:
    table = Table(["a", "b"], [(Literal("1"), Literal("2"))])
    assert table.select("b", "a").to_dicts() == [{"b": "2", "a": "1"}]
    with pytest.raises(UnknownName, match="The columns are a, b"):
        table.select("c")


def test_east_asian_text_breaks_between_characters() -> None:
    text = lay_out(("a", "b"), [("漢字" * 30, "plain")], 40)
    assert max(map(wcswidth, text.splitlines())) <= 40
    assert "".join(re.findall("[漢字]", text)) == "漢字" * 30
