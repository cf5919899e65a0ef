"""Facets of a list: the values that its records have, each with the number of records that a click on it would show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from threatgraph.errors import UnknownName
from threatgraph.labels import read_labels
from threatgraph.listing import chosen_values, dated, ranks, values_of
from threatgraph.store import Store
from threatgraph.vocab import BASE, KINDS, kind_of

_FRAMEWORKS = KINDS["framework"].namespace


class Choice(NamedTuple):
    """A value of a facet."""

    value: str
    """What a filter accepts: a slug, or the text itself."""
    label: str
    total: int
    """Records with this value that match the filters of the other facets."""
    is_chosen: bool


class Facet(NamedTuple):
    """A property with its values."""

    name: str
    choices: tuple[Choice, ...]

    @property
    def chosen(self) -> int:
        """The number of values that are chosen."""
        return sum(choice.is_chosen for choice in self.choices)


def read_facets(
    store: Store,
    kind: str,
    names: Sequence[str],
    where: Mapping[str, Sequence[str]],
    since: str | None = None,
    until: str | None = None,
) -> list[Facet]:
    """Return the facets of a list.

    Values of one facet are alternatives, so its own filter does not change its counts.

    Args:
        store: the store to read.
        kind: the kind of the records.
        names: the properties, as :func:`threatgraph.listing.list_records` names them, or ``year``.
        where: the values that are chosen, by property; those of other properties filter too.
        since: the first date, for records with dates.
        until: the last date.

    Returns:
        The facets that have values, in the order of the names. Values with a rank come in its order, the highest
        first; years the newest first; others by number of records.

    Raises:
        UnknownName: for a property or value that does not exist.
        InvalidQuery: for a date or year that is not valid.
    """
    chosen = {name: chosen_values(store, kind, name, values) for name, values in where.items()}
    values = {name: _values(store, kind, name) for name in (*names, *(name for name in where if name not in names))}
    matches = {
        name: {record for record, found in values[name].items() if not found.isdisjoint(chosen[name])} for name in where
    }
    within, ranked = dated(store, kind, since, until), ranks(store)
    facets = []
    for name in names:
        others = within.intersection(*(records for other, records in matches.items() if other != name))
        shown = _frameworks(values[name]) if name == "framework" else values[name]
        facets.append(Facet(name, _choices(store, shown, others, chosen.get(name, set()), ranked)))
    return [facet for facet in facets if values[facet.name] and facet.choices]


def _values(store: Store, kind: str, name: str) -> dict[str, set[str]]:
    try:
        return values_of(store, kind, name)
    except UnknownName:  # of an ontology without it
        return {}


def _frameworks(values: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """The frameworks alone: a record that is mapped to a provision is in its framework, and the filter takes both."""
    return {record: {iri for iri in found if iri.startswith(_FRAMEWORKS)} for record, found in values.items()}


def _choices(
    store: Store, values: Mapping[str, set[str]], records: set[str], chosen: set[str], ranked: Mapping[str, int]
) -> tuple[Choice, ...]:
    counts = Counter(value for record in records for value in values.get(record, ()))
    shown = counts.keys() | chosen
    labels = read_labels(store, [value for value in shown if value.startswith(BASE)])
    choices = {value: Choice(_slug(value), labels.get(value, value), counts[value], value in chosen) for value in shown}

    def order(value: str) -> tuple[int, int, str]:
        first = ranked.get(value, 0) or (int(value) if value.isdecimal() else 0)
        return -first, -counts[value], choices[value].label.casefold()

    return tuple(choices[value] for value in sorted(shown, key=order))


def _slug(value: str) -> str:
    kind = kind_of(value)
    return value.removeprefix(kind.namespace) if kind else value
