"""A record in each of its forms."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cached_property
from typing import Any, NamedTuple

from threatgraph.errors import UnknownName
from threatgraph.export import export, export_triples
from threatgraph.export.statements import statements
from threatgraph.graph import ThreatGraph
from threatgraph.listing import list_page
from threatgraph.records import Link, Record, exists, read_inbound, read_languages, read_record
from threatgraph.vocab import BASE, KINDS, kind_of
from threatgraph.web import schema_org
from threatgraph.web.document import RDF_FORMS, RECORD_FORMS, Document, signposts
from threatgraph.web.html import render
from threatgraph.web.links import Links
from threatgraph.web.markdown import write_record
from threatgraph.web.view import Text, View, view

_ABOUT_PAGE = f"{schema_org.SCHEMA}AboutPage"


class Node(NamedTuple):
    """A provision in the tree of its framework."""

    text: Text
    below: list[Node]


class Reading:
    """A record with what its pages show, which is read once for several forms.

    Args:
        graph: the graph.
        iri: the IRI of the record.
    """

    def __init__(self, graph: ThreatGraph, iri: str) -> None:
        self.graph, self.record = graph, read_record(graph.store, iri)

    @cached_property
    def inbound(self) -> dict[str, tuple[Link, ...]]:
        """The records that link to it, by property."""
        return read_inbound(self.graph.store, self.record.iri)

    @cached_property
    def languages(self) -> dict[str, str]:
        """The language of each text that is not English."""
        return read_languages(self.graph.store, self.record.iri)


def render_record(
    graph: ThreatGraph, path: str, form: str, links: Links, reading: Reading | None = None
) -> Document | None:
    """Return the document of a record, or ``None`` if the graph has no record with this IRI.

    Args:
        graph: the graph.
        path: the path of the IRI of the record, such as ``pattern/goal-drift``.
        form: a name from :data:`threatgraph.web.document.RECORD_FORMS`.
        links: where documents are.
        reading: the record, if it was read before.
    """
    iri = BASE + path
    if reading is None and not exists(graph.store, iri):
        return None
    reading = reading or Reading(graph, iri)
    record = reading.record
    types = (f"{schema_org.SCHEMA}{schema_org.type_of(record)}", _ABOUT_PAGE)
    found = signposts(path, RECORD_FORMS, links, types=types, collection=_collection(record))
    rdf = RDF_FORMS.get(form)
    content = _rdf(graph, iri, rdf) if rdf else _WRITERS[form](reading, links, found)
    return Document(content, form, path, found)


def _collection(record: Record) -> str:
    """The path of the framework of a provision, or of the list of the kind."""
    namespace = KINDS["framework"].namespace
    schemes = [value.iri for value in record["inScheme"] if isinstance(value, Link)]
    if record.kind == "provision" and (found := [iri for iri in schemes if iri.startswith(namespace)]):
        return found[0].removeprefix(BASE)
    kind = kind_of(record.iri)
    return kind.name if kind else ""


def _rdf(graph: ThreatGraph, iri: str, format: str) -> bytes:
    """The statements about a record and its parts, the records that link to it, and the names of all of them."""
    if kind_of(iri) is None:  # a scheme or an agent, which most records link to
        return export_triples(statements(graph.store, iri), format)
    return export(graph.store, format, node=iri)


def _html(reading: Reading, links: Links, found: Any) -> bytes:
    record = reading.record
    page = _view(reading, links, frozenset({"inScheme"} if record.kind == "framework" else ()))
    tree, size = _tree(reading.graph, record, links) if record.kind == "framework" else ([], 0)
    return render(
        "record",
        links=links,
        signposts=found,
        title=" ".join(filter(None, (page.title.text, page.code))),
        description=record.text("abstract"),
        trail=page.trail,
        structured=schema_org.describe(record, page.title.text),
        page=page,
        tree=tree,
        tree_size=size,
    )


def _markdown(reading: Reading, links: Links, _: Any) -> bytes:
    return write_record(_view(reading, links, frozenset())).encode()


def _json(reading: Reading, _: Links, __: Any) -> bytes:
    return to_json(describe(reading))


_WRITERS: dict[str, Callable[[Reading, Links, Any], bytes]] = {
    "html": _html,
    "md": _markdown,
    "json": _json,
}


def describe(reading: Reading) -> dict[str, object]:
    """Return a record as plain values: its statements, its kind, label and code, and the records that link to it."""
    record = reading.record
    about = {"iri": record.iri, "kind": record.kind or None, "label": record.label, "code": record.code}
    links = {name: [link.to_dict() for link in found] for name, found in reading.inbound.items()}
    return {**about, **record.to_dict(), "inbound": links}


def to_json(value: object) -> bytes:
    """Return plain values as JSON."""
    return (json.dumps(value, ensure_ascii=False, indent=1) + "\n").encode()


def _view(reading: Reading, links: Links, without: frozenset[str]) -> View:
    return view(reading.record, reading.inbound, links, languages=reading.languages, without=without)


def _tree(graph: ThreatGraph, framework: Record, links: Links) -> tuple[list[Node], int]:
    """The provisions of a framework, each with those below it, and their number."""
    columns, slug = ("code", "label", "broader"), framework.iri.removeprefix(KINDS["framework"].namespace)
    try:
        rows = list_page(graph.store, "provision", where={"framework": slug}, columns=columns).table.to_dicts()
    except UnknownName:  # the graph has no provisions of this framework
        return [], 0
    nodes = {}
    for row in rows:
        name = " ".join(str(row[column]) for column in ("code", "label") if row[column])
        nodes[str(row["record"])] = Node(Text(name, links.to(str(row["record"]))), [])
    top: list[Node] = []
    for row in rows:
        above = str(row["broader"] or "").partition("; ")[0]
        (nodes[above].below if above in nodes else top).append(nodes[str(row["record"])])
    return top, len(nodes)
