"""threatgraph: a knowledge graph of AI threats, with SPARQL, validation and export.

>>> from threatgraph import ThreatGraph
>>> graph = ThreatGraph.open()
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threatgraph.errors import (
        EngineFailed,
        InvalidFile,
        InvalidQuery,
        QueryRefused,
        QueryTimeout,
        QueryTooLarge,
        ThreatGraphError,
        UnknownName,
    )
    from threatgraph.graph import ThreatGraph
    from threatgraph.records import Link, Record
    from threatgraph.table import Row, Table

__all__ = [
    "EngineFailed",
    "InvalidFile",
    "InvalidQuery",
    "Link",
    "QueryRefused",
    "QueryTimeout",
    "QueryTooLarge",
    "Record",
    "Row",
    "Table",
    "ThreatGraph",
    "ThreatGraphError",
    "UnknownName",
]

# What is imported from here is looked up on first use, so that `threatgraph --version` need not load the engine.
_HOMES = {"ThreatGraph": "graph", "Link": "records", "Record": "records", "Row": "table", "Table": "table"}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'errors')}"), name)
