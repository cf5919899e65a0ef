"""Finds what occurs together in incidents more often than by chance.

Lift is the observed count divided by the count expected under independence. PPMI is the positive pointwise mutual
information: the binary logarithm of the lift, or 0 if that is
negative (K. W. Church and P. Hanks, "Word association norms,
mutual information, and lexicography", Computational Linguistics 16 (1990) 22-29).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from itertools import combinations, product

from threatgraph.analytics.records import decimal, integer, kind_name, link, pairs, require_positive
from threatgraph.errors import ThreatGraphError
from threatgraph.store import Store
from threatgraph.table import Table
from threatgraph.vocab import KINDS

#: Kinds that incidents link to, with the property of the link.
PROPERTIES = {
    "causal-factor": "tg:causalFactor",
    "group": "tg:affects",
    "pattern": "tg:involvesPattern",
    "harm-type": "tg:harmType",
    "sector": "tg:sector",
    "region": "tg:region",
}
_DIGITS = 3


def cooccurrence(store: Store, kind: str = "causal-factor", other: str | None = None, *, minimum: int = 2) -> Table:
    """List pairs of records that occur in the same incidents.

    Args:
        store: the graph.
        kind: a kind of :data:`PROPERTIES`.
        other: the kind to pair it with; by default the same kind, with each unordered pair once.
        minimum: minimum number of incidents of a pair. Lift and PPMI of rare pairs are unreliable.

    Returns:
        A row for each pair, in descending order of lift: ``a``, ``b``, ``together`` (number of incidents that have
        both), ``of_a`` and ``of_b`` (number that have each), ``incidents`` (the total N: incidents that have at least
        one record of each kind), ``expected`` (``of_a * of_b / N``), ``lift`` (``together / expected``) and
        ``ppmi`` (bits).

    Raises:
        UnknownName: for a kind that incidents do not link to.
        InvalidQuery: if the minimum is below 1.
        ThreatGraphError: if no incident has both kinds.
    """
    first = kind_name(kind, PROPERTIES)
    second = kind_name(other, PROPERTIES) if other else first
    require_positive("minimum", minimum)
    incidents = _incidents(store, first, second)
    of_a = Counter(a for values, _ in incidents for a in values)
    of_b = Counter(b for _, values in incidents for b in values)
    together = Counter(
        pair
        for values, others in incidents
        for pair in (combinations(values, 2) if first == second else product(values, others))
    )
    total = len(incidents)
    kept = [(n * total / (of_a[a] * of_b[b]), n, a, b) for (a, b), n in together.items() if n >= minimum]
    rows = [
        (
            link(a),
            link(b),
            integer(n),
            integer(of_a[a]),
            integer(of_b[b]),
            integer(total),
            decimal(of_a[a] * of_b[b] / total, _DIGITS),
            decimal(lift, _DIGITS),
            decimal(max(0.0, math.log2(lift)), _DIGITS),
        )
        for lift, n, a, b in sorted(kept, key=lambda row: (-row[0], -row[1], row[2], row[3]))
    ]
    return Table(("a", "b", "together", "of_a", "of_b", "incidents", "expected", "lift", "ppmi"), rows)


def _incidents(store: Store, first: str, second: str) -> list[tuple[list[str], list[str]]]:
    """For each incident that has both kinds, the records of each kind, sorted."""
    values: dict[str, dict[str, list[str]]] = {}
    for kind in (first, second):
        values[kind] = defaultdict(list)
        for incident, value in pairs(store, "incident", PROPERTIES[kind], kind):
            values[kind][incident].append(value)
    both = sorted(values[first].keys() & values[second].keys())
    if not both:
        words = " and ".join(KINDS[kind].plural.replace("-", " ") for kind in dict.fromkeys((first, second)))
        raise ThreatGraphError(
            f"no incident in the graph has {words}: open it with the bundled data, or add a file with some."
        )
    return [(values[first][incident], values[second][incident]) for incident in both]
