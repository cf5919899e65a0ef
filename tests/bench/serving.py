"""Measures ``threatgraph serve`` beside ``oxigraph serve`` on the same graph, and under a mixed load.

    python tests/bench/serving.py [--seconds 5] [--minutes N]

Requests come over four connections, with wrk (Debian package wrk) if it is installed. Server and client have a core
each, if there are two. An uncached request has a number in a comment or parameter; a cached one is repeated.
``oxigraph serve`` has no cache, so the same figures are in both rows. Pages and search have no equivalent there, except
a record as Turtle, which is compared with DESCRIBE. Memory is the proportional set size of all processes.

``--minutes`` instead runs a mixed load with failures of every kind for that long, and exits with status 1 if the server
gives an unknown status, stops to answer or grows.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote

from mixed_load import RUNAWAY, run
from processes import Server, oxigraph, threatgraph
from throughput import CONNECTIONS, UNIQUE, Figures, measure

from threatgraph import ThreatGraph

_PREFIX = "PREFIX tg: <https://w3id.org/threatgraph/ontology#> "
ASK = "ASK { ?s ?p ?o }"
ROWS = "SELECT * { ?s ?p ?o } LIMIT 1000"
GROUPS = (
    _PREFIX + "SELECT ?pattern (COUNT(?i) AS ?n) { ?i a tg:Incident ; tg:involvesPattern ?pattern } GROUP BY ?pattern"
)
DESCRIBE = "DESCRIBE <https://w3id.org/threatgraph/pattern/goal-drift>"
#: A query on which the engine aborts its process.
CRASH = f"SELECT * {{ {'{' * 20_000}{'}' * 20_000} }}"
_SETTLE = 2.0
"""Seconds for processes that are no longer needed to end."""
_PATIENCE = 20.0
"""Seconds to wait for the end of a query that runs away."""
RESULTS, HTML, TURTLE = "application/sparql-results+json", "text/html", "text/turtle"


class Case(NamedTuple):
    """One kind of request."""

    name: str
    accept: str
    ours: str
    """The path, with :data:`UNIQUE` where each request has its number."""
    theirs: str = ""
    """The query that Oxigraph gets; empty without an equivalent."""


def _sparql(query: str) -> str:
    return f"/sparql?query={quote(query)}"


def cases() -> Iterator[Case]:
    """All kinds of requests."""
    number = f"%0A%23{UNIQUE}"  # a comment of SPARQL
    for name, query in (("ASK", ASK), ("SELECT, 1,000 rows", ROWS), ("group by", GROUPS)):
        yield Case(f"{name}, uncached", RESULTS, _sparql(query) + number, query)
        yield Case(f"{name}, cached", RESULTS, _sparql(query), query)
    page = "/pattern/goal-drift"
    yield Case("record as HTML, uncached", HTML, f"{page}?n={UNIQUE}")
    yield Case("record as HTML, cached", HTML, page)
    yield Case("record as Turtle, uncached", TURTLE, f"{page}?n={UNIQUE}", DESCRIBE)
    yield Case("record as Turtle, cached", TURTLE, page, DESCRIBE)
    yield Case("search, uncached", HTML, f"/search?q=deepfake+voice+{UNIQUE}")
    yield Case("search, cached", HTML, "/search?q=deepfake+voice")


def compare(seconds: float) -> None:
    """Print the table of all cases, and the figures about start, memory and failures."""
    graph = ThreatGraph.open().export("ntriples")
    with threatgraph() as ours, oxigraph() as theirs:
        began = time.perf_counter()
        status, _ = theirs.ask("/store?default", graph, Content_Type="application/n-triples")
        assert status in (201, 204), status
        loaded = theirs.started + time.perf_counter() - began
        for path in ("/search?q=deepfake", "/pattern/goal-drift", f"/sparql?query={quote(ASK)}"):
            ours.ask(path)  # which waits for what is prepared beside the first requests
        time.sleep(_SETTLE)
        idle = ours.memory(), theirs.memory()
        print(f"{CONNECTIONS} connections, {len(graph.splitlines()):,} triples\n")
        print("| request | threatgraph/s | p50 ms | p99 ms | oxigraph/s | p50 ms | p99 ms | ratio |")
        print("|---|---|---|---|---|---|---|---|")
        known: dict[str, Figures] = {}
        for case in cases():
            found = measure(ours.port, case.ours, case.accept, seconds)
            if case.theirs and case.theirs not in known:
                path = f"/query?query={quote(case.theirs)}%0A%23{UNIQUE}"
                known[case.theirs] = measure(theirs.port, path, case.accept, seconds)
            print(_row(case, found, known.get(case.theirs)), flush=True)
        load = ours.memory(), theirs.memory()
        processes = len(ours.tree())
    print("\n| | threatgraph | oxigraph |\n|---|---|---|")
    print(f"| start to the first answer | {ours.started:.2f} s | {loaded:.2f} s, with loading |")
    print(f"| memory, idle | {idle[0]:.0f} MB | {idle[1]:.0f} MB |")
    print(f"| memory, after the load | {load[0]:.0f} MB in {processes} processes | {load[1]:.0f} MB |")
    print(f"| runaway query, over its limit of 1 s | {_failures(graph)} |")


def _row(case: Case, ours: Figures, theirs: Figures | None) -> str:
    cells = [f"{ours.rate:,.0f}", f"{ours.median:.1f}", f"{ours.p99:.1f}"]
    if theirs is None:
        cells += [""] * 4
    else:
        cells += [f"{theirs.rate:,.0f}", f"{theirs.median:.1f}", f"{theirs.p99:.1f}", f"{ours.rate / theirs.rate:.2f}"]
    return f"| {case.name} | {' | '.join(cells)} |"


def _failures(graph: bytes) -> str:
    """The cells of the rows on queries that run away, and that crash the engine."""
    with threatgraph("--timeout", "1") as ours, oxigraph("--timeout-s", "1") as theirs:
        theirs.ask("/store?default", graph, Content_Type="application/n-triples")
        over = _runaway(ours, "/sparql"), _runaway(theirs, "/query")
        crash = _after_crash(ours, "/sparql"), _after_crash(theirs, "/query")
    return f"{over[0]} | {over[1]} |\n| next answer after a crash of the engine | {crash[0]} | {crash[1]}"


def _runaway(server: Server, path: str) -> str:
    began = time.perf_counter()
    try:
        status, _ = server.ask(path, RUNAWAY.encode(), _PATIENCE, Content_Type="application/sparql-query")
    except OSError:
        return f"no answer within {_PATIENCE:.0f} s"
    return f"{time.perf_counter() - began - 1:.2f} s, status {status}"


def _after_crash(server: Server, path: str) -> str:
    try:
        status, _ = server.ask(path, CRASH.encode(), Content_Type="application/sparql-query")
    except OSError:
        status = 0
    began = time.perf_counter()
    try:
        server.ask(f"{path}?query={quote(ASK)}")
    except OSError:
        return f"none: exit status {server.process.wait(10)}"
    return f"{1000 * (time.perf_counter() - began):.0f} ms, status {status}"


def main() -> None:
    """Compare the servers, or run the mixed load."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seconds", type=float, default=5.0, help="seconds for each kind of request")
    parser.add_argument("--minutes", type=float, help="run the mixed load for this long instead")
    arguments = parser.parse_args()
    if arguments.minutes:
        raise SystemExit(run(arguments.minutes))
    compare(arguments.seconds)


if __name__ == "__main__":
    main()
