"""The order of rows that are sorted outside of the engine, and variables that are bound in sub-selects."""

from __future__ import annotations

import pyoxigraph as ox
import pytest
from hypothesis import given
from hypothesis import strategies as st

from threatgraph.rdf.terms import Term
from threatgraph.sparql.binding import bind_values
from threatgraph.sparql.ordering import sort_rows, split_order

TERMS = st.one_of(
    st.none(),
    st.sampled_from(["a", "a#b", "a/b"]).map(lambda name: ox.NamedNode(f"https://e.org/{name}")),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=3).map(ox.Literal),
    st.integers(0, 20).map(ox.Literal),
    st.just(ox.Literal("é", language="fr")),
)


@given(st.lists(st.tuples(TERMS, TERMS), max_size=30), st.sampled_from(["STR(?a)", "DESC(STR(?a)) STR(?b)"]))
def test_rows_have_the_order_that_the_engine_gives_them(rows: list[tuple[Term | None, ...]], order: str) -> None:
    values = " ".join(f"({' '.join('UNDEF' if term is None else str(term) for term in row)})" for row in rows)
    query = f"SELECT ?a ?b {{ VALUES (?a ?b) {{ {values} }}\n}}\nORDER BY {order}\n"
    answer = ox.Store().query(query)
    assert isinstance(answer, ox.QuerySolutions)
    expected = [tuple(row) for row in answer]
    unsorted, keys = split_order(query)
    assert "ORDER" not in unsorted
    found = list(rows)
    sort_rows(found, ("a", "b"), keys)
    compared = slice(0, len(keys))  # equal keys may come in any order
    assert [_texts(row[compared]) for row in found] == [_texts(row[compared]) for row in expected]


def _texts(row: tuple[Term | None, ...]) -> list[str | None]:
    return [None if term is None else str(getattr(term, "value", term)) for term in row]


@pytest.mark.parametrize(
    "query",
    [
        "SELECT ?a { ?a ?b ?c }",
        "SELECT ?a { ?a ?b ?c } ORDER BY STR(?a)",
        "SELECT ?a { ?a ?b ?c }\nORDER BY STR(?a) LIMIT 3",
        "SELECT ?a { ?a ?b ?c }\nORDER BY ?a",
        "SELECT ?a { ?a ?b ?c }\nORDER BY STR(?a) STRLEN(STR(?a))",
        "SELECT ?a { { SELECT ?a { ?a ?b ?c }\nORDER BY STR(?a) } }",
        "SELECT ?a { ?a ?b ?c } # no\n# ORDER BY STR(?a)",
    ],
)
def test_any_other_query_is_left_to_the_engine(query: str) -> None:
    assert split_order(query) == (query, [])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SELECT ?a { { SELECT ?a ?b { ?a ?p ?b } } }", 2),
        ("SELECT ?a WHERE { { SELECT DISTINCT ?a WHERE { ?a ?p ?b } } ?a ?q ?c }", 2),
        ("SELECT ?a { { SELECT (COUNT(?a) AS ?n) { ?a ?p ?b } } }", 1),
        ("SELECT ?a { { SELECT ?b { ?a ?p ?b } } }", 1),
        ("SELECT ?a { { SELECT ?a { ?a ?p ?b } LIMIT 1 } }", 1),
        ("SELECT ?a { { ?a ?p ?b MINUS { SELECT ?a { ?a ?p ?c } } } }", 1),
    ],
)
def test_a_variable_is_bound_in_sub_selects_that_project_it(query: str, expected: int) -> None:
    bound = bind_values(query, {"a": ox.NamedNode("https://e.org/a")})
    assert bound.count("VALUES (?a) { (<https://e.org/a>) }") == expected
    ox.Store().query(bound)
