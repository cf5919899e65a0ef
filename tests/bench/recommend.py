"""Measures the quality of recommendations on curated links, compared with baseline rankers.

    python tests/bench/recommend.py                      # the test half of the bundled links
    python tests/bench/recommend.py --facts DIR --nexus DIR --datasets DIR  # and catalogs of other projects

Needs the dependency group ``bench``: ``pip install --group bench``. Each figure is a mean over the queries with a
95 % bootstrap interval. The last column is the gain in P@1 over TF-IDF and its confidence by paired bootstrap. The
weights were not learned from these links: of the bundled links, only the test half is used.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import baselines
import gold
import metrics
import numpy as np
from learn_weights import first_half, labeled_queries, primary_patterns, same_pattern_property

from threatgraph import ThreatGraph
from threatgraph.recommend.corpus import CorpusIndex
from threatgraph.recommend.model import Recommender
from threatgraph.recommend.signals.base import Query

_PREFIXES = (
    "@prefix tg: <https://w3id.org/threatgraph/ontology#> .\n@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
    "@prefix dcterms: <http://purl.org/dc/terms/> .\n"
)
Rankings = dict[str, list[np.ndarray]]
"""For each ranker and each query: whether the candidate at each rank is expected."""


def ranked(scores: np.ndarray, expected: np.ndarray, here: np.ndarray) -> np.ndarray:
    """Whether the candidate at each rank is expected; equal scores are sorted by identifier."""
    candidates = np.flatnonzero(here)
    return np.asarray(expected[candidates][np.argsort(-scores[candidates].round(9), kind="stable")])


def as_turtle(catalog: gold.Catalog, name: str, class_name: str) -> str:
    """A catalog of another project as records with only a label and a definition."""
    text = "dcterms:description" if class_name == "Incident" else "skos:definition"
    lines = [
        f"<https://example.org/{name}/{key}> a tg:{class_name} ; skos:prefLabel {json.dumps(label)}@en ;"
        f" {text} {json.dumps(description or label)}@en ; skos:inScheme <https://example.org/{name}> .\n"
        for key, (label, description) in catalog.items()
    ]
    return _PREFIXES + "".join(lines)


def of_crosswalk(task: gold.Task, *, embedded: bool) -> Rankings:
    """The rankings of a task, with its catalogs added to the bundled graph as files."""
    with tempfile.TemporaryDirectory() as folder:
        one, other = Path(folder) / "source.ttl", Path(folder) / "target.ttl"
        kind = "Incident" if "incidents" in task.name else "ThreatPattern"
        one.write_text(as_turtle(task.source, "source", kind), encoding="utf-8")
        other.write_text(as_turtle(task.target, "target", "Provision"), encoding="utf-8")
        recommender = Recommender(ThreatGraph.open([one, other]).store, embedded=embedded)
    target = recommender.target("provision")
    keys = [target.iri(c).removeprefix("https://example.org/target/") for c in target.candidates()]
    here = np.array([key in task.target for key in keys])
    sources = sorted(task.expected)
    queries = [recommender.query(f"https://example.org/source/{key}", "provision") for key in sources]
    query_texts = [". ".join(task.source[key]) for key in sources]
    candidates = [". ".join(task.target.get(key, ("", ""))) for key in keys]
    expected = [np.array([key in task.expected[name] for key in keys]) for name in sources]
    only = np.flatnonzero(here)
    tables = {
        "random": baselines.at_random(len(sources), len(keys)),
        "TF-IDF": _spread(baselines.tf_idf(query_texts, [candidates[index] for index in only]), only, len(keys)),
        "BM25": _spread(baselines.bm25(query_texts, [candidates[index] for index in only]), only, len(keys)),
        "threatgraph": np.array([recommender.scores([query], "provision") for query in queries]),
    }
    return {
        name: [ranked(row, hit, here) for row, hit in zip(table, expected, strict=True)]
        for name, table in tables.items()
    }


def _spread(table: np.ndarray, columns: np.ndarray, width: int) -> np.ndarray:
    wide = np.zeros((table.shape[0], width))
    wide[:, columns] = table
    return wide


def of_bundled_links(source: str, target: str, *, embedded: bool) -> Rankings:
    """The rankings for the bundled records of the test half; their curated links are hidden."""
    store = ThreatGraph.open().store
    without = {same_pattern_property()} if source == target == "incident" else set()
    recommender = Recommender(store, embedded=embedded, without=without)
    primary = primary_patterns(store)
    found = [
        (query, expected)
        for query, expected in labeled_queries(recommender, source, target, primary)
        if not first_half(query.name)
    ]
    queries = [query for query, _ in found]
    candidates = recommender.target(target)
    names = [candidates.iri(c) for c in candidates.candidates()]
    texts = [recommender.corpus.text(candidates.corpus_index(c)).full for c in candidates.candidates()]
    query_texts = [recommender.corpus.text(query.index or CorpusIndex(0)).full for query in queries]
    tables = {
        "random": baselines.at_random(len(queries), len(names)),
        "popularity": baselines.popularity(recommender, queries, target),
        "Jaccard": baselines.jaccard(recommender, queries, target),
        "PageRank": baselines.page_rank(recommender, queries, target),
        "TF-IDF": baselines.tf_idf(query_texts, texts),
        "BM25": baselines.bm25(query_texts, texts),
        "threatgraph": np.array([recommender.scores([query], target) for query in queries]),
    }
    rankings: Rankings = {}
    for name, table in tables.items():
        rankings[name] = [
            ranked(row, np.isin(names, sorted(expected)), np.array([iri != query.iri for iri in names]))
            for row, (query, expected) in zip(table, found, strict=True)
        ]
    return rankings


def of_incident_database(catalog: gold.Catalog, classes: dict[str, str], *, embedded: bool) -> Rankings:
    """For each classified incident, rank all others; those of its MIT subdomain are expected."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "incidents.ttl"
        file.write_text(as_turtle(catalog, "incident", "Incident"), encoding="utf-8")
        recommender = Recommender(ThreatGraph.open([file]).store, embedded=embedded)
    target = recommender.target("incident")
    keys = [target.iri(c).removeprefix("https://example.org/incident/") for c in target.candidates()]
    of = np.array([classes.get(key, "") for key in keys])
    numbers = [key for key in sorted(classes, key=int) if (of == classes[key]).sum() > 1]
    queries: list[Query] = [recommender.query(f"https://example.org/incident/{key}", "incident") for key in numbers]
    here = of != ""
    columns = np.flatnonzero(here)
    texts = [". ".join(catalog[keys[index]]) for index in columns]
    query_texts = [". ".join(catalog[key]) for key in numbers]
    tables = {
        "random": baselines.at_random(len(numbers), len(keys)),
        "TF-IDF": _spread(baselines.tf_idf(query_texts, texts), columns, len(keys)),
        "BM25": _spread(baselines.bm25(query_texts, texts), columns, len(keys)),
        "threatgraph": np.array([recommender.scores([query], "incident") for query in queries]),
    }
    rankings: Rankings = {name: [] for name in tables}
    for name, table in tables.items():
        for key, row in zip(numbers, table, strict=True):
            others = here & np.array([other != key for other in keys])
            rankings[name].append(ranked(row, of == classes[key], others))
    return rankings


