"""How good the recommendations are, against what people use otherwise, on links that people made.

    python tests/bench/recommend.py                      # the other half of the bundled graph's own links
    python tests/bench/recommend.py --facts DIR --nexus DIR --datasets DIR  # and the catalogs of other projects

Needs the dependency group ``bench``: ``pip install --group bench``. Each figure is a mean over the questions with a
95 % bootstrap interval; the last column is the gain in P@1 over TF-IDF and how sure it is by paired bootstrap. No
weight was learned from what is measured here: of the bundled links only the half that was not learned from is asked.
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
from learn_weights import first_half, primary_patterns, questions, same_pattern_property

from threatgraph import ThreatGraph
from threatgraph.recommend.model import Recommender
from threatgraph.recommend.signals.base import Query

_PREFIXES = (
    "@prefix tg: <https://w3id.org/threatgraph/ontology#> .\n@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"
    "@prefix dcterms: <http://purl.org/dc/terms/> .\n"
)
Rankings = dict[str, list[np.ndarray]]
"""For each ranker, for each question: whether the candidate at each place is wanted."""


def ranked(scores: np.ndarray, wanted: np.ndarray, here: np.ndarray) -> np.ndarray:
    """Which places of a ranking hold what is wanted; equal scores in the order of the candidates' identifiers."""
    places = np.flatnonzero(here)
    return np.asarray(wanted[places][np.argsort(-scores[places].round(9), kind="stable")])


def as_turtle(catalog: gold.Catalog, name: str, class_name: str) -> str:
    """A catalog of another project as records of ours: a name and a definition, and nothing else."""
    text = "dcterms:description" if class_name == "Incident" else "skos:definition"
    lines = [
        f"<https://example.org/{name}/{key}> a tg:{class_name} ; skos:prefLabel {json.dumps(label)}@en ;"
        f" {text} {json.dumps(description or label)}@en ; skos:inScheme <https://example.org/{name}> .\n"
        for key, (label, description) in catalog.items()
    ]
    return _PREFIXES + "".join(lines)


def of_crosswalk(task: gold.Task, *, embedded: bool) -> Rankings:
    """The rankings of a task whose catalogs are given as users give them: as files beside the bundled graph."""
    with tempfile.TemporaryDirectory() as folder:
        one, other = Path(folder) / "source.ttl", Path(folder) / "target.ttl"
        kind = "Incident" if "incidents" in task.name else "ThreatPattern"
        one.write_text(as_turtle(task.source, "source", kind), encoding="utf-8")
        other.write_text(as_turtle(task.target, "target", "Provision"), encoding="utf-8")
        recommender = Recommender(ThreatGraph.open([one, other]).store, embedded=embedded)
    target = recommender.target("provision")
    keys = [target.iri(c).removeprefix("https://example.org/target/") for c in target.candidates()]
    here = np.array([key in task.target for key in keys])
    asked = sorted(task.wanted)
    queries = [recommender.query(f"https://example.org/source/{key}", "provision") for key in asked]
    told = [". ".join(task.source[key]) for key in asked]
    candidates = [". ".join(task.target.get(key, ("", ""))) for key in keys]
    wanted = [np.array([key in task.wanted[name] for key in keys]) for name in asked]
    only = np.flatnonzero(here)
    tables = {
        "random": baselines.at_random(len(asked), len(keys)),
        "TF-IDF": _spread(baselines.tf_idf(told, [candidates[place] for place in only]), only, len(keys)),
        "BM25": _spread(baselines.bm25(told, [candidates[place] for place in only]), only, len(keys)),
        "threatgraph": np.array([recommender.scores([query], "provision") for query in queries]),
    }
    return {
        name: [ranked(row, hit, here) for row, hit in zip(table, wanted, strict=True)] for name, table in tables.items()
    }


def _spread(table: np.ndarray, columns: np.ndarray, width: int) -> np.ndarray:
    wide = np.zeros((table.shape[0], width))
    wide[:, columns] = table
    return wide


def of_bundled_links(source: str, target: str, *, embedded: bool) -> Rankings:
    """The rankings for the bundled records that no weight was learned from; their own links are kept out."""
    store = ThreatGraph.open().store
    without = {same_pattern_property()} if source == target == "incident" else set()
    recommender = Recommender(store, embedded=embedded, without=without)
    primary = primary_patterns(store)
    found = [
        (query, wanted)
        for query, wanted in questions(recommender, source, target, primary)
        if not first_half(query.name)
    ]
    queries = [query for query, _ in found]
    candidates = recommender.target(target)
    names = [candidates.iri(c) for c in candidates.candidates()]
    texts = [recommender.corpus.texts[int(position)].full for position in candidates.indexes]
    told = [recommender.corpus.texts[query.index or 0].full for query in queries]
    tables = {
        "random": baselines.at_random(len(queries), len(names)),
        "popularity": baselines.popularity(recommender, queries, target),
        "Jaccard": baselines.jaccard(recommender, queries, target),
        "PageRank": baselines.page_rank(recommender, queries, target),
        "TF-IDF": baselines.tf_idf(told, texts),
        "BM25": baselines.bm25(told, texts),
        "threatgraph": np.array([recommender.scores([query], target) for query in queries]),
    }
    rankings: Rankings = {}
    for name, table in tables.items():
        rankings[name] = [
            ranked(row, np.isin(names, sorted(wanted)), np.array([iri != query.iri for iri in names]))
            for row, (query, wanted) in zip(table, found, strict=True)
        ]
    return rankings


def of_incident_database(told: gold.Catalog, classes: dict[str, str], *, embedded: bool) -> Rankings:
    """For each classified incident all other ones: those of its MIT subdomain are wanted. Leave one out."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "incidents.ttl"
        file.write_text(as_turtle(told, "incident", "Incident"), encoding="utf-8")
        recommender = Recommender(ThreatGraph.open([file]).store, embedded=embedded)
    target = recommender.target("incident")
    keys = [target.iri(c).removeprefix("https://example.org/incident/") for c in target.candidates()]
    of = np.array([classes.get(key, "") for key in keys])
    asked = [key for key in sorted(classes, key=int) if (of == classes[key]).sum() > 1]
    queries: list[Query] = [recommender.query(f"https://example.org/incident/{key}", "incident") for key in asked]
    here = of != ""
    columns = np.flatnonzero(here)
    texts = [". ".join(told[keys[place]]) for place in columns]
    questions_ = [". ".join(told[key]) for key in asked]
    tables = {
        "random": baselines.at_random(len(asked), len(keys)),
        "TF-IDF": _spread(baselines.tf_idf(questions_, texts), columns, len(keys)),
        "BM25": _spread(baselines.bm25(questions_, texts), columns, len(keys)),
        "threatgraph": np.array([recommender.scores([query], "incident") for query in queries]),
    }
    rankings: Rankings = {name: [] for name in tables}
    for name, table in tables.items():
        for key, row in zip(asked, table, strict=True):
            others = here & np.array([other != key for other in keys])
            rankings[name].append(ranked(row, of == classes[key], others))
    return rankings


def report(name: str, rankings: Rankings) -> None:
    """Print a table of all rankers of one task."""
    measured = {ranker: np.array([metrics.of_ranking(row) for row in rows]) for ranker, rows in rankings.items()}
    count = len(next(iter(rankings.values())))
    print(f"\n{name}: {count} questions, {len(next(iter(rankings.values()))[0])} candidates")
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
        told, classes = gold.incidents(given.datasets)
        runs = [of_incident_database(told, classes, embedded=embedded) for embedded in (False, True)]
        report("AI Incident Database, same MIT subdomain", both(*runs))


if __name__ == "__main__":
    main()
