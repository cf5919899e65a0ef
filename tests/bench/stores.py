"""Measures the cost of each store as the graph grows, compared with other engines on the same files and queries.

    python tests/bench/stores.py [--sizes 4k,150k,1.5M] [--large] [--limit SECONDS] [--json FILE]

The tables (Markdown) go to standard output and progress to standard error. ``--large`` adds 15 million triples, which
requires about 40 GB of disk and one or two hours. Columns: threatgraph in memory and on disk; pyoxigraph alone in
memory and on disk, which is the lower bound for the first two; rdflib with pyshacl; maplib, if installed. An engine
that exceeds the time limit of a case is stopped; the limit of threatgraph is ten times as long.
"""

from __future__ import annotations

import argparse
import json
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from contenders import contenders
from figures import at_size, growth
from generate import complete_graph

HERE = Path(__file__).parent
#: Seconds beyond the limit before a process without output is killed; processes that fork enforce the limit.
_GRACE = 30
#: The factor of the time limit for threatgraph and pyoxigraph, whose costs must be measured completely.
_OURS = 10
_STARTS = 9
_UNITS = {"k": 10**3, "M": 10**6}
Figures = dict[str, Any]


def number(text: str) -> int:
    """Parse a number of triples such as 150k or 1.5M."""
    unit = _UNITS.get(text[-1:], 1)
    return round(float(text.rstrip("kM")) * unit)


def generated(triples: int, file: Path) -> Figures:
    """Write a graph with about ``triples`` triples; return its counts."""
    lines = incidents = 0
    with file.open("w", encoding="utf-8") as target:
        for line in complete_graph(triples):
            target.write(line)
            lines += 1
            incidents += line.endswith("#type> <https://w3id.org/threatgraph/ontology#Incident> .\n")
    return {"triples": lines, "incidents": incidents, "bytes": file.stat().st_size}


def measured(name: str, file: Path, folder: Path, limit: float, memory: float) -> dict[str, Figures]:
    """The figures of one engine on one file, by row; if a row ends the process, a new process runs the rest."""
    found: dict[str, Figures] = {}
    while True:
        begun = ""
        for line in _case(name, file, folder, limit, memory, list(found)):
            if "begins" in line:
                begun = line["begins"]
                continue
            row, begun = line.pop("row"), ""
            found.setdefault(row, line)
            outcome = line["failed"] if "failed" in line else f"{line['seconds']:.4f} s"
            print(f"{name}: {row}: {outcome}", file=sys.stderr)
        if not begun:
            return found
        found[begun] = {"failed": f"over {limit:.0f} s, or out of memory"}
        print(f"{name}: {begun}: {found[begun]['failed']}", file=sys.stderr)
        if begun in ("load", "open"):
            return found


def _case(name: str, file: Path, folder: Path, limit: float, memory: float, done: list[str]) -> Iterator[Figures]:
    """Yield the output of the process of an engine, until it ends or exceeds the limit and the grace period."""
    words = [str(HERE / "cases.py"), name, str(file), str(folder), str(limit), str(memory), *done]
    with subprocess.Popen([sys.executable, *words], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        try:
            while select.select([process.stdout], [], [], limit + _GRACE)[0] and (line := process.stdout.readline()):
                yield json.loads(line)
        finally:
            process.kill()


def started(folder: Path) -> dict[str, float]:
    """The median time in seconds of commands, compared with an interpreter that does nothing."""
    ask = ["-m", "threatgraph", "query", "ASK {}"]
    commands = {
        "python -c pass": ["-c", "pass"],
        "query 'ASK {}', bundled graph": ask,
        "query 'ASK {}', store on disk": [*ask, "--store", str(folder)],
    }
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(_STARTS):
        for name, words in commands.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, *words], stdout=subprocess.DEVNULL, check=True)
            times[name].append(time.perf_counter() - began)
    return {name: statistics.median(taken) for name, taken in times.items()}


def compared(result: Figures, file: Path, folder: Path) -> str:
    """The costs of loading and opening, with the ratio to Oxigraph in the same run, as lines of text."""
    found, lines = result["engines"], []
    ours = found.get("disk", {}).get("load", {}).get("seconds")
    command = Path(sys.executable).with_name("oxigraph")
    if ours and command.exists():
        began = time.perf_counter()
        words = [str(word) for word in (command, "load", "--location", folder / "oxigraph-load", "--file", file)]
        subprocess.run(words, stderr=subprocess.DEVNULL, check=True)
        bare = time.perf_counter() - began
        lines.append(f"- load on disk: {ours:.1f} s, `oxigraph load`: {bare:.1f} s, ratio {ours / bare:.1f}")
    rows = [found.get(name, {}).get("open", {}) for name in ("memory", "pyoxigraph")]
    if all("seconds" in row for row in rows):
        (ours, bare), (most, least) = ([row[key] for row in rows] for key in ("seconds", "peak"))
        lines.append(
            f"- open in memory: {ours:.1f} s, pyoxigraph with the rules: {bare:.1f} s, ratio {ours / bare:.1f}"
        )
        each, base = most / result["triples"], least / result["triples"]
        lines.append(f"- peak memory per stated triple: {each:.0f} bytes, pyoxigraph: {base:.0f} bytes")
    return "\n".join(["", *lines, ""])


def _available() -> float:
    """The memory limit of a case in bytes: nine tenths of the available memory."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    amounts = {line.split()[0]: int(line.split()[1]) * 1024 for line in lines}
    return 0.9 * amounts["MemAvailable:"]


def main() -> None:
    """Measure every engine at every size and print the tables."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", default="4k,150k,1.5M", help="comma-separated numbers of triples")
    parser.add_argument("--large", action="store_true", help="also measure 15 million triples")
    parser.add_argument("--limit", type=float, default=120.0, help="time limit of a case in seconds")
    parser.add_argument("--engines", default=",".join(contenders()), help="comma-separated engines")
    parser.add_argument("--json", type=Path, help="write all figures to this file")
    parser.add_argument("--folder", type=Path, help="folder for temporary graphs and stores")
    arguments = parser.parse_args()
    sizes = [number(text) for text in arguments.sizes.split(",")] + ([15_000_000] if arguments.large else [])
    engines = arguments.engines.split(",")
    results: list[Figures] = []
    if "maplib" not in contenders():
        print("maplib is not installed: its column is left out", file=sys.stderr)
    for size in sorted(sizes):
        with tempfile.TemporaryDirectory(dir=arguments.folder) as made:
            result = _measured_at(size, Path(made), engines, arguments.limit)
            comparison = compared(result, Path(made) / "graph.nt", Path(made))
        results.append(result)
        print(at_size(result) + comparison, flush=True)
        if arguments.json:
            arguments.json.write_text(json.dumps(results, indent=1), encoding="utf-8")
    print(growth(results))


def _measured_at(size: int, folder: Path, engines: list[str], limit: float) -> Figures:
    file = folder / "graph.nt"
    result = generated(size, file)
    print(f"{result['triples']} triples, {result['incidents']} incidents", file=sys.stderr)
    found = {}
    for name in engines:
        own = limit * (_OURS if contenders()[name].patient else 1)
        found[name] = measured(name, file, folder / name.replace(" ", "-"), own, _available())
    result["engines"] = found
    if "disk" in found and "failed" not in found["disk"]["load"]:
        result["start-up"] = started(folder / "disk")
        result["bytes on disk"] = sum(p.stat().st_size for p in (folder / "disk").rglob("*") if p.is_file())
    return result


if __name__ == "__main__":
    main()
