"""Stores: where the triples are, and SPARQL over them."""

from threatgraph.store.base import Store
from threatgraph.store.embedded import EmbeddedStore

__all__ = ["EmbeddedStore", "Store"]
