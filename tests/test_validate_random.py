"""Validation of random graphs by random shapes: the fast way finds what pyshacl finds over the whole graph.

The fast way has pyshacl judge some nodes only, over the statements only that their shapes look at; here it is compared
with pyshacl on all nodes over all statements, where shapes stand in shapes along paths of every kind.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from threatgraph.store import EmbeddedStore
from threatgraph.validate import validate
from threatgraph.vocab import PREFIXES

HEAD = "@prefix ex: <https://example.org/> .\n" + "".join(
    f"@prefix {prefix}: <{PREFIXES[prefix]}> .\n" for prefix in ("rdf", "rdfs", "sh", "xsd")
)
NODES = ("ex:a", "ex:b", "ex:c", "_:x", "_:y")
PROPERTIES = ("ex:p", "ex:q", "ex:r")
VALUES = (*NODES, '"a"', '"A"@en', '"b"@de', "1", "2", '"2024-01-01"^^xsd:date')

statements = st.one_of(
    st.tuples(st.sampled_from(NODES), st.sampled_from(PROPERTIES), st.sampled_from(VALUES)),
    st.tuples(st.sampled_from(NODES), st.just("a"), st.sampled_from(("ex:T", "ex:U", "ex:V"))),
    st.tuples(st.sampled_from(("ex:U", "ex:V")), st.just("rdfs:subClassOf"), st.sampled_from(("ex:T", "ex:U"))),
)
graphs = st.lists(statements, min_size=1, max_size=14)

steps = st.sampled_from(PROPERTIES)
paths = st.recursive(
    steps,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=2).map(lambda parts: f"( {' '.join(parts)} )"),
        st.lists(inner, min_size=2, max_size=2).map(lambda parts: f"[ sh:alternativePath ( {' '.join(parts)} ) ]"),
        inner.filter(lambda path: "(" not in path).map(lambda path: f"[ sh:inversePath {path} ]"),
        st.tuples(st.sampled_from(("zeroOrMore", "oneOrMore", "zeroOrOne")), inner).map(
            lambda told: f"[ sh:{told[0]}Path {told[1]} ]"
        ),
    ),
    max_leaves=3,
)
on_values = st.sampled_from(
    (
        *("sh:class ex:T", "sh:class ex:U", "sh:nodeKind sh:IRI", "sh:nodeKind sh:BlankNodeOrLiteral"),
        *("sh:datatype xsd:integer", "sh:datatype rdf:langString", 'sh:in ( ex:a ex:b "a" 1 )', "sh:minInclusive 2"),
        *('sh:pattern "a"', "sh:maxLength 1", 'sh:languageIn ( "en" )', "sh:hasValue ex:a"),
        *("sh:equals ex:r", "sh:disjoint ex:r", "sh:closed true ; sh:ignoredProperties ( rdf:type ex:p )"),
    )
)
on_paths = st.sampled_from(
    ("sh:minCount 1", "sh:minCount 2", "sh:maxCount 1", "sh:uniqueLang true", "sh:lessThan ex:r", "sh:hasValue 1")
)


def _property(path: str, demand: str) -> str:
    return f"sh:path {path} ; {demand}"


demands = st.recursive(
    on_values,
    lambda inner: st.one_of(
        inner.map(lambda demand: f"sh:not [ {demand} ]"),
        inner.map(lambda demand: f"sh:node [ {demand} ]"),
        st.tuples(st.sampled_from(("and", "or", "xone")), inner, inner).map(
            lambda told: f"sh:{told[0]} ( [ {told[1]} ] [ {told[2]} ] )"
        ),
        st.tuples(paths, st.one_of(on_paths, inner)).map(lambda told: f"sh:property [ {_property(*told)} ]"),
    ),
    max_leaves=4,
)
qualified = st.tuples(demands, st.sampled_from(("qualifiedMinCount 1", "qualifiedMaxCount 0"))).map(
    lambda told: f"sh:qualifiedValueShape [ {told[0]} ] ; sh:{told[1]}"
)
shapes = st.one_of(
    demands, st.tuples(paths, st.one_of(on_paths, demands, qualified)).map(lambda told: _property(*told))
)
targets = st.sampled_from(
    ("sh:targetClass ex:T", "sh:targetNode ex:a , ex:b", "sh:targetSubjectsOf ex:p", "sh:targetObjectsOf ex:q")
)


@pytest.mark.filterwarnings("ignore:Possible set intersection:FutureWarning")
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graph=graphs, target=targets, shape=shapes)
@example(  # the value of an inverse path from a literal
    graph=[("ex:a", "ex:q", "1"), ("ex:b", "ex:p", "1"), ("ex:b", "a", "ex:T")],
    target="sh:targetObjectsOf ex:q",
    shape="sh:path [ sh:inversePath ex:p ] ; sh:class ex:U",
)
@example(  # a property shape that is a target's own: those that hang on it are about its values
    graph=[("ex:a", "a", "ex:T")],
    target="sh:targetNode ex:a",
    shape="sh:path ex:p ; sh:property [ sh:path ex:p ; sh:minCount 1 ]",
)
@example(  # a target that no statement speaks of
    graph=[("ex:a", "ex:p", "ex:a")],
    target="sh:targetNode ex:b",
    shape="sh:not [ sh:property [ sh:path [ sh:zeroOrMorePath ex:p ] ; sh:minCount 1 ] ]",
)
@example(  # values that are closed
    graph=[("ex:a", "ex:p", "ex:a"), ("ex:a", "a", "ex:T"), ("ex:a", "ex:q", "ex:a")],
    target="sh:targetClass ex:T",
    shape="sh:property [ sh:path ex:p ; sh:closed true ; sh:ignoredProperties ( rdf:type ex:p ) ]",
)
def test_both_ways_agree(graph: list[tuple[str, str, str]], target: str, shape: str) -> None:
    with TemporaryDirectory() as folder:
        data, rules = Path(folder) / "data.ttl", Path(folder) / "shapes.ttl"
        data.write_text(HEAD + "".join(f"{' '.join(statement)} .\n" for statement in graph))
        kind = "PropertyShape" if shape.startswith("sh:path") else "NodeShape"
        rules.write_text(f"{HEAD}ex:S a sh:{kind} ; {target} ; {shape} .")
        store = EmbeddedStore.open([data], shipped=False)
        fast, full = (validate(store, shapes=[rules], fast=fast) for fast in (True, False))
    assert list(fast) == list(full)
