"""Lists of the records of a kind, with filters and a choice of columns.

Filters and columns are properties of the record, named by their local name in the ontology: ``severity``,
``harm_type``. Hyphens, underscores and upper case make no difference. A few names are shorter than the property, such
as ``harm``; :data:`_SHORT` has them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pyoxigraph import Literal, NamedNode

from threatgraph.errors import InvalidQuery, UnknownName
from threatgraph.labels import read_labels
from threatgraph.lookup import kind_named, resolve
from threatgraph.rdf.terms import Term
from threatgraph.sparql.values import batches, values_clause
from threatgraph.store import Store
from threatgraph.table import Table, plain_text
from threatgraph.vocab import PREFIXES, PROPERTIES, SKOS, TG, Kind, kind_of, shorten, tg

_DCTERMS = PREFIXES["dcterms"]
#: Properties of other vocabularies that lists can show, by the name that the list uses.
_FOREIGN = {
    "label": f"{SKOS}prefLabel",
    "code": f"{SKOS}notation",
    "identifier": f"{_DCTERMS}identifier",
    "definition": f"{SKOS}definition",
    "also_called": f"{SKOS}altLabel",
    "broader": f"{SKOS}broader",
    "related": f"{SKOS}related",
    "summary": f"{_DCTERMS}abstract",
    "description": f"{_DCTERMS}description",
    "source": f"{_DCTERMS}source",
}
#: Short names of properties.
_SHORT = {
    "harm": tg("harmType"),
    "likelihood": tg("likelihoodTrend"),
    "cause": tg("causalFactor"),
    "group": tg("affects"),
    "involved_pattern": tg("involvesPattern"),
    "level": tg("provisionLevel"),
    "provision": tg("mappedTo"),
}
#: The framework of a provision, and the frameworks that any other record is mapped to.
_IN_FRAMEWORK, _MAPPED_TO_FRAMEWORK = f"<{SKOS}inScheme>", f"<{tg('mappedTo')}>/<{SKOS}inScheme>?"
#: Few incidents have a domain; the others have that of their primary pattern.
_INCIDENT_DOMAIN = f"(<{tg('domain')}>|<{tg('primaryPattern')}>/<{tg('domain')}>)"
#: The property that holds the date of a record, for ``since`` and ``until``.
_DATES = {"incident": tg("occurred"), "provision": tg("appliesFrom")}
_COLUMNS = {
    "pattern": ("code", "label", "domain", "severity", "likelihoodTrend"),
    "incident": ("occurred", "code", "label", "severity"),
    "provision": ("code", "label", "framework"),
}
_ORDER = {"pattern": "domain", "incident": "occurred", "provision": "framework"}
_RECORD = "record"
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
_USED = "SELECT DISTINCT ?property { ?record a <%s> ; ?property ?value }"


class _Property(NamedTuple):
    """A column or filter: its name in the table, and its path in SPARQL."""

    name: str
    path: str


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
        limit: maximum number of records.

    Returns:
        The chosen columns, then ``record`` with the IRI. Each column of IRIs is followed by ``<column>_label``.
        Several values in one cell are separated by ``; ``.

    Raises:
        UnknownName: for a kind, property or value that does not exist.
        InvalidQuery: for a date that is not valid, a kind without dates, or a limit below 1.
    """
    return list_page(store, kind, where=where, since=since, until=until, columns=columns, limit=limit).table


def list_page(
    store: Store,
    kind: str,
    *,
    where: Mapping[str, str | Sequence[str]] | None = None,
    since: str | None = None,
    until: str | None = None,
    columns: Sequence[str] | None = None,
    limit: int | None = None,
    offset: int = 0,
) -> ListPage:
    """List a part of the records of a kind, ``offset`` records after the first one; see :func:`list_records`."""
    of = kind_named(kind)
    if limit is not None and limit < 1:
        raise InvalidQuery(f"limit must be at least 1, not {limit}.")
    shown = [_property(of, name) for name in columns or _default_columns(store, of)]
    conditions = [_condition(store, of, i, name, values) for i, (name, values) in enumerate((where or {}).items())]
    conditions += _dates(of, since, until)
    records = _records(store, of, conditions)
    table = _table(store, of, records[offset:][:limit], shown)
    for name in columns or ():
        _require_used(store, of, _property(of, name), table, name)
    return ListPage(table, len(records))


def property_names(store: Store, kind: str) -> list[str]:
    """Return the properties of the records of a kind, which ``where`` and ``columns`` accept.

    Args:
        store: the store to read.
        kind: a kind of record, or its plural.

    Raises:
        UnknownName: for a kind that does not exist.
    """
    of = kind_named(kind)
    used = {str(iri) for iri in store.select(_USED % tg(of.class_name)).column("property")}
    names = {name for name, iri in _known_properties().items() if iri in used}
    if of.name == "provision" or tg("mappedTo") in used:
        names.add("framework")
    return sorted(names)


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
        found = _property(of, name)
        by_path[found.path] = max(by_path.get(found.path, ""), name, key=len)  # short names are second names
    return sorted(by_path.values(), key=lambda name: (name not in ("code", "label"), name))


