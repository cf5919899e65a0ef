"""Measures the cost of recommendations by the number of incidents, compared with plain Python and networkx.

    python tests/bench/recommend_scale.py [COUNT…]   # default: 10000 30000 100000

Each count runs in a separate process, to measure its peak memory.
"""

from __future__ import annotations

import math
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import networkx
from generate import incidents

from threatgraph import ThreatGraph
from threatgraph.recommend import Recommender, recommend
from threatgraph.recommend.bulk import nearest
from threatgraph.recommend.texts.tfidf import stems
from threatgraph.vocab import BASE

_ASKED = f"{BASE}pattern/goal-drift"
_TEXT = "An agent deletes records against explicit instructions"


def timed(call: Callable[[], object], times: int = 5) -> float:
    """The median time of a call, in milliseconds."""
    taken = []
    for _ in range(times):
        begin = time.perf_counter()
        call()
        taken.append((time.perf_counter() - begin) * 1000)
    return sorted(taken)[times // 2]


def measure(count: int, folder: Path) -> None:
    """Print the figures of one count."""
    file = folder / "generated.nt"
    file.write_text("".join(incidents(count)), encoding="utf-8")
    begin = time.perf_counter()
    graph = ThreatGraph.open([file])
    opened = time.perf_counter() - begin
    begin = time.perf_counter()
    recommender = Recommender(graph.store, embedded=False)
    for kind in ("pattern", "incident", "provision"):
        recommender.signals(kind)
        recommend(recommender, [_ASKED], kind=kind)
    built = time.perf_counter() - begin
    corpus = recommender.corpus
    one = corpus.iris[int(corpus.of_kind["incident"][count // 2])]
    # Each question is a new one: the second time, some of its answer is known.
    incident, pattern = (
        iter([corpus.iris[int(i)] for i in corpus.of_kind[kind][3:]]) for kind in ("incident", "pattern")
    )
    number = iter(range(count))
    figures = {
        "open s": opened,
        "build s": built,
        "pattern to patterns ms": timed(lambda: recommend(recommender, [next(pattern)])),
        "pattern to incidents ms": timed(lambda: recommend(recommender, [next(pattern)], kind="incident")),
        "incident to patterns ms": timed(lambda: recommend(recommender, [next(incident)])),
        "incident to incidents ms": timed(lambda: recommend(recommender, [next(incident)], kind="incident")),
        "text to patterns ms": timed(lambda: recommend(recommender, text=f"{_TEXT} {next(number)}")),
    }
    if count <= 10_000:
        figures["plain Python, incident to incidents ms"] = timed(plain_python(recommender, one), 1)
        figures["plain networkx, pattern to patterns ms"] = timed(plain_networkx(recommender), 1)
    begin = time.perf_counter()
    pairs = sum(len(found) for _, found in nearest(recommender, "incident"))
    figures["all incidents to incidents s"] = time.perf_counter() - begin
    figures["peak memory GB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 / 1024
    print(f"\n{count} generated incidents, {len(graph)} triples, {pairs} pairs")
    for name, value in figures.items():
        print(f"  {name:<40}{value:>10.1f}")


def plain_python(recommender: Recommender, asked: str) -> Callable[[], object]:
    """The cosine of TF-IDF and the weighted shared neighbors over all incidents, with dicts."""
    corpus = recommender.corpus
    places = corpus.of_kind["incident"].tolist()
    counted = {place: Counter(stems(corpus.text(place).full)) for place in places}
    frequency = Counter(word for words in counted.values() for word in words)
    named = {place: {link.node for link in corpus.links[place]} for place in places}
    used = Counter(node for nodes in named.values() for node in nodes)

    def vector(place: int) -> dict[str, float]:
        found = {w: (1 + math.log(n)) * math.log(len(places) / frequency[w]) for w, n in counted[place].items()}
        length = math.sqrt(sum(value * value for value in found.values())) or 1
        return {word: value / length for word, value in found.items()}

    def run() -> object:
        mine, nodes = vector(corpus.index[asked]), named[corpus.index[asked]]
        scores: dict[int, float] = defaultdict(float)
        for place in places:
            theirs = vector(place)
            scores[place] = sum(value * theirs.get(word, 0.0) for word, value in mine.items())
            scores[place] += sum(math.log(len(places) / used[node]) for node in nodes & named[place])
        return sorted(scores, key=lambda place: -scores[place])[:10]

    return run


def plain_networkx(recommender: Recommender) -> Callable[[], object]:
    """Personalized PageRank over the full network."""
    corpus = recommender.corpus
    network = networkx.Graph(
        (iri, link.node) for iri, links in zip(corpus.iris, corpus.links, strict=True) for link in links
    )
    return lambda: networkx.pagerank(network, personalization={_ASKED: 1.0})


def main() -> None:
    """Measure each count in a separate process."""
    if sys.argv[1:2] == ["--one"]:
        with tempfile.TemporaryDirectory() as folder:
            measure(int(sys.argv[2]), Path(folder))
        return
    for count in sys.argv[1:] or ("10000", "30000", "100000"):
        subprocess.run([sys.executable, __file__, "--one", count], check=True)


if __name__ == "__main__":
    main()
