"""Helpers of the analyses: kinds by name, names of records, arguments and table cells."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from pyoxigraph import Literal, NamedNode

from threatgraph.errors import InvalidQuery, ThreatGraphError, UnknownName
from threatgraph.store import Store
from threatgraph.table import to_text, to_value
from threatgraph.vocab import KINDS, XSD, tg

#: Short names of kinds.
_SHORT_NAMES = {"cause": "causal-factor", "causes": "causal-factor", "harm": "harm-type", "harms": "harm-type"}

# Of several labels the last one is used: an English one, if there is one.
_RECORDS = """
SELECT ?record ?label ?code
WHERE {{
  ?record a <{cls}> .
  OPTIONAL {{ ?record skos:prefLabel ?label }}
  OPTIONAL {{ ?record skos:notation ?code }}
}}
ORDER BY STR(?record) (LANGMATCHES(LANG(?label), "en")) STR(?label) STR(?code)
"""


class Named(NamedTuple):
    """The names of a record."""

    label: str
    """The label; the prefixed name if it has none."""
    code: str
    """The code, or an empty string."""


def kind_name(word: str, allowed: Collection[str]) -> str:
    """Return the kind for a name: the kind itself, its plural, or a short name such as ``cause``.

    Args:
        word: the name.
        allowed: the kinds to choose from.

    Raises:
        UnknownName: for any other name.
    """
    names = {name: name for name in allowed} | {KINDS[name].plural: name for name in allowed}
    names |= {also: name for also, name in _SHORT_NAMES.items() if name in allowed}
    found = names.get(word.strip().lower())
    if found is None:
        raise UnknownName("kind", word, names, f"Choose one of {', '.join(allowed)}.")
    return found


def one_of(what: str, word: str, allowed: Collection[str]) -> str:
    """Return a name if it is allowed.

    Raises:
        UnknownName: if it is not allowed.
    """
    if word not in allowed:
        raise UnknownName(what, word, allowed, f"Choose one of {', '.join(allowed)}.")
    return word


def require_positive(what: str, number: int) -> int:
    """Return a number if it is at least 1.

    Raises:
        InvalidQuery: if it is below 1.
    """
    if number < 1:
        raise InvalidQuery(f"{what}={number}: must be at least 1.")
    return number


def named(store: Store, kind: str) -> dict[str, Named]:
    """Read the names of the records of a kind, by IRI and sorted by IRI."""
    found: dict[str, Named] = {}
    for record, label, code in store.select(_RECORDS.format(cls=tg(KINDS[kind].class_name))).rows:
        found[str(to_value(record))] = Named(to_text(label) or to_text(record), to_text(code))
    return dict(sorted(found.items()))


def require_named(store: Store, kind: str) -> dict[str, Named]:
    """As :func:`named`, but raise an error if the graph has no record of the kind.

    Raises:
        ThreatGraphError: if the graph has no record of the kind.
    """
    found = named(store, kind)
    if not found:
        raise ThreatGraphError(
            f"the graph has no {KINDS[kind].plural.replace('-', ' ')} to analyze: "
            "open it with the bundled data, or add a file with some."
        )
    return found


def pairs(store: Store, source: str, prop: str, target: str) -> list[tuple[str, str]]:
    """Read the links from records of one kind to records of another, each once, sorted.

    Args:
        store: the graph.
        source: the kind of the subjects.
        prop: the property of the links, as a SPARQL property path such as ``tg:affects``.
        target: the kind of the objects; links to records that are not in the graph are left out.
    """
    ends = tg(KINDS[source].class_name), tg(KINDS[target].class_name)
    query = f"SELECT DISTINCT ?from ?to WHERE {{ ?from a <{ends[0]}> ; {prop} ?to . ?to a <{ends[1]}> }}"
    return sorted((str(to_value(a)), str(to_value(b))) for a, b in store.select(query).rows)


def text(value: str) -> Literal | None:
    """A cell with text; ``None`` for an empty string."""
    return Literal(value) if value else None


def link(iri: str) -> NamedNode:
    """A cell with the IRI of a record."""
    return NamedNode(iri)


def integer(value: int) -> Literal:
    """A cell with an integer."""
    return Literal(str(value), datatype=NamedNode(XSD + "integer"))


def decimal(value: float, digits: int) -> Literal:
    """A cell with a decimal number, with a fixed number of decimals."""
    return Literal(f"{value:.{digits}f}", datatype=NamedNode(XSD + "decimal"))