def _default_columns(store: Store, kind: Kind) -> tuple[str, ...]:
    if kind.name in _COLUMNS:
        return _COLUMNS[kind.name]
    has_codes = store.ask(f"ASK {{ ?record a <{tg(kind.class_name)}> ; skos:notation ?code }}")
    return ("code", "label") if has_codes else ("label",)


def _known_properties() -> dict[str, str]:
    return {_snake(name): TG + name for name in PROPERTIES} | _SHORT | _FOREIGN


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _property(kind: Kind, name: str) -> _Property:
    plain = re.sub(r"[-_\s]", "", name).lower()
    if plain == "framework":
        return _Property("framework", _IN_FRAMEWORK if kind.name == "provision" else _MAPPED_TO_FRAMEWORK)
    if plain == "domain" and kind.name == "incident":
        return _Property("domain", _INCIDENT_DOMAIN)
    known = _known_properties()
    for spelled, iri in known.items():
        if spelled.replace("_", "") == plain:
            return _Property(spelled, f"<{iri}>")
    raise UnknownName("property", name, [*known, "framework"], "`graph.schema()` lists the properties.")


def _require_used(store: Store, kind: Kind, prop: _Property, table: Table, name: str) -> None:
    """Raise an error if a property that the user named occurs in no record of the kind."""
    if any(table.column(prop.name)) or store.ask(f"ASK {{ ?record a <{tg(kind.class_name)}> ; {prop.path} ?value }}"):
        return
    names = property_names(store, kind.name)
    if names:
        raise UnknownName(f"property of {kind.plural}", name, names, f"They have {', '.join(names)}.")


def _condition(store: Store, kind: Kind, number: int, name: str, values: str | Sequence[str]) -> str:
    """The lines of SPARQL for one filter."""
    prop = _property(kind, name)
    known = store.select(_KNOWN % (tg(kind.class_name), prop.path)).rows
    if not known:
        names = property_names(store, kind.name)
        raise UnknownName(f"property of {kind.plural}", name, names, f"They have {', '.join(names) or 'none'}.")
    terms = [
        term
        for value in ([values] if isinstance(values, str) else values)
        for term in _terms(store, value, known, prop)
    ]
    variable = f"?filter{number}"
    return f"VALUES {variable} {{ {' '.join(map(str, terms))} }} ?record {prop.path} {variable} ."


def _terms(store: Store, value: str, known: Sequence[tuple[Term | None, ...]], prop: _Property) -> list[Term]:
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
    if kind.name not in _DATES:
        raise InvalidQuery(f"{kind.plural} have no date: since and until apply to {' and '.join(_DATES)}.")
    lines = [f"?record <{_DATES[kind.name]}> ?date ."]
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
        first = f"OPTIONAL {{ ?record {_property(kind, _ORDER[kind.name]).path} ?first }}"
    rows = store.select(_SELECT % (tg(kind.class_name), " ".join(conditions), _NAMES + first)).rows
    found: dict[NamedNode, tuple[object, ...]] = {}
    for record, code, label, group in rows:
        if isinstance(record, NamedNode):
            key = tuple(map(_natural, (group, code, label, record)))
            found[record] = min(found.get(record, key), key)
    return sorted(found, key=lambda record: found[record])


def _natural(term: Term | None) -> tuple[object, ...]:
    """A sort key in which Article 9 is before Article 10, and a missing value is last."""
    parts = re.split(r"([0-9]+)", "" if term is None else plain_text(term))
    numbers = [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts if part]
    return term is None, tuple(numbers)


def _table(store: Store, kind: Kind, records: Sequence[NamedNode], shown: Sequence[_Property]) -> Table:
    cells = [_cells(store, records, prop) for prop in shown]
    nodes = {
        term.value for column in cells for terms in column.values() for term in terms if isinstance(term, NamedNode)
    }
    labels = read_labels(store, nodes)
    names: list[str] = []
    columns: list[list[Term | None]] = []
    for prop, column in zip(shown, cells, strict=True):
        found = [sorted(column.get(record, ()), key=lambda term: _label(term, labels)) for record in records]
        names.append(prop.name)
        columns.append([_joined(terms) for terms in found])
        if store.ask(_LABELED % (tg(kind.class_name), prop.path)):  # independent of the rows
            names.append(f"{prop.name}_label")
            columns.append([_joined([Literal(_label(term, labels)) for term in terms]) for terms in found])
    return Table([*names, _RECORD], list(zip(*columns, records, strict=True)))


def _cells(store: Store, records: Sequence[NamedNode], prop: _Property) -> dict[NamedNode, list[Term]]:
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
