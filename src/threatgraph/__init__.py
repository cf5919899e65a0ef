"""threatgraph: a knowledge graph of AI threats, with SPARQL, validation and export.

>>> from threatgraph import ThreatGraph
>>> graph = ThreatGraph.open()
>>> graph.pattern("PAT-SYS-005").label
'Strategic Misalignment'
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from threatgraph.analytics import Analytics
    from threatgraph.assess import Assessment
    from threatgraph.catalog import NamedQuery, Parameter
    from threatgraph.description import Description
    from threatgraph.errors import (
        AmbiguousName,
        EndpointError,
        EngineFailed,
        InvalidFile,
        InvalidQuery,
        InvalidShape,
        NotRepresentable,
        QueryRefused,
        QueryTimeout,
        QueryTooLarge,
        ThreatGraphError,
        ThreatGraphWarning,
        UnknownName,
    )
    from threatgraph.graph import ThreatGraph
    from threatgraph.importers import ImportResult
    from threatgraph.plots.chart import Chart
    from threatgraph.recommend import Reason, Recommendation, Recommendations
    from threatgraph.records import Link, Record
    from threatgraph.search import SearchResult, SearchResults
    from threatgraph.store.disk.load import LoadResult
    from threatgraph.store.remote.sync import SyncResult
    from threatgraph.table import Row, Table
    from threatgraph.validate import ValidationReport, ValidationResult

__all__ = [
    "AmbiguousName",
    "Analytics",
    "Assessment",
    "Chart",
    "Description",
    "EndpointError",
    "EngineFailed",
    "ImportResult",
    "InvalidFile",
    "InvalidQuery",
    "InvalidShape",
    "Link",
    "LoadResult",
    "NamedQuery",
    "NotRepresentable",
    "Parameter",
    "QueryRefused",
    "QueryTimeout",
    "QueryTooLarge",
    "Reason",
    "Recommendation",
    "Recommendations",
    "Record",
    "Row",
    "SearchResult",
    "SearchResults",
    "SyncResult",
    "Table",
    "ThreatGraph",
    "ThreatGraphError",
    "ThreatGraphWarning",
    "UnknownName",
    "ValidationReport",
    "ValidationResult",
]

# Names are imported on first use: `threatgraph --version` does not need the query engine.
_MODULES = {
    "Analytics": "analytics",
    "Assessment": "assess",
    "Chart": "plots.chart",
    "Description": "description",
    "ImportResult": "importers",
    "Link": "records",
    "LoadResult": "store.disk.load",
    "NamedQuery": "catalog",
    "Parameter": "catalog",
    "Reason": "recommend",
    "Recommendation": "recommend",
    "Recommendations": "recommend",
    "Record": "records",
    "Row": "table",
    "SearchResult": "search",
    "SearchResults": "search",
    "SyncResult": "store.remote.sync",
    "Table": "table",
    "ThreatGraph": "graph",
    "ValidationReport": "validate",
    "ValidationResult": "validate",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES.get(name, 'errors')}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
