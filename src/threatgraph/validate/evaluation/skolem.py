"""Distinguishes the skolem IRIs of a store from other IRIs, and labels triple terms."""

from __future__ import annotations

import hashlib
import re
from functools import cache, cached_property

from pyoxigraph import NamedNode, Triple

from threatgraph.store import Store

_SKOLEM = re.compile(r"^(.+)#_([1-9][0-9]*)$")


class SkolemIris:
    """The skolem IRIs of a store.

    A store replaces the blank nodes of its files with skolem IRIs (RDF 1.1 Concepts, section 3.5), so that queries can
    name them. They consist of the IRI of the file's graph and a number. For pyshacl, they become blank nodes again,
    since ``sh:nodeKind`` distinguishes the two.

    Args:
        store: the store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.labels: dict[str, str] = {}
        """The skolem IRI for each label that :meth:`label` returned."""
        self.triple_terms: dict[str, str] = {}
        """The Turtle syntax of each triple term that :meth:`triple_term` labeled, by its IRI."""
        self._known: dict[str, str | None] = {}
        self._terms: dict[Triple, str] = {}

    def label(self, node: NamedNode) -> str | None:
        """The blank node label for a skolem IRI; ``None`` for any other IRI."""
        if node.value not in self._known:
            match = _SKOLEM.match(node.value)
            is_skolem = match is not None and (match[1] in self._store.files or match[1] in self._graphs)
            # A label appears in messages, so it depends only on the IRI, not on the order of nodes.
            label = f"n{_digest(match[1])}x{match[2]}" if match is not None and is_skolem else None
            self._known[node.value] = label
            if label is not None:
                self.labels[label] = node.value
        return self._known[node.value]

    def triple_term(self, term: Triple) -> str:
        """The label of a triple term (RDF 1.2), which SHACL 1.0 does not support."""
        if term not in self._terms:
            self._terms[term] = label = f"term{len(self._terms)}"
            self.labels[label] = name = f"urn:threatgraph:validation#{label}"
            self.triple_terms[name] = f"<<( {term} )>>"
        return self._terms[term]

    @cached_property
    def _graphs(self) -> frozenset[str]:
        return frozenset(self._store.graphs())


@cache
def _digest(graph: str) -> str:
    return hashlib.sha256(graph.encode()).hexdigest()[:16]
