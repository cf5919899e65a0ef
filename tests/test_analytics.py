"""The analyses: on small graphs with results computed by hand, and on the bundled graph with plain loops."""

from __future__ import annotations

import doctest
import math
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict, deque
from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise
from pathlib import Path

import networkx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode, RdfFormat, parse

from threatgraph import InvalidQuery, Table, ThreatGraph, ThreatGraphError, UnknownName
from threatgraph.analytics import Analytics, cooccurrence, facade
from threatgraph.analytics.communities import find_partition, mutual_information, rand_index
from threatgraph.analytics.coverage import GAPS
from threatgraph.analytics.escalation import chains
from threatgraph.analytics.networks import BIPARTITE, NETWORKS, shared
from threatgraph.analytics.paths import ENDS_ONLY, best_path
from threatgraph.analytics.trends import DIMENSIONS, PERIODS, read_moment
from threatgraph.resources import data_dir
from threatgraph.table import to_text
from threatgraph.vocab import BASE, CLASSES, PROPERTIES, XSD, shorten

HEAD = "".join(
    f"@prefix {prefix}: <{namespace}> .\n"
    for prefix, namespace in {
        "tg": f"{BASE}ontology#",
        "skos": "http://www.w3.org/2004/02/skos/core#",
        "sssom": "https://w3id.org/sssom/",
        "xsd": XSD,
        "role": f"{BASE}pattern-role/",
        **{
            kind: f"{BASE}{kind}/"
            for kind in (
                "pattern incident domain causal-factor group framework provision harm-type severity actor"
            ).split()
        },
    }.items()
)
# Four patterns: a, b and c share records, d shares nothing. All results below are computed by hand from this graph.
SMALL = (
    HEAD
    + """
domain:x a tg:Domain ; skos:prefLabel "X"@en .
domain:y a tg:Domain ; skos:prefLabel "Y"@en .
causal-factor:all a tg:CausalFactor ; skos:prefLabel "All"@en ; skos:notation "C-1" .
causal-factor:two a tg:CausalFactor ; skos:prefLabel "Two"@en .
causal-factor:one a tg:CausalFactor ; skos:prefLabel "One"@en .
causal-factor:none a tg:CausalFactor ; skos:prefLabel "None"@en .
causal-factor:void a tg:CausalFactor ; skos:prefLabel "Void"@en .
group:g a tg:AffectedGroup ; skos:prefLabel "G"@en .
harm-type:h a tg:HarmType ; skos:prefLabel "H"@en .
severity:high a tg:Severity ; skos:prefLabel "High"@en .

framework:f a tg:Framework ; skos:prefLabel "F"@en .
framework:e a tg:Framework ; skos:prefLabel "E"@en .
provision:p a tg:Provision ; skos:prefLabel "P"@en ; skos:inScheme framework:f .
provision:p1 a tg:Provision ; skos:prefLabel "P1"@en ; skos:inScheme framework:f ; skos:broader provision:p .
provision:p2 a tg:Provision ; skos:prefLabel "P2"@en ; skos:inScheme framework:f ; skos:broader provision:p .
provision:q a tg:Provision ; skos:prefLabel "Q"@en ; skos:inScheme framework:e .

pattern:a a tg:ThreatPattern ; skos:prefLabel "A"@en ; skos:notation "PAT-X-001" ; tg:domain domain:x ;
    tg:causalFactor causal-factor:all, causal-factor:two, causal-factor:not-in-the-graph ;
    tg:listedGroup group:g ; tg:impact pattern:a\\#g ; tg:severity severity:high ;
    tg:mapping pattern:a\\#p1 ; tg:escalatesTo pattern:b .
pattern:a\\#g a tg:Impact ; tg:group group:g .
pattern:a\\#p1 a tg:FrameworkMapping ; sssom:object_id provision:p1 ; sssom:predicate_id skos:closeMatch .
pattern:b a tg:ThreatPattern ; skos:prefLabel "B"@en ; tg:domain domain:x ; tg:severity severity:high ;
    tg:causalFactor causal-factor:all, causal-factor:two ; tg:mapping pattern:b\\#p1 ;
    tg:escalatesTo pattern:c, pattern:d .
pattern:b\\#p1 a tg:FrameworkMapping ; sssom:object_id provision:p1 .
pattern:c a tg:ThreatPattern ; skos:prefLabel "C"@en ; tg:domain domain:y ;
    tg:causalFactor causal-factor:all ; tg:listedGroup group:g ; tg:escalatesTo pattern:a .
pattern:d a tg:ThreatPattern ; skos:prefLabel "D"@en ; tg:causalFactor causal-factor:one ; tg:severity severity:high ;
    tg:mapping pattern:d\\#f .
pattern:d\\#f a tg:FrameworkMapping ; sssom:object_id framework:f .

incident:day a tg:Incident ; skos:prefLabel "Day"@en ; tg:occurred "2024-05-01"^^xsd:date ; tg:harmType harm-type:h ;
    tg:causalFactor causal-factor:all, causal-factor:two ;
    tg:patternLink incident:day\\#a, incident:day\\#b .
incident:day\\#a a tg:PatternLink ; tg:pattern pattern:a ; tg:patternRole role:primary .
incident:day\\#b a tg:PatternLink ; tg:pattern pattern:b ; tg:patternRole role:secondary .
incident:month a tg:Incident ; skos:prefLabel "Month"@en ; tg:occurred "2024-05"^^xsd:gYearMonth ;
    tg:causalFactor causal-factor:all ; tg:patternLink incident:month\\#c .
incident:month\\#c a tg:PatternLink ; tg:pattern pattern:c ; tg:patternRole role:primary .
incident:year a tg:Incident ; skos:prefLabel "Year"@en ; tg:occurred "2024"^^xsd:gYear ; tg:harmType harm-type:h ;
    tg:causalFactor causal-factor:all, causal-factor:one ; tg:patternLink incident:year\\#a .
incident:year\\#a a tg:PatternLink ; tg:pattern pattern:a ; tg:patternRole role:primary .
incident:never a tg:Incident ; skos:prefLabel "Never"@en ; tg:causalFactor causal-factor:two .
incident:wrong a tg:Incident ; skos:prefLabel "Wrong"@en ; tg:occurred "2024-13"^^xsd:gYearMonth .
"""
)
# Two triangles of patterns, connected by one edge: every cause is shared by two patterns.
TRIANGLES = HEAD + "".join(
    f'pattern:{n} a tg:ThreatPattern ; skos:prefLabel "{n}"@en ; tg:domain domain:{"x" if n < 5 else "y"} .\n'
    for n in range(1, 7)
)
TRIANGLES += "domain:x a tg:Domain . domain:y a tg:Domain .\n" + "".join(
    f"causal-factor:{pair} a tg:CausalFactor .\n"
    f"pattern:{pair[0]} tg:causalFactor causal-factor:{pair} .\n"
    f"pattern:{pair[1]} tg:causalFactor causal-factor:{pair} .\n"
    for pair in "12 13 23 45 46 56 34".split()
)
# A and B share a cause with forty others; a rare actor connects them in more steps.
HUB = HEAD + "causal-factor:hub a tg:CausalFactor . actor:rare a tg:Actor . incident:lonely a tg:Incident .\n"
HUB += "".join(
    f"pattern:{name} a tg:ThreatPattern ; tg:causalFactor causal-factor:hub .\n"
    for name in ("a", "b", *(f"other-{n}" for n in range(38)))
)
HUB += "".join(
    f"incident:{name} a tg:Incident ; tg:deployer actor:rare ; tg:patternLink incident:{name}\\#link .\n"
    f"incident:{name}\\#link a tg:PatternLink ; tg:pattern pattern:{name} ; tg:patternRole role:primary .\n"
    for name in "ab"
)


