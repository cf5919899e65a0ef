"""Measures the overhead of worker processes for queries, compared with pyoxigraph in this process.

Run it alone: ``python tests/bench/queries.py``. Each row has the milliseconds of a query with workers and with
pyoxigraph on the same triples, and their ratio. Then the costs of a runaway query and of a crash of the engine follow.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from statistics import median

import pyoxigraph as ox

from threatgraph import EngineFailed, QueryTimeout, ThreatGraph
from threatgraph.vocab import PREFIXES

QUERIES = {
    "ASK": "ASK {}",
    "1,000 rows": "SELECT * { ?s ?p ?o } LIMIT 1000",
    "group by": "SELECT ?c (COUNT(?s) AS ?n) { ?s a ?c } GROUP BY ?c",
    "construct": "CONSTRUCT { ?s ?p ?o } { ?s a tg:Domain ; ?p ?o }",
}
RUNAWAY = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f . ?g ?h ?i . ?j ?k ?l }"
CRASH = f"SELECT * {{ {'{' * 20_000}{'}' * 20_000} }}"


def milliseconds(work: Callable[[], object], runs: int = 60) -> float:
    """The median time of a call, in milliseconds."""
    times = []
    for _ in range(runs):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return 1000 * median(times)


def main() -> None:
    """Measure, and print a table."""
    graph = ThreatGraph.open()
    engine = ox.Store()
    engine.bulk_extend(ox.Quad(t.subject, t.predicate, t.object) for t in graph.store.triples())
    print(f"first query, which starts the pool: {milliseconds(lambda: graph.query('ASK {}'), 1):.1f} ms")
    print(f"{'query':<12} {'workers ms':>10} {'pyoxigraph ms':>14} {'ratio':>6}")
    for name, query in QUERIES.items():
        ours = milliseconds(lambda query=query: graph.store.query(query, timeout=60))  # type: ignore[misc]
        theirs = milliseconds(lambda query=query: _drained(engine, query))  # type: ignore[misc]
        print(f"{name:<12} {ours:>10.2f} {theirs:>14.2f} {ours / theirs:>6.1f}")
    with ThreadPoolExecutor(4) as threads:
        began = time.perf_counter()
        list(threads.map(lambda _: graph.query("ASK {}"), range(2000)))
        print(f"ASK from 4 threads: {2000 / (time.perf_counter() - began):.0f} a second")
    with suppress(QueryTimeout):
        began = time.perf_counter()
        graph.query(RUNAWAY, timeout=1)
    print(f"runaway query, limit 1 s: stopped after {time.perf_counter() - began:.2f} s")
    with suppress(EngineFailed):
        graph.query(CRASH)
    print(f"first query after a crash: {milliseconds(lambda: graph.query('ASK {}'), 1):.1f} ms")


def _drained(engine: ox.Store, query: str) -> None:
    answer = engine.query(query, prefixes=PREFIXES)
    if not isinstance(answer, ox.QueryBoolean):
        list(answer)


if __name__ == "__main__":
    main()
