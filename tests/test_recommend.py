"""Recommendations: ranked, never empty, with reasons that are triples of the graph and sum to the score."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyoxigraph import NamedNode, RdfFormat, serialize

from command_line import run
from threatgraph import InvalidQuery, ThreatGraph, ThreatGraphError, UnknownName
from threatgraph.cli import main
from threatgraph.recommend import Recommendation, Recommender, recommend
from threatgraph.recommend.bulk import nearest
from threatgraph.recommend.corpus import TARGETS, CorpusIndex
from threatgraph.recommend.signals.base import CandidateIndex
from threatgraph.recommend.signals.random_walk import RESTART, Network
from threatgraph.recommend.texts import embedding
from threatgraph.recommend.texts.lsa import Topics
from threatgraph.recommend.texts.tfidf import Vocabulary, stems, surface_forms
from threatgraph.vocab import BASE, PREFIXES

BENCH = Path(__file__).parent / "bench"
HEAD = "".join(f"@prefix {prefix}: <{namespace}> .\n" for prefix, namespace in PREFIXES.items())


@pytest.fixture(scope="module")
def bundled(graph: ThreatGraph) -> ThreatGraph:
    """The bundled graph, whose model other tests use as well."""
    return graph


@pytest.fixture
def small(tmp_path: Path) -> Callable[[str], ThreatGraph]:
    """A graph with only a few statements."""

    def make(text: str) -> ThreatGraph:
        file = tmp_path / "small.ttl"
        file.write_text(HEAD + text, encoding="utf-8")
        return ThreatGraph.open([file], bundled=False)

    return make


def pattern(name: str, *statements: str, text: str = "") -> str:
    label = f'skos:prefLabel "{name}"@en'
    more = [f'skos:definition "{text}"@en'] if text else []
    return f"pattern:{name} a tg:ThreatPattern ; {' ; '.join([label, *more, *statements])} .\n"


def value(graph: ThreatGraph, signal: str, one: str, other: str, kind: str = "pattern") -> float:
    """The value of a signal for two records, by their labels."""
    recommender = graph.recommender
    query = recommender.query(graph.resolve(one), kind)
    target = recommender.target(kind)
    indexes = {recommender.corpus.labels[int(p)]: i for i, p in enumerate(target.indexes)}
    return float(recommender.values(query, kind)[signal][indexes[other]])


# Every record gets recommendations, with reasons.


@pytest.mark.parametrize("kind", TARGETS)
def test_every_pattern_gets_ten_of_each_kind_and_none_is_itself(bundled: ThreatGraph, kind: str) -> None:
    for iri in bundled.store.select("SELECT ?p { ?p a tg:ThreatPattern }").column("p"):
        found = bundled.recommend(str(iri), kind=kind)
        assert len(found) == 10, iri
        assert found.basis == "signals"
        assert iri not in [item.iri for item in found]
        assert [item.rank for item in found] == list(range(1, 11))
        assert all(item.reasons for item in found)


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ("PAT-SYS-005", "pattern"),
        ("goal-drift", "provision"),
        ("prompt-injection", "incident"),
        ("microsoft-tay", "pattern"),
        ("microsoft-tay", "incident"),
        ("eu-ai-act:article-14", "pattern"),
        ("causal-factor/regulatory-gap", "pattern"),
    ],
)
def test_contributions_sum_to_the_score_and_are_supported_by_triples_of_the_graph(
    bundled: ThreatGraph, query: str, kind: str
) -> None:
    for item in bundled.recommend(query, kind=kind, top=3):
        assert math.isclose(math.fsum(reason.contribution for reason in item.reasons), item.score, abs_tol=1e-12)
        assert math.isclose(math.fsum(item.signals.values()), item.score, abs_tol=1e-12)
        assert 0 < item.score <= 1
        for statement in {s for reason in item.reasons for s in reason.statements} | set(item.curated):
            assert bundled.store.ask(f"ASK {{ {statement.subject} {statement.predicate} {statement.object} }}"), (
                statement
            )
        assert all(part.statements for reason in item.reasons for part in reason.parts)
        # The reasons are those that the command shows: one for each signal, in order of contribution.
        assert [reason.signal for reason in item.reasons] == list(item.signals)
        contributions = [reason.contribution for reason in item.reasons]
        assert contributions == sorted(contributions, reverse=True)
        for reason in item.reasons:
            assert math.isclose(math.fsum(p.contribution for p in reason.parts), reason.contribution, abs_tol=1e-12)


def test_scores_are_those_of_the_signals_and_their_weights(bundled: ThreatGraph) -> None:
    recommender = bundled.recommender
    query = recommender.query(f"{BASE}pattern/goal-drift", "pattern")
    values = recommender.values(query, "pattern")
    weights = recommender.weights(query, values, "pattern")
    assert math.isclose(sum(weights.values()), 1, abs_tol=1e-9)
    assert all(((row >= 0) & (row <= 1 + 1e-9)).all() for row in values.values())
    best = bundled.recommend("goal-drift", top=1)[0]
    target = recommender.target("pattern")
    candidate = [target.iri(c) for c in target.candidates()].index(best.iri)
    assert math.isclose(best.score, sum(weights[name] * values[name][candidate] for name in values), abs_tol=1e-12)


def test_a_shared_rare_cause_is_explained_with_the_number_of_patterns_that_share_it(bundled: ThreatGraph) -> None:
    """The count in each reason of the neighbors signal is the count from SPARQL."""
    checked = 0
    for item in bundled.recommend("PAT-SYS-005", top=10):
        for reason in (part for group in item.reasons for part in group.parts):
            found = re.fullmatch(r"both caused by (.+) \((\d+) of (\d+) patterns\)", reason.text)
            if found:
                cause = bundled.resolve(found[1], "causal-factor")
                rows = bundled.store.select(f"SELECT ?p {{ ?p a tg:ThreatPattern ; tg:causalFactor <{cause}> }}")
                assert len(rows) == int(found[2])
                assert int(found[3]) == len(bundled.store.select("SELECT ?p { ?p a tg:ThreatPattern }"))
                checked += 1
    assert checked > 1


# Each signal, computed by hand.


def test_rarer_shared_neighbors_have_a_higher_weight(small: Callable[[str], ThreatGraph]) -> None:
    """Of 4 patterns, 1 and 2 share the rare cause, 1 to 3 the common one: their idf is -ln(2/5) and -ln(3/5)."""
    graph = small(
        pattern("one", "tg:causalFactor causal-factor:rare, causal-factor:common")
        + pattern("two", "tg:causalFactor causal-factor:rare, causal-factor:common")
        + pattern("three", "tg:causalFactor causal-factor:common")
        + pattern("four")
    )
    rare, common = -math.log(2 / 5), -math.log(3 / 5)
    assert value(graph, "neighbors", "one", "two") == pytest.approx(1)
    assert value(graph, "neighbors", "one", "three") == pytest.approx(common / math.sqrt((rare + common) * common))
    assert value(graph, "neighbors", "one", "four") == 0


def test_close_provisions_count_by_lin_similarity(small: Callable[[str], ThreatGraph]) -> None:
    """One framework: root r with children a and b, each mapped by a pattern. A provision or mapping is one use.

    All 5 uses are at or below r, so its information content is 0; a has 2 of 5. If the second pattern is mapped to s, a
    child of a, instead of b, the lowest common ancestor of s and a is a, with 3 of 5 uses, and s has 2 of 5.
    """
    framework = "framework:f a tg:Framework .\n"
    tree = (
        "mit:r a tg:Provision ; skos:inScheme framework:f .\n"
        "mit:a a tg:Provision ; skos:inScheme framework:f ; skos:broader mit:r .\n"
        "mit:{low} a tg:Provision ; skos:inScheme framework:f ; skos:broader mit:{high} .\n"
    )
    mapped = "tg:mappedTo mit:{}"
    distant = small(
        framework
        + tree.format(low="b", high="r")
        + pattern("one", mapped.format("a"))
        + pattern("two", mapped.format("b"))
    )
    assert value(distant, "taxonomy", "one", "two") == 0
    close = small(
        framework
        + tree.format(low="s", high="a")
        + pattern("one", mapped.format("a"))
        + pattern("two", mapped.format("s"))
    )
    above, below = -math.log(4 / 5), -math.log(2 / 5)
    assert value(close, "taxonomy", "one", "two") == pytest.approx(2 * above / (above + below))
    linked_out = small(
        framework
        + "framework:g a tg:Framework .\nmit:r skos:broader pattern:one .\n"
        + tree.format(low="s", high="a")
        + pattern("one", mapped.format("a"), "skos:inScheme framework:g")
        + pattern("two", mapped.format("s"))
    )
    similarity = value(linked_out, "taxonomy", "one", "two")
    assert similarity == pytest.approx(2 * above / (above + below)), "a link out of the tree does not change it"


def test_patterns_of_the_same_incidents_count_by_mutual_information(small: Callable[[str], ThreatGraph]) -> None:
    """4 incidents; one and two are in 2 each, together in 2: ln(2*4/(2*2)) / -ln(2/4) = 1, damped by 2/3."""
    incidents = "".join(
        f'incident:i{number} a tg:Incident ; skos:prefLabel "i{number}"@en ; tg:involvesPattern {names} .\n'
        for number, names in enumerate(
            ("pattern:one, pattern:two", "pattern:one, pattern:two", "pattern:three", "pattern:three")
        )
    )
    graph = small(pattern("one") + pattern("two") + pattern("three") + incidents)
    assert value(graph, "cooccurrence", "one", "two") == pytest.approx(2 / 3)
    assert value(graph, "cooccurrence", "one", "three") == 0


def test_terms_are_weighted_by_inverse_document_frequency() -> None:
    """Three texts: clone is in two, voice in one; the weights are ln(4/3)+1 and ln(4/2)+1."""
    documents = [stems("voices cloned"), stems("clone"), stems("drift")]
    assert documents[0] == ["voic", "clone"]
    vocabulary = Vocabulary.of(documents)
    matrix = vocabulary.matrix(documents)
    clone, voice = math.log(4 / 3) + 1, math.log(4 / 2) + 1
    rows = matrix.to_dense()
    assert rows[0] @ rows[1] == pytest.approx(clone / math.hypot(clone, voice))
    assert rows[0] @ rows[2] == 0
    assert surface_forms([["voices", "voice", "voice"]]) == {"voic": "voice"}


def test_topics_are_the_first_singular_vectors() -> None:
    """Equal to a dense decomposition: 60 texts of 5 out of 90 words, so 20 topics."""
    drawn = np.random.default_rng(5)
    documents = [[f"w{word}" for word in drawn.choice(90, 5, replace=False)] for _ in range(60)]
    matrix = Vocabulary.of(documents).matrix(documents)
    vectors = Topics.of(matrix).transform(matrix)
    _, _, words = np.linalg.svd(matrix.to_dense())
    expected = matrix.to_dense() @ words[:20].T
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    assert vectors @ vectors.T == pytest.approx(expected @ expected.T, abs=1e-8)
    assert not Topics.of(matrix.take(np.arange(10)))  # too few texts to learn topics from


def test_the_random_walk_converges_to_the_solution_of_the_linear_system(bundled: ThreatGraph) -> None:
    """The restarts sum to (1 - c) (I - (1 - c) W)^-1 s; here a dense solver computes it, without the record itself."""
    recommender = bundled.recommender
    query = recommender.query(f"{BASE}pattern/goal-drift", "pattern")
    network = Network(recommender.corpus)
    signal = next(signal for signal in recommender.signals("pattern") if signal.name == "walk")
    keep = [row for row in range(len(network.row)) if row != query.index]
    edges = network.edges.to_dense()[np.ix_(keep, keep)]
    degree = np.maximum(edges.sum(axis=0), 1)
    start = np.zeros(len(network.row))
    start[sorted({network.row[link.node] for link in query.links})] = 1
    start = start[keep] / start.sum()
    visits = np.zeros(len(network.row))
    visits[keep] = RESTART * np.linalg.solve(np.eye(len(keep)) - (1 - RESTART) * edges / degree, start)
    here = visits[recommender.target("pattern").indexes]
    assert signal.scores(query) == pytest.approx(here / (here + here.mean()), abs=1e-2)


def provision(name: str, *examples: str) -> str:
    uses = "".join(f' ; skos:example "{example}"@en' for example in examples)
    return f'eu-ai-act:{name} a tg:Provision ; skos:prefLabel "{name}"@en{uses} .\n'


def test_the_three_most_similar_examples_of_a_provision_count(small: Callable[[str], ThreatGraph]) -> None:
    """A text equal to one example, with no word of the others: 1 with one example, a third with three or more."""
    text = "sorting letters by color"
    graph = small(
        provision("one", text) + provision("many", text, "tea", "milk", "bread") + provision("other", "tea and milk")
    )
    plain = Recommender(graph.store, embedded=False)
    values = plain.values(plain.text_query(text), "provision")["examples"]
    target = plain.target("provision")
    by_name = {target.iri(c).rpartition("/")[2]: float(values[c]) for c in target.candidates()}
    assert by_name == pytest.approx({"one": 1.0, "many": 1 / 3, "other": 0.0})


def test_a_use_that_the_text_names_is_found_with_its_words(bundled: ThreatGraph) -> None:
    found = bundled.recommend(text="A chatbot ranks job applicants", kind="provision", framework="eu-ai-act", top=1)
    assert found[0].code == "Annex III 4(a)"
    assert found[0].explanation.startswith("The text mentions “ranks job applicants”")
    assert found[0].certainty == "strong"
    assert {"rules", "examples"} <= set(found[0].signals)


def test_the_most_similar_incidents_vote(small: Callable[[str], ThreatGraph]) -> None:
    """Two incidents about cloned voices are linked to fraud, one about a car is not: a text on voices gets fraud."""
    incidents_by_name = {
        "a": ("fraud", "cloned voice of a chief"),
        "b": ("fraud", "cloned voice again"),
        "c": ("crash", "a car"),
    }
    incidents = "".join(
        f'incident:{name} a tg:Incident ; skos:prefLabel "{text}"@en ; tg:involvesPattern pattern:{of} .\n'
        for name, (of, text) in incidents_by_name.items()
    )
    graph = small(pattern("fraud") + pattern("crash") + incidents)
    recommender = graph.recommender
    votes = recommender.values(recommender.text_query("voice"), "pattern")["nearest"]
    assert votes.tolist() == [0, 1]  # crash, fraud


# Existing curated links.


def test_a_curated_link_is_shown_and_changes_no_score(bundled: ThreatGraph, tmp_path: Path) -> None:
    before = {item.label: item for item in bundled.recommend("goal-drift", top=41)}
    linked = {label for label, item in before.items() if item.curated}
    expected = bundled.store.select(
        "SELECT DISTINCT ?l { ?p skos:prefLabel ?l { pattern:goal-drift tg:distinguishedFrom|tg:escalatesTo ?p } "
        "UNION { ?p tg:distinguishedFrom|tg:escalatesTo pattern:goal-drift } }"
    ).column("l")
    assert linked == set(expected)
    other = next(item for label, item in before.items() if label not in linked)
    file = tmp_path / "more.ttl"
    file.write_text(HEAD + f"pattern:goal-drift tg:distinguishedFrom <{other.iri}> .", encoding="utf-8")
    after = {item.label: item for item in ThreatGraph.open([file]).recommend("goal-drift", top=41)}
    assert after[other.label].curated
    assert after[other.label].score == pytest.approx(other.score, abs=1e-9)


def test_the_curated_patterns_of_an_incident_do_not_influence_its_recommendations(bundled: ThreatGraph) -> None:
    """Without the pattern links of an incident, its recommendations stay the same."""
    full = bundled.recommend("microsoft-tay", top=5)
    triples = [
        triple
        for triple in bundled.store.triples()
        if not (
            triple.subject == NamedNode(f"{BASE}incident/microsoft-tay")
            and str(triple.predicate.value).endswith(("Pattern", "patternLink"))
        )
    ]
    assert len(triples) < len(bundled)
    hidden = reopened(triples)
    assert [(item.label, round(item.score, 9)) for item in full] == [
        (item.label, round(item.score, 9)) for item in hidden.recommend("microsoft-tay", top=5)
    ]
    assert any(item.curated for item in full)
    assert not any(item.curated for item in hidden.recommend("microsoft-tay", top=5))


def reopened(triples: Iterable[object]) -> ThreatGraph:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "graph.nt"
        serialize(triples, str(file), format=RdfFormat.N_TRIPLES)  # type: ignore[arg-type]
        return ThreatGraph.open([file], bundled=False)


# Recommendations are deterministic.


def test_scores_stay_when_iris_are_renamed(bundled: ThreatGraph) -> None:
    renamed = []
    for triple in bundled.store.triples():
        terms = [
            NamedNode(re.sub(r"(/(?:pattern|causal-factor|group)/)([^#/]+)", lambda m: m[1] + m[2][::-1], term.value))
            if isinstance(term, NamedNode)
            else term
            for term in (triple.subject, triple.predicate, triple.object)
        ]
        renamed.append(type(triple)(*terms))  # type: ignore[arg-type]
    other = reopened(renamed)
    for label in ("Goal Drift", "microsoft-tay"):
        one, two = bundled.recommend(label, top=15), other.recommend(label, top=15)
        assert {item.label: item.score for item in one} == pytest.approx(
            {item.label: item.score for item in two}, abs=1e-7
        )
        assert one[0].iri != two[0].iri


def test_the_hash_seed_and_the_order_of_files_change_nothing(tmp_path: Path) -> None:
    for name, text in (("a", pattern("extra", text="an agent drifts")), ("b", pattern("other", text="a voice"))):
        (tmp_path / f"{name}.ttl").write_text(HEAD + text, encoding="utf-8")
    outputs = set()
    for seed, order in (("1", "ab"), ("2", "ba"), ("77", "ab")):
        data = [word for name in order for word in ("--data", str(tmp_path / f"{name}.ttl"))]
        command = [sys.executable, "-m", "threatgraph", "recommend", "goal-drift", "--format", "json", *data]
        done = subprocess.run(command, capture_output=True, check=True, env={**os.environ, "PYTHONHASHSEED": seed})
        outputs.add(done.stdout)
    assert len(outputs) == 1


def test_equal_scores_are_sorted_by_iri(small: Callable[[str], ThreatGraph]) -> None:
    cause = "tg:causalFactor causal-factor:c"
    graph = small("".join(pattern(name, cause) for name in ("d", "b", "c", "a")) + pattern("z"))
    assert [item.label for item in graph.recommend("a")] == ["b", "c", "d"]


# Removing a reason lowers the score.


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_removing_a_shared_statement_lowers_the_score(small: Callable[[str], ThreatGraph], data: st.DataObject) -> None:
    causes = st.sets(st.sampled_from("uvwxyz"), min_size=1, max_size=4)
    drawn = {name: data.draw(causes) for name in "abcdef"}
    drawn["b"] |= set(list(drawn["a"])[:1])

    def graph_of(drawn: dict[str, set[str]]) -> ThreatGraph:
        lines = [
            pattern(name, *(f"tg:causalFactor causal-factor:{cause}" for cause in sorted(named)))
            for name, named in drawn.items()
        ]
        return small("".join(lines))

    def score(graph: ThreatGraph) -> float:
        return next((item.score for item in graph.recommend("a") if item.label == "b"), 0.0)

    shared = data.draw(st.sampled_from(sorted(drawn["a"] & drawn["b"])))
    fewer = {**drawn, "b": drawn["b"] - {shared}}
    assert score(graph_of(fewer)) < score(graph_of(drawn))


def test_removing_the_statements_of_a_reason_lowers_the_score_of_a_real_recommendation(bundled: ThreatGraph) -> None:
    best: Recommendation = bundled.recommend("goal-drift", top=1)[0]
    neighbors = next(reason for reason in best.reasons if reason.signal == "neighbors")
    single = [part for part in neighbors.parts if part.merged == 1]
    assert len(single) >= 3
    for reason in single[:3]:
        node = next(st.object for st in reason.statements if st.subject == NamedNode(best.iri))
        # A derived shortcut is removed with its source: a list, or a part of the record.
        gone = {t for t in bundled.store.triples() if t.subject == NamedNode(best.iri) and t.object == node}
        parts = {
            str(row["part"])
            for row in bundled.store.select(
                f"SELECT ?part {{ <{best.iri}> tg:mapping|tg:impact ?part . ?part sssom:object_id|tg:group {node} }}"
            ).to_dicts()
        }
        rest = [t for t in bundled.store.triples() if t not in gone and getattr(t.subject, "value", "") not in parts]
        after = {item.iri: item.score for item in reopened(rest).recommend("goal-drift", top=41)}
        assert after[best.iri] < best.score, reason.text


# User records and texts.


def test_a_record_with_only_a_label_and_a_definition_is_enough(tmp_path: Path) -> None:
    file = tmp_path / "own.ttl"
    file.write_text(
        HEAD
        + '<https://example.org/risk/7> a tg:ThreatPattern ; skos:prefLabel "Cloned voices"@en ; '
        + 'skos:definition "Fraudsters imitate the voice of a manager on the telephone to get money."@en .',
        encoding="utf-8",
    )
    graph = ThreatGraph.open([file])
    found = graph.recommend("https://example.org/risk/7")
    assert found[0].label == "Deepfake Identity Hijacking"
    assert "https://example.org/risk/7" in [
        item.iri for item in graph.recommend("deepfake-identity-hijacking", top=100)
    ]


def test_a_text_finds_patterns_and_provisions_of_one_framework(bundled: ThreatGraph) -> None:
    text = "An attacker hides instructions in a web page; the model takes them for its prompt and obeys them."
    assert bundled.recommend(text=text)[0].label == "Prompt Injection"
    found = bundled.recommend(text=text, kind="provision", framework="owasp-llm-2025", top=3)
    assert found[0].label == "Prompt Injection"
    assert all("/owasp-llm-2025/" in item.iri for item in found)


def test_a_profile_of_several_patterns_is_the_mean_of_each(bundled: ThreatGraph) -> None:
    profile = ["goal-drift", "prompt-injection"]
    every = len(bundled.run("patterns"))
    found = bundled.recommend(profile, top=every)
    assert not {item.iri for item in found} & {bundled.resolve(name) for name in profile}
    alone = [{item.iri: item.score for item in bundled.recommend(name, top=every)} for name in profile]
    for item in found:
        assert item.score == pytest.approx(sum(scores[item.iri] for scores in alone) / 2)


def test_recommendations_as_triples_conform_to_their_shapes(bundled: ThreatGraph, tmp_path: Path) -> None:
    answers = [
        bundled.recommend("goal-drift", top=3),
        bundled.recommend("microsoft-tay", kind="incident", top=2),
        bundled.recommend(["goal-drift", "prompt-injection"], kind="provision", top=2),
        bundled.recommend(text="cloned voice", top=2),
        bundled.recommend(text="qwxyz", top=2),
    ]
    for number, answer in enumerate(answers):
        serialize(answer.to_triples(), str(tmp_path / f"{number}.nt"), format=RdfFormat.N_TRIPLES)
    graph = ThreatGraph.open([tmp_path])
    assert graph.validate([tmp_path]).conforms
    rows = graph.store.select(
        "SELECT ?score (SUM(?c) AS ?sum) { ?r a tg:Recommendation ; tg:score ?score ; tg:reason/tg:contribution ?c } "
        "GROUP BY ?r ?score"
    ).to_dicts()
    assert len(rows) == 9
    assert all(float(str(row["sum"])) == pytest.approx(float(str(row["score"])), abs=1e-4) for row in rows)
    derived = graph.store.select(
        "SELECT ?s ?p ?o { ?r tg:recommends ?x ; prov:wasDerivedFrom ?st . "
        "?st rdf:subject ?s ; rdf:predicate ?p ; rdf:object ?o FILTER NOT EXISTS { ?s ?p ?o } }"
    )
    assert len(derived) == 0


# Bulk recommendations.


def test_bulk_recommendations_have_the_scores_of_single_queries_without_the_walk(
    bundled: ThreatGraph,
) -> None:
    recommender, kind = bundled.recommender, "incident"
    found = dict(nearest(recommender, kind, 5))
    target = recommender.target(kind)
    assert list(found) == [target.iri(c) for c in target.candidates()]
    for iri in list(found)[::29]:
        query = recommender.query(iri, kind)
        values = recommender.values(query, kind)
        weighted = recommender.weights(query, values, kind)
        parts = [weighted[name] * values[name] for name in sorted(values) if name != "walk"]
        total = np.sum(parts, axis=0)
        total[target.find(iri)] = -1
        order = np.argsort(-total.round(9), kind="stable")[:5]
        assert [other for other, _ in found[iri]] == [target.iri(CandidateIndex(int(c))) for c in order]
        assert [score for _, score in found[iri]] == pytest.approx(total[order].tolist())


# Invalid arguments.


def test_invalid_arguments_get_clear_errors(bundled: ThreatGraph, small: Callable[[str], ThreatGraph]) -> None:
    wrong: list[tuple[Callable[[], object], type[Exception], str]] = [
        (lambda: bundled.recommend("no-such-pattern"), UnknownName, "unknown record"),
        (lambda: bundled.recommend("goal-drift", top=0), InvalidQuery, "top=0: must be at least 1"),
        (lambda: bundled.recommend("goal-drift", kind="domain"), UnknownName, "pattern, incident, provision"),
        (lambda: bundled.recommend("goal-drift", framework="no-such"), UnknownName, "framework"),
        (lambda: bundled.recommend(), InvalidQuery, "require a record or a text"),
        (lambda: bundled.recommend("goal-drift", text="both"), InvalidQuery, "not both"),
        (lambda: bundled.recommend_all("incident", 0), InvalidQuery, "top=0: must be at least 1"),
        (lambda: bundled.recommend_all("domain"), UnknownName, "pattern, incident, provision"),
        (lambda: bundled.recommend(text="  "), InvalidQuery, "empty"),
        (lambda: bundled.recommend(text="x" * 2_000_001), InvalidQuery, "maximum is"),
        (lambda: small("").recommend(text="anything"), ThreatGraphError, "has no patterns"),
        (lambda: small(pattern("only")).recommend("only"), ThreatGraphError, "has no pattern"),
    ]
    for call, error, words in wrong:
        with pytest.raises(error, match=words):
            call()


@pytest.mark.parametrize("kind", TARGETS)
@pytest.mark.parametrize(
    "text", ["qwxyz zzzyx", "日本語の文章です", "Knitting pattern for a baby blanket in moss stitch"]
)
def test_for_a_text_about_something_else_nothing_fits(bundled: ThreatGraph, text: str, kind: str) -> None:
    found = bundled.recommend(text=text, kind=kind, top=3)
    assert (len(found), found.basis) == (0, "signals")
    assert found.note.startswith("nothing fits well: ")
    assert "in the graph" in found.note
    assert "Note: nothing fits well" in found.render(100)


def test_few_unrelated_texts_get_results_and_few_use_cases_get_none(bundled: ThreatGraph) -> None:
    """The even lines of both files were not looked at when the minimum was chosen."""
    lines = (BENCH / "unrelated.txt").read_text(encoding="utf-8").splitlines()
    unrelated = [line for line in lines if not line.startswith("#")][1::2]
    uses = [line for line in (BENCH / "use_cases.tsv").read_text(encoding="utf-8").splitlines() if line[:1] != "#"]
    answered = sum(bool(len(bundled.recommend(text=text, top=1))) for text in unrelated)
    refused = sum(not len(bundled.recommend(text=line.split("\t")[0], top=1)) for line in uses[1::2])
    assert answered <= 0.5 * len(unrelated)
    assert refused <= 0.1 * len(uses[1::2])


def test_a_record_that_shares_no_word_and_no_link_gets_the_most_linked(tmp_path: Path) -> None:
    file = tmp_path / "own.ttl"
    file.write_text(HEAD + pattern("qwxyz"))
    graph = ThreatGraph.open([file])
    found = graph.recommend("qwxyz", top=3)
    assert found.basis == "popularity"
    assert "shares a word, a topic or a neighbor" in found.note
    # Nor is it recommended to anything else.
    others = graph.recommend("goal-drift", top=1000)
    assert "qwxyz" not in [item.label for item in others]


def test_a_text_of_one_megabyte_is_accepted(bundled: ThreatGraph) -> None:
    found = bundled.recommend(text="voice cloning fraud " * 50_000, top=1)
    assert found[0].label == "Deepfake Identity Hijacking"


def test_without_the_extra_there_are_no_embeddings_and_the_error_says_how_to_install_them(
    bundled: ThreatGraph, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Recommender(bundled.store, embedded=False)
    found = recommend(plain, [f"{BASE}pattern/goal-drift"])
    assert "embedding" not in {reason.signal for item in found for reason in item.reasons}
    monkeypatch.setitem(sys.modules, "wordllama", None)
    embedding._model.cache_clear()
    with pytest.raises(ImportError, match=r"threatgraph\[embedding\]"):
        recommend(Recommender(bundled.store, embedded=True), [f"{BASE}pattern/goal-drift"])


def test_embeddings_are_those_that_wordllama_computes(bundled: ThreatGraph) -> None:
    import wordllama

    corpus = bundled.recommender.corpus
    texts = [corpus.text(CorpusIndex(index)).short for index in range(0, len(corpus), 25)]
    texts += [" ", "日本語 🙂", "\x00\t", "naïve " * 900]
    folder = Path(wordllama.__file__).parent
    model = wordllama.WordLlama.load(cache_dir=folder, disable_download=True)
    expected = model.embed([text[:4000] for text in texts], norm=True)
    assert embedding.embed(texts) == pytest.approx(np.nan_to_num(expected), abs=1e-6)
    assert embedding.embed(["", "\ud800"]).shape == (2, 256)
    assert embedding.embed([]).shape == (0, 256)


# The command line.


def test_the_command_prints_and_exports(bundled: ThreatGraph, tmp_path: Path) -> None:
    status, shown, _ = run("recommend", "goal-drift", "--top", "2")
    assert status == 0
    assert shown.startswith("Patterns related to Goal Drift\n\nExisting curated links (")
    assert "\nNot linked yet\n" in shown
    loaded = json.loads(run("recommend", "goal-drift", "--top", "2", "--format", "json")[1])
    assert loaded["basis"] == "signals"
    assert len(loaded["recommendations"]) == 2
    assert all(link["label"] in shown for link in loaded["existingLinks"])
    every = run("recommend", "--all", "--top", "1", "--format", "csv")[1]
    assert len(every.splitlines()) == 1 + len(bundled.run("patterns"))
    out = tmp_path / "r.ttl"
    words = ("--framework", "eu-ai-act-2024-1689", "--format", "turtle", "-o", str(out))
    assert run("recommend", "goal-drift", *words)[0] == 0
    assert run("validate", str(out))[0] == 0
    assert "tg:Recommendation" in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "words",
    [
        ["nothing-like-it"],
        ["goal-drift", "--top", "0"],
        ["goal-drift", "--kind", "sector"],
        [],
        ["--text", ""],
        ["--all", "x"],
        ["--all", "--format", "turtle"],
    ],
)
def test_the_command_rejects_invalid_arguments(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        status: object = main(["recommend", *words])
    except SystemExit as stopped:
        status = stopped.code
    assert status == 2
    assert capsys.readouterr().err.startswith("threatgraph: error: ")
