"""Measures recommendations by five-fold cross-validation on the curated links, beside popularity and shuffled labels.

    python tests/bench/cross_validate.py            # with word embeddings
    python tests/bench/cross_validate.py --plain    # without

The weights of each fold are learned from the other four. Pairs of patterns are split by pair: both directions of a link
are in one fold, and a link of another fold is neither expected nor counted as wrong. *Popularity* orders the candidates
by the number of links. *Shuffled* learns and measures after the expected records have been dealt out anew among the
questions: what remains above chance comes from popular records, and anything above popularity would be leakage.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Sequence

import metrics
import numpy as np
from learn_weights import (
    Sample,
    gather,
    labeled_queries,
    learn,
    of_use_cases,
    primary_patterns,
    scale_for,
    scaled,
)

from threatgraph import ThreatGraph
from threatgraph.assess.naming import rules_of
from threatgraph.recommend.answer import recommend
from threatgraph.recommend.model import Recommender

FOLDS = 5
_TOP = 10
#: Links made by the hand that wrote the texts of both ends.
SAME_HAND = {"pattern to pattern", "pattern to provision", "provision to pattern"}


def fold(name: str) -> int:
    """The fold of a question or pair, from a digest of its name."""
    return hashlib.sha256(f"fold {name}".encode()).digest()[0] % FOLDS


def by_question(found: Sequence[Sample]) -> list[tuple[list[Sample], list[Sample]]]:
    """The samples to learn from and those to measure, for each fold."""
    return [
        ([s for s in found if fold(s[0]) != number], [s for s in found if fold(s[0]) == number])
        for number in range(FOLDS)
    ]


def by_pair(found: Sequence[Sample], names: Sequence[Sequence[str]]) -> list[tuple[list[Sample], list[Sample]]]:
    """The samples for each fold, with the pairs of the other folds, or of this fold, taken out.

    Args:
        found: the samples.
        names: the labels of the candidates of each sample.
    """
    parts = []
    for number in range(FOLDS):
        learning: list[Sample] = []
        measuring: list[Sample] = []
        for (name, table, hit), candidates in zip(found, names, strict=True):
            here = np.array([fold(" | ".join(sorted((name, other)))) == number for other in candidates])
            for gathered, wanted in ((learning, hit & ~here), (measuring, hit & here)):
                kept = wanted | ~hit
                if wanted.any():
                    gathered.append((name, table[:, kept], wanted[kept]))
        parts.append((learning, measuring))
    return parts


def shuffled(found: Sequence[Sample]) -> list[Sample]:
    """The samples with the expected records of another question with as many candidates."""
    draw = np.random.default_rng(metrics.SEED)
    of_size: dict[int, list[int]] = {}
    for i, (_, table, _) in enumerate(found):
        of_size.setdefault(table.shape[1], []).append(i)
    hits: dict[int, int] = {}
    for group in of_size.values():
        hits |= dict(zip(group, draw.permutation(group).tolist(), strict=True))
    return [(name, table, found[hits[i]][2]) for i, (name, table, _) in enumerate(found)]


def measure(parts: Sequence[tuple[list[Sample], list[Sample]]]) -> np.ndarray:
    """P@1, whether one of the first three is right, and average precision, one row per question."""
    rows = []
    for learning, measuring in parts:
        weights = learn(learning)
        rows += [_of(weights @ table, hit) for _, table, hit in measuring]
    return np.array(rows)


def _of(scores: np.ndarray, hit: np.ndarray) -> tuple[float, float, float]:
    ranked = hit[np.argsort(-scores.round(9), kind="stable")]
    first, _, _, average = metrics.of_ranking(ranked)
    return first, float(ranked[:3].any()), average


def popular(found: Sequence[Sample]) -> np.ndarray:
    """The same figures for the order by the number of other questions that expect a record."""
    counts: dict[int, np.ndarray] = {}
    for _, table, hit in found:
        counts[table.shape[1]] = counts.get(table.shape[1], np.zeros(table.shape[1])) + hit
    return np.array([_of(counts[len(hit)] - hit, hit) for _, _, hit in found])


def own_texts(found: Sequence[Sample], primary: dict[str, int]) -> np.ndarray:
    """The figures for titles and descriptions of incidents, of which only the primary pattern is expected.

    Args:
        found: the samples of texts; of a question that occurs twice, the first has the votes of similar incidents.
        primary: the candidate that is the primary pattern of each incident, by label.
    """
    rows = []
    for learning, measuring in by_question(found):
        weights = learn(learning)
        for name, table, hit in {sample[0]: sample for sample in reversed(measuring)}.values():
            if name in primary:
                rows.append(_of(weights @ table, np.arange(len(hit)) == primary[name]))
    return np.array(rows)


def cited_by_one(store_recommender: Recommender) -> tuple[int, int]:
    """Of the provisions that only one pattern is mapped to, how many are among the first ten of the pattern."""
    corpus = store_recommender.corpus
    mapped: dict[str, set[str]] = {}
    for mapping in corpus.mappings:
        if corpus.kind_of(mapping.record) == "pattern":
            mapped.setdefault(mapping.provision, set()).add(mapping.record)
    found = total = 0
    for pattern in sorted({record for records in mapped.values() for record in records}):
        only = {provision for provision, records in mapped.items() if records == {pattern}}
        top = {item.iri for item in recommend(store_recommender, [pattern], kind="provision", top=_TOP)}
        found, total = found + len(only & top), total + len(only)
    return found, total


def use_cases(recommender: Recommender, *, even: bool) -> tuple[float, float, int]:
    """P@1 and the share with a right one among the first five, with the weights of the package; and the number."""
    rows = []
    signals = [signal.name for signal in recommender.signals("provision")]
    for text, table, hit in of_use_cases(recommender, even=even):
        learned = recommender.learned(recommender.text_query(text), "provision")
        weights = learned.scaled(dict(zip(signals, table, strict=True)))
        scores = np.array([weights[name] for name in signals]) @ table
        ranked = hit[np.argsort(-scores.round(9), kind="stable")]
        rows.append((ranked[0], ranked[:5].any()))
    first, five = np.mean(rows, axis=0)
    return float(first), float(five), len(rows)


def _row(name: str, ours: np.ndarray, others: Sequence[np.ndarray] = ()) -> str:
    figures = [metrics.interval(column.tolist()) for column in ours.T]
    cells = [f"{mean:.3f} [{low:.2f}, {high:.2f}]" for mean, low, high in figures]
    cells += [f"{table[:, 0].mean():.3f} / {table[:, 2].mean():.3f}" for table in others] or ["", ""]
    return f"| {name} | {len(ours)} | {' | '.join(cells)} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--plain", action="store_true", help="without word embeddings")
    embedded = not parser.parse_args().plain
    store = ThreatGraph.open().store
    recommender = Recommender(store, embedded=embedded, rules=rules_of(store))
    corpus, patterns = recommender.corpus, recommender.target("pattern")
    primary = primary_patterns(store)
    print("| question | questions | P@1 | first three | MAP | popularity P@1 / MAP | shuffled P@1 / MAP |")
    print("|---|---|---|---|---|---|---|")
    for name, (_, raw) in gather(store, embedded=embedded).items():
        found = scaled(raw, scale_for(name))
        parts = by_question(found)
        if name == "pattern to pattern":
            labels = [corpus.labels[int(index)] for index in corpus.of_kind["pattern"]]
            asked = [query.name for query, _ in labeled_queries(recommender, "pattern", "pattern", primary)]
            parts = by_pair(found, [[label for label in labels if label != query] for query in asked])
        others = (popular(found), measure(by_question(shuffled(found))))
        print(_row(f"{name}{' (same hand)' * (name in SAME_HAND)}", measure(parts), others), flush=True)
        if name == "text to pattern":
            place = {patterns.iri(candidate): int(candidate) for candidate in patterns.candidates()}
            wanted = {corpus.name(incident): place[iri] for incident, iri in primary.items()}
            print(_row("own text of an incident to its primary pattern", own_texts(found, wanted)), flush=True)
    for even, half in ((False, "learned from"), (True, "other half")):
        first, five, count = use_cases(recommender, even=even)
        print(f"use case to EU AI Act, {half}: P@1 {first:.3f}, first five {five:.3f} of {count}")
    found_ones, total = cited_by_one(recommender)
    print(f"provisions that one pattern is mapped to, in its first ten: {found_ones} of {total}")


if __name__ == "__main__":
    main()