def opened(folder: Path, turtle: str) -> Analytics:
    path = folder / "graph.ttl"
    path.write_text(turtle, encoding="utf-8")
    return ThreatGraph.open([path], bundled=False).analytics


@pytest.fixture
def small(tmp_path: Path) -> Analytics:
    return opened(tmp_path, SMALL)


def figures_of(table: Table) -> dict[str, str]:
    return {row[0]: row[1] for row in cells(table, "measure value")}


def cells(table: Table, columns: str) -> list[tuple[str, ...]]:
    """Some columns of a table as text."""
    wanted = [table.columns.index(column) for column in columns.split()]
    return [tuple(to_text(row[position]) for position in wanted) for row in table.rows]


# Networks.


def test_a_shortcut_and_its_source_are_one_edge(small: Analytics) -> None:
    net = small.network("pattern-group")  # a lists the group and has an impact on it
    assert sorted((shorten(a), shorten(b)) for a, b in net.edges) == [
        ("group:g", "pattern:a"),
        ("group:g", "pattern:c"),
    ]
    assert net.nodes[f"{BASE}pattern/a"] == {
        "kind": "ThreatPattern",
        "label": "A",
        "code": "PAT-X-001",
        "bipartite": 0,
    }
    assert net.nodes[f"{BASE}group/g"] == {"kind": "AffectedGroup", "label": "G", "bipartite": 1}


def test_networks_have_unlinked_records_and_no_dangling_links(small: Analytics) -> None:
    net = small.network("pattern-cause")
    assert net.degree(f"{BASE}causal-factor/none") == 0
    assert f"{BASE}causal-factor/not-in-the-graph" not in net
    assert len(net) == 9
    assert net.number_of_edges() == 6


@pytest.mark.parametrize("name", NETWORKS)
def test_nodes_are_sorted_by_iri(graph: ThreatGraph, name: str) -> None:
    net = graph.analytics.network(name)
    assert list(net) == sorted(net)
    assert networkx.is_directed(net) is False


def test_rarer_shared_records_connect_patterns_with_a_higher_weight(small: Analytics) -> None:
    """The cause of three patterns gives 1/2 to each pair; a and b have three more, a and c one."""
    net = small.network("pattern-pattern")
    found = {(shorten(a)[-1], shorten(b)[-1]): (edge["shared"], edge["weight"]) for a, b, edge in net.edges(data=True)}
    assert found == {("a", "b"): (4, 3.5), ("a", "c"): (2, 1.5), ("b", "c"): (1, 0.5)}
    assert len(net) == 4


def test_an_unknown_network_is_an_error_that_lists_the_networks(small: Analytics) -> None:
    with pytest.raises(UnknownName, match=r"did you mean 'pattern-cause.*Choose one of pattern-cause, pattern-group"):
        small.network("pattern-cuase")


def test_every_listed_network_can_be_built(small: Analytics) -> None:
    assert {*NETWORKS, "escalation"} == set(small.NETWORKS)
    for name in small.NETWORKS:
        assert small.network(name).number_of_nodes() >= 4


# Centrality.


def test_measures_of_patterns_by_hand(small: Analytics) -> None:
    """The shortest path from b to c passes through a (1/3.5 + 1/1.5 < 1/0.5): one of the three other pairs."""
    table = small.centrality()
    found = {row[0]: row[1:] for row in cells(table, "label degree strength betweenness")}
    assert found == {
        "A": ("2", "5.000000", "0.333333"),
        "B": ("2", "4.000000", "0.000000"),
        "C": ("2", "2.000000", "0.000000"),
        "D": ("0", "0.000000", "0.000000"),
    }
    assert [row[0] for row in cells(table, "label")] == ["A", "B", "C", "D"]


