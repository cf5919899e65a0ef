"""Finds the nodes that may break a check, which pyshacl then judges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pyoxigraph import Literal, NamedNode, Triple

from threatgraph.errors import InvalidQuery
from threatgraph.store import Store
from threatgraph.store.forms import as_stored
from threatgraph.validate.compile import Compiler
from threatgraph.validate.fence import term_of
from threatgraph.validate.shapes import Check, Target, Term


def find_suspects(
    store: Store, compiler: Compiler, checks: Iterable[Check], notes: list[str]
) -> dict[Check, list[Term]]:
    """For each check the nodes that may break it, where there are any: all of its target where SPARQL cannot tell.

    Args:
        store: the whole graph.
        compiler: makes queries of checks.
        checks: the checks.
        notes: takes a note on each check that SPARQL cannot tell.
    """
    suspects: dict[Check, list[Term]] = {}
    for check in checks:
        if check.target.kind == "targetNode":
            # It costs no more to judge one node than to ask for it, and no statement need mention it.
            suspects[check] = [check.target.term]
            continue
        found = _answers(store, compiler.queries(check))
        if found is None:
            notes.append(f"{check.constraint or check.shape} has no SPARQL form: pyshacl judges all that it is about.")
            found = _answers(store, [f"SELECT DISTINCT ?this WHERE {{ {compiler.scope(check.target)} }}"])
        if found and check.target.kind == "targetObjectsOf":
            found = list(_as_written(store, check.target, found))
        if found:
            suspects[check] = found
    return suspects


def _as_written(store: Store, target: Target, values: Iterable[Term]) -> Iterator[Term]:
    """Values of a property in all the forms in which the files write them."""
    prop = target.term
    if not isinstance(prop, NamedNode) or prop.value not in store.rewritten:
        yield from values
        return
    wanted = dict.fromkeys(values)
    rows = store.select(f"SELECT ?node ?value WHERE {{ ?node {prop} ?value FILTER(isLiteral(?value)) }}").rows
    written = store.as_written(Triple(node, prop, value) for node, value in rows)  # type: ignore[arg-type]
    forms: dict[Term, dict[Term, None]] = {}
    for value in (triple.object for triple in written):
        if isinstance(value, Literal):
            forms.setdefault(as_stored(value), {})[value] = None
    for value in wanted:
        yield from forms.get(value, (value,))


def _answers(store: Store, queries: Iterable[str] | None) -> list[Term] | None:
    """The nodes that some queries name; ``None`` without queries, or for one that does not parse: pyshacl says why."""
    try:
        if queries is None:
            return None
        rows = [row for query in queries for row in store.select(query).rows]
    except InvalidQuery:
        return None
    return list(dict.fromkeys(term_of(row[0]) for row in rows if row[0] is not None))
