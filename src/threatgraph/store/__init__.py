"""Stores hold the triples and answer SPARQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

from threatgraph.store.protocol import Store

if TYPE_CHECKING:
    from threatgraph.store.memory import MemoryStore

__all__ = ["MemoryStore", "Store"]


def __getattr__(name: str) -> object:
    if name != "MemoryStore":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from threatgraph.store.memory import MemoryStore  # takes time to import, and most commands have a store on disk

    return MemoryStore
