"""Learns how much each signal of the recommender counts, from links that people made in the bundled graph.

Of each kind of question one half is learned from, by a digest of the question's name; ``recommend.py`` reports on the
other half. A question's own links to what it asks for are kept out of its signals. The weights are those of a
multinomial logit (Cao et al. 2007, "Learning to rank": ListNet with the links as the wanted list), not below zero.

    python tests/bench/learn_weights.py          # prints the weights and how well they do on the other half
    python tests/bench/learn_weights.py --write  # and writes them to src/threatgraph/recommend/weights.json
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.optimize import minimize
from scipy.special import logsumexp

import threatgraph.recommend
from threatgraph import ThreatGraph
from threatgraph.recommend.corpus import CorpusIndex, expand
from threatgraph.recommend.model import Recommender
from threatgraph.recommend.signals.base import Query
from threatgraph.store import Store

#: Strengths of the pull towards zero that are tried; without one, a signal of few questions could get any weight.
PULLS = (0.06, 0.02, 0.006, 0.002)
FOLDS = 10
NEAR = 0.002
_PATTERN, _MAPPED = expand("tg:involvesPattern"), expand("tg:mappedTo")
_RELATED = {expand("tg:escalatesTo"), expand("tg:distinguishedFrom")}

Sample = tuple[str, np.ndarray, np.ndarray]
"""Name of a question, values of the signals (signals by candidates), and which candidates are wanted."""


def same_pattern_property() -> str:
    """What signals must not see where incidents of the same pattern are wanted."""
    return _PATTERN


def primary_patterns(store: Store) -> dict[str, str]:
    """The primary pattern of each incident."""
    rows = store.select("SELECT ?incident ?pattern { ?incident tg:primaryPattern ?pattern }").to_dicts()
    return {str(row["incident"]): str(row["pattern"]) for row in rows}


def questions(
    recommender: Recommender, source: str, target: str, primary: dict[str, str]
) -> Iterator[tuple[Query, set[str]]]:
    """The questions of one kind, each with the records that people linked it to."""
    corpus = recommender.corpus
    for position in corpus.of_kind[source]:
        iri = corpus.iris[position]
        wanted = _wanted(recommender, CorpusIndex(int(position)), source, target, primary)
        if wanted:
            yield recommender.query(iri, target), wanted


def _wanted(
    recommender: Recommender, position: CorpusIndex, source: str, target: str, primary: dict[str, str]
) -> set[str]:
    corpus = recommender.corpus
    links, back = corpus.links[position], corpus.linked_by.get(position, [])
    if source == target == "pattern":
        return {link.node for link in links if link.property in _RELATED} | {
            corpus.iris[other] for other, prop in back if prop in _RELATED
        }
    if source == target == "incident":
        own = primary.get(corpus.iris[position])
        return {iri for iri, pattern in primary.items() if pattern == own} - {corpus.iris[position]}
    wanted = {link.node for link in links if link.property in (_PATTERN, _MAPPED)}
    wanted |= {corpus.iris[other] for other, prop in back if prop in (_PATTERN, _MAPPED)}
    return {iri for iri in wanted if iri in corpus.index and corpus.kinds[corpus.index[iri]] == target}


def samples(recommender: Recommender, source: str, target: str, primary: dict[str, str], *, bare: bool) -> list[Sample]:
    """The questions of one kind with the values of the signals.

    Args:
        recommender: what gives the values.
        source: kind of the records that are asked about.
        target: kind of the candidates.
        primary: the primary pattern of each incident.
        bare: take nothing of a record but its name and its definition.
    """
    gathered = []
    candidates = recommender.target(target)
    names = [signal.name for signal in recommender.signals(target)]
    for query, wanted in questions(recommender, source, target, primary):
        if bare:
            text = dataclasses.replace(recommender.corpus.texts[query.index or 0], guidance="")
            short = recommender.vectors.query(text, query.name, query.iri, None)
            query = dataclasses.replace(short, index=query.index)  # so that a record does not vote for itself
        values = recommender.values(query, target)
        here = np.array([candidates.iri(c) != query.iri for c in candidates.candidates()])
        hit = np.array([candidates.iri(c) in wanted for c in candidates.candidates()])
        table = np.array([values[name] for name in names])[:, here]
        gathered.append((query.name, table, hit[here]))
        if bare and "nearest" in names:  # once more, as for a catalog that nothing links to yet
            cold = table.copy()
            cold[names.index("nearest")] = 0
            gathered.append((query.name, cold, hit[here]))
    return gathered


def learn(gathered: list[Sample], pull: float) -> np.ndarray:
    """The weights that make the wanted candidates most likely."""
    size = gathered[0][1].shape[0]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        total, slope = pull * float(weights @ weights), 2 * pull * weights
        for _, values, hit in gathered:
            scores = weights @ values
            chance = np.exp(scores - logsumexp(scores))
            total += (logsumexp(scores) - scores[hit].mean()) / len(gathered)
            slope = slope + (values @ chance - values[:, hit].mean(axis=1)) / len(gathered)
        return total, slope

    found = minimize(loss, np.ones(size), jac=True, method="L-BFGS-B", bounds=[(0, None)] * size)
    weights: np.ndarray = found.x
    return weights


def best_pull(gathered: list[Sample]) -> float:
    """The strongest pull that does as well as the best on folds that it did not learn from.

    As well as the best means: no more than :data:`NEAR` below it in mean reciprocal rank; the strongest, since it
    spreads the weight over signals where few questions tell them apart.
    """
    fold = [hashlib.sha256(sample[0].encode()).digest()[1] % FOLDS for sample in gathered]

    def ranks(pull: float) -> list[float]:
        reached = []
        for left in range(FOLDS):
            kept = [sample for sample, of in zip(gathered, fold, strict=True) if of != left]
            out = [sample for sample, of in zip(gathered, fold, strict=True) if of == left]
            if kept and out:
                reached.append(precision_and_rank(out, learn(kept, pull))[1])
        return reached

    tried = {pull: float(np.mean(ranks(pull))) for pull in PULLS}
    return max(pull for pull, reached in tried.items() if reached >= max(tried.values()) - NEAR)


def first_half(name: str) -> bool:
    """Whether a question is one to learn from."""
    return hashlib.sha256(name.encode()).digest()[0] % 2 == 0


def precision_and_rank(gathered: list[Sample], weights: np.ndarray) -> tuple[float, float]:
    """Precision at 1 and mean reciprocal rank."""
    first, reciprocal = [], []
    for _, values, hit in gathered:
        order = np.argsort(-(weights @ values).round(9), kind="stable")
        rank = int(np.flatnonzero(hit[order])[0]) + 1
        first.append(rank == 1)
        reciprocal.append(1 / rank)
    return float(np.mean(first)), float(np.mean(reciprocal))


Lesson = list[tuple[str, str, bool]]
"""Kinds of the records asked about and of the candidates, and whether nothing but names and definitions count."""

TEXT: Lesson = [("incident", "pattern", True), ("provision", "pattern", True), ("pattern", "provision", True)]
LESSONS: dict[str, Lesson] = {
    "pattern to pattern": [("pattern", "pattern", False)],
    "incident to pattern": [("incident", "pattern", False)],
    "provision to pattern": [("provision", "pattern", False)],
    "pattern to incident": [("pattern", "incident", False)],
    "incident to incident": [("incident", "incident", False)],
    "pattern to provision": [("pattern", "provision", False)],
    "text to incident": [("pattern", "incident", True), ("incident", "incident", True)],
    "text": TEXT,
}


def gather(store: Store, *, embedded: bool) -> dict[str, tuple[list[str], list[Sample]]]:
    """For each lesson the names of its signals, and its samples."""
    recommender = Recommender(store, embedded=embedded)
    blind = Recommender(store, embedded=embedded, without={_PATTERN})
    primary = primary_patterns(store)
    gathered = {}
    for name, parts in LESSONS.items():
        common = [signal.name for signal in recommender.signals(parts[0][1])]
        common = [n for n in common if all(n in [s.name for s in recommender.signals(part[1])] for part in parts)]
        found = []
        for source, target, bare in parts:
            asked = blind if source == target == "incident" else recommender
            rows = [[s.name for s in asked.signals(target)].index(n) for n in common]
            found += [
                (question, table[rows], hit)
                for question, table, hit in samples(asked, source, target, primary, bare=bare)
            ]
        gathered[name] = (common, found)
    return gathered


def main() -> None:
    """Learn all weights."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    store = ThreatGraph.open().store
    table: dict[str, dict[str, dict[str, float]]] = {}
    for embedded in (True, False):
        print("with embedding" if embedded else "without embedding")
        gathered = gather(store, embedded=embedded)
        first = {name: [s for s in found if first_half(s[0])] for name, (_, found) in gathered.items()}
        of = table.setdefault("with embedding" if embedded else "without embedding", {})
        for name, (signals, found) in gathered.items():
            pull = best_pull(first[name])
            learned = learn(first[name], pull)
            rest = [sample for sample in found if not first_half(sample[0])]
            of[name] = dict(zip(signals, (learned / learned.sum()).round(3).tolist(), strict=True))
            alone = {signals[i]: precision_and_rank(rest, row) for i, row in enumerate(np.eye(len(signals)))}
            reached = precision_and_rank(rest, learned)
            print(f"{name}: P@1 {reached[0]:.3f}, MRR {reached[1]:.3f} on {len(rest)} questions of the other half")
            print(f"   pull {pull}, weights", of[name])
            print("   alone  ", {signal: f"{p:.2f}/{r:.2f}" for signal, (p, r) in alone.items()})
    if write:
        path = Path(threatgraph.recommend.__file__).parent / "weights.json"
        path.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
