"""Measures the time and memory of validation as a graph grows, compared with pyshacl alone.

    python tests/bench/validate_scale.py [--one-in NUMBER] [SIZE…]   # 4k 150k 1.5M triples by default

One incident in a thousand, or in another number, violates one constraint, and the results must be exactly these
violations. Each size and pyshacl run in separate processes, so that each has its own peak of memory. pyshacl alone runs
up to 20,000 triples; for more, its time is scaled by the number of triples.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from generate import complete_graph
from stores import number

from threatgraph import ThreatGraph, resources
from threatgraph.validate import validate
from threatgraph.validate.candidates.compiler import Compiler
from threatgraph.validate.shapes import graph as shapes
from threatgraph.validate.shapes.constraints import read_constraints
from threatgraph.validate.statistics import Statistics
from threatgraph.vocab import BASE, PREFIXES, tg

_MOST_FOR_PYSHACL = 20_000
_SHAPES = resources.ontology_dir() / "shapes"
#: The statements to omit from an invalid incident, in turn; each of these properties is required.
_LEFT_OUT = (f"<{PREFIXES['dcterms']}source>", f"<{PREFIXES['skos']}prefLabel>", f"<{tg('curationStatus')}>")


_GENERATED = f'FILTER(STRSTARTS(STR(?i), "{BASE}incident/generated-"))'


def broken(lines: Iterable[str], one_in: int) -> Iterator[str]:
    """The lines, without one statement of one incident in so many."""
    prefix = f"<{BASE}incident/generated-"
    for line in lines:
        found = line.removeprefix(prefix).partition("> ") if line.startswith(prefix) else ("#", "", "")
        place = int(found[0]) if found[0].isdigit() else 1
        if place % one_in or not found[2].startswith(_LEFT_OUT[place // one_in % len(_LEFT_OUT)]):
            yield line


def measure(size: int, file: Path, one_in: int) -> None:
    """Generate the file for a size and print its figures."""
    with file.open("w", encoding="utf-8") as stream:
        stream.writelines(broken(complete_graph(size), one_in))
    figures = {}
    begin = time.perf_counter()
    graph = ThreatGraph.open([file], bundled=False)
    figures["open s"] = time.perf_counter() - begin
    opened = peak()
    begin = time.perf_counter()
    read = shapes.load(sorted(_SHAPES.glob("*.ttl")))
    compiler = Compiler(read, Statistics(graph.store))
    for check in read_constraints(read, hints=False):
        for query in compiler.queries(check) or ():
            graph.store.select(query)
    figures["the queries alone s"] = time.perf_counter() - begin
    begin = time.perf_counter()
    report = validate(graph.store)
    figures["validate s"] = time.perf_counter() - begin
    figures["peak of memory when open GB"], figures["peak of memory GB"] = opened, peak()
    (generated,) = graph.store.select(f"SELECT (COUNT(?i) AS ?n) {{ ?i a tg:Incident {_GENERATED} }}").column("n")
    assert len(report) == -(-int(str(generated)) // one_in), f"{len(report)} results for {generated} incidents"
    print(f"\n{len(graph)} triples, {generated} generated incidents, {len(report)} results", flush=True)
    for name, value in figures.items():
        print(f"  {name:<44}{value:>10.2f}", flush=True)
    (file.parent / "figures").write_text(f"{len(graph)} {figures['validate s']}")


def pyshacl_alone(file: Path) -> None:
    """Print the time and memory of pyshacl alone for the same graph."""
    import pyshacl
    import rdflib

    data = ThreatGraph.open([file], bundled=False).store.to_rdflib()
    rules = rdflib.Graph()
    for shape in _SHAPES.glob("*.ttl"):
        rules.parse(shape)
    begin = time.perf_counter()
    pyshacl.validate(data, shacl_graph=rules)
    print(f"  {'pyshacl alone s':<44}{(taken := time.perf_counter() - begin):>10.2f}")
    print(f"  {'its peak of memory GB':<44}{peak():>10.2f}", flush=True)
    begin = time.perf_counter()
    validate(ThreatGraph.open([file], bundled=False).store, fast=False)
    print(f"  {'--full (pyshacl, each query parsed once) s':<44}{time.perf_counter() - begin:>10.2f}", flush=True)
    (file.parent / "pyshacl").write_text(f"{len(data)} {taken}")


def peak() -> float:
    """The peak memory of this process, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def run(*arguments: str) -> None:
    subprocess.run([sys.executable, __file__, *arguments], check=True)


def main(sizes: list[int], one_in: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        before = None
        for size in sizes:
            file = Path(folder) / "generated.nt"
            run("--one", str(size), str(file), str(one_in))
            triples, taken = map(float, (Path(folder) / "figures").read_text().split())
            if size <= _MOST_FOR_PYSHACL:
                run("--pyshacl", str(file))
            if (Path(folder) / "pyshacl").exists():
                of, its = map(float, (Path(folder) / "pyshacl").read_text().split())
                how = "" if of == triples else f", scaled by triples from the {int(of)} of the run above"
                print(f"  {'pyshacl alone takes more by a factor of':<44}{its * triples / of / taken:>10.0f}{how}")
            if before:
                print(
                    f"  {'growth: time by triples':<44}{taken / before[1] / (triples / before[0]):>10.2f}", flush=True
                )
            before = triples, taken


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        measure(int(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
    elif sys.argv[1:2] == ["--pyshacl"]:
        pyshacl_alone(Path(sys.argv[2]))
    else:
        words = sys.argv[1:]
        share = int(words[1]) if words[:1] == ["--one-in"] else 1_000
        main([number(size) for size in words[2 if words[:1] == ["--one-in"] else 0 :] or ("4k", "150k", "1.5M")], share)
