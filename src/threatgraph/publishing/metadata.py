"""Metadata of the dataset, which the ontology and the named graphs state."""

from __future__ import annotations

from typing import NamedTuple

from pyoxigraph import NamedNode

from threatgraph.store import Store
from threatgraph.table import plain_text
from threatgraph.vocab import BASE, DERIVED_GRAPH, FILE_GRAPHS, TG

TITLE = "threatgraph: a knowledge graph of AI threats"
DESCRIPTION = (
    "AI threat patterns, incidents, causal factors, affected groups, provisions of regulatory and risk frameworks,"
    " and the links between them."
)
PUBLISHER = f"{BASE}project"
KEYWORDS = ("AI risk", "AI safety", "AI incidents", "AI governance", "knowledge graph")
_ONTOLOGY = TG.removesuffix("#")
_STATED = "SELECT ?property ?value { ?ontology ?property ?value }"


class Metadata(NamedTuple):
    """What the graph states about itself; ``None`` for what it does not state."""

    license: str | None
    """The IRI of the license; ``None`` if the graph has other files than the bundled ones."""
    version: str | None
    issued: str | None
    modified: str | None
    """A date in ISO 8601."""


def read_metadata(store: Store) -> Metadata:
    """Read the metadata of the bundled ontology, which has the license of the bundled data."""
    stated: dict[str, list[str]] = {}
    for name, value in store.select(_STATED, {"ontology": NamedNode(_ONTOLOGY)}).rows:
        if isinstance(name, NamedNode) and value is not None:
            stated.setdefault(name.value.replace("#", "/").rpartition("/")[2], []).append(plain_text(value))

    def latest(name: str) -> str | None:
        return max(stated.get(name, ()), default=None)

    bundled = all(graph == DERIVED_GRAPH or graph.startswith(FILE_GRAPHS) for graph in store.graphs())
    return Metadata(
        license=latest("license") if bundled else None,
        version=latest("versionInfo"),
        issued=latest("issued"),
        modified=latest("modified"),
    )
