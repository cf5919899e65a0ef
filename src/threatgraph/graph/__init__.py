"""The API: :class:`ThreatGraph`, the one object that users hold."""

from threatgraph.graph.api import ThreatGraph

__all__ = ["ThreatGraph"]
