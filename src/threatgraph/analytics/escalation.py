"""Into what a threat pattern can grow: the chains along ``tg:escalatesTo``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from threatgraph.analytics.records import at_least_one, integer, link, named_or_refuse, pairs, text
from threatgraph.errors import ThreatGraphError, UnknownName
from threatgraph.rdf.terms import Term
from threatgraph.store import Store
from threatgraph.table import Table, to_value
from threatgraph.vocab import KINDS

if TYPE_CHECKING:
    import networkx

#: The most chains that a table tells; in a dense network their number doubles with every pattern.
MOST_CHAINS = 1000

_SEVERITY = "SELECT ?pattern ?severity WHERE { ?pattern a tg:ThreatPattern ; tg:severity ?severity }"


def escalation(store: Store, pattern: str, *, longest: int | None = None) -> Table:
    """Every chain along which a pattern can grow into others.

    Args:
        store: the graph.
        pattern: IRI of the pattern to start from.
        longest: the most links that a chain may have; by default it is followed to its end.

    Returns:
        A row for each pattern of each chain, in order: ``chain`` (from 1, by the IRIs along it), ``step`` (0 for the
        pattern itself), ``code``, ``label``, ``severity``, ``ends`` and ``pattern``. The last row of a chain says in
        ``ends`` why it ends there: ``end`` (it grows into nothing further), ``cut`` (``longest`` is reached), or
        ``back to step N`` (the next link leads to a pattern that the chain has been at). No rows where the pattern
        grows into nothing.

    Raises:
        UnknownName: where there is no such pattern.
        InvalidQuery: where ``longest`` is below 1.
        ThreatGraphError: where there are more than :data:`MOST_CHAINS` chains, or no patterns at all.
    """
    if longest is not None:
        at_least_one("the most links of a chain", longest)
    called = named_or_refuse(store, "pattern")
    if pattern not in called:
        raise UnknownName("pattern", pattern, called, '`graph.list("pattern")` lists the patterns.')
    severity = {str(to_value(record)): level for record, level in sorted(store.select(_SEVERITY).rows, key=str)}
    rows: list[tuple[Term | None, ...]] = []
    for number, (chain, end) in enumerate(chains(escalation_network(store), pattern, longest), 1):
        if number > MOST_CHAINS:
            raise ThreatGraphError(
                f"{called[pattern].label} begins more than {MOST_CHAINS} chains: limit their length (`longest=4`)."
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
    """All threat patterns and the links ``tg:escalatesTo`` between them.

    Args:
        store: the graph.

    Returns:
        A directed graph; its nodes are as in :mod:`threatgraph.analytics.networks`.

    Raises:
        ThreatGraphError: where the graph holds no patterns.
    """
    import networkx

    found: networkx.DiGraph[str] = networkx.DiGraph(name="escalation")
    for iri, (label, code) in named_or_refuse(store, "pattern").items():
        found.add_node(iri, kind=KINDS["pattern"].class_name, label=label, **({"code": code} if code else {}))
    found.add_edges_from(pairs(store, "pattern", "tg:escalatesTo", "pattern"))
    return found


def chains(net: networkx.DiGraph[str], start: str, longest: int | None = None) -> Iterator[tuple[list[str], str]]:
    """Each chain from a node and why it ends, by the order of the nodes along it; none where nothing leads on.

    A chain visits no node twice, so a circle ends it. Every link that can be reached is in some chain, or is the one
    back by which a chain ends.
    """
    # A stack of its own in place of recursion: a chain may be longer than Python's stack is deep.
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
