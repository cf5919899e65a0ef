"""Explains how two records are connected: the shortest and the strongest path between them.

A path follows the links of :mod:`threatgraph.export.network` in either direction. Derived shortcuts are not among them,
so each link is reported once. A path does not pass through ratings, review states or frameworks: that two patterns
have the same severity, or are mapped to the same law, does not explain a connection.

An intermediate record is rated by its information content: -log2 of the share of all records that are linked to it. A
rare record is informative and a hub is not (P. Resnik, "Using information content to evaluate semantic similarity in a
taxonomy", IJCAI 1995; computed from the structure instead of a corpus, as in N. Seco, T. Veale and J. Hayes, "An
intrinsic information content metric for semantic similarity in WordNet", ECAI 2004). The cost of an intermediate record
is log2 of the number of its neighbors. The strongest path has the lowest cost. It is the path that a random walk from
either end is most likely to take.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from pyoxigraph import Literal, NamedNode

from threatgraph.analytics.records import decimal, integer, link, text
from threatgraph.errors import InvalidQuery, UnknownName
from threatgraph.rdf.terms import Term
from threatgraph.store import Store
from threatgraph.table import Table
from threatgraph.vocab import PREFIXES

if TYPE_CHECKING:
    import networkx

#: Classes whose records can only be the end of a path: ratings, states of records, and frameworks.
ENDS_ONLY = frozenset(
    """
    CurationStatus EvidenceLevel FailureStage Framework ImpactLevel ImpactRole IncidentStatus LikelihoodTrend
    MonitoringVerdict PatternRole ResolutionState ReviewState Severity
    """.split()
)
COLUMNS = ("step", "from_label", "property", "direction", "to_label", "relation", "information", "from", "to")
_DIGITS = 3
# Costs are integers, in fractions of a bit, so that equal costs compare as equal. A path is measured by two units; the
# larger one exceeds any possible sum of the smaller one.
_BIT = 1 << 32
_STEP = 1 << 80


def path(store: Store, start: str, goal: str, *, strongest: bool = False) -> Table:
    """Find the path that best explains how two records are connected.

    Args:
        store: the graph.
        start: IRI of a record.
        goal: IRI of another record.
        strongest: find the path with the lowest cost, of any length. By default, find the shortest path, and of several
            the one with the lowest cost. Ties are broken by the number of steps, then by IRIs.

    Returns:
        The steps in order, with a row for each link (two records may have several): ``step`` (from 1), ``from_label``,
        ``property``, ``direction`` (``forward`` for a link from ``from`` to ``to``, ``backward`` for the reverse),
        ``to_label``, ``relation`` (the role or relation of the link), ``information`` (information content of the
        record at the end of the step, in bits; empty for the goal), ``from``, ``to``. No rows if the records are not
        connected.

    Raises:
        UnknownName: for a record that is not in the graph.
        InvalidQuery: if both are the same record.
    """
    if start == goal:
        raise InvalidQuery("a path requires two different records.")
    from threatgraph.export.network import to_networkx

    network = to_networkx(store)
    for end in (start, goal):
        if end not in network:
            raise UnknownName("record", end, network, "A path connects records of the graph.")
    net = simple_network(network, start, goal)
    rows: list[tuple[Term | None, ...]] = []
    steps = best_path(net, start, goal, strongest=strongest)
    for step, (a, b) in enumerate(pairwise(steps), 1):
        information = None if b == goal else decimal(math.log2(len(net) / len(net[b])), _DIGITS)
        rows += [
            (
                integer(step),
                text(network.nodes[a]["label"]),
                _full_iri(prop),
                Literal(direction),
                text(network.nodes[b]["label"]),
                _full_iri(relation) if relation else None,
                information,
                link(a),
                link(b),
            )
            for direction, prop, relation in _links(network, a, b)
        ]
    return Table(COLUMNS, rows)


def simple_network(network: networkx.MultiDiGraph[str], start: str, goal: str) -> networkx.Graph[str]:
    """Build the network of records that a path may pass through, with one edge for each linked pair."""
    import networkx

    kept = sorted(node for node in network if network.nodes[node]["kind"] not in ENDS_ONLY or node in (start, goal))
    net: networkx.Graph[str] = networkx.Graph()
    net.add_nodes_from(kept)
    edges = {(min(a, b), max(a, b)) for a, b in network.edges() if a != b and a in net and b in net}
    net.add_edges_from(sorted(edges))
    return net


def best_path(net: networkx.Graph[str], start: str, goal: str, *, strongest: bool) -> list[str]:
    """Find the nodes of the best path from ``start`` to ``goal``, both included; empty if they are not connected."""
    import networkx

    measure = _measure(net, goal, strongest=strongest)
    # The distance of each node to the goal; then, from the start, always the first of the best next nodes.
    distance: Any = networkx.single_source_dijkstra_path_length(net, goal, weight=measure)
    if start not in distance:
        return []
    steps = [start]
    while steps[-1] != goal:
        here = steps[-1]
        steps.append(min(node for node in net[here] if distance[node] + measure(node, here, {}) == distance[here]))
    return steps


def _measure(net: networkx.Graph[str], goal: str, *, strongest: bool) -> Callable[[str, str, Any], int]:
    """Return the cost of a step away from the goal: the step itself, and the node it leaves, if that is not an end."""

    def measure(nearer: str, farther: str, attributes: Any) -> int:
        cost = 0 if nearer == goal else round(math.log2(len(net[nearer])) * _BIT)
        return cost * _STEP + 1 if strongest else _STEP + cost

    return measure


def _links(network: networkx.MultiDiGraph[str], a: str, b: str) -> list[tuple[str, str, str]]:
    """The links between two records, each once: direction, property and relation."""
    found: set[tuple[str, str, str]] = set()
    for direction, source, target in (("forward", a, b), ("backward", b, a)):
        edges: Any = network.get_edge_data(source, target, default={})
        found |= {(direction, edge["property"], edge.get("relation", "")) for edge in edges.values()}
    return sorted(found, key=lambda each: (each[0] != "forward", *each[1:]))


def _full_iri(name: str) -> NamedNode:
    """The IRI of a prefixed name."""
    prefix, _, local = name.partition(":")
    return NamedNode(PREFIXES[prefix] + local if prefix in PREFIXES else name)
