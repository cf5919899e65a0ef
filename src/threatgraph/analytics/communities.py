"""Finds communities of threat patterns and compares them with the domains of the taxonomy.

Communities are found with the Louvain method (V. D. Blondel and others, "Fast unfolding of communities in large
networks", Journal of Statistical Mechanics (2008) P10008), by networkx. The method visits nodes in random order. So it
runs :data:`RUNS` times with fixed seeds, and the partition with the highest modularity is used (M. E. J. Newman and M.
Girvan, Physical Review E 69 (2004) 026113). The comparison with the domains uses the normalized mutual information
of A. Strehl and J. Ghosh, "Cluster ensembles", Journal of Machine Learning Research 3 (2002) 583-617
(equation 3), and the adjusted Rand index of L. Hubert and P. Arabie, "Comparing partitions", Journal of
Classification 2 (1985) 193-218.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from threatgraph.analytics import networks
from threatgraph.analytics.records import decimal, integer, link, named, pairs, require_named, text
from threatgraph.errors import InvalidQuery
from threatgraph.store import Store
from threatgraph.table import Table

if TYPE_CHECKING:
    import networkx

#: The number of runs, with the seeds 0, 1, 2 and so on.
RUNS = 20
_DIGITS = 4
_ROUNDED = 9


class Partition(NamedTuple):
    """A partition of patterns into communities."""

    community: dict[str, int]
    """The community of each pattern, numbered from 1 by size, then by the first IRI in it."""
    modularity: float | None
    """From -0.5 to 1; ``None`` if no two patterns share anything."""


def communities(store: Store, *, network: str = networks.PROJECTION, resolution: float = 1.0) -> Table:
    """Find communities of threat patterns.

    Args:
        store: the graph.
        network: what connects the patterns: everything that they share (``pattern-pattern``), or one bipartite network.
        resolution: above 1 for more and smaller communities, below for fewer and larger ones.

    Returns:
        A row for each pattern: ``community`` (a number from 1, see :class:`Partition`), ``domain``, ``domain_label``,
        ``code``, ``label``, ``pattern``. A pattern that shares nothing is its own community.

    Raises:
        UnknownName: for a network that does not exist.
        InvalidQuery: if the resolution is not above 0.
        ThreatGraphError: if the graph has no patterns.
    """
    patterns = require_named(store, "pattern")
    found = find_partition(networks.shared(store, network), resolution).community
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
    """Compare the communities with the domains.

    Args:
        store: the graph.
        network: as in :func:`communities`.
        resolution: as in :func:`communities`.

    Returns:
        Rows of ``measure`` and ``value``: ``patterns``, ``communities``, ``modularity``; then, over the patterns that
        have a domain, ``compared`` (their number), ``domains``, ``normalized mutual information`` (0 if they are
        independent, 1 if they are equal) and ``adjusted Rand index`` (0 is the expected value by chance, 1 means
        equal). A value that is not defined is empty.

    Raises:
        UnknownName: for a network that does not exist.
        InvalidQuery: if the resolution is not above 0.
        ThreatGraphError: if the graph has no patterns.
    """
    require_named(store, "pattern")
    partition = find_partition(networks.shared(store, network), resolution)
    domain_of = _domains(store)
    by_community = [partition.community[iri] for iri in domain_of]
    by_domain = list(domain_of.values())
    modularity = partition.modularity
    rows = [
        (text("patterns"), integer(len(partition.community))),
        (text("communities"), integer(len(set(partition.community.values())))),
        (text("modularity"), None if modularity is None else decimal(modularity, _DIGITS)),
        (text("compared"), integer(len(by_domain))),
        (text("domains"), integer(len(set(by_domain)))),
    ]
    for name, measure in (("normalized mutual information", mutual_information), ("adjusted Rand index", rand_index)):
        rows.append((text(name), decimal(measure(by_community, by_domain), _DIGITS) if by_domain else None))
    return Table(("measure", "value"), rows)


def find_partition(net: networkx.Graph[str], resolution: float = 1.0) -> Partition:
    """Partition a weighted network into communities; the result is deterministic.

    Args:
        net: a network whose edges have ``weight``.
        resolution: above 1 for more and smaller communities.

    Raises:
        InvalidQuery: if the resolution is not above 0.
    """
    import networkx

    if not (resolution > 0 and math.isfinite(resolution)):
        raise InvalidQuery(f"resolution must be a number above 0, not {resolution}.")
    nodes = sorted(net)
    if not net.size():
        return Partition({node: number for number, node in enumerate(nodes, 1)}, None)
    # Numbers instead of names: the order of a set of strings depends on the hash seed, that of integers does not.
    numbered: networkx.Graph[int] = networkx.Graph()
    numbered.add_nodes_from(range(len(nodes)))
    position = {node: number for number, node in enumerate(nodes)}
    ends = {(min(position[a], position[b]), max(position[a], position[b])): net.edges[a, b] for a, b in net.edges}
    numbered.add_weighted_edges_from(
        (a, b, edge["weight"]) for (a, b), edge in sorted(ends.items(), key=lambda end: end[0])
    )
    partitions: dict[str, tuple[list[list[int]], float]] = {}
    for seed in range(RUNS):
        louvain = networkx.community.louvain_communities(numbered, resolution=resolution, seed=seed)
        parts = sorted(map(sorted, louvain), key=lambda part: (-len(part), part))
        partitions[str(parts)] = (
            parts,
            networkx.community.modularity(numbered, list(map(set, parts)), resolution=resolution),
        )
    # Rounded, so that the order of a sum does not matter.
    best = min(partitions.values(), key=lambda each: (-round(each[1], _ROUNDED), each[0]))
    community = {nodes[member]: number for number, part in enumerate(best[0], 1) for member in part}
    return Partition({node: community[node] for node in nodes}, best[1])


def mutual_information(a: Sequence[object], b: Sequence[object]) -> float:
    """Compute the normalized mutual information of two partitions of the same items: I(a, b) / sqrt(H(a) H(b)).

    Args:
        a: the part of each item; at least one item.
        b: the part of each item in the other partition.

    Returns:
        From 0 to 1. A partition with a single part has entropy 0 and the quotient is undefined: then 1 if both have a
        single part, and 0 if only one has.
    """
    total = len(a)
    of_a, of_b, both = Counter(a), Counter(b), Counter(zip(a, b, strict=True))
    entropies = _entropy(of_a, total) * _entropy(of_b, total)
    if not entropies:
        return float(len(of_a) == len(of_b))
    shared = math.fsum(n / total * math.log(n * total / (of_a[x] * of_b[y])) for (x, y), n in both.items())
    return min(1.0, max(0.0, shared / math.sqrt(entropies)))


def rand_index(a: Sequence[object], b: Sequence[object]) -> float:
    """Compute the Rand index of two partitions of the same items, adjusted for chance.

    Args:
        a: the part of each item; at least one item.
        b: the part of each item in the other partition.

    Returns:
        1 for equal partitions, about 0 for independent ones, below 0 for less agreement than by chance.
    """
    together = sum(math.comb(n, 2) for n in Counter(zip(a, b, strict=True)).values())
    in_a = sum(math.comb(n, 2) for n in Counter(a).values())
    in_b = sum(math.comb(n, 2) for n in Counter(b).values())
    every = math.comb(len(a), 2)
    # Multiplied by the number of pairs, so that all steps but the last use integers.
    numerator = 2 * (together * every - in_a * in_b)
    denominator = (in_a + in_b) * every - 2 * in_a * in_b
    return numerator / denominator if denominator else 1.0


def _entropy(counts: Counter[object], total: int) -> float:
    return -math.fsum(n / total * math.log(n / total) for n in counts.values())


def _domains(store: Store) -> dict[str, str]:
    """The domain of each pattern that has one; of several, the first by IRI."""
    found: dict[str, str] = {}
    for pattern, domain in pairs(store, "pattern", "tg:domain", "domain"):
        found.setdefault(pattern, domain)
    return found
