"""Graph analytics: centrality, communities, co-occurrence, coverage, trends, paths and escalation.

Each module has one analysis. It queries the store with SPARQL and returns a :class:`threatgraph.table.Table`.
:class:`Analytics` is the public API; it resolves the names of records.
"""

from threatgraph.analytics.facade import Analytics

__all__ = ["Analytics"]
