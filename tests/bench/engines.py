"""Compares loading, queries, validation and export with rdflib, pyshacl and pyoxigraph.

    python tests/bench/engines.py
    python tests/bench/engines.py --exports [FILE]

Both do the same work on the same files in the same run. pyshacl alone takes some minutes. ``--exports`` compares only
exports with the dump of the same store by pyoxigraph, which is not sorted: processor time, and the peak memory of a
process that writes to a file; of the bundled graph, or of a file such as those of ``generate.py --graph``.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pyoxigraph as ox
import pyshacl
import rdflib
from cases import forked

from threatgraph import ThreatGraph, resources
from threatgraph.catalog import load_catalog
from threatgraph.export import FORMATS, write
from threatgraph.vocab import PREFIXES

QUERIES = (
    "causes-together",
    "domains",
    "groups",
    "patterns-together",
    "patterns-without-incidents",
    "severity-by-domain",
)


def timed(work: Callable[[], object], rounds: int = 3) -> float:
    """The minimum time of some rounds, in milliseconds."""
    best = float("inf")
    for _ in range(rounds):
        began = time.perf_counter()
        work()
        best = min(best, 1000 * (time.perf_counter() - began))
    return best


def row(what: str, ours: float, theirs: float) -> None:
    """Print a line of the table."""
    print(f"{what:40}{ours:12.1f}{theirs:12.1f}{theirs / ours:9.1f}")


def load_by_rdflib() -> rdflib.Graph:
    """Load the bundled files with rdflib."""
    graph = rdflib.Graph()
    for file in resources.bundled_files():
        graph.parse(file)
    return graph


def exports(files: list[Path]) -> None:
    """Print time and peak memory of exports, and their ratios to the dump by pyoxigraph."""
    graph = ThreatGraph.open(files, bundled=not files)
    engine = graph.store._store  # type: ignore[attr-defined]
    forms = {"turtle": ox.RdfFormat.TURTLE, "ntriples": ox.RdfFormat.N_TRIPLES, "jsonld": ox.RdfFormat.JSON_LD}

    def measured(work: Callable[[IO[bytes]], object]) -> tuple[float, float]:
        def written() -> dict[str, float]:
            with tempfile.TemporaryFile() as target:
                began = time.process_time()
                work(target)
                return {"seconds": time.process_time() - began}

        runs = [forked(written, 3600) for _ in range(3)]
        return min(run["seconds"] for run in runs), max(run["peak"] for run in runs) / 1e6

    idle = forked(dict, 60)["peak"] / 1e6
    print(
        f"{len(graph)} triples, a store of {idle:.0f} MB; memory is the ratio to it\n"
        f"{'seconds and MB':20}{'threatgraph':>20}{'dump':>20}{'ratio':>8}{'memory':>8}"
    )
    for name in FORMATS:
        seconds, peak = measured(lambda target, name=name: write(graph.store, name, target))  # type: ignore[misc]
        line = f"{name:20}{seconds:12.3f}{peak:8.0f}"
        if name in forms:
            dumped = measured(
                lambda target, form=forms[name]: engine.dump(target, format=form, from_graph=ox.DefaultGraph())  # type: ignore[misc]
            )
            line += f"{dumped[0]:12.3f}{dumped[1]:8.0f}{seconds / dumped[0]:8.1f}"
        else:
            line += " " * 28
        print(f"{line}{peak / idle:8.2f}", flush=True)
    node = "PAT-SYS-005"
    for name in forms:
        best = timed(lambda name=name: graph.export(name, node=node), 15)  # type: ignore[misc]
        print(f"{name} of {node}: {best:.1f} ms")


def main() -> None:
    """Print the table."""
    if sys.argv[1:2] == ["--exports"]:
        exports([Path(file) for file in sys.argv[2:]])
        return
    print(f"{'milliseconds':40}{'threatgraph':>12}{'rdflib':>12}{'ratio':>9}")
    row("open the bundled graph", timed(ThreatGraph.open), timed(load_by_rdflib, 1))
    graph = ThreatGraph.open()
    plain = graph.to_rdflib()
    print(f"({len(graph)} triples)")
    for name in QUERIES:
        sparql = load_catalog()[name].sparql
        ours, theirs = graph.store.select(sparql), plain.query(sparql, initNs=PREFIXES)
        assert len(ours) == len(list(theirs)), name
        row(
            f"query {name}",
            timed(lambda sparql=sparql: graph.store.select(sparql)),  # type: ignore[misc]
            timed(lambda sparql=sparql: list(plain.query(sparql, initNs=PREFIXES)), 1),  # type: ignore[misc]
        )
    for name, by_rdflib in {"turtle": "turtle", "jsonld": "json-ld", "ntriples": "nt", "rdfxml": "xml"}.items():
        assert name in FORMATS
        row(
            f"export {name}",
            timed(lambda name=name: graph.export(name)),  # type: ignore[misc]
            timed(lambda form=by_rdflib: plain.serialize(format=form), 1),  # type: ignore[misc]
        )
    shapes = rdflib.Graph()
    for file in sorted((resources.ontology_dir() / "shapes").glob("*.ttl")):
        shapes.parse(file)
    alone = timed(lambda: pyshacl.validate(plain, shacl_graph=shapes), 1)
    row("validate (compared with pyshacl)", timed(graph.validate), alone)
    row("validate with hints", timed(lambda: graph.validate(hints=True)), alone)


if __name__ == "__main__":
    main()
