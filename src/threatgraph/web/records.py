"""A record in each of its forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from threatgraph.export import export, export_triples
from threatgraph.export.statements import statements
from threatgraph.graph import ThreatGraph
from threatgraph.records import Link, Record, exists
from threatgraph.vocab import BASE, KINDS, kind_of
from threatgraph.web import schema_org
from threatgraph.web.document import RDF_FORMS, RECORD_FORMS, Document, signposts, to_json
from threatgraph.web.links import Links
from threatgraph.web.markdown import write_record
from threatgraph.web.reading import Reading
from threatgraph.web.record_page import render_page
from threatgraph.web.view import View, view

_ABOUT_PAGE = f"{schema_org.SCHEMA}AboutPage"


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


def _markdown(reading: Reading, links: Links, _: Any) -> bytes:
    return write_record(_view(reading, links)).encode()


def _json(reading: Reading, _: Links, __: Any) -> bytes:
    return to_json(describe(reading))


_WRITERS: dict[str, Callable[[Reading, Links, Any], bytes]] = {
    "html": render_page,
    "md": _markdown,
    "json": _json,
}


def describe(reading: Reading) -> dict[str, object]:
    """Return a record as plain values: its statements, its kind, label and code, and the records that link to it."""
    record = reading.record
    about = {"iri": record.iri, "kind": record.kind or None, "label": record.label, "code": record.code}
    links = {name: [link.to_dict() for link in found] for name, found in reading.inbound.items()}
    return {**about, **record.to_dict(), "inbound": links}


def _view(reading: Reading, links: Links) -> View:
    return view(reading.record, reading.inbound, links, languages=reading.languages)
