"""Where the ontology, the data and the queries lie: inside an installed package, or at the top of a checkout."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from threatgraph.errors import ThreatGraphError


@cache
def root() -> Path:
    """The folder that holds ``ontology/``, ``data/`` and ``queries/``.

    Raises:
        ThreatGraphError: where neither the installed package nor a checkout has them.
    """
    package = Path(__file__).resolve().parent
    for candidate in (package / "_share", package.parents[1]):
        if (candidate / "ontology" / "threatgraph.ttl").is_file():
            return candidate
    raise ThreatGraphError(f"the bundled ontology is missing beside {package}: install threatgraph again.")


def ontology_dir() -> Path:
    """The folder of the ontology, with ``schemes/``, ``shapes/`` and ``rules/`` below it."""
    return root() / "ontology"


def data_dir() -> Path:
    """The folder of the bundled records."""
    return root() / "data"


def queries_dir() -> Path:
    """The folder of the named queries."""
    return root() / "queries"


def bundled_files() -> list[Path]:
    """The files of the bundled graph, sorted: ontology, schemes and data (not shapes, rules or alignments)."""
    ontology = ontology_dir()
    return [
        ontology / "threatgraph.ttl",
        *sorted((ontology / "schemes").glob("*.ttl")),
        *sorted(data_dir().rglob("*.ttl")),
    ]
