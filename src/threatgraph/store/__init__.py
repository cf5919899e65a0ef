"""Stores hold the triples and answer SPARQL."""

from threatgraph.store.memory import MemoryStore
from threatgraph.store.protocol import Store

__all__ = ["MemoryStore", "Store"]