def test_pagerank_follows_its_definition(small: Analytics) -> None:
    """By plain iteration; d, which has no links, has x = 0.15/4 + 0.85 x/4, which is 1/21."""
    weights = {"AB": 3.5, "AC": 1.5, "BC": 0.5}
    weights |= {pair[::-1]: weight for pair, weight in weights.items()}
    strength = {"A": 5.0, "B": 4.0, "C": 2.0}
    rank = dict.fromkeys("ABCD", 0.25)
    for _ in range(500):
        rank = {
            node: 0.15 / 4
            + 0.85 * (rank["D"] / 4 + sum(rank[o] * weights.get(o + node, 0) / strength[o] for o in strength))
            for node in rank
        }
    assert math.isclose(rank["D"], 1 / 21)
    table = small.centrality()
    found = dict(zip(table.column("label"), table.column("pagerank"), strict=True))
    assert found == {label: pytest.approx(value, abs=1e-6) for label, value in rank.items()}


def test_equal_values_share_a_rank_and_are_sorted_by_iri(small: Analytics) -> None:
    found = cells(small.centrality("cause", by="degree"), "rank label degree")
    assert found == [("1", "All", "3"), ("2", "Two", "2"), ("3", "One", "1"), ("4", "None", "0"), ("4", "Void", "0")]


@pytest.mark.parametrize("words", ["causal-factor", "causal-factors", "cause", "Causes"])
def test_a_kind_has_several_names(small: Analytics, words: str) -> None:
    assert len(small.centrality(words)) == 5


def test_betweenness_can_be_estimated(graph: ThreatGraph) -> None:
    """A sample of the nodes gives an estimate; all nodes or more give the exact value."""
    table = graph.analytics.centrality("cause")
    exact = dict(zip(table.column("label"), map(float, map(str, table.column("betweenness"))), strict=True))
    nodes = 15 + len(graph.run("patterns"))
    for pivots, most in ((30, 0.15), (nodes, 0.0), (1000, 0.0)):
        table = graph.analytics.centrality("cause", pivots=pivots)
        for label, value in zip(table.column("label"), table.column("betweenness"), strict=True):
            assert abs(float(str(value)) - exact[str(label)]) <= most
    with pytest.raises(InvalidQuery, match="pivots=0: must be at least 1"):
        graph.analytics.centrality(pivots=0)


def test_records_with_two_kinds_or_several_labels_or_none_are_analyzed(tmp_path: Path) -> None:
    odd = """
pattern:both a tg:ThreatPattern, tg:Incident ; skos:prefLabel "Zwei"@de , "Both"@en ;
    tg:causalFactor causal-factor:x , "text" ; tg:patternLink pattern:link ; tg:escalatesTo pattern:both .
pattern:link tg:pattern pattern:both ; tg:patternRole role:primary .
[] a tg:ThreatPattern ; skos:prefLabel "" ; tg:causalFactor causal-factor:x .
<urn:x:1> a tg:ThreatPattern ; tg:causalFactor causal-factor:x .
causal-factor:x a tg:CausalFactor .
"""
    analytics = opened(tmp_path, HEAD + odd)
    ranked = analytics.centrality()
    assert {row[:3] for row in cells(ranked, "rank degree strength")} == {("1", "2", "1.000000")}
    labels = [row[0] for row in cells(ranked, "label")]
    assert labels[0].endswith("graph.ttl#_1")
    assert labels[1:] == ["Both", "urn:x:1"]
    assert cells(analytics.trends(by="pattern"), "status label incidents") == [("undated", "Both", "1")]
    assert cells(analytics.escalation("both"), "label ends") == [("Both", "back to step 0")]
    assert len(analytics.communities()) == 3


def test_centrality_rejects_invalid_arguments(small: Analytics, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="Choose one of pattern, causal-factor, group, provision"):
        small.centrality("sector")
    with pytest.raises(UnknownName, match="Choose one of pagerank, degree, strength, betweenness"):
        small.centrality(by="fame")
    with pytest.raises(InvalidQuery, match="it has pattern and group"):
        small.centrality("cause", network="pattern-group")
    with pytest.raises(ThreatGraphError, match="the graph has no provisions to analyze"):
        opened(tmp_path, TRIANGLES).centrality("provision")


def targets_of(properties: Mapping[str, Sequence[str]]) -> set[str]:
    """What the mappings of a record point to, but for those that say that it is not covered."""
    parts = [statements()[part] for part in properties["mapping"]]
    return {target for part in parts if not part["predicate_modifier"] for target in part["object_id"]}


def test_the_strength_of_a_pattern_is_the_number_of_records_that_it_shares(graph: ThreatGraph) -> None:
    """Each of the k - 1 pairs that a record adds to a pattern has weight 1 / (k - 1). Loops over the files count it."""
    having = defaultdict(set)
    for subject, properties in statements().items():
        if subject.startswith("pattern:") and "#" not in subject:
            shared_things = [
                *properties["causalFactor"],
                *properties["listedGroup"],
                *(group for part in properties["impact"] for group in statements()[part]["group"]),
                *targets_of(properties),
            ]
            for thing in shared_things:
                if not thing.startswith("framework:"):
                    having[thing].add(subject)
        if subject.startswith("incident:") and "#" not in subject:
            having[subject] |= {p for part in properties["patternLink"] for p in statements()[part]["pattern"]}
    expected = Counter(pattern for patterns in having.values() if len(patterns) > 1 for pattern in patterns)
    table = graph.analytics.centrality()
    found = {shorten(str(row["record"])): row["strength"] for row in table.to_dicts()}
    assert found == {pattern: pytest.approx(count) for pattern, count in expected.items()}
    assert sum(float(str(value)) for value in table.column("pagerank")) == pytest.approx(1, abs=1e-4)


# Communities.


