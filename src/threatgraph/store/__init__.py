"""Stores: where the triples are, and SPARQL over them."""

from threatgraph.store.memory import MemoryStore
from threatgraph.store.protocol import Store

__all__ = ["MemoryStore", "Store"]
