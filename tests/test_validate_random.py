"""Random data and shapes: the results of the fast mode, of the full mode and of pyshacl itself are equal.

pyshacl runs twice on the same graphs, with and without the corrected components. With them, its results must always
equal those of threatgraph. Without them, they may differ only in the cases that :func:`corrections` lists.
``THREATGRAPH_RANDOM_EXAMPLES`` sets the number of pairs.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import nullcontext
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pyoxigraph as ox
import pyshacl
import pytest
import rdflib
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rdflib.namespace import RDF, SH

from threatgraph.store import MemoryStore
from threatgraph.table import to_rdflib_graph
from threatgraph.validate import ValidationReport, validate
from threatgraph.validate.evaluation.components import corrected
from threatgraph.validate.evaluation.pyshacl_runner import quiet
from threatgraph.vocab import PREFIXES

EXAMPLES = int(os.environ.get("THREATGRAPH_RANDOM_EXAMPLES", "150"))
EX = "https://example.org/"
HEAD = f"@prefix ex: <{EX}> .\n" + "".join(
    f"@prefix {prefix}: <{PREFIXES[prefix]}> .\n" for prefix in ("rdf", "rdfs", "sh", "xsd")
)
NODES = ("ex:a", "ex:b", "ex:c", "_:x", "_:y")
PROPERTIES = ("ex:p", "ex:q", "ex:r")
VALUES = (*NODES, '"a"', '"A"@en', '"b"@de', '"a"@en', "1", "2", "2.5", "true", '"2024-01-01"^^xsd:date')
#: Values that a store, an engine and a library may each write, order or check in a way of their own.
ODD = (
    *('"01"^^xsd:integer', '"1.0"^^xsd:decimal', '"2.50"^^xsd:decimal', '"1"^^xsd:byte', '"300"^^xsd:byte', "1.0e0"),
    *(
        '"NaN"^^xsd:double',
        '"1"^^xsd:boolean',
        '"yes"^^xsd:boolean',
        '"x"^^xsd:integer',
        '"1"^^xsd:float',
        "999999999999",
    ),
    *('"2024-01-01Z"^^xsd:date', '"-0044-03-15"^^xsd:date', '"2024-02-30"^^xsd:date', '"2024"^^xsd:gYear'),
    *('"2024-01-01T00:00:00"^^xsd:dateTime', '"2024-01-01T00:00:00.0Z"^^xsd:dateTime', '"--02-30"^^xsd:gMonthDay'),
    *('"P1M"^^xsd:duration', '"en_GB"^^xsd:language', '"a"^^ex:type', '"A"@en-GB', '"c"@EN', '"a\\nb"', '"ä😀"', '""'),
    *('"INF"^^xsd:double', '"0.1"^^xsd:float', "0.1", '"a b"', "<https://example.org/x#_1>", "ex:absent", "-1", "0"),
)

literals = st.one_of(st.sampled_from(VALUES), st.sampled_from(VALUES), st.sampled_from(ODD))
statements = st.one_of(
    st.tuples(st.sampled_from(NODES), st.sampled_from(PROPERTIES), literals),
    st.tuples(st.sampled_from(NODES), st.sampled_from(PROPERTIES), literals),
    st.tuples(st.sampled_from(NODES), st.just("a"), st.sampled_from(("ex:T", "ex:U", "ex:V"))),
    st.tuples(st.sampled_from(("ex:U", "ex:V")), st.just("rdfs:subClassOf"), st.sampled_from(("ex:T", "ex:U"))),
)
graphs = st.lists(statements, min_size=1, max_size=16)

steps = st.sampled_from(PROPERTIES)
paths = st.recursive(
    steps,
    lambda inner: st.one_of(
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"( {' '.join(parts)} )"),
        st.lists(inner, min_size=2, max_size=2).map(lambda parts: f"[ sh:alternativePath ( {' '.join(parts)} ) ]"),
        inner.map(lambda path: f"[ sh:inversePath {path} ]"),
        st.tuples(st.sampled_from(("zeroOrMore", "oneOrMore", "zeroOrOne")), inner).map(
            lambda reported: f"[ sh:{reported[0]}Path {reported[1]} ]"
        ),
    ),
    max_leaves=4,
)
terms = st.one_of(st.sampled_from(VALUES), st.sampled_from(ODD)).filter(lambda term: not term.startswith("_:"))
on_values = st.one_of(
    st.sampled_from(
        (
            *(
                "sh:class ex:T",
                "sh:class ex:U",
                "sh:class ex:T , ex:V",
                "sh:datatype xsd:integer",
                "sh:datatype xsd:date",
            ),
            *("sh:datatype xsd:byte", "sh:datatype xsd:double", "sh:datatype xsd:boolean", "sh:datatype xsd:decimal"),
            *(
                "sh:datatype rdf:langString",
                "sh:datatype xsd:string",
                "sh:datatype xsd:dateTime",
                "sh:datatype xsd:gYear",
            ),
            *('sh:pattern "a"', 'sh:pattern "^A$" ; sh:flags "i"', 'sh:pattern "^\\\\d"', 'sh:pattern "^\\\\p{L}"'),
            *('sh:pattern "^0"', 'sh:pattern "."', 'sh:pattern "a b" ; sh:flags "x"', 'sh:pattern "^[^#]*$"'),
            *("sh:maxLength 1", "sh:minLength 2", "sh:minLength 0", "sh:maxLength 3 ; sh:minLength 1"),
            *('sh:languageIn ( "en" )', 'sh:languageIn ( "en-GB" "de" )', 'sh:languageIn ( "*" )'),
            *(
                "sh:equals ex:r",
                "sh:disjoint ex:r",
                "sh:closed true",
                "sh:closed false ; sh:ignoredProperties ( ex:p )",
            ),
            *("sh:closed true ; sh:ignoredProperties ( rdf:type ex:p )", "sh:class ex:None"),
        )
    ),
    st.sampled_from(("IRI", "Literal", "BlankNode", "BlankNodeOrIRI", "BlankNodeOrLiteral", "IRIOrLiteral")).map(
        lambda kind: f"sh:nodeKind sh:{kind}"
    ),
    st.tuples(st.sampled_from(("minInclusive", "maxInclusive", "minExclusive", "maxExclusive")), terms)
    .filter(lambda reported: '"' in reported[1] or reported[1][0].isdigit())
    .map(lambda reported: f"sh:{reported[0]} {reported[1]}"),
    st.lists(terms, min_size=1, max_size=4).map(lambda members: f"sh:in ( {' '.join(members)} )"),
    terms.map(lambda term: f"sh:hasValue {term}"),
)
on_paths = st.one_of(
    st.sampled_from(
        (
            *("sh:minCount 1", "sh:minCount 2", "sh:maxCount 1", "sh:maxCount 0", "sh:minCount 1 ; sh:maxCount 2"),
            *("sh:uniqueLang true", "sh:lessThan ex:r", "sh:lessThanOrEquals ex:q", "sh:lessThan ex:q"),
        )
    ),
    terms.map(lambda term: f"sh:hasValue {term}"),
)


def _property(path: str, constraint: str) -> str:
    return f"sh:path {path} ; {constraint}"


constraints = st.recursive(
    on_values,
    lambda inner: st.one_of(
        inner.map(lambda constraint: f"sh:not [ {constraint} ]"),
        inner.map(lambda constraint: f"sh:node [ {constraint} ]"),
        st.tuples(st.sampled_from(("and", "or", "xone")), inner, inner).map(
            lambda reported: f"sh:{reported[0]} ( [ {reported[1]} ] [ {reported[2]} ] )"
        ),
        st.tuples(paths, st.one_of(on_paths, inner)).map(lambda reported: f"sh:property [ {_property(*reported)} ]"),
        st.tuples(st.sampled_from(("and", "or", "xone")), paths, st.one_of(on_paths, inner), inner).map(
            lambda reported: f"sh:{reported[0]} ( [ {_property(reported[1], reported[2])} ] [ {reported[3]} ] )"
        ),
        st.tuples(paths, on_paths).map(lambda reported: f"sh:not [ {_property(*reported)} ]"),
        inner.map(lambda constraint: f"sh:node [ {constraint} ; sh:deactivated true ]"),
    ),
    max_leaves=4,
)
counts = st.sampled_from(
    (
        "qualifiedMinCount 1",
        "qualifiedMaxCount 0",
        "qualifiedMinCount 1 ; sh:qualifiedMaxCount 1",
        "qualifiedMinCount 2",
    )
)
qualified = st.tuples(constraints, counts).map(
    lambda reported: f"sh:qualifiedValueShape [ {reported[0]} ] ; sh:{reported[1]}"
)
disjoint = st.tuples(steps, qualified, qualified).map(
    lambda reported: " ; ".join(
        f"sh:property [ sh:path {reported[0]} ; {one} ; sh:qualifiedValueShapesDisjoint true ]" for one in reported[1:]
    )
)
#: Constraints in SPARQL that say the same to all engines, but for the values that they meet.
SELECTS = (
    "SELECT $this ?value WHERE { $this <p> ?value }",
    "SELECT $this ?value WHERE { $this <p> ?value . FILTER(isLiteral(?value)) }",
    "SELECT $this ?value WHERE { $this <p> ?value . ?value <q> ?other }",
    "SELECT $this ?value WHERE { ?value <p> $this . FILTER(?value != $this) }",
    "SELECT $this ?value WHERE { $this <p> ?value ; <q> ?other . FILTER(?value = ?other) }",
    "SELECT $this ?value WHERE { $this <p> ?value ; <q> ?other . FILTER(?value < ?other) }",
    "SELECT $this ?value WHERE { $this <p> ?value . FILTER(?value > 1) }",
    "SELECT $this ?value WHERE { $this <p> ?value . FILTER(!(?value <= 2.0)) }",
    "SELECT $this ?value WHERE { $this <p> ?value . FILTER(STRLEN(STR(?value)) > 1) }",
    "SELECT $this ?value WHERE { $this <p> ?value . FILTER(?value IN (1, 'a')) }",
    'SELECT $this ?value WHERE { $this <p> ?value . FILTER regex(STR(?value), "^0") }',
    'SELECT $this ?value WHERE { $this <p> ?value . FILTER(langMatches(lang(?value), "en")) }',
    "SELECT $this WHERE { FILTER NOT EXISTS { $this <p> ?value } }",
    "SELECT $this WHERE { $this <p> ?any . FILTER NOT EXISTS { $this <q> ?value . FILTER(?value > 1) } }",
    "SELECT $this WHERE { $this <p> ?any . FILTER EXISTS { $this <q> ?value . FILTER(?value = ?any) } }",
    "SELECT $this WHERE { $this <p> ?any . OPTIONAL { $this <q> ?value } FILTER(!BOUND(?value)) }",
    "SELECT $this ?value WHERE { $this <p> ?any . OPTIONAL { $this <q> ?value . FILTER(?value > 1) } }",
    "SELECT $this ?value WHERE { $this <p>* ?value . ?value <q> ?other }",
    "SELECT $this ?value WHERE { $this (<p>|<q>)+ ?value }",
    "SELECT $this ?value WHERE { $this ^<p> ?value }",
    "SELECT $this ?value WHERE { $this <p> 1 ; <q> ?value }",
    "SELECT $this ?value WHERE { $this <p> 1.0 ; <q> ?value }",
    "SELECT $this ?value WHERE { $this ?value <c> }",
    "SELECT $this ?value WHERE { $this a <T> . $this <p> ?value }",
    "SELECT $this ?value WHERE { { $this <p> ?value } UNION { $this <q> ?value } }",
    "SELECT $this ?value WHERE { $this <p> ?value . FILTER(?value NOT IN (1, <a>)) }",
    "SELECT $this ?value WHERE { $this <p> ?value . FILTER(isIRI(?value) || isBlank(?value)) }",
    "SELECT $this ?value WHERE { $this <p> ?value . FILTER(sameTerm(?value, $this)) }",
    "SELECT $this ?value WHERE { $this <p> ?value . FILTER(datatype(?value) = xsd:integer) }",
    "SELECT $this ?value WHERE { $this <p> ?value ; <q> ?other . FILTER(?value + 1 > ?other) }",
    "SELECT $this ?value WHERE { $this <p> ?value . FILTER(IF(isLiteral(?value), ?value > 1, true)) }",
    "SELECT $this ?value WHERE { $this <p> ?value . FILTER(COALESCE(?value < 2, false)) }",
    "SELECT $this ?value WHERE { $this <p> ?value . FILTER(UCASE(STR(?value)) = 'A') }",
    'SELECT $this ?value WHERE { $this <p> ?value . FILTER(CONTAINS(STR(?value), "1") && ?value != 1) }',
    'SELECT $this ?value WHERE { $this <p> ?value . FILTER regex(?value, "A", "i") }',
    "SELECT $this ?value WHERE { $this <p> ?value . FILTER(xsd:integer(?value) > 0) }",
    "SELECT $this ?value WHERE { $this <p> ?value . FILTER(?value > 1 || ?value = 'a') }",
    "SELECT $this ?value WHERE { $this <p> ?value . FILTER(!(?value = 'a' && ?value < 3)) }",
    "SELECT $this ?value WHERE { $this <p>/<q> ?value . FILTER NOT EXISTS { ?value <r> $this } }",
    "SELECT $this ?value WHERE { $this !<p> ?value }",
    "SELECT $this ?value WHERE { $this <p>? ?value . ?value a <T> }",
    "SELECT $this ?value WHERE { ?value <p>* $this . ?value <q> <a> }",
    "SELECT $this ?value WHERE { <a> <p>* $this . $this <q> ?value }",
    "SELECT $this ?value WHERE { $this <p> ?value . BIND(STR(?value) AS ?text) FILTER(STRLEN(?text) = 1) }",
    "SELECT $this (MAX(?any) AS ?value) WHERE { $this <p> ?any } GROUP BY $this HAVING (COUNT(?any) > 1)",
    "SELECT $this ?value WHERE { $this <p> ?any . FILTER(EXISTS { $this <q> ?value } && isLiteral(?any)) }",
    "SELECT $this ?value WHERE { $this <p> ?any . FILTER NOT EXISTS { ?any <q> ?x FILTER NOT EXISTS { ?x <r> [] } } }",
    "SELECT $this ?value WHERE { OPTIONAL { $this <p> ?value } OPTIONAL { $this <q> ?other } FILTER(?value = ?other) }",
    "SELECT $this ?value WHERE { $this <p> ?value . OPTIONAL { ?value <q> ?o } FILTER(BOUND(?o) && ?o != $this) }",
    "SELECT $this ?value WHERE { $this ?property ?value . FILTER(?property != <p> && isLiteral(?value)) }",
    "SELECT $this ?value WHERE { $this <p> ?value , ?other . FILTER(?value < ?other) }",
    "SELECT DISTINCT $this WHERE { ?other <p> ?value . $this <p> ?value . FILTER(?other != $this) }",
)
ON_PATH = (
    "SELECT $this ?value WHERE { $this $PATH ?value }",
    "SELECT $this ?value WHERE { $this $PATH ?value . FILTER(isLiteral(?value)) }",
    "SELECT $this ?value WHERE { $this $PATH ?value . FILTER NOT EXISTS { ?value <q> ?other } }",
)


def _constraint(select: str) -> str:
    text = re.sub(r"<(\w)>", rf"<{EX}\1>", select).replace("xsd:integer", f"<{PREFIXES['xsd']}integer>")
    return f"sh:sparql [ a sh:SPARQLConstraint ; sh:select '''{text}''' ] ; sh:message 'of {{$this}}'"


def _once_each(parts: list[str]) -> bool:
    """Whether two constraints have no parameter in common that a shape may have only once."""
    names = [set(re.findall(r"sh:(\w+) ", part)) for part in parts]
    return not names[0] & names[1]


selects = st.sampled_from(SELECTS).map(_constraint)
on_path = st.sampled_from(ON_PATH).map(_constraint)
extras = st.sampled_from(("", "", " ; sh:severity sh:Warning", " ; sh:severity ex:Grave", " ; sh:message 'wrong'@en"))
shapes = st.tuples(
    st.one_of(
        constraints,
        st.lists(constraints, min_size=2, max_size=2).filter(_once_each).map(" ; ".join),
        selects,
        disjoint,
        st.tuples(steps, st.one_of(selects, on_path)).map(lambda reported: f"sh:property [ {_property(*reported)} ]"),
        st.tuples(paths, st.one_of(on_paths, constraints, qualified)).map(lambda reported: _property(*reported)),
    ),
    extras,
).map(lambda reported: reported[0] + (reported[1] if "sh:message" not in reported[0] else ""))
target = st.one_of(
    st.sampled_from(
        ("sh:targetClass ex:T", "sh:targetNode ex:a , ex:b", "sh:targetSubjectsOf ex:p", "sh:targetObjectsOf ex:q")
    ),
    terms.map(lambda term: f"sh:targetNode {term}"),
    st.sampled_from(("sh:targetNode ex:absent", "sh:targetClass ex:U ; a rdfs:Class", "sh:targetClass ex:None")),
)
targets = st.lists(target, min_size=1, max_size=2, unique=True).map(" ; ".join)

#: The results: node, component, value, severity and path. All blank nodes are equal.
Found = frozenset[tuple[str, ...]]


@cache
def data_and_shapes(graph: str, shape: str) -> tuple[rdflib.Graph, rdflib.Graph]:
    """Both as rdflib graphs, with the lexical forms of literals."""
    with quiet():
        return _graphs(graph, shape)


def _graphs(graph: str, shape: str) -> tuple[rdflib.Graph, rdflib.Graph]:
    parsed = [[quad.triple for quad in ox.parse(text, format=ox.RdfFormat.TURTLE)] for text in (graph, shape)]
    return to_rdflib_graph(parsed[0]), to_rdflib_graph(parsed[1])


def by_pyshacl(graph: str, shape: str, *, ours: bool) -> Found | None:
    """The results of pyshacl, with or without the corrected components; ``None`` if it fails."""
    data, rules = data_and_shapes(graph, shape)
    try:
        with quiet(), corrected() if ours else nullcontext():
            _, report, _ = pyshacl.validate(data, shacl_graph=rules)
    except Exception:  # noqa: BLE001 # it raises what it likes
        return None
    assert isinstance(report, rdflib.Graph)
    (head,) = report.subjects(RDF.type, SH.ValidationReport)
    return frozenset(_told(report, result) for result in report.objects(head, SH.result))


def _told(report: rdflib.Graph, result: rdflib.term.Node) -> tuple[str, ...]:
    names = (SH.focusNode, SH.sourceConstraintComponent, SH.value, SH.resultSeverity, SH.resultPath)
    return tuple(_text(report.value(result, name)) for name in names)


def _text(term: rdflib.term.Node | None) -> str:
    return "_:" if isinstance(term, rdflib.BNode) else "" if term is None else term.n3()


#: rdflib starts a path from such a value at any node.
FALSE = "values that are false to Python"
GIVEN = re.compile(r"<file:.*#_[1-9][0-9]*>")


def by_us(report: ValidationReport) -> Found:
    return frozenset(_of(result.terms) for result in report)


def _of(triples: tuple[ox.Triple, ...]) -> tuple[str, ...]:
    values = {triple.predicate.value: triple.object for triple in triples if triple.subject == triples[0].subject}
    names = (SH.focusNode, SH.sourceConstraintComponent, SH.value, SH.resultSeverity, SH.resultPath)
    graph = to_rdflib_graph(ox.Triple(triples[0].subject, ox.NamedNode(n), v) for n, v in values.items())
    reported = (_text(next(graph.objects(None, name), None)) for name in names)
    return tuple("_:" if GIVEN.fullmatch(text) or text.startswith("<urn:") else text for text in reported)


def corrections(graph: str, shape: str) -> Iterator[str]:
    """Why the results of unpatched pyshacl may differ: the cases listed in docs/validation.md."""
    odd = any(value in graph + shape for value in ODD)
    if re.search(r"sh:(min|max)(In|Ex)clusive|sh:lessThan", shape):
        yield "order"
    if odd and "sh:datatype" in shape:
        yield "datatype"
    if re.search(r'sh:flags|sh:pattern "[^"]*\\', shape):
        yield "pattern"
    if "sh:languageIn" in shape:
        yield "language ranges"
    if "sh:inversePath (" in shape or "sh:inversePath [" in shape:
        yield "paths"
    if re.search(r' (0|"") ', graph + shape) and re.search("SELECT .*[*+]", shape):
        yield FALSE
    if "sh:ignoredProperties" in shape:
        yield "ignored properties of an open shape"


def disagreement(graph: list[tuple[str, str, str]], target: str, shape: str) -> str:
    """The two modes with different results, or an empty text."""
    kind = "PropertyShape" if shape.startswith("sh:path") else "NodeShape"
    texts = "".join(f"{' '.join(statement)} .\n" for statement in graph), f"ex:S a sh:{kind} ; {target} ; {shape} ."
    data, rules = (HEAD + text for text in texts)
    with TemporaryDirectory() as folder:
        files = Path(folder) / "data.ttl", Path(folder) / "shapes.ttl"
        for file, text in zip(files, (data, rules), strict=True):
            file.write_text(text)
        store = MemoryStore.open([files[0]], bundled=False)
        fast, full = (validate(store, shapes=[files[1]], fast=fast, hints=True) for fast in (True, False))
    if list(fast) != list(full):
        return "fast and full"
    reasons = set(corrections(*texts))
    if by_us(fast) != by_pyshacl(data, rules, ours=True) and FALSE not in reasons:
        return "fast and pyshacl with our components"
    return "" if reasons or by_us(fast) == by_pyshacl(data, rules, ours=False) else "fast and pyshacl alone"


@pytest.mark.filterwarnings("ignore:Possible set intersection:FutureWarning")
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
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
def test_all_modes_agree(graph: list[tuple[str, str, str]], target: str, shape: str) -> None:
    assert not disagreement(graph, target, shape)