def test_two_triangles_are_two_communities(tmp_path: Path) -> None:
    """Seven edges of weight 1, three in each part; the degrees of each sum to 7: Q = 6/7 - 2 (7/14)^2."""
    analytics = opened(tmp_path, TRIANGLES)
    assert cells(analytics.communities(), "community domain pattern") == [
        (number, f"domain:{domain}", f"pattern:{name}")
        for number, domain, name in ("1x1", "1x2", "1x3", "2x4", "2y5", "2y6")
    ]
    entropy = -(4 / 6 * math.log(4 / 6) + 2 / 6 * math.log(2 / 6))
    mutual = 3 / 6 * math.log(1.5) + 1 / 6 * math.log(0.5) + 2 / 6 * math.log(2)
    assert cells(analytics.agreement(), "measure value") == [
        ("patterns", "6"),
        ("communities", "2"),
        ("modularity", f"{6 / 7 - 1 / 2:.4f}"),
        ("compared", "6"),
        ("domains", "2"),
        ("normalized mutual information", f"{mutual / math.sqrt(math.log(2) * entropy):.4f}"),
        # Pairs together: 4 in both, 6 and 7 in one, of 15: (4 - 42/15) / (13/2 - 42/15).
        ("adjusted Rand index", f"{(4 - 42 / 15) / (13 / 2 - 42 / 15):.4f}"),
    ]


def test_a_pattern_that_shares_nothing_or_has_no_domain_stays_in_the_table(small: Analytics) -> None:
    """With a, b and c in one part the modularity is 0, and every other partition has a lower one."""
    assert cells(small.communities(), "community domain label") == [
        ("1", "domain:x", "A"),
        ("1", "domain:x", "B"),
        ("1", "domain:y", "C"),
        ("2", "", "D"),
    ]
    figures = figures_of(small.agreement())
    assert figures["modularity"] == "0.0000"
    assert figures["compared"] == "3"
    assert figures["normalized mutual information"] == "0.0000"


def test_patterns_that_share_nothing_are_their_own_communities(tmp_path: Path) -> None:
    analytics = opened(tmp_path, HEAD + "pattern:1 a tg:ThreatPattern . pattern:2 a tg:ThreatPattern .")
    assert cells(analytics.communities(), "community label") == [("1", "pattern:1"), ("2", "pattern:2")]
    figures = figures_of(analytics.agreement())
    assert figures["modularity"] == figures["normalized mutual information"] == figures["adjusted Rand index"] == ""
    assert figures["compared"] == "0"


def test_the_resolution_controls_the_number_of_communities(tmp_path: Path) -> None:
    analytics = opened(tmp_path, TRIANGLES)
    numbers = [set(analytics.communities(resolution=value).column("community")) for value in (0.01, 1, 100)]
    assert [len(each) for each in numbers] == [1, 2, 6]
    for wrong in (0, -1, math.nan, math.inf):
        with pytest.raises(InvalidQuery, match="must be a number above 0"):
            analytics.communities(resolution=wrong)


def test_the_partition_with_the_highest_modularity_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If most runs give a worse partition, the best one is used."""
    right = [{0, 1, 2}, {3, 4, 5}]
    drawn = {3: right, 5: [{0, 1, 2, 3, 4, 5}]}
    monkeypatch.setattr(
        networkx.community,
        "louvain_communities",
        lambda net, *, resolution, seed: drawn.get(seed, [{node} for node in net]),
    )
    table = opened(tmp_path, TRIANGLES).communities()
    assert table.column("community") == [1, 1, 1, 2, 2, 2]


def test_communities_do_not_depend_on_the_order_of_nodes(graph: ThreatGraph) -> None:
    net = shared(graph.store, "pattern-pattern")
    turned: networkx.Graph[str] = networkx.Graph()
    turned.add_nodes_from(reversed(list(net)))
    turned.add_edges_from((b, a, edge) for a, b, edge in reversed(list(net.edges(data=True))))
    assert find_partition(turned) == find_partition(net)


def test_agreement_by_hand() -> None:
    assert mutual_information("aabb", "xxyy") == pytest.approx(1)
    assert mutual_information("aabb", "xyxy") == 0  # independent
    assert mutual_information("aaaa", "xyxy") == 0
    assert mutual_information("aaaa", "xxxx") == 1
    # One part split in two: I = H(a) = ln 2, H(b) = ln 2 / 2 + ln 4 / 2 = 1.5 ln 2.
    assert mutual_information("aabb", "xxyz") == pytest.approx(1 / math.sqrt(1.5))
    assert rand_index("aabb", "yyxx") == 1
    assert rand_index("aabb", "xyxy") == pytest.approx(-0.5)  # 0 pairs; 2 and 2 of 6: (0 - 4/6) / (2 - 4/6)
    assert rand_index("a", "x") == rand_index("abc", "xyz") == 1


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=30))
def test_agreement_equals_that_of_scikit_learn(parts: list[tuple[int, int]]) -> None:
    metrics = pytest.importorskip("sklearn.metrics")
    a, b = zip(*parts, strict=True)
    assert rand_index(a, b) == pytest.approx(metrics.adjusted_rand_score(a, b))
    if len(set(a)) > 1 and len(set(b)) > 1:  # where it defines things otherwise
        theirs = metrics.normalized_mutual_info_score(a, b, average_method="geometric")
        assert mutual_information(a, b) == pytest.approx(theirs, abs=1e-9)


# Co-occurrence.


def test_counts_and_lift_by_hand(small: Analytics) -> None:
    """Four incidents name causes: {all, two}, {all}, {all, one}, {two}."""
    assert cells(small.cooccurrence(minimum=1), "a b together of_a of_b incidents expected lift ppmi") == [
        ("causal-factor:all", "causal-factor:one", "1", "3", "1", "4", "0.750", "1.333", f"{math.log2(4 / 3):.3f}"),
        ("causal-factor:all", "causal-factor:two", "1", "3", "2", "4", "1.500", "0.667", "0.000"),
    ]
    assert len(small.cooccurrence(minimum=2)) == 0


def test_counts_use_incidents_that_have_both_kinds(small: Analytics) -> None:
    """Causes and harms: {all, two} and {all, one}, each with h."""
    table = small.cooccurrence("cause", "harm-type", minimum=1)
    assert cells(table, "a b together of_a of_b incidents lift") == [
        ("causal-factor:all", "harm-type:h", "2", "2", "2", "2", "1.000"),
        ("causal-factor:one", "harm-type:h", "1", "1", "2", "2", "1.000"),
        ("causal-factor:two", "harm-type:h", "1", "1", "2", "2", "1.000"),
    ]


def test_cooccurrence_rejects_invalid_arguments(small: Analytics) -> None:
    with pytest.raises(InvalidQuery, match="minimum=0: must be at least 1"):
        small.cooccurrence(minimum=0)
    with pytest.raises(UnknownName, match="unknown kind 'weather'"):
        small.cooccurrence("cause", "weather")
    with pytest.raises(ThreatGraphError, match="no incident in the graph has sectors"):
        small.cooccurrence("sector")


def test_causes_together_on_the_bundled_graph_by_loops(graph: ThreatGraph) -> None:
    causes = [set(incident["causalFactor"]) for incident in all_of("incident").values() if incident["causalFactor"]]
    table = graph.analytics.cooccurrence(minimum=3)
    found = {
        (shorten(str(row["a"])), shorten(str(row["b"]))): (row["together"], row["of_a"], row["of_b"], row["incidents"])
        for row in table.to_dicts()
    }
    names = sorted(set().union(*causes))
    expected = {}
    for a, b in combinations(names, 2):
        together = sum(a in each and b in each for each in causes)
        if together >= 3:
            expected[a, b] = (together, sum(a in e for e in causes), sum(b in e for e in causes), len(causes))
    assert found == expected
    lifts = [float(str(value)) for value in table.column("lift")]
    assert lifts == sorted(lifts, reverse=True)


# Coverage.


def test_the_matrix_by_hand(small: Analytics) -> None:
    assert cells(small.coverage(), "label e f provisions as_a_whole") == [
        ("A", "0", "1", "1", "0"),
        ("B", "0", "1", "1", "0"),
        ("C", "0", "0", "0", "0"),
        ("D", "0", "0", "0", "1"),
    ]
    assert cells(small.framework_coverage(), "label provisions covered covered_by_child not_covered patterns") == [
        ("E", "1", "0", "0", "1", "0"),
        ("F", "3", "1", "1", "1", "3"),
    ]


def test_gaps_by_hand(small: Analytics) -> None:
    everything = [
        ("provision-not-covered", "framework:e", "Q"),
        ("provision-not-covered", "framework:f", "P2"),
        ("provision-covered-by-child", "framework:f", "P"),
        ("pattern-without-incident", "", "D"),
        *(("pattern-without-mapping", "framework:e", label) for label in "ABCD"),
        ("pattern-without-mapping", "framework:f", "C"),
    ]
    assert cells(small.gaps(), "gap framework label") == everything
    assert cells(small.gaps(framework="f"), "gap framework label") == [row for row in everything if row[1][-1:] == "f"]
    for gap in GAPS:
        assert cells(small.gaps(gap=gap), "gap framework label") == [row for row in everything if row[0] == gap]
    with pytest.raises(UnknownName, match="did you mean 'provision-not-covered"):
        small.gaps(gap="provision-not-coverd")
    with pytest.raises(UnknownName, match="unknown framework 'z'"):
        small.gaps(framework="z")


def test_only_patterns_cover_a_provision(tmp_path: Path) -> None:
    """A mapping from another kind of record does not close a gap."""
    more = """
