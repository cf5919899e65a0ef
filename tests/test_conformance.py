"""Every named query and every check gives the rows that rdflib's own SPARQL engine gives on the same triples."""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest
import rdflib
from pyoxigraph import RdfFormat, serialize

from excerpt import open_excerpt
from test_queries import SAMPLES
from threatgraph import ThreatGraph, resources
from threatgraph.catalog import CrossRecordCheck, NamedQuery, load_catalog, load_checks
from threatgraph.lookup import bind
from threatgraph.table import to_rdflib
from threatgraph.vocab import BASE, PREFIXES

NAMED = load_catalog()
CHECKS = load_checks()
#: rdflib 7 cannot order rows where some of what it orders by is unbound; the order says nothing here.
ORDER = re.compile(r"ORDER BY[^{}]*\Z")
#: Statements at which checks find fault, beside those of the bundled data, at which they do not.
FAULTS = f"""
<{BASE}incident/x> a tg:Incident ; skos:prefLabel "An Incident Of Nothing"@en ; tg:relatedIncident pattern:old ;
    tg:causalFactor <{BASE}causal-factor/none> ; tg:likelihoodTrend likelihood-trend:stable ; rdfs:label "Of nothing" ;
    tg:placeName "US"@en ; dcterms:source <http://doi.org/10.1000/1> ; tg:occurred "1924"^^xsd:gYear ;
    skos:altLabel "GPT"@en, "gpt"@en ;
    dcterms:description "The same sentence stands in two records, word for word, and is long enough to count."@en .
<{BASE}incident/y> a tg:Incident ; skos:prefLabel "Another one,"@en ;
    skos:scopeNote "TODO &amp; so on"@zz ; tg:outcome "Whoever asked was paid."@en ;
    dcterms:description "The same sentence stands in two records, word for word, and is long enough to count."@en .
pattern:old a tg:ThreatPattern ; skos:prefLabel "Old"@en ; owl:deprecated true .
"""
#: rdflib does not join two subqueries on what each of them computes, so it cannot be asked this one.
NOT_ASKED = "near-duplicate-incidents"
#: Look at every text, or at every statement of every file, for which rdflib takes long: they are asked of a few files.
THOROUGH = (
    "dangling-target",
    "foreign-statement",
    "shared-sentence",
    "text-characters",
    "text-form",
    "text-language",
    "text-style",
    "text-unfinished",
)
#: Named queries that find nothing in the bundled data, or not for the samples.
EMPTY = ("crosswalk", "mitigations-by-pattern", "patterns-without-incidents", "patterns-without-mapping")
Row = tuple[object, ...]


Both = tuple[ThreatGraph, rdflib.Dataset]


def in_both(graph: ThreatGraph) -> Both:
    """A graph, and the same in rdflib's own store: the merged triples, and a graph for each file."""
    dataset = rdflib.Dataset()
    merged = serialize(graph.store.triples(), format=RdfFormat.N_TRIPLES) or b""
    dataset.default_graph.parse(data=merged, format="nt")
    for name in graph.store.graphs():
        content = serialize(graph.store.graph_triples(name), format=RdfFormat.N_TRIPLES) or b""
        dataset.graph(rdflib.URIRef(name)).parse(data=content, format="nt")
    return graph, dataset


@pytest.fixture(scope="module")
def faults(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("faults") / "faults.ttl"
    file.write_text("".join(f"@prefix {name}: <{space}> .\n" for name, space in PREFIXES.items()) + FAULTS)
    return file


@pytest.fixture(scope="module")
def sampled(faults: Path) -> Both:
    """A part of the bundled graph, with faults."""
    return in_both(open_excerpt([faults]))


@pytest.fixture(scope="module")
def cut(faults: Path) -> Both:
    """A few incidents, two of them with the same sentence, and a statement on one in a file of its own."""
    files = sorted((resources.data_dir() / "incidents").rglob("*.ttl"))[:4]
    other = faults.with_name("other.ttl")
    other.write_text(f'<{BASE}incident/x> <{PREFIXES["skos"]}scopeNote> "From another file."@en .')
    return in_both(ThreatGraph.open([faults, other, *files], bundled=False))


def cell(term: object) -> object:
    """A cell of either engine; numbers and truth values by value, which each engine writes in its own way."""
    if isinstance(term, rdflib.Literal) and isinstance(term.value, (bool, int, float)):
        return type(term.value).__name__, term.value
    return term


def multiset(rows: Iterable[Sequence[object]]) -> Counter[Row]:
    return Counter(tuple(map(cell, row)) for row in rows)


@pytest.fixture
def deep() -> Iterator[None]:
    """Python may call deeper: rdflib's parser calls itself for each part of a long expression."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(10 * limit)
    yield
    sys.setrecursionlimit(limit)


def check_rows(both: Both, query: NamedQuery | CrossRecordCheck) -> int:
    """Compare the rows of a query, and return their number."""
    graph, dataset = both
    bindings = {}
    if isinstance(query, NamedQuery):
        params = {p.name: SAMPLES[p.type] for p in query.parameters if p.default is None}
        bindings = bind(graph.store, query, params)
    ours = graph.store.select(query.sparql, bindings)
    # rdflib binds the variables in its own way, so that ours is tested along.
    bound = {name: to_rdflib(term) for name, term in bindings.items()}
    theirs = dataset.query(ORDER.sub("", query.sparql), initNs=PREFIXES, initBindings=bound)
    rows = [[None if term is None else to_rdflib(term) for term in row] for row in ours.rows]
    assert multiset(rows) == multiset(row for row in theirs if isinstance(row, Sequence))
    return len(rows)


@pytest.mark.parametrize("query", NAMED.values(), ids=NAMED)
def test_rdflib_gives_the_same_rows_for_a_named_query(sampled: Both, query: NamedQuery) -> None:
    assert check_rows(sampled, query) > 0 or query.name in EMPTY


@pytest.mark.parametrize("name", sorted(CHECKS.keys() - {NOT_ASKED, *THOROUGH}))
def test_rdflib_gives_the_same_rows_for_a_check(sampled: Both, name: str) -> None:
    check_rows(sampled, CHECKS[name])


@pytest.mark.parametrize("name", THOROUGH)
@pytest.mark.usefixtures("deep")
def test_rdflib_gives_the_same_rows_for_a_thorough_check(cut: Both, name: str) -> None:
    assert check_rows(cut, CHECKS[name]) > 0