def report(name: str, rankings: Rankings) -> None:
    """Print a table of all rankers of one task."""
    measured = {ranker: np.array([metrics.of_ranking(row) for row in rows]) for ranker, rows in rankings.items()}
    count = len(next(iter(rankings.values())))
    print(f"\n{name}: {count} queries, {len(next(iter(rankings.values()))[0])} candidates")
    print(f"  {'':<28}" + "".join(f"{measure:>21}" for measure in metrics.NAMES) + "   P@1 over TF-IDF")
    for ranker, values in measured.items():
        cells = ["{:.3f} [{:.2f}, {:.2f}]".format(*metrics.interval(column)) for column in values.T]
        plain = measured["TF-IDF"][:, 0]
        gain = f"{values[:, 0].mean() / plain.mean() - 1:+.0%}" if plain.mean() else ""
        sure = f" (better in {metrics.better(values[:, 0], plain):.0%})" if "threatgraph" in ranker else ""
        print(f"  {ranker:<28}" + "".join(f"{cell:>21}" for cell in cells) + f"   {gain}{sure}")


def both(one: Rankings, other: Rankings) -> Rankings:
    """The rankings of a task without and with word embeddings side by side."""
    return {
        **{name: rows for name, rows in one.items() if name != "threatgraph"},
        "threatgraph": one["threatgraph"],
        "threatgraph[embedding]": other["threatgraph"],
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    beside = Path(__file__).resolve().parents[3] / "shared"
    parser.add_argument("--facts", type=Path, default=os.environ.get("THREATGRAPH_FACTS", beside / "facts"))
    parser.add_argument("--datasets", type=Path, default=os.environ.get("THREATGRAPH_DATASETS", beside / "datasets"))
    parser.add_argument("--nexus", type=Path, help="a checkout of IBM AI Atlas Nexus")
    given = parser.parse_args(arguments)
    logging.getLogger("bm25s").setLevel(logging.WARNING)
    pairs = ["incident pattern", "pattern pattern", "provision pattern", "pattern provision", "pattern incident"]
    for source, target in [*(pair.split() for pair in pairs), ("incident", "incident")]:
        runs = [of_bundled_links(source, target, embedded=embedded) for embedded in (False, True)]
        report(f"bundled links, {source} to {target}", both(*runs))
    if given.nexus and (given.facts / "crosswalks" / "ibm").is_dir():
        for task in gold.crosswalks(given.facts, given.nexus):
            report(task.name, both(*(of_crosswalk(task, embedded=embedded) for embedded in (False, True))))
    if (given.datasets / "aiid" / "incidents.csv").is_file():
        catalog, classes = gold.incidents(given.datasets)
        runs = [of_incident_database(catalog, classes, embedded=embedded) for embedded in (False, True)]
        report("AI Incident Database, same MIT subdomain", both(*runs))


if __name__ == "__main__":
    main()
