"""The known answers do not reach the scores: without the links asked for, nothing changes, and shuffled labels fail."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from pyoxigraph import NamedNode, RdfFormat, serialize

from threatgraph import ThreatGraph
from threatgraph.recommend import Recommender

sys.path.insert(0, str(Path(__file__).parent / "bench"))
import cross_validate
import learn_weights

#: Enough questions for a share with an uncertainty of about 9 percentage points.
QUESTIONS = 120


@pytest.fixture(scope="module")
def samples(graph: ThreatGraph) -> list[learn_weights.Sample]:
    """The values of the signals of some incidents for all patterns, with the patterns that are linked."""
    store = graph.store
    recommender = Recommender(store, embedded=False)
    primary = learn_weights.primary_patterns(store)
    found = learn_weights.samples(recommender, "incident", "pattern", primary, bare=False)[:QUESTIONS]
    return learn_weights.scaled(found, "maximum")


def first_right(found: list[learn_weights.Sample]) -> float:
    return float(cross_validate.measure(cross_validate.by_question(found))[:, 0].mean())


def test_with_the_answers_of_other_questions_no_more_than_the_popular_ones_are_found(
    samples: list[learn_weights.Sample],
) -> None:
    wrong = cross_validate.shuffled(samples)
    assert sum(bool((one[2] != other[2]).any()) for one, other in zip(samples, wrong, strict=True)) > QUESTIONS / 2
    popular = max(float(np.mean(column)) for column in np.array([hit for _, _, hit in samples], dtype=float).T)
    assert first_right(wrong) <= popular + 0.1
    assert first_right(samples) >= popular + 0.3


def test_the_mapping_asked_for_does_not_change_the_scores(graph: ThreatGraph) -> None:
    """Without the mapping of a pattern to a provision, the scores of all provisions for the pattern are the same."""
    pattern = graph.resolve("goal-drift", "pattern")
    mapping = next(m for m in graph.recommender.corpus.mappings if m.record == pattern)
    hidden = {NamedNode(mapping.node), NamedNode(mapping.provision)}
    kept = [
        triple
        for triple in graph.store.triples()
        if not (
            triple.subject == NamedNode(mapping.node)
            or (triple.subject == NamedNode(pattern) and triple.object in hidden)
        )
    ]
    assert len(kept) < len(graph)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "graph.nt"
        serialize(kept, str(file), format=RdfFormat.N_TRIPLES)
        without = ThreatGraph.open([file], bundled=False)
    plain, blind = (Recommender(of.store, embedded=False) for of in (graph, without))
    assert mapping.node not in {m.node for m in blind.corpus.mappings}
    before, after = (model.scores([model.query(pattern, "provision")], "provision") for model in (plain, blind))
    assert after == pytest.approx(before, abs=1e-9)
