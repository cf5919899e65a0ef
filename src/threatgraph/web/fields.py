"""Fields of the forms on pages of searches and queries."""

from __future__ import annotations

from typing import NamedTuple

from threatgraph.errors import UnknownName
from threatgraph.graph import ThreatGraph
from threatgraph.listing import list_page
from threatgraph.vocab import BASE, KINDS

_MOST_OPTIONS = 60
"""Records of a kind that a field offers; a field for more of them is for text."""


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