provision:q1 a tg:Provision ; skos:prefLabel "Q1"@en ; skos:inScheme framework:e ; skos:broader provision:q .
group:g tg:mapping group:m . group:m sssom:object_id provision:q1 .
"""
    table = opened(tmp_path, SMALL + more).gaps(framework="e", gap="provision-not-covered")
    assert cells(table, "label") == [("Q",), ("Q1",)]


def test_two_frameworks_whose_iris_have_the_same_end_have_different_columns(tmp_path: Path) -> None:
    more = "<https://example.org/f> a tg:Framework . framework:code a tg:Framework ."
    assert opened(tmp_path, SMALL + more).coverage().columns == (
        "code",
        "label",
        "https://example.org/f",
        "framework:code",
        "e",
        "framework:f",
        "provisions",
        "as_a_whole",
        "pattern",
    )


def test_cycles_of_provisions_end(tmp_path: Path) -> None:
    cycle = "provision:p skos:broader provision:p2 . provision:p2 skos:broader provision:p ."
    table = opened(tmp_path, SMALL + cycle).gaps(gap="provision-covered-by-child")
    assert cells(table, "label") == [("P",), ("P2",)]


def test_provisions_of_the_bundled_graph_by_loops(graph: ThreatGraph) -> None:
    mapped = defaultdict(set)
    for pattern, properties in all_of("pattern").items():
        for target in targets_of(properties):
            mapped[target].add(pattern)
    provisions = {name: properties for name, properties in statements().items() if "tg:Provision" in properties["type"]}
    above: set[str] = set()
    for name in provisions:
        if name in mapped:
            waiting = list(provisions[name]["broader"])
            while waiting:
                above.add(here := waiting.pop())
                waiting += provisions[here]["broader"]
    gaps = graph.analytics.gaps()
    found = {gap: {row[1] for row in cells(gaps, "gap record") if row[0] == gap} for gap in GAPS}
    assert found["provision-covered-by-child"] == above - mapped.keys()
    assert found["provision-not-covered"] == provisions.keys() - above - mapped.keys()
    by_framework = graph.analytics.framework_coverage()
    assert sum(map(int, map(str, by_framework.column("provisions")))) == len(provisions)
    totals = {shorten(str(row["pattern"])): row["provisions"] for row in graph.analytics.coverage().to_dicts()}
    for pattern in all_of("pattern"):
        assert totals[pattern] == sum(pattern in patterns for name, patterns in mapped.items() if name in provisions)


# Trends.


def test_an_incident_is_counted_with_the_precision_of_its_date(small: Analytics) -> None:
    rest = [("", "unreadable", "1"), ("", "undated", "1")]
    assert cells(small.trends(), "period status incidents") == [("2024", "dated", "3"), *rest]
    coarse = [("2024", "too coarse", "1"), *rest]
    assert cells(small.trends(period="quarter"), "period status incidents") == [("2024-Q2", "dated", "2"), *coarse]
    assert cells(small.trends(period="month"), "period status incidents") == [("2024-05", "dated", "2"), *coarse]


def test_an_incident_counts_once_in_each_of_its_groups(small: Analytics) -> None:
    assert cells(small.trends(by="pattern"), "period status label incidents") == [
        ("2024", "dated", "A", "2"),
        ("2024", "dated", "B", "1"),
        ("2024", "dated", "C", "1"),
        ("", "unreadable", "", "1"),
        ("", "undated", "", "1"),
    ]
    assert cells(small.trends(by="pattern", primary=True), "status label incidents")[:2] == [
        ("dated", "A", "2"),
        ("dated", "C", "1"),
    ]
    # a and b are of one domain, so the incident that involves both counts once there.
    assert cells(small.trends(by="domain", period="month"), "period status label incidents") == [
        ("2024-05", "dated", "X", "1"),
        ("2024-05", "dated", "Y", "1"),
        ("2024", "too coarse", "X", "1"),
        ("", "unreadable", "", "1"),
        ("", "undated", "", "1"),
    ]


def test_two_different_dates_are_unreadable(tmp_path: Path) -> None:
    more = 'incident:never tg:occurred "2024"^^xsd:gYear , "2023"^^xsd:gYear .'
    table = opened(tmp_path, SMALL + more).trends()
    assert cells(table, "status incidents") == [("dated", "3"), ("unreadable", "2")]


@pytest.mark.parametrize(
    ("text", "datatype", "expected"),
    [
        ("2024-02-29", "date", (2024, 2)),
        ("2023-02-29", "date", None),
        ("2024-12-31Z", "date", (2024, 12)),
        ("2024-12-31+02:00", "date", (2024, 12)),
        ("2024-08", "gYearMonth", (2024, 8)),
        ("2024-00", "gYearMonth", None),
        ("2024", "gYear", (2024, None)),
        ("-0044", "gYear", (-44, None)),
        ("12024-03", "gYearMonth", (12024, 3)),
        ("24", "gYear", None),
        ("2024-08", "gYear", None),
        ("2024-08-01T12:00:00Z", "dateTime", (2024, 8)),
        ("2024-08-01", "string", None),
        ("soon", "date", None),
        ("٢٠٢٤", "gYear", None),
    ],
)
def test_dates_are_read_as_the_standard_writes_them(
    text: str, datatype: str, expected: tuple[int, int | None] | None
) -> None:
    found = read_moment(Literal(text, datatype=NamedNode(XSD + datatype)))
    assert (None if found is None else tuple(found)) == expected
    assert read_moment(NamedNode("https://example.org/")) is None


def test_trends_rejects_invalid_arguments(small: Analytics) -> None:
    with pytest.raises(UnknownName, match=r"unknown period 'decade'\. Choose one of year, quarter, month"):
        small.trends(period="decade")
    with pytest.raises(UnknownName, match="Choose one of domain, pattern"):
        small.trends(by="weather")
    for by in (None, "sector"):
        with pytest.raises(InvalidQuery, match="requires grouping by pattern or domain"):
            small.trends(by=by, primary=True)


@pytest.mark.parametrize("period", PERIODS)
def test_the_rows_sum_to_all_incidents(graph: ThreatGraph, period: str) -> None:
    dates = [(incident["occurred"] or [""])[0] for incident in all_of("incident").values()]
    expected: Counter[tuple[str, str]] = Counter()
    for date in dates:
        name = {
            "year": date[:4],
            "quarter": f"{date[:4]}-Q{(int(date[5:7] or 1) + 2) // 3}" if date else "",
            "month": date[:7],
        }[period]
        too_coarse = len(date) == 4 and period != "year"
        status = "too coarse" if too_coarse else "dated" if date else "undated"
        expected[date[:4] if too_coarse else name, status] += 1
    table = graph.analytics.trends(period=period)
    found = {(to_text(row[0]), to_text(row[1])): int(to_text(row[2])) for row in table.rows}
    assert found == expected
    by_domain = graph.analytics.trends(by="domain", period=period, primary=True)
    assert sum(int(str(n)) for n in by_domain.column("incidents")) == len(dates)


@pytest.mark.parametrize("by", DIMENSIONS)
def test_incidents_can_be_grouped_by_every_dimension(graph: ThreatGraph, by: str) -> None:
    table = graph.analytics.trends(by=by)
    kinds = {to_text(row[-1]).partition(":")[0] for row in table.rows} - {""}
    assert kinds == {by}


# Paths.


def test_a_path_has_each_link_once_with_its_direction(small: Analytics) -> None:
    """From a to c: a link from c, which is the shortest; then the same in both directions."""
    columns = "step from_label property direction to_label relation"
    assert cells(small.path("a", "C"), columns) == [("1", "A", "tg:escalatesTo", "backward", "C", "")]
    assert cells(small.path("pattern:c", "PAT-X-001"), columns) == [("1", "C", "tg:escalatesTo", "forward", "A", "")]
    # Listed and by an impact: two links of one step, and no third one for the shortcut tg:affects.
    assert cells(small.path("a", "group:g"), columns) == [
        ("1", "A", "tg:impact", "forward", "G", ""),
        ("1", "A", "tg:listedGroup", "forward", "G", ""),
    ]
    assert cells(small.path("a", "provision:p"), columns) == [
        ("1", "A", "tg:mapping", "forward", "P1", "skos:closeMatch"),
        ("2", "P1", "skos:broader", "forward", "P", ""),
    ]


def test_the_strongest_path_avoids_a_hub(tmp_path: Path) -> None:
    """The hub has 40 neighbors and costs log2 40 = 5.3 bits; three records with two each cost 3."""
    analytics = opened(tmp_path, HUB)
    assert cells(analytics.path("pattern:a", "pattern:b"), "from property direction to information") == [
        ("pattern:a", "tg:causalFactor", "forward", "causal-factor:hub", f"{math.log2(45 / 40):.3f}"),
        ("causal-factor:hub", "tg:causalFactor", "backward", "pattern:b", ""),
    ]
    rare = f"{math.log2(45 / 2):.3f}"  # of 45 records two are linked with it
    strongest = analytics.path("pattern:a", "pattern:b", strongest=True)
    assert cells(strongest, "step from property direction to information") == [
        ("1", "pattern:a", "tg:patternLink", "backward", "incident:a", rare),
        ("2", "incident:a", "tg:deployer", "forward", "actor:rare", rare),
        ("3", "actor:rare", "tg:deployer", "backward", "incident:b", rare),
        ("4", "incident:b", "tg:patternLink", "forward", "pattern:b", ""),
    ]


def test_a_path_can_end_at_ratings_and_frameworks_but_not_pass_through_them(small: Analytics) -> None:
    assert cells(small.path("severity:high", "d"), "from to") == [("severity:high", "pattern:d")]
    # a and d have the same severity, which is the shorter path, but does not explain a connection.
    assert cells(small.path("a", "d"), "from to") == [("pattern:a", "pattern:b"), ("pattern:b", "pattern:d")]
    assert cells(small.path("framework:f", "d"), "from to") == [("framework:f", "pattern:d")]
    # d is mapped to the framework as a whole, of which p2 is a part: one step less than by b, p1 and p.
    assert cells(small.path("d", "provision:p2"), "to") == [
        ("pattern:b",),
        ("provision:p1",),
        ("provision:p",),
        ("provision:p2",),
    ]
    assert ENDS_ONLY <= CLASSES


def test_without_a_path_there_are_no_rows(tmp_path: Path) -> None:
    table = opened(tmp_path, HUB).path("lonely", "pattern:a")
    assert len(table) == 0
    assert "direction" in table.columns


def test_paths_reject_invalid_arguments(small: Analytics) -> None:
    with pytest.raises(InvalidQuery, match="requires two different records"):
        small.path("a", "PAT-X-001")
    with pytest.raises(UnknownName, match="unknown record 'nothing'"):
        small.path("a", "nothing")


@given(
    st.sets(st.tuples(st.integers(0, 6), st.integers(0, 6)).filter(lambda pair: pair[0] < pair[1]), max_size=14),
    st.booleans(),
)
def test_the_best_path_is_the_best_of_all(pairs: set[tuple[int, int]], strongest: bool) -> None:
    """Compared with all paths of small networks; the cost of a path is the product of degrees, as an integer."""
    net: networkx.Graph[str] = networkx.Graph()
    net.add_nodes_from("0123456")
    net.add_edges_from((str(a), str(b)) for a, b in pairs)

    def key(steps: list[str]) -> tuple[int, int, list[str]]:
        cost = math.prod(len(net[node]) for node in steps[1:-1])
        return (cost, len(steps), steps) if strongest else (len(steps), cost, steps)

    every = list(networkx.all_simple_paths(net, "0", "6"))
    assert best_path(net, "0", "6", strongest=strongest) == (min(every, key=key) if every else [])


def test_of_paths_with_equal_cost_the_one_with_fewer_steps_is_chosen() -> None:
    """By 3, which has four neighbors, or by 1 and 2, which have two each: 2 bits either way."""
    net: networkx.Graph[str] = networkx.Graph()
    net.add_edges_from((edge[0], edge[1]) for edge in "01 12 26 03 36 34 35".split())
    assert best_path(net, "0", "6", strongest=True) == ["0", "3", "6"]


def test_paths_of_the_bundled_graph_are_shortest_paths(graph: ThreatGraph) -> None:
    """Compared with a breadth-first search in the network of the files, for pairs of some kinds."""
    whole = graph.to_networkx()
    near: dict[str, set[str]] = defaultdict(set)
    for a, b in whole.edges():
        if not {whole.nodes[a]["kind"], whole.nodes[b]["kind"]} & ENDS_ONLY:
            near[a].add(b)
            near[b].add(a)
    for a, b in (
        ("goal-drift", "consumers"),
        ("samsung-chatgpt-data-leak", "eu-ai-act:article-5"),
        ("adobe", "openai"),
    ):
        start, goal = graph.resolve(a), graph.resolve(b)
        far, waiting = {start: 0}, deque([start])
        while waiting:
            here = waiting.popleft()
            for node in near[here] - far.keys():
                far[node] = far[here] + 1
                waiting.append(node)
        for strongest in (False, True):
            table = graph.analytics.path(a, b, strongest=strongest)
            rows = table.to_dicts()
            ways = list(dict.fromkeys((row["step"], row["from"], row["to"]) for row in rows))
            assert (ways[0][1], ways[-1][2]) == (start, goal)
            assert all(before[2] == after[1] for before, after in pairwise(ways))
            assert len(ways) == far[goal] or (strongest and len(ways) > far[goal])
            for row in rows:
                source, target = (str(row[end]) for end in ("from", "to"))
                if row["direction"] == "backward":
                    source, target = target, source
                properties = {edge["property"] for _, to, edge in whole.edges(source, data=True) if to == target}
                assert shorten(str(row["property"])) in properties
                assert not properties & {"tg:affects", "tg:mappedTo", "tg:involvesPattern", "tg:actor"}


# Escalation.


def test_chains_by_hand(small: Analytics) -> None:
    assert cells(small.escalation("a"), "chain step label severity ends") == [
        ("1", "0", "A", "severity:high", ""),
        ("1", "1", "B", "severity:high", ""),
        ("1", "2", "C", "", "back to step 0"),
        ("2", "0", "A", "severity:high", ""),
        ("2", "1", "B", "severity:high", ""),
        ("2", "2", "D", "severity:high", "end"),
    ]
    assert cells(small.escalation("a", longest=1), "chain step label ends") == [
        ("1", "0", "A", ""),
        ("1", "1", "B", "cut"),
    ]
    assert len(small.escalation("d")) == 0


def test_cycles_chains_and_limits_of_escalation(tmp_path: Path, small: Analytics) -> None:
    net: networkx.DiGraph[str] = networkx.DiGraph([("a", "a"), ("a", "b"), ("b", "a"), ("b", "c")])
    assert list(chains(net, "a")) == [
        (["a"], "back to step 0"),
        (["a", "b"], "back to step 0"),
        (["a", "b", "c"], "end"),
    ]
    long: networkx.DiGraph[str] = networkx.path_graph(5000, networkx.DiGraph)
    assert [(len(chain), end) for chain, end in chains(networkx.relabel_nodes(long, str), "0")] == [(5000, "end")]
    # Eight patterns that escalate into each other have more than 8! chains.
    names = " , ".join(f"pattern:{n}" for n in range(8))
    dense = HEAD + "".join(f"pattern:{n} a tg:ThreatPattern ; tg:escalatesTo {names} .\n" for n in range(8))
    analytics = opened(tmp_path, dense)
    with pytest.raises(ThreatGraphError, match=r"has more than 1000 chains: limit their length \(`longest=4`\)"):
        analytics.escalation("pattern:0")
    assert len(analytics.escalation("pattern:0", longest=1)) == 1 + 7 * 2
    with pytest.raises(InvalidQuery, match="longest=0: must be at least 1"):
        analytics.escalation("pattern:0", longest=0)
    with pytest.raises(UnknownName):
        analytics.escalation("domain:x")


def test_the_network_of_escalation_has_the_links_of_the_files(graph: ThreatGraph) -> None:
    net = graph.analytics.network("escalation")
    assert net.is_directed()
    expected = {
        (name, target) for name, properties in all_of("pattern").items() for target in properties["escalatesTo"]
    }
    assert {(shorten(a), shorten(b)) for a, b in net.edges} == expected
    assert len(net) == len(all_of("pattern"))


# All of them.

EVERYTHING = """
import sys
from pathlib import Path
from threatgraph import ThreatGraph
files = [Path(name) for name in sys.argv[2:]]
a = ThreatGraph.open(files, bundled=sys.argv[1] == "bundled").analytics
for table in (
    *(a.centrality(kind) for kind in ("pattern", "cause", "group", "provision")),
    *(find(network=name) for name in a.NETWORKS[:5] for find in (a.communities, a.agreement)),
    a.cooccurrence(minimum=1), a.coverage(), a.framework_coverage(), a.gaps(), a.trends(by="domain", period="month"),
    a.path("PAT-AGT-003", "PAT-INF-002"), a.path("PAT-AGT-003", "PAT-INF-002", strongest=True),
    a.escalation("PAT-AGT-003"),
):
    print(table.to_json())
