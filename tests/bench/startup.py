"""Measures the time of commands, compared with an interpreter that does nothing: python tests/bench/startup.py

Each command runs in a process several times, alternating with the others, so that all have the same conditions.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

ROUNDS = 15
COMMANDS = {
    "python -c pass": ["-c", "pass"],
    "import rdflib": ["-c", "import rdflib"],
    "import pyshacl": ["-c", "import pyshacl"],
    "threatgraph --version": ["-m", "threatgraph", "--version"],
    "threatgraph run domains": ["-m", "threatgraph", "run", "domains"],
    "threatgraph run domains --format json": ["-m", "threatgraph", "run", "domains", "--format", "json"],
    "threatgraph show PAT-SYS-005": ["-m", "threatgraph", "show", "PAT-SYS-005"],
    "threatgraph query 'ASK {}'": ["-m", "threatgraph", "query", "ASK {}"],
    "threatgraph validate": ["-m", "threatgraph", "validate"],
    "threatgraph validate --hints": ["-m", "threatgraph", "validate", "--hints"],
}


def main() -> None:
    """Print the minimum and median of each command in milliseconds, and the ratio of medians to the first."""
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(ROUNDS):
        for name, words in COMMANDS.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True)
            times[name].append(1000 * (time.perf_counter() - began))
    base = statistics.median(times["python -c pass"])
    print(f"{'':42}{'min ms':>8}{'median':>8}{'ratio':>8}")
    for name, took in times.items():
        median = statistics.median(took)
        print(f"{name:42}{min(took):8.0f}{median:8.0f}{median / base:8.1f}")


if __name__ == "__main__":
    main()
