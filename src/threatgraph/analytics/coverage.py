"""What is covered: which patterns reach which frameworks, and what nothing reaches yet."""

from __future__ import annotations

from collections import Counter

from pyoxigraph import Literal

from threatgraph.analytics.records import Named, integer, link, named, named_or_refuse, one_of, pairs, text
from threatgraph.rdf.terms import Term
from threatgraph.store import Store
from threatgraph.table import Table, to_value
from threatgraph.vocab import EDITIONS, shorten

#: The kinds of gap, each with what it means.
GAPS = {
    "provision-not-covered": "no pattern is mapped to the provision, nor to any that is narrower",
    "provision-covered-by-child": "no pattern is mapped to the provision itself, but to one that is narrower",
    "pattern-without-incident": "no incident involves the pattern",
    "pattern-without-mapping": "the pattern is mapped to no provision of the framework, nor to it as a whole",
}

_SHORT = {edition: prefix for prefix, edition in EDITIONS.items()}
_REACHED_BELOW = """
SELECT DISTINCT ?provision
WHERE { ?provision a tg:Provision . ?below skos:broader+ ?provision . ?pattern tg:mappedTo ?below ; a tg:ThreatPattern }
"""


def coverage(store: Store) -> Table:
    """The matrix of patterns and frameworks.

    Args:
        store: the graph.

    Returns:
        A row for each pattern, by IRI: ``code``, ``label``, then for each framework a column, named as its prefix is
        (``eu-ai-act``) or else as its IRI ends, with the number of its provisions that the pattern is mapped to;
        ``provisions`` (the sum), ``as_a_whole`` (number of frameworks that it is mapped to without naming a
        provision), ``pattern``.

    Raises:
        ThreatGraphError: where the graph holds no patterns, or no frameworks.
    """
    patterns, frameworks = named_or_refuse(store, "pattern"), named_or_refuse(store, "framework")
    of_provision = _frameworks(store)
    counts = Counter(
        (pattern, framework)
        for pattern, provision in pairs(store, "pattern", "tg:mappedTo", "provision")
        for framework in of_provision.get(provision, ())
    )
    totals = Counter(pattern for pattern, _ in pairs(store, "pattern", "tg:mappedTo", "provision"))
    wholes = Counter(pattern for pattern, _ in pairs(store, "pattern", "tg:mappedTo", "framework"))
    rows: list[tuple[Term | None, ...]] = [
        (
            text(called.code),
            text(called.label),
            *(integer(counts[iri, framework]) for framework in frameworks),
            integer(totals[iri]),
            integer(wholes[iri]),
            link(iri),
        )
        for iri, called in patterns.items()
    ]
    return Table(("code", "label", *_headings(frameworks), "provisions", "as_a_whole", "pattern"), rows)


def reach(store: Store) -> Table:
    """How much of each framework the patterns reach.

    Args:
        store: the graph.

    Returns:
        A row for each framework, by IRI: ``label``; ``provisions``, the number that it has; of these ``covered``
        (a pattern is mapped to the provision), ``covered_by_child`` (to a narrower one alone) and ``not_covered``
        (to neither); ``patterns`` (number of patterns that are mapped to it or to any provision of it), ``framework``.

    Raises:
        ThreatGraphError: where the graph holds no frameworks.
    """
    frameworks, of_provision = named_or_refuse(store, "framework"), _frameworks(store)
    states = _states(store)
    counts = Counter(
        (framework, states[provision]) for provision, within in of_provision.items() for framework in within
    )
    mapped = _mapped(store, of_provision)
    patterns = Counter(framework for _, framework in mapped)
    rows = []
    for iri, called in frameworks.items():
        reached, below, unreached = (
            counts[iri, state] for state in ("covered", "provision-covered-by-child", "provision-not-covered")
        )
        numbers = (reached + below + unreached, reached, below, unreached, patterns[iri])
        rows.append((text(called.label), *map(integer, numbers), link(iri)))
    columns = ("label", "provisions", "covered", "covered_by_child", "not_covered", "patterns", "framework")
    return Table(columns, rows)


