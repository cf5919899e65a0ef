"""Why two records have to do with each other: the shortest and the strongest path between them.

A path goes along the links of :mod:`threatgraph.export.network`, in either direction; shortcuts that a rule derives are
not among those, so nothing is told twice. It does not go by way of ratings, states of review and whole frameworks: that
two patterns are both rated high, or that one law speaks of both, explains nothing.

How much a record in the middle explains is its information content: -log2 of the share of all records that are linked
with it, so that a rare one tells much and a hub tells little (P. Resnik, "Using information content to evaluate
semantic similarity in a taxonomy", IJCAI 1995; from the structure in place of a corpus, as N. Seco, T. Veale and J.
Hayes, "An intrinsic information content metric for semantic similarity in WordNet", ECAI 2004). Each record in the
middle costs what it lacks: log2 of the number of its neighbours. The strongest path has the least cost, which makes it
the path that a random walk from either end is most likely to take.
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

#: Classes whose records are an end of a path at most: ratings, states of records, and frameworks.
ENDS_ONLY = frozenset(
    """
    CurationStatus EvidenceLevel FailureStage Framework ImpactLevel ImpactRole IncidentStatus LikelihoodTrend
    MonitoringVerdict PatternRole ResolutionState ReviewState Severity
    """.split()
)
COLUMNS = ("step", "from_label", "property", "direction", "to_label", "relation", "information", "from", "to")
_DIGITS = 3
# Costs are whole numbers, in parts of a bit, so that two that are equal are found to be so. The larger unit, of the two
# that a path is measured by, is above all that the smaller one can add up to.
_BIT = 1 << 32
_STEP = 1 << 80


def path(store: Store, start: str, goal: str, *, strongest: bool = False) -> Table:
    """The path that explains best why two records have to do with each other.

    Args:
        store: the graph.
        start: IRI of a record.
        goal: IRI of another one.
        strongest: take the path of the least cost, however long. Otherwise the shortest one, and of several the one of
            the least cost. Where that leaves a choice, the fewest steps and then the least IRIs decide.

    Returns:
        The steps in order, a row for each link (two records may have several): ``step`` (from 1), ``from_label``,
        ``property``, ``direction`` (``forward`` for a link that goes from ``from`` to ``to``, ``backward`` for one that
        goes from ``to`` to ``from``), ``to_label``, ``relation`` (the role or relation that the link states),
        ``information`` (of the record that the step comes to, in bits; empty for the goal), ``from``, ``to``. No rows
        where no path joins them.

    Raises:
        UnknownName: for a record that the graph does not hold.
        InvalidQuery: where both are the same record.
    """
    if start == goal:
        raise InvalidQuery("a path joins two records: give two that differ.")
    from threatgraph.export.network import to_networkx

    whole = to_networkx(store)
    for end in (start, goal):
        if end not in whole:
            raise UnknownName("record", end, whole, "A path joins records of the graph.")
    net = simple_network(whole, start, goal)
    rows: list[tuple[Term | None, ...]] = []
    steps = walk(net, start, goal, strongest=strongest)
    for step, (a, b) in enumerate(pairwise(steps), 1):
        told = None if b == goal else decimal(math.log2(len(net) / len(net[b])), _DIGITS)
        rows += [
            (
                integer(step),
                text(whole.nodes[a]["label"]),
                _named(prop),
                Literal(direction),
                text(whole.nodes[b]["label"]),
                _named(relation) if relation else None,
                told,
                link(a),
                link(b),
            )
            for direction, prop, relation in _links(whole, a, b)
        ]
    return Table(COLUMNS, rows)


def simple_network(whole: networkx.MultiDiGraph[str], start: str, goal: str) -> networkx.Graph[str]:
    """The records that a path may go by, with one edge for each two that are linked in any way."""
    import networkx

    kept = sorted(node for node in whole if whole.nodes[node]["kind"] not in ENDS_ONLY or node in (start, goal))
    net: networkx.Graph[str] = networkx.Graph()
    net.add_nodes_from(kept)
    edges = {(min(a, b), max(a, b)) for a, b in whole.edges() if a != b and a in net and b in net}
    net.add_edges_from(sorted(edges))
    return net


def walk(net: networkx.Graph[str], start: str, goal: str, *, strongest: bool) -> list[str]:
    """The nodes of the best path from ``start`` to ``goal``, both included; none where they are not joined."""
    import networkx

    measure = _measure(net, goal, strongest=strongest)
    # How far each node is from the goal; then from the start, always to the least of the nodes that lead on best.
    far: Any = networkx.single_source_dijkstra_path_length(net, goal, weight=measure)
    if start not in far:
        return []
    steps = [start]
    while steps[-1] != goal:
        here = steps[-1]
        steps.append(min(node for node in net[here] if far[node] + measure(node, here, {}) == far[here]))
    return steps


def _measure(net: networkx.Graph[str], goal: str, *, strongest: bool) -> Callable[[str, str, Any], int]:
    """What a step away from the goal costs: itself, and the node that it leaves behind where that is in the middle."""

    def measure(nearer: str, farther: str, attributes: Any) -> int:
        cost = 0 if nearer == goal else round(math.log2(len(net[nearer])) * _BIT)
        return cost * _STEP + 1 if strongest else _STEP + cost

    return measure


def _links(whole: networkx.MultiDiGraph[str], a: str, b: str) -> list[tuple[str, str, str]]:
    """The links between two records, each once: its direction, its property and what relation it states."""
    found: set[tuple[str, str, str]] = set()
    for direction, source, target in (("forward", a, b), ("backward", b, a)):
        edges: Any = whole.get_edge_data(source, target, default={})
        found |= {(direction, edge["property"], edge.get("relation", "")) for edge in edges.values()}
    return sorted(found, key=lambda each: (each[0] != "forward", *each[1:]))


def _named(name: str) -> NamedNode:
    """The IRI behind a short name, as the network gives it."""
    prefix, _, local = name.partition(":")
    return NamedNode(PREFIXES[prefix] + local if prefix in PREFIXES else name)
