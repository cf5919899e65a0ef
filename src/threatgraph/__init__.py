"""threatgraph: a knowledge graph of AI threats, with SPARQL, validation and export.

>>> from threatgraph import ThreatGraph
>>> graph = ThreatGraph.open()
"""

from threatgraph.errors import (
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
