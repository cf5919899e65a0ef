"""The API: :class:`ThreatGraph`, the one object that users hold, and the limits of its queries."""

from threatgraph.graph.api import ThreatGraph
from threatgraph.store.protocol import DEFAULT_TIMEOUT, VALIDATION_TIMEOUT
from threatgraph.store.workers.sandbox import missing_limits

__all__ = ["DEFAULT_TIMEOUT", "VALIDATION_TIMEOUT", "ThreatGraph", "missing_limits"]
