"""Facets of a list: the values that its records have, each with the number of records that a click on it would show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from threatgraph.errors import UnknownName
from threatgraph.labels import read_labels
from threatgraph.listing import chosen_values, matching, ranks, values_of
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
    dated = matching(store, kind, {}, since, until)
    matches = {name: matching(store, kind, {name: values}) for name, values in where.items()}
    ranked = ranks(store)
    found = []
    for name in names:
        values = _values(store, kind, name)
        if not values:
            continue
        others = dated.intersection(*(records for other, records in matches.items() if other != name))
        chosen = chosen_values(store, kind, name, where[name]) if name in where else set()
        found.append(Facet(name, _choices(store, values, others, chosen, ranked)))
    return [facet for facet in found if facet.choices]


def _values(store: Store, kind: str, name: str) -> dict[str, set[str]]:
    try:
        values = values_of(store, kind, name)
    except UnknownName:  # of an ontology without it
        return {}
    if name != "framework":
        return values
    # A record that is mapped to a provision is in its framework; the filter also takes the provision itself.
    frameworks = {record: {iri for iri in found if iri.startswith(_FRAMEWORKS)} for record, found in values.items()}
    return {record: found for record, found in frameworks.items() if found}


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
