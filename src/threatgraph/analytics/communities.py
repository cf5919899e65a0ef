"""Which threat patterns belong together by their links, and whether the domains of the taxonomy say the same.

Communities are those of the Louvain method (V. D. Blondel and others, "Fast unfolding of communities in large
networks", Journal of Statistical Mechanics (2008) P10008), by networkx. The method visits nodes in an order drawn by
chance; so it runs :data:`RUNS` times with fixed seeds, and the division of the highest modularity counts (M. E. J.
Newman and M. Girvan, Physical Review E 69 (2004) 026113). The comparison with the domains is the normalized mutual
information of A. Strehl and J. Ghosh, "Cluster ensembles", Journal of Machine Learning Research 3 (2002) 583-617
(equation 3), and the adjusted Rand index of L. Hubert and P. Arabie, "Comparing partitions", Journal of
Classification 2 (1985) 193-218.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from threatgraph.analytics import networks
from threatgraph.analytics.records import decimal, integer, link, named, named_or_refuse, pairs, text
from threatgraph.errors import InvalidQuery
from threatgraph.store import Store
from threatgraph.table import Table

if TYPE_CHECKING:
    import networkx

#: How many times the method runs, with the seeds from 0 on.
RUNS = 20
_DIGITS = 4
_SAME = 9


class Division(NamedTuple):
    """Patterns divided into communities."""

    community: dict[str, int]
    """Number of the community of each pattern, from 1; the largest first, then by the least IRI in it."""
    modularity: float | None
    """From -0.5 to 1; ``None`` where no two patterns share anything, so that there is nothing to divide."""


def communities(store: Store, *, network: str = networks.PROJECTION, resolution: float = 1.0) -> Table:
    """The communities of threat patterns, beside their domains.

    Args:
        store: the graph.
        network: what joins the patterns: all that they share (``pattern-pattern``), or one bipartite network.
        resolution: above 1 for more and smaller communities, below for fewer and larger ones.

    Returns:
        A row for each pattern: ``community`` (a number from 1, see :class:`Division`), ``domain``, ``domain_label``,
        ``code``, ``label``, ``pattern``. A pattern that shares nothing is a community of its own.

    Raises:
        UnknownName: for a network that does not exist.
        InvalidQuery: for a resolution that is not above 0.
        ThreatGraphError: where the graph holds no patterns.
    """
    patterns = named_or_refuse(store, "pattern")
    found = divide(networks.shared(store, network), resolution).community
    domains, domain_of = named(store, "domain"), _domains(store)
    rows = []
    for iri in sorted(patterns, key=lambda iri: (found[iri], domain_of.get(iri, ""), iri)):
        domain = domain_of.get(iri)
        rows.append(
            (
                integer(found[iri]),
                link(domain) if domain else None,
                text(domains[domain].label) if domain else None,
                text(patterns[iri].code),
                text(patterns[iri].label),
                link(iri),
            )
        )
    return Table(("community", "domain", "domain_label", "code", "label", "pattern"), rows)


def agreement(store: Store, *, network: str = networks.PROJECTION, resolution: float = 1.0) -> Table:
    """How well the communities agree with the domains.

    Args:
        store: the graph.
        network: as in :func:`communities`.
        resolution: as in :func:`communities`.

    Returns:
        Rows of ``measure`` and ``value``: ``patterns``, ``communities``, ``modularity``; then, over the patterns that
        have a domain, ``compared`` (how many they are), ``domains``, ``normalized mutual information`` (0 where one
        tells nothing of the other, 1 where they are the same) and ``adjusted Rand index`` (0 is what chance would
        give, 1 is the same). A value that is not defined is empty.

    Raises:
        UnknownName: for a network that does not exist.
        InvalidQuery: for a resolution that is not above 0.
        ThreatGraphError: where the graph holds no patterns.
    """
    named_or_refuse(store, "pattern")
    division = divide(networks.shared(store, network), resolution)
    domain_of = _domains(store)
    by_community = [division.community[iri] for iri in domain_of]
    by_domain = list(domain_of.values())
    modularity = division.modularity
    rows = [
        (text("patterns"), integer(len(division.community))),
        (text("communities"), integer(len(set(division.community.values())))),
        (text("modularity"), None if modularity is None else decimal(modularity, _DIGITS)),
        (text("compared"), integer(len(by_domain))),
        (text("domains"), integer(len(set(by_domain)))),
    ]
    for name, measure in (("normalized mutual information", mutual_information), ("adjusted Rand index", rand_index)):
        rows.append((text(name), decimal(measure(by_community, by_domain), _DIGITS) if by_domain else None))
    return Table(("measure", "value"), rows)


def divide(net: networkx.Graph[str], resolution: float = 1.0) -> Division:
    """Divide a weighted network into communities; the same network gives the same ones.

    Args:
        net: nodes of any kind; edges have ``weight``.
        resolution: above 1 for more and smaller communities.

    Raises:
        InvalidQuery: for a resolution that is not above 0.
    """
    import networkx

    if not (resolution > 0 and math.isfinite(resolution)):
        raise InvalidQuery(f"the resolution is a number above 0, not {resolution}.")
    nodes = sorted(net)
    if not net.size():
        return Division({node: number for number, node in enumerate(nodes, 1)}, None)
    # Numbers in place of names: a set of names is in another order in each run of Python, a set of numbers is not.
    numbered: networkx.Graph[int] = networkx.Graph()
    numbered.add_nodes_from(range(len(nodes)))
    position = {node: number for number, node in enumerate(nodes)}
    ends = {(min(position[a], position[b]), max(position[a], position[b])): net.edges[a, b] for a, b in net.edges}
    numbered.add_weighted_edges_from(
        (a, b, edge["weight"]) for (a, b), edge in sorted(ends.items(), key=lambda end: end[0])
    )
    tried: dict[str, tuple[list[list[int]], float]] = {}
    for seed in range(RUNS):
        drawn = networkx.community.louvain_communities(numbered, resolution=resolution, seed=seed)
        parts = sorted(map(sorted, drawn), key=lambda part: (-len(part), part))
        tried[str(parts)] = parts, networkx.community.modularity(numbered, list(map(set, parts)), resolution=resolution)
    # Rounded, so that two sums of the same numbers in another order are no difference.
    best = min(tried.values(), key=lambda each: (-round(each[1], _SAME), each[0]))
    community = {nodes[member]: number for number, part in enumerate(best[0], 1) for member in part}
    return Division({node: community[node] for node in nodes}, best[1])


def mutual_information(a: Sequence[object], b: Sequence[object]) -> float:
    """The normalized mutual information of two divisions of the same things: I(a, b) / sqrt(H(a) H(b)).

    Args:
        a: for each thing, the part that it is in; at least one thing.
        b: the same in the other division.

    Returns:
        From 0 to 1. Where a division has one part alone, its entropy is 0 and the quotient is not defined: then 1
        where both have one part, and 0 where only one of them has.
    """
    total = len(a)
    of_a, of_b, both = Counter(a), Counter(b), Counter(zip(a, b, strict=True))
    entropies = _entropy(of_a, total) * _entropy(of_b, total)
    if not entropies:
        return float(len(of_a) == len(of_b))
    shared = math.fsum(n / total * math.log(n * total / (of_a[x] * of_b[y])) for (x, y), n in both.items())
    return min(1.0, max(0.0, shared / math.sqrt(entropies)))


def rand_index(a: Sequence[object], b: Sequence[object]) -> float:
    """The Rand index of two divisions of the same things, adjusted for chance.

    Args:
        a: for each thing, the part that it is in; at least one thing.
        b: the same in the other division.

    Returns:
        1 for the same division, about 0 for one that has nothing to do with the other, below 0 for less than chance.
    """
    together = sum(math.comb(n, 2) for n in Counter(zip(a, b, strict=True)).values())
    in_a = sum(math.comb(n, 2) for n in Counter(a).values())
    in_b = sum(math.comb(n, 2) for n in Counter(b).values())
    every = math.comb(len(a), 2)
    # Multiplied out by the number of pairs, so that all but the last step is in whole numbers.
    numerator = 2 * (together * every - in_a * in_b)
    denominator = (in_a + in_b) * every - 2 * in_a * in_b
    return numerator / denominator if denominator else 1.0


def _entropy(counts: Counter[object], total: int) -> float:
    return -math.fsum(n / total * math.log(n / total) for n in counts.values())


def _domains(store: Store) -> dict[str, str]:
    """The domain of each pattern that has one, by IRI; of several, the first by IRI."""
    found: dict[str, str] = {}
    for pattern, domain in pairs(store, "pattern", "tg:domain", "domain"):
        found.setdefault(pattern, domain)
    return found
