"""Fields of the forms on pages of lists and queries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from threatgraph.errors import UnknownName
from threatgraph.graph import ThreatGraph
from threatgraph.headings import heading
from threatgraph.listing import list_page
from threatgraph.vocab import BASE, KINDS

_MOST_OPTIONS = 60
"""Records of a kind that a field offers; a field for more of them is for text."""

#: The filters that the page of a list offers, by kind of record, each with the kind of its values.
FILTERS: Mapping[str, Mapping[str, str]] = {
    "pattern": {"domain": "domain", "severity": "severity", "cause": "causal-factor", "group": "group"},
    "incident": {
        "domain": "domain",
        "severity": "severity",
        "sector": "sector",
        "region": "region",
        "harm": "harm-type",
        "cause": "causal-factor",
    },
    "provision": {"framework": "framework"},
}
DATED = ("incident", "provision")
"""The kinds with dates."""


class Option(NamedTuple):
    """A value that a field offers."""

    value: str
    label: str


class Field(NamedTuple):
    """A field of a form."""

    name: str
    label: str
    value: str = ""
    options: tuple[Option, ...] = ()
    hint: str = ""
    required: bool = False
    empty: str = "any"
    """The label of the empty option."""


def list_fields(graph: ThreatGraph, kind: str, given: Mapping[str, str]) -> list[Field]:
    """Return the filters of a list.

    Args:
        graph: the graph.
        kind: the kind of the records.
        given: the values that are chosen.
    """
    fields = []
    for name, of in FILTERS.get(kind, {}).items():
        if found := options(graph, of):
            fields.append(Field(name, heading(name), _chosen(given.get(name, ""), found), found))
    if kind in DATED:
        fields += [
            Field(name, heading(name), given.get(name, ""), hint="such as 2024-08") for name in ("since", "until")
        ]
    return fields


def options(graph: ThreatGraph, kind: str) -> tuple[Option, ...]:
    """Return the records of a kind for a field; none if there are too many, or none has a label."""
    if kind not in KINDS:
        return ()
    try:
        found = list_page(graph.store, kind, columns=("label",), limit=_MOST_OPTIONS)
    except UnknownName:  # no record has the property
        return ()
    if found.total > _MOST_OPTIONS:
        return ()
    namespace = f"{BASE}{kind}/"
    slugs = ((str(row["record"]).removeprefix(namespace), row["label"]) for row in found.table.to_dicts())
    return tuple(Option(slug, str(label or slug)) for slug, label in slugs)


def _chosen(value: str, found: tuple[Option, ...]) -> str:
    """The option that a value names, by its slug or label in upper or lower case."""
    wanted = value.casefold()
    return next((one.value for one in found if wanted in (one.value.casefold(), one.label.casefold())), value)
