"""Lists of the records of a kind, with filters, an order and a choice of columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pyoxigraph import Literal, NamedNode

from threatgraph.errors import InvalidQuery, UnknownName
from threatgraph.labels import read_labels
from threatgraph.listed_properties import DATES, ListedProperty, property_names, property_of
from threatgraph.lookup import kind_named, resolve
from threatgraph.rdf.terms import Term
from threatgraph.sparql.values import batches, values_clause
from threatgraph.store import Store
from threatgraph.table import Table, plain_text
from threatgraph.vocab import Kind, kind_of, shorten, tg

_COLUMNS = {
    "pattern": ("code", "label", "domain", "severity", "likelihoodTrend"),
    "incident": ("occurred", "code", "label", "severity"),
    "provision": ("code", "label", "framework"),
}
_ORDER = {"pattern": "domain", "incident": "occurred", "provision": "framework"}
_YEAR = "year"
"""A filter by what is not a property: the years of the dates of records, with four digits."""
_DATE = re.compile(r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?")

_SELECT = "SELECT DISTINCT ?record ?code ?label ?first { ?record a <%s> . %s %s }"
_NAMES = "OPTIONAL { ?record skos:notation ?code } OPTIONAL { ?record skos:prefLabel ?label }"
_VALUES = "SELECT DISTINCT ?record ?value { %s ?record %s ?value }"
_KNOWN = """
SELECT DISTINCT ?value ?label ?code {
  ?record a <%s> ; %s ?value .
  OPTIONAL { ?value skos:prefLabel ?label }
  OPTIONAL { ?value skos:notation ?code }
}
"""
_LABELED = "ASK { ?record a <%s> ; %s ?value . ?value skos:prefLabel ?label }"
_OF_KIND = "SELECT DISTINCT ?record ?value { ?record a <%s> ; %s ?value }"
_RANKS = "SELECT ?value ?rank { ?value tg:rank ?rank }"


class ListPage(NamedTuple):
    """A part of a list of records."""

    table: Table
    total: int
    """The number of records in the whole list."""


def list_records(
    store: Store,
    kind: str,
    *,
    where: Mapping[str, str | Sequence[str]] | None = None,
    since: str | None = None,
    until: str | None = None,
    columns: Sequence[str] | None = None,
    sort: str | None = None,
    limit: int | None = None,
) -> Table:
    """List the records of a kind.

    Args:
        store: the store to read.
        kind: a kind of record, or its plural: ``incident``, ``incidents``.
        where: property to value. A record matches if it has the value for every property. Several values of one
            property are alternatives. A value is a code, slug, label or IRI; for text and numbers, the value itself.
        since: list only records dated on or after this date: ``2024``, ``2024-08`` or ``2024-08-01``.
        until: list only records dated on or before this date.
        columns: the properties to show; by default, a few for each kind.
        sort: the property to sort by, with a minus sign before it for descending order: ``severity``, ``-occurred``.
            Records without it come last. By default, each kind has an order of its own.
        limit: maximum number of records.

    Returns:
        The chosen columns, then ``record`` with the IRI. Each column of IRIs is followed by ``<column>_label``.
        Several values in one cell are separated by ``; ``.

    Raises:
        UnknownName: for a kind, property or value that does not exist.
        InvalidQuery: for a date that is not valid, a kind without dates, or a limit below 1.
    """
    found = list_page(store, kind, where=where, since=since, until=until, columns=columns, sort=sort, limit=limit)
    return found.table


def list_page(
    store: Store,
    kind: str,
    *,
    where: Mapping[str, str | Sequence[str]] | None = None,
    since: str | None = None,
    until: str | None = None,
    columns: Sequence[str] | None = None,
    sort: str | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> ListPage:
    """List a part of the records of a kind, ``offset`` records after the first one; see :func:`list_records`."""
    of = kind_named(kind)
    if limit is not None and limit < 1:
        raise InvalidQuery(f"limit must be at least 1, not {limit}.")
    shown = [property_of(of, name) for name in columns or _default_columns(store, of)]
    records = _records(store, of, _conditions(store, of, where or {}, since, until))
    if sort:
        records = _sorted(store, of, records, sort)
    table = _table(store, of, records[offset:][:limit], shown)
    for name in columns or ():
        _require_used(store, of, property_of(of, name), table, name)
    return ListPage(table, len(records))


def dated(store: Store, kind: str, since: str | None, until: str | None) -> set[str]:
    """Return the IRIs of the records within dates, if any are given; arguments and errors as :func:`list_records`."""
    of = kind_named(kind)
    return {record.value for record in _records(store, of, _dates(of, since, until))}


def values_of(store: Store, kind: str, name: str) -> dict[str, set[str]]:
    """Return the values of a property or filter, by the IRI of the record.

    Args:
        store: the store to read.
        kind: a kind of record, or its plural.
        name: a property, or ``year``.

    Raises:
        UnknownName: for a kind or property that does not exist.
    """
    of = kind_named(kind)
    is_year = name == _YEAR and of.name in DATES
    path = f"<{DATES[of.name]}>" if is_year else property_of(of, name).path
    found: dict[str, set[str]] = {}
    for record, value in store.select(_OF_KIND % (tg(of.class_name), path)).rows:
        if record is not None and value is not None:
            text = plain_text(value)
            found.setdefault(plain_text(record), set()).add(text[:4] if is_year else text)
    return found


def table_of(store: Store, kind: str, iris: Iterable[str], columns: Sequence[str], *, sort: str | None = None) -> Table:
    """Return some properties of records, as :func:`list_records` does for those that match filters.

    Args:
        store: the store to read.
        kind: the kind of the records.
        iris: their IRIs, in the order of the rows.
        columns: the properties.
        sort: the property to sort by instead.

    Raises:
        UnknownName: for a kind or property that does not exist.
    """
    of, records = kind_named(kind), [NamedNode(iri) for iri in dict.fromkeys(iris)]
    if sort:
        records = _sorted(store, of, records, sort)
    return _table(store, of, records, [property_of(of, name) for name in columns])


def read_values(store: Store, kind: str, iris: Iterable[str], names: Sequence[str]) -> dict[str, dict[str, list[str]]]:
    """Return the values of some properties of records.

    Args:
        store: the store to read.
        kind: the kind of the records.
        iris: their IRIs.
        names: the properties.

    Returns:
        For each name, the sorted values by the IRI of the record.

    Raises:
        UnknownName: for a kind or property that does not exist.
    """
    of, records = kind_named(kind), [NamedNode(iri) for iri in iris]
    found: dict[str, dict[str, list[str]]] = {}
    for name in names:
        cells = _cells(store, records, property_of(of, name))
        found[name] = {record.value: sorted(map(plain_text, terms)) for record, terms in cells.items()}
    return found


def chosen_values(store: Store, kind: str, name: str, values: Sequence[str]) -> set[str]:
    """Return the values of a property that the values of a filter name, such as the IRI for a code."""
    of = kind_named(kind)
    if name == _YEAR and of.name in DATES:
        return set(_checked(values))
    return {plain_text(term) for term in _chosen(store, of, name, values)}


def ranks(store: Store) -> dict[str, int]:
    """Return the rank of each value that has one, such as a severity, by its IRI; a higher rank is more severe."""
    rows = store.select(_RANKS).rows
    return {plain_text(value): int(plain_text(rank)) for value, rank in rows if value and rank}


def column_names(store: Store, kind: str) -> list[str]:
    """Return the columns of a table with all values of the records of a kind: each property under one name.

    Args:
        store: the store to read.
        kind: a kind of record, or its plural.

    Raises:
        UnknownName: for a kind that does not exist.
    """
    of = kind_named(kind)
    by_path: dict[str, str] = {}
    for name in property_names(store, kind):
        found = property_of(of, name)
        by_path[found.path] = max(by_path.get(found.path, ""), name, key=len)  # short names are second names
    return sorted(by_path.values(), key=lambda name: (name not in ("code", "label"), name))


def _default_columns(store: Store, kind: Kind) -> tuple[str, ...]:
    if kind.name in _COLUMNS:
        return _COLUMNS[kind.name]
    has_codes = store.ask(f"ASK {{ ?record a <{tg(kind.class_name)}> ; skos:notation ?code }}")
    return ("code", "label") if has_codes else ("label",)


def _require_used(store: Store, kind: Kind, prop: ListedProperty, table: Table, name: str) -> None:
    """Raise an error if a property that the user named occurs in no record of the kind."""
    if any(table.column(prop.name)) or store.ask(f"ASK {{ ?record a <{tg(kind.class_name)}> ; {prop.path} ?value }}"):
        return
    names = property_names(store, kind.name)
    if names:
        raise UnknownName(f"property of {kind.plural}", name, names, f"They have {', '.join(names)}.")


def _conditions(
    store: Store, kind: Kind, where: Mapping[str, str | Sequence[str]], since: str | None, until: str | None
) -> list[str]:
    """The lines of SPARQL for all filters."""
    is_dated = kind.name in DATES
    rest = {name: values for name, values in where.items() if not (is_dated and name == _YEAR)}
    lines = [_condition(store, kind, i, name, values) for i, (name, values) in enumerate(rest.items())]
    if len(rest) < len(where):
        lines.append(_years(kind, where[_YEAR]))
    return lines + _dates(kind, since, until)


def _years(kind: Kind, values: str | Sequence[str]) -> str:
    years = _checked([values] if isinstance(values, str) else values)
    wanted = ", ".join(f'"{year}"' for year in years)
    return f"?record <{DATES[kind.name]}> ?dated . FILTER(SUBSTR(STR(?dated), 1, 4) IN ({wanted}))"


def _checked(years: Sequence[str]) -> Sequence[str]:
    for year in years:
        if not re.fullmatch(r"[0-9]{4}", year):
            raise InvalidQuery(f"{year!r} is not a year: write four digits, such as 2024.")
    return years


def _condition(store: Store, kind: Kind, number: int, name: str, values: str | Sequence[str]) -> str:
    """The lines of SPARQL for one filter."""
    variable = f"?filter{number}"
    terms = " ".join(map(str, _chosen(store, kind, name, values)))
    return f"VALUES {variable} {{ {terms} }} ?record {property_of(kind, name).path} {variable} ."


def _chosen(store: Store, kind: Kind, name: str, values: str | Sequence[str]) -> list[Term]:
    """The terms that the values of a filter name."""
    prop = property_of(kind, name)
    known = store.select(_KNOWN % (tg(kind.class_name), prop.path)).rows
    if not known:
        names = property_names(store, kind.name)
        raise UnknownName(f"property of {kind.plural}", name, names, f"They have {', '.join(names) or 'none'}.")
    given = [values] if isinstance(values, str) else values
    return [term for value in given for term in _terms(store, value, known, prop)]


def _terms(store: Store, value: str, known: Sequence[tuple[Term | None, ...]], prop: ListedProperty) -> list[Term]:
    """Find the terms for a value of a filter, among the values of the property."""
    wanted = value.strip().casefold()
    names: dict[str, list[Term]] = {}
    for term, label, code in known:
        if term is not None:
            for called in _called(term, label, code):
                names.setdefault(called.casefold(), []).append(term)
    if wanted in names:
        return names[wanted]
    kinds = {found.name for term, _, _ in known if isinstance(term, NamedNode) and (found := kind_of(term.value))}
    if len(kinds) == 1:
        return [NamedNode(resolve(store, value, kinds.pop()))]
    raise UnknownName(f"value of {prop.name}", value, names)


def _called(term: Term, label: Term | None, code: Term | None) -> set[str]:
    names = {plain_text(name) for name in (term, label, code) if name is not None}
    if isinstance(term, NamedNode):
        short = shorten(term.value)
        names |= {short, short.partition(":")[2] or short}
    return names


def _dates(kind: Kind, since: str | None, until: str | None) -> list[str]:
    if since is None and until is None:
        return []
    if kind.name not in DATES:
        raise InvalidQuery(f"{kind.plural} have no date: since and until apply to {' and '.join(DATES)}.")
    lines = [f"?record <{DATES[kind.name]}> ?date ."]
    for date, compare in ((since, ">="), (until, "<=")):
        if date is None:
            continue
        if not _DATE.fullmatch(date):
            raise InvalidQuery(f"{date!r} is not a valid date; write 2024, 2024-08 or 2024-08-01.")
        # Dates of different precision are compared by the part that both have.
        length = f"IF(STRLEN(STR(?date)) < {len(date)}, STRLEN(STR(?date)), {len(date)})"
        lines.append(f'FILTER(SUBSTR(STR(?date), 1, {length}) {compare} SUBSTR("{date}", 1, {length}))')
    return lines


def _records(store: Store, kind: Kind, conditions: Sequence[str]) -> list[NamedNode]:
    """The records that meet the conditions, in the order of the list."""
    first = ""
    if kind.name in _ORDER:
        first = f"OPTIONAL {{ ?record {property_of(kind, _ORDER[kind.name]).path} ?first }}"
    rows = store.select(_SELECT % (tg(kind.class_name), " ".join(conditions), _NAMES + first)).rows
    found: dict[NamedNode, tuple[object, ...]] = {}
    for record, code, label, group in rows:
        if isinstance(record, NamedNode):
            key = tuple(map(_natural, (group, code, label, record)))
            found[record] = min(found.get(record, key), key)
    return sorted(found, key=lambda record: found[record])


def _sorted(store: Store, kind: Kind, records: Sequence[NamedNode], sort: str) -> list[NamedNode]:
    """Records in the order of a property; those with the same value keep their order."""
    is_descending = sort.startswith("-")
    prop = property_of(kind, sort.removeprefix("-"))
    cells = _cells(store, records, prop)
    nodes = {term for terms in cells.values() for term in terms if isinstance(term, NamedNode)}
    labels, ranked = read_labels(store, {node.value for node in nodes}), ranks(store) if nodes else {}

    def key(term: Term) -> tuple[object, ...]:
        return ranked.get(plain_text(term), 0), _natural(Literal(_label(term, labels)))

    pick = max if is_descending else min
    keys = {record: pick(map(key, terms)) for record, terms in cells.items()}
    with_value = sorted((one for one in records if one in keys), key=lambda one: keys[one], reverse=is_descending)
    return with_value + [one for one in records if one not in keys]


def _natural(term: Term | None) -> tuple[object, ...]:
    """A sort key in which Article 9 is before Article 10, and a missing value is last."""
    parts = re.split(r"([0-9]+)", "" if term is None else plain_text(term))
    numbers = [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts if part]
    return term is None, tuple(numbers)


def _table(store: Store, kind: Kind, records: Sequence[NamedNode], shown: Sequence[ListedProperty]) -> Table:
    cells = [_cells(store, records, prop) for prop in shown]
    nodes = {
        term.value for column in cells for terms in column.values() for term in terms if isinstance(term, NamedNode)
    }
    labels = read_labels(store, nodes)
    names: list[str] = []
    columns: list[list[Term | None]] = []
    for prop, column in zip(shown, cells, strict=True):
        found = [
            sorted(column.get(record, ()), key=lambda term: (_label(term, labels), str(term))) for record in records
        ]
        names.append(prop.name)
        columns.append([_joined(terms) for terms in found])
        if store.ask(_LABELED % (tg(kind.class_name), prop.path)):  # independent of the rows
            names.append(f"{prop.name}_label")
            columns.append([_joined([Literal(_label(term, labels)) for term in terms]) for terms in found])
    return Table([*names, "record"], list(zip(*columns, records, strict=True)))


def _cells(store: Store, records: Sequence[NamedNode], prop: ListedProperty) -> dict[NamedNode, list[Term]]:
    """The values of one property, by record."""
    found: dict[NamedNode, list[Term]] = {}
    for batch in batches(records):
        for record, value in store.select(_VALUES % (values_clause("record", batch), prop.path)).rows:
            if isinstance(record, NamedNode) and value is not None:
                found.setdefault(record, []).append(value)
    return found


def _label(term: Term, labels: Mapping[str, str]) -> str:
    text = plain_text(term)
    return labels.get(text, text)


def _joined(terms: Sequence[Term]) -> Term | None:
    if len(terms) > 1:
        return Literal("; ".join(plain_text(term) for term in terms))
    return terms[0] if terms else None
