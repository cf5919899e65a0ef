"""What validation costs as incidents grow in number, beside pyshacl alone.

    python tests/bench/validate_scale.py [COUNT…]   # 0 1000 10000 100000 unless told otherwise

One incident in a thousand breaks one rule, so that there is something to judge; the findings must be these. Each count
runs in a process of its own, and so does pyshacl, so that each peak of memory is its own. pyshacl alone runs on the
shipped graph (count 0); for more, its time is scaled by the number of triples.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from generate import incidents

from threatgraph import ThreatGraph, resources
from threatgraph.validate import shapes, validate
from threatgraph.validate.census import Census
from threatgraph.validate.compile import Compiler
from threatgraph.vocab import BASE, PREFIXES

_ONE_IN = 1_000
_MOST_FOR_PYSHACL = 0
_SHAPES = resources.ontology_dir() / "shapes"
#: What is left out of a broken incident, in turn; each is demanded once.
_LEFT_OUT = (f"<{PREFIXES['dcterms']}source>", f"<{PREFIXES['skos']}prefLabel>", "curationStatus>")


def broken(lines: Iterable[str]) -> Iterator[str]:
    """The lines without one statement of one incident in a thousand."""
    prefix = f"<{BASE}incident/generated-"
    for line in lines:
        if line.startswith(prefix):
            number = int(line.removeprefix(prefix).partition(">")[0])
            if number % _ONE_IN == 0 and _LEFT_OUT[number // _ONE_IN % len(_LEFT_OUT)] in line:
                continue
        yield line


def measure(count: int, file: Path) -> None:
    """Print the figures of one count; the file is made here."""
    with file.open("w", encoding="utf-8") as stream:
        stream.writelines(broken(incidents(count)))
    figures = {}
    begin = time.perf_counter()
    graph = ThreatGraph.open([file])
    figures["open s"] = time.perf_counter() - begin
    opened = peak()
    begin = time.perf_counter()
    read = shapes.load(sorted(_SHAPES.glob("*.ttl")))
    compiler = Compiler(read, Census(graph.store))
    for check in shapes.read_checks(read, hints=False):
        for query in compiler.queries(check) or ():
            graph.store.select(query)
    figures["the queries alone s"] = time.perf_counter() - begin
    begin = time.perf_counter()
    report = validate(graph.store)
    figures["validate s"] = time.perf_counter() - begin
    figures["peak of memory when open GB"], figures["peak of memory GB"] = opened, peak()
    wanted = len(range(0, count, _ONE_IN))
    assert len(report) == wanted, f"{len(report)} findings, {wanted} incidents are broken"
    print(f"\n{count} generated incidents, {len(graph)} triples, {len(report)} findings", flush=True)
    for name, value in figures.items():
        print(f"  {name:<44}{value:>10.2f}", flush=True)
    (file.parent / "figures").write_text(f"{len(graph)} {figures['validate s']}")


def pyshacl_alone(file: Path) -> None:
    """Print what pyshacl takes for the same graph, without any of our own work."""
    import pyshacl
    import rdflib

    data = ThreatGraph.open([file]).store.to_rdflib()
    rules = rdflib.Graph()
    for shape in _SHAPES.glob("*.ttl"):
        rules.parse(shape)
    begin = time.perf_counter()
    pyshacl.validate(data, shacl_graph=rules)
    print(f"  {'pyshacl alone s':<44}{(taken := time.perf_counter() - begin):>10.2f}")
    print(f"  {'its peak of memory GB':<44}{peak():>10.2f}", flush=True)
    begin = time.perf_counter()
    validate(ThreatGraph.open([file]).store, fast=False)
    print(f"  {'--full (pyshacl, each query parsed once) s':<44}{time.perf_counter() - begin:>10.2f}", flush=True)
    (file.parent / "pyshacl").write_text(f"{len(data)} {taken}")


def peak() -> float:
    """The most memory that this process has had, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def run(*arguments: str) -> None:
    subprocess.run([sys.executable, __file__, *arguments], check=True)


def main(counts: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        before = None
        for count in counts:
            file = Path(folder) / "generated.nt"
            run("--one", str(count), str(file))
            size, taken = map(float, (Path(folder) / "figures").read_text().split())
            if count <= _MOST_FOR_PYSHACL:
                run("--pyshacl", str(file))
            if (Path(folder) / "pyshacl").exists():
                of, its = map(float, (Path(folder) / "pyshacl").read_text().split())
                how = "" if of == size else f", scaled by triples from the {int(of)} of the run above"
                print(f"  {'pyshacl alone takes more by a factor of':<44}{its * size / of / taken:>10.0f}{how}")
            if before:
                print(f"  {'growth: time by triples':<44}{taken / before[1] / (size / before[0]):>10.2f}", flush=True)
            before = size, taken


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        measure(int(sys.argv[2]), Path(sys.argv[3]))
    elif sys.argv[1:2] == ["--pyshacl"]:
        pyshacl_alone(Path(sys.argv[2]))
    else:
        main([int(count) for count in sys.argv[1:]] or [0, 1_000, 10_000, 100_000])
