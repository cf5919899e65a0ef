"""Measures the time of commands, compared with an interpreter that does nothing: python tests/bench/startup.py

Each command runs in a process several times, alternating with the others, so that all have the same conditions. The
wall time and the processor time are those of the command and the workers that it starts. Where rdflib can do the same,
a second table has its time, with the bundled graph as N-Triples, which it parses fastest.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from threatgraph import ThreatGraph

ROUNDS, PEER_ROUNDS = 15, 3
#: The program as users start it; without one, `python -m threatgraph`, which ends a little later.
_PROGRAM = shutil.which("threatgraph", path=str(Path(sys.executable).parent))
OURS = [_PROGRAM] if _PROGRAM else [sys.executable, "-m", "threatgraph"]
BASE = "python -c pass"
COMMANDS = {
    BASE: [sys.executable, "-c", "pass"],
    "import rdflib": [sys.executable, "-c", "import rdflib"],
    "import pyshacl": [sys.executable, "-c", "import pyshacl"],
} | {
    " ".join(("threatgraph", *words)): [*OURS, *words]
    for words in (
        ["--version"],
        ["query", "ASK {}"],
        ["run", "domains"],
        ["run", "domains", "--format", "json"],
        ["show", "PAT-SYS-005"],
        ["stats"],
        ["search", "deepfake"],
        ["validate"],
        ["validate", "--hints"],
    )
}
#: The same with rdflib: load the graph, and evaluate a query of the same kind.
PEERS = {
    "threatgraph query ASK {}": "bool(g.query('ASK {}'))",
    "threatgraph run domains": "len(g.query(open(sys.argv[2]).read()))",
    "threatgraph show PAT-SYS-005": "len(g.query('DESCRIBE <https://w3id.org/threatgraph/pattern/strategic-misalignment>').graph)",
    "threatgraph stats": "len(g.query('SELECT ?c (COUNT(*) AS ?n) { ?s a ?c } GROUP BY ?c'))",
}
_LOAD = "import sys, rdflib; g = rdflib.Graph(); g.parse(sys.argv[1], format='nt'); "


def measure(commands: Mapping[str, Sequence[str]], rounds: int) -> dict[str, list[tuple[float, float]]]:
    """Run each command several times.

    Args:
        commands: the words of each command, by name.
        rounds: the number of runs.

    Returns:
        The wall time and the processor time of each run in milliseconds.
    """
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    for number in range(rounds + 1):
        for name, words in commands.items():
            began, used = time.perf_counter(), _used()
            subprocess.run(words, stdout=subprocess.DEVNULL, check=True, env=environment)
            if number:  # the first run fills the caches
                times[name].append((1000 * (time.perf_counter() - began), 1000 * (_used() - used)))
    return times


def _used() -> float:
    """The processor time of the processes that have ended, in seconds."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _medians(times: Sequence[tuple[float, float]]) -> tuple[float, float]:
    wall, used = (statistics.median(column) for column in zip(*times, strict=True))
    return wall, used


def main() -> None:
    """Print the times of each command in milliseconds, with their ratios to the first, and those of rdflib."""
    found = {name: _medians(times) for name, times in measure(COMMANDS, ROUNDS).items()}
    print(f"{'':42}{'wall ms':>9}{'ratio':>7}{'cpu ms':>9}{'ratio':>7}")
    for name, (wall, used) in found.items():
        ratios = wall / found[BASE][0], used / found[BASE][1]
        print(f"{name:42}{wall:9.0f}{ratios[0]:7.1f}{used:9.0f}{ratios[1]:7.1f}")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "graph.nt"
        graph = ThreatGraph.open()
        graph.export("ntriples", path=file)
        query = str(graph.queries["domains"].path)
        peers = {name: [sys.executable, "-c", _LOAD + code, str(file), query] for name, code in PEERS.items()}
        print(f"\n{'the same with rdflib':42}{'wall ms':>9}{'ours is faster':>23}")
        for name, times in measure(peers, PEER_ROUNDS).items():
            wall = _medians(times)[0]
            print(f"{name:42}{wall:9.0f}{wall / found[name][0]:22.1f}×")


if __name__ == "__main__":
    main()
