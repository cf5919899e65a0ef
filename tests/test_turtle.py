"""The canonical Turtle form: one text for one set of triples, one line for one triple, and nothing lost."""

from __future__ import annotations

import difflib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import BlankNode, Literal, NamedNode, RdfFormat, Triple, parse

from plain_turtle import plain_turtle
from threatgraph.rdf.turtle import BlankNodeRefused, write_turtle
from threatgraph.vocab import BASE, PREFIXES, tg

iris = st.one_of(
    st.builds(
        # An IRI has one "#" at the most (RFC 3987): a namespace that ends in one takes a local name without.
        lambda namespace, local: NamedNode(namespace + (local.replace("#", "") if "#" in namespace else local)),
        st.sampled_from(sorted(PREFIXES.values())),
        st.text("abcXYZ019.-_/#~()'é", max_size=8).filter(lambda s: s.count("#") < 2),
    ),
    st.sampled_from([NamedNode("urn:x"), NamedNode("http://example.org/a?b=c&d=%20")]),
)
literals = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])).map(Literal),
    st.builds(lambda t: Literal(t, language="en"), st.text(st.characters(exclude_categories=["Cs"]), max_size=20)),
    st.builds(
        lambda t, d: Literal(t, datatype=NamedNode(PREFIXES["xsd"] + d)),
        st.text("0123456789-+.eTZ: x", max_size=10),
        st.sampled_from(["integer", "decimal", "double", "boolean", "date", "gYearMonth", "gYear", "string"]),
    ),
)
triples = st.lists(st.builds(Triple, iris, iris, st.one_of(iris, literals)), max_size=15)


def read(text: str) -> set[Triple]:
    return {quad.triple for quad in parse(text, format=RdfFormat.TURTLE)}


@given(triples)
def test_what_is_written_reads_back_the_same(content: list[Triple]) -> None:
    assert read(write_turtle(content)) == set(content)


@given(triples, st.booleans())
def test_the_lines_are_those_of_the_plain_writer(content: list[Triple], apart: bool) -> None:
    part = NamedNode(f"{BASE}pattern/x#part")
    own = content if apart else [Triple(part, triple.predicate, triple.object) for triple in content]
    assert write_turtle(own) == plain_turtle(own, PREFIXES)


@given(triples)
def test_writing_again_changes_nothing(content: list[Triple]) -> None:
    text = write_turtle(content)
    assert write_turtle(read(text)) == text


@given(triples, st.randoms(use_true_random=False))
def test_order_and_repetition_of_the_triples_do_not_show(content: list[Triple], chance: random.Random) -> None:
    shuffled = content + content[:2]
    chance.shuffle(shuffled)
    assert write_turtle(shuffled) == write_turtle(content)


@given(triples)
def test_rdflib_reads_the_same_triples(content: list[Triple]) -> None:
    import rdflib

    graph = rdflib.Graph().parse(data=write_turtle(content), format="turtle")
    assert len(graph) == len(set(content))


def test_one_added_triple_is_one_added_line() -> None:
    subject = NamedNode(f"{BASE}pattern/x")
    label = NamedNode(PREFIXES["skos"] + "altLabel")
    before = [Triple(subject, label, Literal(name)) for name in ("a", "c")]
    after = [*before, Triple(subject, label, Literal("b"))]
    diff = list(difflib.ndiff(write_turtle(before).splitlines(), write_turtle(after).splitlines()))
    assert [line for line in diff if line[0] in "+-"] == ['+     skos:altLabel "b" ;']


def test_a_record_and_its_parts_use_the_empty_prefix() -> None:
    pattern, part = NamedNode(f"{BASE}pattern/x"), NamedNode(f"{BASE}pattern/x#mechanism-y")
    text = write_turtle(
        [
            Triple(pattern, NamedNode(tg("mechanism")), part),
            Triple(part, NamedNode(tg("position")), Literal("1", datatype=NamedNode(PREFIXES["xsd"] + "integer"))),
        ]
    )
    assert text == (
        "@prefix : <https://w3id.org/threatgraph/pattern/x#> .\n"
        "@prefix pattern: <https://w3id.org/threatgraph/pattern/> .\n"
        "@prefix tg: <https://w3id.org/threatgraph/ontology#> .\n"
        "\npattern:x\n    tg:mechanism :mechanism-y ;\n    .\n"
        "\n:mechanism-y\n    tg:position 1 ;\n    .\n"
    )


def test_blank_nodes_are_refused() -> None:
    with pytest.raises(BlankNodeRefused, match="give the node an IRI"):
        write_turtle([Triple(NamedNode("urn:a"), NamedNode("urn:b"), BlankNode("c"))])


def test_quoted_triples_are_refused() -> None:
    triple = Triple(NamedNode("urn:a"), NamedNode("urn:b"), Literal("c"))
    with pytest.raises(BlankNodeRefused, match="quoted triples are not allowed"):
        write_turtle([Triple(NamedNode("urn:a"), NamedNode("urn:b"), triple)])


def test_no_triples_make_no_text() -> None:
    assert write_turtle([]) == ""
