"""A record with what its pages show, read from the graph."""

from __future__ import annotations

from functools import cached_property

from threatgraph.graph import ThreatGraph
from threatgraph.records import Link, read_inbound, read_languages, read_record


class Reading:
    """A record with what its pages show, which is read once for several forms.

    Args:
        graph: the graph.
        iri: the IRI of the record.
    """

    def __init__(self, graph: ThreatGraph, iri: str) -> None:
        self.graph, self.record = graph, read_record(graph.store, iri)

    @cached_property
    def inbound(self) -> dict[str, tuple[Link, ...]]:
        """The records that link to it, by property."""
        return read_inbound(self.graph.store, self.record.iri)

    @cached_property
    def languages(self) -> dict[str, str]:
        """The language of each text that is not English."""
        return read_languages(self.graph.store, self.record.iri)