print([(name, list(a.network(name).edges(data=True))) for name in a.NETWORKS])
"""


def run(seed: int, *words: str) -> str:
    env = os.environ | {"PYTHONHASHSEED": str(seed)}
    done = subprocess.run(
        [sys.executable, "-c", EVERYTHING, *words], env=env, capture_output=True, text=True, check=True, timeout=300
    )
    return done.stdout


def test_results_do_not_depend_on_the_hash_seed() -> None:
    first = run(0, "bundled")
    assert '"community": 1' in first
    assert first == run(4711, "bundled")


def test_the_order_of_statements_does_not_matter(tmp_path: Path) -> None:
    text = SMALL.replace("PAT-X-001", "PAT-AGT-003").replace('"B"@en', '"B"@en ; skos:notation "PAT-INF-002"')
    (tmp_path / "forward.ttl").write_text(text, encoding="utf-8")
    triples = [f"{triple.triple} ." for triple in parse(text, format=RdfFormat.TURTLE)]
    (tmp_path / "backward.nt").write_text("\n".join(reversed(triples)), encoding="utf-8")
    assert run(0, "alone", str(tmp_path / "forward.ttl")) == run(1, "alone", str(tmp_path / "backward.nt"))


def test_an_empty_graph_is_an_error() -> None:
    analytics = ThreatGraph.open(bundled=False).analytics
    for analyze in (
        analytics.centrality,
        analytics.communities,
        analytics.agreement,
        analytics.cooccurrence,
        analytics.coverage,
        analytics.framework_coverage,
        analytics.gaps,
        analytics.trends,
    ):
        with pytest.raises(ThreatGraphError, match="open it with the bundled data, or add a file"):
            analyze()


_STATEMENTS: dict[str, dict[str, list[str]]] = {}


def statements() -> dict[str, dict[str, list[str]]]:
    """The statements of the bundled files, with prefixed names, without SPARQL and rules."""
    if not _STATEMENTS:
        found: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        for path in data_dir().rglob("*.ttl"):
            for quad in parse(path=str(path), format=RdfFormat.TURTLE):
                assert isinstance(quad.subject, NamedNode)
                assert isinstance(quad.object, NamedNode | Literal)
                name = shorten(quad.predicate.value).partition(":")[2]
                found[shorten(quad.subject.value)][name].append(to_text(quad.object))
        _STATEMENTS.update({subject: defaultdict(list, properties) for subject, properties in found.items()})
    return _STATEMENTS


def all_of(kind: str) -> dict[str, dict[str, list[str]]]:
    return {name: record for name, record in statements().items() if name.startswith(f"{kind}:") and "#" not in name}


def test_the_analyses_use_properties_of_the_ontology() -> None:
    paths = [prop for _, prop, _ in BIPARTITE.values()] + list(cooccurrence.PROPERTIES.values())
    paths += [path for both in DIMENSIONS.values() for path in both]
    names = set(re.findall(r"tg:(\w+)", " ".join(paths)))
    assert {"primaryPattern", "mappedTo", "sector"} <= names
    assert names <= PROPERTIES


def test_the_example_in_the_docstring_is_true() -> None:
    assert doctest.testmod(facade) == (0, 3)
