"""What the analyses share: the kinds that people name, the names of records, and the cells of a table."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from pyoxigraph import Literal, NamedNode

from threatgraph.errors import InvalidQuery, ThreatGraphError, UnknownName
from threatgraph.store import Store
from threatgraph.table import to_text, to_value
from threatgraph.vocab import KINDS, XSD, tg

#: Shorter words for kinds, besides their names and plurals.
_ALSO = {"cause": "causal-factor", "causes": "causal-factor", "harm": "harm-type", "harms": "harm-type"}

# Of several labels the last one counts: an English one, where there is one.
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
    """What a record is called."""

    label: str
    """Its name; its short IRI where it has none."""
    code: str
    """Its code, or an empty text."""


def kind_name(word: str, allowed: Collection[str]) -> str:
    """The kind that a word means: its name, its plural, or a shorter word such as ``cause``.

    Args:
        word: what a person wrote.
        allowed: names of the kinds that fit here.

    Raises:
        UnknownName: for any other word, with the kinds that fit.
    """
    names = {name: name for name in allowed} | {KINDS[name].plural: name for name in allowed}
    names |= {also: name for also, name in _ALSO.items() if name in allowed}
    found = names.get(word.strip().lower())
    if found is None:
        raise UnknownName("kind", word, names, f"The kinds that fit here are {', '.join(allowed)}.")
    return found


def one_of(what: str, word: str, allowed: Collection[str]) -> str:
    """The word itself, where it is one of those that are allowed.

    Raises:
        UnknownName: where it is not, with those that are.
    """
    if word not in allowed:
        raise UnknownName(what, word, allowed, f"Choose one of {', '.join(allowed)}.")
    return word


def at_least_one(what: str, number: int) -> int:
    """The number itself, where it is 1 or more.

    Raises:
        InvalidQuery: where it is less.
    """
    if number < 1:
        raise InvalidQuery(f"{what} is a whole number from 1 on, not {number}.")
    return number


def named(store: Store, kind: str) -> dict[str, Named]:
    """The records of a kind by IRI, in the order of their IRIs, with their names."""
    found: dict[str, Named] = {}
    for record, label, code in store.select(_RECORDS.format(cls=tg(KINDS[kind].class_name))).rows:
        found[str(to_value(record))] = Named(to_text(label) or to_text(record), to_text(code))
    return dict(sorted(found.items()))


def named_or_refuse(store: Store, kind: str) -> dict[str, Named]:
    """As :func:`named`, for an analysis that is about records of this kind.

    Raises:
        ThreatGraphError: where the graph holds none.
    """
    found = named(store, kind)
    if not found:
        raise ThreatGraphError(
            f"the graph holds no {KINDS[kind].plural.replace('-', ' ')}, so there is nothing to analyse: "
            "open it with the bundled data, or add a file that holds some."
        )
    return found


def pairs(store: Store, source: str, prop: str, target: str) -> list[tuple[str, str]]:
    """The links from records of one kind to records of another, each once, sorted.

    Args:
        store: the graph.
        source: kind of the records that the links go from.
        prop: property of the links, as a path of SPARQL such as ``tg:affects``.
        target: kind of the records that they go to; a link to what the graph does not hold is left out.
    """
    ends = tg(KINDS[source].class_name), tg(KINDS[target].class_name)
    query = f"SELECT DISTINCT ?from ?to WHERE {{ ?from a <{ends[0]}> ; {prop} ?to . ?to a <{ends[1]}> }}"
    return sorted((str(to_value(a)), str(to_value(b))) for a, b in store.select(query).rows)


def text(value: str) -> Literal | None:
    """A cell of text; nothing for an empty one."""
    return Literal(value) if value else None


def link(iri: str) -> NamedNode:
    """A cell that holds a record."""
    return NamedNode(iri)


def integer(value: int) -> Literal:
    """A cell that holds a whole number."""
    return Literal(str(value), datatype=NamedNode(XSD + "integer"))


def decimal(value: float, digits: int) -> Literal:
    """A cell that holds a number with so many digits after the point."""
    return Literal(f"{value:.{digits}f}", datatype=NamedNode(XSD + "decimal"))
