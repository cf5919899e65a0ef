"""Lists the escalation chains of a threat pattern, along ``tg:escalatesTo``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threatgraph.analytics.records import integer, link, pairs, require_named, require_positive, text
from threatgraph.errors import ThreatGraphError, UnknownName
from threatgraph.rdf.terms import Term
from threatgraph.store import Store
from threatgraph.table import Table, to_value
from threatgraph.vocab import KINDS

if TYPE_CHECKING:
    import networkx

#: The maximum number of chains; in a dense network their number grows exponentially.
MOST_CHAINS = 1000

_SEVERITY = "SELECT ?pattern ?severity WHERE { ?pattern a tg:ThreatPattern ; tg:severity ?severity }"


def escalation(store: Store, pattern: str, *, longest: int | None = None) -> Table:
    """List every chain along which a pattern can escalate into others.

    Args:
        store: the graph.
        pattern: IRI of the pattern to start from.
        longest: maximum number of links of a chain; by default, no limit.

    Returns:
        A row for each pattern of each chain, in order: ``chain`` (from 1, sorted by the IRIs along it), ``step`` (0 for
        the start), ``code``, ``label``, ``severity``, ``ends`` and ``pattern``. ``ends`` in the last row of a chain is
        the reason why it ends: ``end`` (no further escalation), ``cut`` (``longest`` is reached), or ``back to step N``
        (the next link leads back to a pattern of the chain, so there is a cycle). No rows if the pattern has no
        escalation.

    Raises:
        UnknownName: if the pattern does not exist.
        InvalidQuery: if ``longest`` is below 1.
        ThreatGraphError: if there are more than :data:`MOST_CHAINS` chains, or the graph has no patterns.
    """
    if longest is not None:
        require_positive("longest", longest)
    called = require_named(store, "pattern")
    if pattern not in called:
        raise UnknownName("pattern", pattern, called, '`graph.list("pattern")` lists the patterns.')
    severity = {str(to_value(record)): level for record, level in sorted(store.select(_SEVERITY).rows, key=str)}
    rows: list[tuple[Term | None, ...]] = []
    for number, (chain, end) in enumerate(chains(escalation_network(store), pattern, longest), 1):
        if number > MOST_CHAINS:
            raise ThreatGraphError(
                f"{called[pattern].label} has more than {MOST_CHAINS} chains: limit their length (`longest=4`)."
            )
        rows += [
            (
                integer(number),
                integer(step),
                text(called[iri].code),
                text(called[iri].label),
                severity.get(iri),
                text(end) if step == len(chain) - 1 else None,
                link(iri),
            )
            for step, iri in enumerate(chain)
        ]
    return Table(("chain", "step", "code", "label", "severity", "ends", "pattern"), rows)


def escalation_network(store: Store) -> networkx.DiGraph[str]:
    """Build the network of all threat patterns and the links ``tg:escalatesTo`` between them.

    Args:
        store: the graph.

    Returns:
        A directed graph, with nodes as in :mod:`threatgraph.analytics.networks`.

    Raises:
        ThreatGraphError: if the graph has no patterns.
    """
    import networkx

    found: networkx.DiGraph[str] = networkx.DiGraph(name="escalation")
    for iri, (label, code) in require_named(store, "pattern").items():
        found.add_node(iri, kind=KINDS["pattern"].class_name, label=label, **({"code": code} if code else {}))
    found.add_edges_from(pairs(store, "pattern", "tg:escalatesTo", "pattern"))
    return found


def chains(net: networkx.DiGraph[str], start: str, longest: int | None = None) -> Iterator[tuple[list[str], str]]:
    """Yield each chain from a node and why it ends, sorted by the nodes along it.

    A chain visits each node once, so a cycle ends it. Every reachable link is in a chain, or is the link back at which
    a chain ends.
    """
    # An explicit stack instead of recursion: a chain may exceed Python's recursion limit.
    waiting = [[start]] if net.out_degree(start) else []
    while waiting:
        chain = waiting.pop()
        following = sorted(net.successors(chain[-1]))
        if not following:
            yield chain, "end"
        elif longest is not None and len(chain) > longest:
            yield chain, "cut"
        else:
            yield from ((chain, f"back to step {chain.index(node)}") for node in following if node in chain)
            waiting += [[*chain, node] for node in reversed(following) if node not in chain]
