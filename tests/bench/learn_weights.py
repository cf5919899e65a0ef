"""Learns the weights of the signals of the recommender from the curated links of the bundled graph.

A digest of the name assigns each query to one of two halves: this script learns from one half, and ``recommend.py``
reports on the other. The links of a query that are the expected results are hidden from its signals. The weights are
those of a multinomial logit (Cao et al. 2007, "Learning to rank": ListNet with the links as the expected list), and are
not negative.

    python tests/bench/learn_weights.py          # print the weights and their quality on the other half
    python tests/bench/learn_weights.py --write  # and write them to src/threatgraph/recommend/weights.json
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import threatgraph.recommend
from threatgraph import ThreatGraph
from threatgraph.assess.naming import rules_of
from threatgraph.recommend.corpus import CorpusIndex, expand
from threatgraph.recommend.model import Recommender
from threatgraph.recommend.signals.base import Query
from threatgraph.recommend.weights import scale_of
from threatgraph.store import Store

#: The strength of the L2 regularization; without it, a signal with few queries could get any weight. In five-fold
#: cross-validation, MAP was as good as with 0.002, or within 0.01 of it.
STRENGTH = 0.02
_PATTERN, _MAPPED = expand("tg:involvesPattern"), expand("tg:mappedTo")
#: The number of results over which the share of right ones is averaged.
_AROUND = 40
_OF_LINKS = ("nearest", "meaning", "rationales")
_RELATED = {expand("tg:escalatesTo"), expand("tg:distinguishedFrom")}

Sample = tuple[str, np.ndarray, np.ndarray]
"""The name of a query, the values of the signals (signals by candidates), and which candidates are expected."""


def same_pattern_property() -> str:
    """The property to hide from signals when incidents of the same pattern are expected."""
    return _PATTERN


def primary_patterns(store: Store) -> dict[str, str]:
    """The primary pattern of each incident."""
    rows = store.select("SELECT ?incident ?pattern { ?incident tg:primaryPattern ?pattern }").to_dicts()
    return {str(row["incident"]): str(row["pattern"]) for row in rows}


def labeled_queries(
    recommender: Recommender, source: str, target: str, primary: dict[str, str]
) -> Iterator[tuple[Query, set[str]]]:
    """The queries of one kind, each with its linked records."""
    corpus = recommender.corpus
    for position in corpus.of_kind[source]:
        iri = corpus.iris[position]
        expected = _expected(recommender, CorpusIndex(int(position)), source, target, primary)
        if expected:
            yield recommender.query(iri, target), expected


def _expected(
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
    expected = {link.node for link in links if link.property in (_PATTERN, _MAPPED)}
    expected |= {corpus.iris[other] for other, prop in back if prop in (_PATTERN, _MAPPED)}
    return {iri for iri in expected if iri in corpus.index and corpus.kinds[corpus.index[iri]] == target}


def samples(recommender: Recommender, source: str, target: str, primary: dict[str, str], *, bare: bool) -> list[Sample]:
    """The queries of one kind with the values of the signals.

    Args:
        recommender: the recommender.
        source: the kind of the queries.
        target: the kind of the candidates.
        primary: the primary pattern of each incident.
        bare: use only the label and the definition of a record.
    """
    gathered = []
    candidates = recommender.target(target)
    names = [signal.name for signal in recommender.signals(target)]
    for query, expected in labeled_queries(recommender, source, target, primary):
        if bare:
            text = dataclasses.replace(recommender.corpus.text(query.index or CorpusIndex(0)), guidance="")
            short = recommender.vectors.query(text, query.name)
            # It must not vote for itself.
            query = dataclasses.replace(short, iri=query.iri, index=query.index, text=text.full)
        values = recommender.values(query, target)
        here = np.array([candidates.iri(c) != query.iri for c in candidates.candidates()])
        hit = np.array([candidates.iri(c) in expected for c in candidates.candidates()])
        table = np.array([values[name] for name in names])[:, here]
        gathered.append((query.name, table, hit[here]))
        if bare and "nearest" in names:  # again, as for a catalog without links
            cold = table.copy()
            cold[[names.index(name) for name in _OF_LINKS if name in names]] = 0
            gathered.append((query.name, cold, hit[here]))
    return gathered


def learn(gathered: list[Sample], strength: float = STRENGTH) -> np.ndarray:
    """Find the weights that maximize the likelihood of the expected candidates."""
    from scipy.optimize import minimize
    from scipy.special import logsumexp

    size = gathered[0][1].shape[0]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        total, slope = strength * float(weights @ weights), 2 * strength * weights
        for _, values, hit in gathered:
            scores = weights @ values
            chance = np.exp(scores - logsumexp(scores))
            total += (logsumexp(scores) - scores[hit].mean()) / len(gathered)
            slope = slope + (values @ chance - values[:, hit].mean(axis=1)) / len(gathered)
        return total, slope

    found = minimize(loss, np.ones(size), jac=True, method="L-BFGS-B", bounds=[(0, None)] * size)
    weights: np.ndarray = found.x
    return weights


def bounds(gathered: list[Sample], weights: np.ndarray, scale: str) -> dict[str, float]:
    """The scores from which results are strong or likely, and the best unscaled score of the middle question.

    Args:
        gathered: samples before scaling; of a question that occurs twice, the one with links counts.
        weights: the learned weights.
        scale: by what values are divided.
    """
    scores, right, first = [], [], []
    typical = np.mean([[scale_of(row, scale) for row in table] for _, table, _ in gathered], axis=0)
    unscaled = weights / typical / (weights / typical).sum()
    for _, table, hit in {sample[0]: sample for sample in reversed(gathered)}.values():
        scaled_weights = weights / np.array([scale_of(row, scale) for row in table])
        found = scaled_weights / scaled_weights.sum() @ table
        best = np.argsort(-found.round(9), kind="stable")[:5]
        scores += found[best].tolist()
        right += hit[best].tolist()
        first.append(float((unscaled @ table).max()))
    order = np.argsort(scores)
    ascending, hits = np.array(scores)[order], np.array(right, dtype=float)[order]
    around = np.convolve(hits, np.ones(_AROUND) / _AROUND, mode="valid")
    middle = ascending[_AROUND // 2 : _AROUND // 2 + len(around)]

    def least(share: float) -> float:
        """The score above which the share of right results is never lower again."""
        below = np.flatnonzero(around < share)
        return float(middle[below[-1]]) if len(below) else 0.0

    strong, likely = least(0.7), least(0.4)
    lowest = float(np.median(first))
    return {"strong": round(strong, 3), "likely": round(min(likely, strong), 3), "least": round(lowest, 3)}


def first_half(name: str) -> bool:
    """Whether a query is in the half to learn from."""
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
"""The kinds of queries and candidates, and whether only labels and definitions are used."""

LESSONS: dict[str, Lesson] = {
    "pattern to pattern": [("pattern", "pattern", False)],
    "incident to pattern": [("incident", "pattern", False)],
    "provision to pattern": [("provision", "pattern", False)],
    "pattern to incident": [("pattern", "incident", False)],
    "incident to incident": [("incident", "incident", False)],
    "pattern to provision": [("pattern", "provision", False)],
    "incident to provision": [("incident", "provision", False)],
    "text to incident": [("pattern", "incident", True), ("incident", "incident", True)],
    "text to pattern": [("incident", "pattern", True), ("provision", "pattern", True)],
    "text to provision": [("incident", "provision", True)],
}
#: Use cases are few, and the texts that people type are like them.
USE_CASE_WEIGHT = 10
_USE_CASES = Path(__file__).parent / "use_cases.tsv"
_ACT = "https://w3id.org/threatgraph/provision/eu-ai-act-2024-1689/"


def scale_for(lesson: str) -> str:
    """By what the values of a signal are divided.

    Incidents are compared with incidents in blocks, in which the values of all candidates are not known.
    """
    if lesson == "incident to incident":
        return "none"
    return "deviation" if lesson.startswith("text") else "maximum"


def scaled(gathered: list[Sample], scale: str) -> list[Sample]:
    """Samples with the values of each signal divided by its scale over the candidates of the question."""
    return [(name, table / np.array([[scale_of(row, scale)] for row in table]), hit) for name, table, hit in gathered]


def use_cases(*, even: bool) -> list[tuple[str, set[str]]]:
    """One-line descriptions of uses, each with the provisions that plainly cover it.

    Args:
        even: the half to report on, instead of the half to learn from.
    """
    lines = [line for line in _USE_CASES.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return [
        (text, {_ACT + name for name in names.split(";")})
        for text, names in (line.split("\t") for line in lines[int(even) :: 2])
    ]


def of_use_cases(recommender: Recommender, *, even: bool) -> list[Sample]:
    """The use cases with the values of the signals for the provisions of the EU AI Act."""
    candidates = recommender.target("provision")
    iris = [candidates.iri(c) for c in candidates.candidates()]
    here = np.array([iri.startswith(_ACT) for iri in iris])
    found = []
    for text, expected in use_cases(even=even):
        values = recommender.values(recommender.text_query(text), "provision")
        table = np.array([values[signal.name] for signal in recommender.signals("provision")])
        found.append((text, table[:, here], np.isin(iris, sorted(expected))[here]))
    return found


def gather(store: Store, *, embedded: bool) -> dict[str, tuple[list[str], list[Sample]]]:
    """For each lesson, the names of its signals and its samples."""
    recommender = Recommender(store, embedded=embedded, rules=rules_of(store))
    blind = Recommender(store, embedded=embedded, without={_PATTERN})
    primary = primary_patterns(store)
    gathered = {}
    for name, parts in LESSONS.items():
        common = [signal.name for signal in recommender.signals(parts[0][1])]
        common = [n for n in common if all(n in [s.name for s in recommender.signals(part[1])] for part in parts)]
        found = []
        for source, target, bare in parts:
            model = blind if source == target == "incident" else recommender
            rows = [[s.name for s in model.signals(target)].index(n) for n in common]
            found += [
                (name_of_query, table[rows], hit)
                for name_of_query, table, hit in samples(model, source, target, primary, bare=bare)
            ]
        gathered[name] = (common, found)
    return gathered


def main() -> None:
    """Learn all weights."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    store = ThreatGraph.open().store
    table: dict[str, dict[str, dict[str, object]]] = {}
    for embedded in (True, False):
        print("with embedding" if embedded else "without embedding")
        raw = gather(store, embedded=embedded)
        gathered = {name: (signals, scaled(found, scale_for(name))) for name, (signals, found) in raw.items()}
        first = {name: [s for s in found if first_half(s[0])] for name, (_, found) in gathered.items()}
        cases = of_use_cases(Recommender(store, embedded=embedded, rules=rules_of(store)), even=False)
        first["text to provision"] += scaled(cases, scale_for("text to provision")) * USE_CASE_WEIGHT
        of = table.setdefault("with embedding" if embedded else "without embedding", {})
        for name, (signals, found) in gathered.items():
            learned = learn(first[name])
            rest = [sample for sample in found if not first_half(sample[0])]
            tables = [table for _, table, _ in raw[name][1]]
            scales = [np.mean([scale_of(table[i], scale_for(name)) for table in tables]) for i in range(len(signals))]
            of[name] = {
                "scale": scale_for(name),
                "weights": dict(zip(signals, (learned / learned.sum()).round(3).tolist(), strict=True)),
                "typical": dict(zip(signals, np.round(scales, 3).tolist(), strict=True)),
                **bounds([s for s in raw[name][1] if first_half(s[0])], learned, scale_for(name)),
            }
            alone = {signals[i]: precision_and_rank(rest, row) for i, row in enumerate(np.eye(len(signals)))}
            quality = precision_and_rank(rest, learned)
            print(f"{name}: P@1 {quality[0]:.3f}, MRR {quality[1]:.3f} on {len(rest)} queries of the other half")
            print("   weights", of[name]["weights"])
            print("   alone  ", {signal: f"{p:.2f}/{r:.2f}" for signal, (p, r) in alone.items()})
    if write:
        path = Path(threatgraph.recommend.__file__).parent / "weights.json"
        path.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
