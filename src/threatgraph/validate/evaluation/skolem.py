"""Tells the names that a store has given to blank nodes from names that people gave, and names triple terms."""

from __future__ import annotations

import hashlib
import re
from functools import cache, cached_property

from pyoxigraph import NamedNode, Triple

from threatgraph.store import Store

_GIVEN = re.compile(r"^(.+)#_([1-9][0-9]*)$")


class SkolemIris:
    """The nodes of a store that are blank in the files that they come from.

    A store names them by the IRI of the file's graph and a number (RDF 1.1 Concepts, section 3.5), so that they can be
    asked for. To a shape they are blank all the same, as ``sh:nodeKind`` demands.

    Args:
        store: the store.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.labels: dict[str, str] = {}
        """For each label that was given out, the name of its node."""
        self.triple_terms: dict[str, str] = {}
        """For the name of each triple term that was given a label, how it is written."""
        self._known: dict[str, str | None] = {}
        self._terms: dict[Triple, str] = {}

    def label(self, node: NamedNode) -> str | None:
        """The label of a node that is blank in its file; ``None`` for one that has a name there."""
        if node.value not in self._known:
            match = _GIVEN.match(node.value)
            given = match is not None and (match[1] in self._store.files or match[1] in self._graphs)
            # Of the name alone: messages have it, and they must not depend on the order in which nodes are met.
            label = f"n{_digest(match[1])}x{match[2]}" if match is not None and given else None
            self._known[node.value] = label
            if label is not None:
                self.labels[label] = node.value
        return self._known[node.value]

    def triple_term(self, term: Triple) -> str:
        """The label of a triple term (RDF 1.2), which SHACL has no word for."""
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
