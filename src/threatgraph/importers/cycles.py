"""Cuts cycles out of what is imported: no record stands above itself, or replaces what replaces it."""

from __future__ import annotations

from pyoxigraph import NamedNode

from threatgraph.importers.builder import ImportResult
from threatgraph.vocab import PREFIXES, shorten

#: Properties whose links must not lead back to where they begin, each with the statement that makes no sense alone.
_ORDERED = {f"{PREFIXES['skos']}broader": "", f"{PREFIXES['dcterms']}isReplacedBy": f"{PREFIXES['owl']}deprecated"}
_MOST_NAMES = 5


def cut_cycles(result: ImportResult) -> None:
    """Take out of a result the links that form a cycle, all of them, since nothing tells which one is wrong.

    Args:
        result: the records; a problem is reported for each cycle.
    """
    for prop, needless in _ORDERED.items():
        ends = [
            (iri, triple.object.value)
            for iri, builder in result.records.items()
            for triple in builder.triples
            if triple.predicate.value == prop and isinstance(triple.object, NamedNode)
        ]
        if not ends:
            continue
        import networkx as nx  # here, since most imports have no such links

        graph = nx.DiGraph(ends)
        loops = {iri for iri, target in ends if iri == target}
        for found in nx.strongly_connected_components(graph):
            if len(found) > 1 or found & loops:
                _cut(result, prop, needless, sorted(found))


def _cut(result: ImportResult, prop: str, needless: str, nodes: list[str]) -> None:
    """Take out the links between the nodes of a cycle."""
    inside = {NamedNode(iri) for iri in nodes}
    for iri in nodes:
        builder = result.records[iri]
        builder.triples = [t for t in builder.triples if t.predicate.value != prop or t.object not in inside]
        if all(triple.predicate.value != prop for triple in builder.triples):
            builder.triples = [t for t in builder.triples if t.predicate.value != needless]
    names = ", ".join(map(shorten, nodes[:_MOST_NAMES])) + (", …" if len(nodes) > _MOST_NAMES else "")
    first = result.records[nodes[0]]
    reason = f"{shorten(prop)} forms a cycle of {names}: these links are left out."
    result.report(first.path, first.line, reason)
