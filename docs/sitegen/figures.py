"""The figures of the site, drawn from the graph by the code behind `threatgraph plot`."""

from __future__ import annotations

from pathlib import Path

from threatgraph import ThreatGraph
from threatgraph.plots import FIGURES, plot


def draw(graph: ThreatGraph, folder: Path) -> None:
    """Draw every figure as SVG."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in FIGURES:
        (folder / f"{name}.svg").write_bytes(plot(graph.store, name, "svg"))
