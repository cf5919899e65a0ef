"""Compares loading, queries, validation and export with rdflib and pyshacl: python tests/bench/engines.py

Both do the same work on the same files in the same run. pyshacl alone takes some minutes.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import pyshacl
import rdflib

from threatgraph import ThreatGraph, resources
from threatgraph.catalog import load_catalog
from threatgraph.export import FORMATS
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


def main() -> None:
    """Print the table."""
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
