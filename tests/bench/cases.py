"""Measures one engine on one file, each case in a separate process: time, count and peak memory.

    python tests/bench/cases.py ENGINE FILE FOLDER LIMIT MEMORY [DONE…]   # started by stores.py

The process loads the graph once and forks for each case. So a case starts with the loaded graph, and can be killed at
the limit. The process writes one JSON object per line: the row that starts, and its figures.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from contenders import Contender, Work, contenders

from threatgraph.catalog import load_catalog
from threatgraph.lookup import bind
from threatgraph.sparql.binding import Bindings
from threatgraph.store import MemoryStore

#: Queries whose cost grows with the number of incidents, with their parameters.
QUERIES: Mapping[str, Mapping[str, str]] = {
    "causes": {},
    "causes-together": {},
    "domains": {},
    "groups": {},
    "incidents": {},
    "incidents-by-actor": {},
    "incidents-by-provision": {"provision": "mit:7"},
    "incidents-by-year": {},
    "pattern-incidents": {"pattern": "PAT-SYS-005"},
    "patterns-about": {"text": "agent"},
    "patterns-by-cause": {"cause": "regulatory-gap"},
    "patterns-sharing-context": {"pattern": "PAT-SYS-005"},
    "patterns-together": {},
    "provenance": {},
    "unconfirmed": {},
    "where-stated": {"pattern": "PAT-SYS-005"},
}
#: A case that takes less than a second is repeated, up to these limits of runs and seconds.
_MOST, _SPENT = 15, 3.0

Figures = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A unit of work of an engine; ``direct`` is the same without the layer of threatgraph."""

    work: Work
    direct: Work | None = None
    once: bool = False
    """Whether the work changes a state, so that it cannot be repeated."""


def cases(engine: Contender) -> dict[str, Callable[[], Case]]:
    """The cases of an engine by row, in the order in which they run; a case is created right before it runs."""
    bundled = MemoryStore.open()
    bindings = {name: bind(bundled, load_catalog()[name], values) for name, values in QUERIES.items()}

    def query(name: str, bound: Bindings) -> Callable[[], Case]:
        sparql = load_catalog()[name].sparql
        return lambda: Case(engine.query(sparql, bound), engine.direct(sparql, bound))

    queries = {f"query {name}": query(name, bound) for name, bound in bindings.items()}

    def other(row: str, work: Work) -> Callable[[], Case]:
        def make() -> Case:
            engine.warm(row)
            return Case(work)

        return make

    return queries | {row: other(row, work) for row, work in engine.works().items()}


def measured(case: Case) -> Figures:
    """The median time in seconds and the count; work and direct work alternate."""
    ours, direct = [], []
    began = time.perf_counter()
    while True:
        seconds, count = _timed(case.work)
        ours.append(seconds)
        if case.direct is not None:
            direct.append(_timed(case.direct)[0])
        if case.once or ours[0] >= 1 or len(ours) >= _MOST or time.perf_counter() - began > _SPENT:
            break
    figures: Figures = {"seconds": statistics.median(ours), "runs": len(ours), "count": count}
    return figures | ({"direct": statistics.median(direct)} if direct else {})


def forked(work: Callable[[], Figures], limit: float) -> Figures:
    """Run ``work`` in a child process that is killed at the limit; return its result with the peak memory."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(reader)
            os.write(writer, json.dumps(_guarded(work)).encode())
            status = 0
        finally:
            os._exit(status)
    os.close(writer)
    ready, _, _ = select.select([reader], [], [], limit)
    if not ready:
        os.kill(child, signal.SIGKILL)
    _, status, used = os.wait4(child, 0)
    with os.fdopen(reader, "rb") as answer:
        output = answer.read()
    if not ready:
        return {"failed": f"over {limit:.0f} s"}
    if not output:
        return {"failed": "out of memory" if os.WIFSIGNALED(status) else f"ended with status {status}"}
    figures: Figures = json.loads(output)
    return figures | {"peak": used.ru_maxrss * 1024}


def _guarded(work: Callable[[], Figures]) -> Figures:
    try:
        return work()
    except MemoryError:
        return {"failed": "out of memory"}
    except Exception as error:  # noqa: BLE001 - any error of an engine goes into its cell
        return {"failed": f"{type(error).__name__}: {str(error).splitlines()[0][:60] if str(error) else ''}"}


def _timed(work: Work) -> tuple[float, int]:
    began = time.perf_counter()
    count = work()
    return time.perf_counter() - began, count


def _report(**figures: object) -> None:
    sys.stdout.write(json.dumps(figures) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Run the cases of one engine, except the rows that are done."""
    name, file, folder, limit, memory = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), *map(float, sys.argv[4:6])
    done = sys.argv[6:]
    resource.setrlimit(resource.RLIMIT_DATA, (int(memory), int(memory)))
    engine = contenders()[name]
    prepare = engine.prepare(file, folder)
    if prepare is not None and "load" not in done:
        _report(begins="load")
        _report(row="load", **forked(lambda: measured(Case(prepare, once=True)), limit))
    _report(begins="open")
    # If opening loads the file, it runs once: otherwise two graphs would be in memory.
    opening = Case(partial(_open, engine, file, folder), once=prepare is None)
    opened = _guarded(lambda: measured(opening))
    if "failed" in opened:
        _report(row="open", **opened)
        return
    _report(row="open", **opened, peak=_peak())
    for row, made in cases(engine).items():
        if row in done:
            continue
        _report(begins=row)
        _report(row=row, **_one(made, limit if engine.forks else None))


def _one(made: Callable[[], Case], limit: float | None) -> Figures:
    def work() -> Figures:
        return measured(made())

    return _guarded(work) if limit is None else forked(work, limit)


def _open(engine: Contender, file: Path, folder: Path) -> int:
    engine.open(file, folder)
    return 0


def _peak() -> int:
    """The peak memory of this process in bytes; getrusage would include that of the parent process."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    main()