def gaps(store: Store, *, gap: str | None = None, framework: str | None = None) -> Table:
    """What nothing reaches yet.

    Args:
        store: the graph.
        gap: one kind of gap from :data:`GAPS`; all of them by default.
        framework: IRI of a framework, to leave out what concerns others.

    Returns:
        A row for each gap, by the order of :data:`GAPS`, the framework and the record: ``gap``, ``framework`` (empty
        for a pattern without incidents), ``code``, ``label``, ``record``. A provision that no pattern reaches is in
        one row alone, under the gap that says whether a narrower one is reached.

    Raises:
        UnknownName: for a kind of gap that does not exist.
        ThreatGraphError: where the graph holds no patterns and no provisions.
    """
    if gap is not None:
        one_of("gap", gap, GAPS)
    patterns, provisions, frameworks = named(store, "pattern"), named(store, "provision"), named(store, "framework")
    if not patterns and not provisions:
        named_or_refuse(store, "pattern")  # which says so
    of_provision = _frameworks(store)
    found: list[tuple[str, str, str]] = []
    for provision, state in _states(store).items():
        found += [(state, within, provision) for within in of_provision.get(provision, [""]) if state in GAPS]
    involved = {pattern for _, pattern in pairs(store, "incident", "tg:involvesPattern", "pattern")}
    found += [("pattern-without-incident", "", pattern) for pattern in patterns if pattern not in involved]
    mapped = _mapped(store, of_provision)
    found += [
        ("pattern-without-mapping", within, pattern)
        for within in frameworks
        for pattern in patterns
        if (pattern, within) not in mapped
    ]
    order = list(GAPS)
    called = patterns | provisions
    rows = [
        (Literal(kind), link(within) if within else None, text(called[iri].code), text(called[iri].label), link(iri))
        for kind, within, iri in sorted(found, key=lambda row: (order.index(row[0]), *row[1:]))
        if gap in (None, kind) and framework in (None, within)
    ]
    return Table(("gap", "framework", "code", "label", "record"), rows)


def _frameworks(store: Store) -> dict[str, list[str]]:
    """The frameworks that each provision is part of: one, in data that keeps to the shapes."""
    found: dict[str, list[str]] = {}
    for provision, framework in pairs(store, "provision", "skos:inScheme", "framework"):
        found.setdefault(provision, []).append(framework)
    return found


def _states(store: Store) -> dict[str, str]:
    """For each provision, by IRI, ``covered`` or the kind of gap that it is."""
    direct = {provision for _, provision in pairs(store, "pattern", "tg:mappedTo", "provision")}
    below = {to_value(provision) for (provision,) in store.select(_REACHED_BELOW).rows}
    return {
        iri: "covered" if iri in direct else "provision-covered-by-child" if iri in below else "provision-not-covered"
        for iri in named(store, "provision")
    }


def _mapped(store: Store, of_provision: dict[str, list[str]]) -> set[tuple[str, str]]:
    """Each pattern with each framework that it is mapped to, by a provision or as a whole."""
    found = set(pairs(store, "pattern", "tg:mappedTo", "framework"))
    for pattern, provision in pairs(store, "pattern", "tg:mappedTo", "provision"):
        found |= {(pattern, framework) for framework in of_provision.get(provision, ())}
    return found


def _headings(frameworks: dict[str, Named]) -> list[str]:
    """A short name for each framework: its prefix, else the end of its IRI; the whole IRI where two would be alike."""
    ends = {iri: iri.replace("#", "/").rstrip("/").rpartition("/")[2] for iri in frameworks}
    short = {iri: _SHORT.get(end, end) for iri, end in ends.items()}
    taken = Counter([*short.values(), "code", "label", "provisions", "as_a_whole", "pattern"])
    return [name if taken[name] == 1 else shorten(iri) for iri, name in short.items()]
