"""What occurs together in incidents, and how much more often than by chance.

Lift is the quotient of the count and what independence would give. PPMI is the positive pointwise mutual information:
the binary logarithm of the lift, and 0 where that is below 0 (K. W. Church and P. Hanks, "Word association norms,
mutual information, and lexicography", Computational Linguistics 16 (1990) 22-29).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from itertools import combinations, product

from threatgraph.analytics.records import at_least_one, decimal, integer, kind_name, link, pairs
from threatgraph.errors import ThreatGraphError
from threatgraph.store import Store
from threatgraph.table import Table
from threatgraph.vocab import KINDS

#: Kinds that incidents are linked with, to the property of the link.
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
    """Pairs of things that incidents have together.

    Args:
        store: the graph.
        kind: what to pair: a kind of :data:`PROPERTIES`.
        other: what to pair it with; the same kind by default, where each two count once.
        minimum: the fewest incidents that a pair must be found in to be listed. Lift and PPMI of a pair that is found
            once or twice say little.

    Returns:
        A row for each pair, by falling lift: ``a``, ``b``, ``together`` (number of incidents that have both), ``of_a``
        and ``of_b`` (number that have each), ``incidents`` (the number N that all these counts rest on: incidents that
        have at least one of either kind), ``expected`` (``of_a * of_b / N``), ``lift`` (``together / expected``) and
        ``ppmi`` (bits).

    Raises:
        UnknownName: for a kind that does not fit.
        InvalidQuery: for a minimum below 1.
        ThreatGraphError: where no incident has both kinds of thing.
    """
    first = kind_name(kind, PROPERTIES)
    second = kind_name(other, PROPERTIES) if other else first
    at_least_one("the minimum", minimum)
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
    """For each incident that has both kinds of thing, what it has of either, sorted."""
    values: dict[str, dict[str, list[str]]] = {}
    for kind in (first, second):
        values[kind] = defaultdict(list)
        for incident, value in pairs(store, "incident", PROPERTIES[kind], kind):
            values[kind][incident].append(value)
    both = sorted(values[first].keys() & values[second].keys())
    if not both:
        words = " and ".join(f"a {KINDS[kind].name.replace('-', ' ')}" for kind in dict.fromkeys((first, second)))
        raise ThreatGraphError(
            f"no incident of this graph names {words}, so there is nothing to count: "
            "open it with the bundled data, or add a file that holds some."
        )
    return [(values[first][incident], values[second][incident]) for incident in both]
