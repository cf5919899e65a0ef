"""Removes cycles from imported records, in ``skos:broader`` and ``dcterms:isReplacedBy``."""

from __future__ import annotations

from pyoxigraph import NamedNode

from threatgraph.importers.builder import ImportResult
from threatgraph.vocab import PREFIXES, shorten

#: Acyclic properties, each with a property whose statements are removed if no link remains.
_ORDERED = {f"{PREFIXES['skos']}broader": "", f"{PREFIXES['dcterms']}isReplacedBy": f"{PREFIXES['owl']}deprecated"}
_MOST_NAMES = 5


def cut_cycles(result: ImportResult) -> None:
    """Remove all links that form a cycle, since it is unknown which of them is wrong.

    Args:
        result: the records; a problem is reported for each cycle.
    """
    for prop, dependent in _ORDERED.items():
        ends = [
            (iri, triple.object.value)
            for iri, builder in result.records.items()
            for triple in builder.triples
            if triple.predicate.value == prop and isinstance(triple.object, NamedNode)
        ]
        if not ends:
            continue
        import networkx as nx  # imported here, since most imports have no such links

        graph = nx.DiGraph(ends)
        loops = {iri for iri, target in ends if iri == target}
        for found in nx.strongly_connected_components(graph):
            if len(found) > 1 or found & loops:
                _cut(result, prop, dependent, sorted(found))


def _cut(result: ImportResult, prop: str, dependent: str, nodes: list[str]) -> None:
    """Remove the links between the nodes of a cycle."""
    inside = {NamedNode(iri) for iri in nodes}
    for iri in nodes:
        builder = result.records[iri]
        builder.triples = [t for t in builder.triples if t.predicate.value != prop or t.object not in inside]
        if all(triple.predicate.value != prop for triple in builder.triples):
            builder.triples = [t for t in builder.triples if t.predicate.value != dependent]
    names = ", ".join(map(shorten, nodes[:_MOST_NAMES])) + (", …" if len(nodes) > _MOST_NAMES else "")
    first = result.records[nodes[0]]
    reason = f"{shorten(prop)} forms a cycle between {names}; these links are left out."
    result.report(first.path, first.line, reason)
