"""The HTML page of a record, which shows more than its other forms: linked records in tables, a drawing, a citation."""

from __future__ import annotations

from typing import Any, NamedTuple
from urllib.parse import quote

from threatgraph.errors import ThreatGraphError, UnknownName
from threatgraph.graph import ThreatGraph
from threatgraph.listing import list_page
from threatgraph.records import Link, Record
from threatgraph.store.memory import MemoryStore
from threatgraph.table import Table
from threatgraph.vocab import BASE, KINDS
from threatgraph.web import schema_org
from threatgraph.web.citation import cite
from threatgraph.web.document import TypedLink
from threatgraph.web.html import render
from threatgraph.web.linked import Linked, read_linked
from threatgraph.web.links import Links
from threatgraph.web.neighborhood import draw
from threatgraph.web.obligations import FrameworkGroup, duties, read_groups
from threatgraph.web.reading import Reading
from threatgraph.web.source_file import source_file
from threatgraph.web.tables import Cell, Column, cells
from threatgraph.web.view import Section, Text, View, fragments, view

_MAPPINGS, _REFERENCES = "Framework mappings", "References"
_RELATED = 5
"""Recommended patterns on the page of a pattern."""


class Node(NamedTuple):
    """A provision in the tree of its framework."""

    text: Text
    below: list[Node]


class Recommended(NamedTuple):
    """A pattern that is recommended, with the reason."""

    text: Text
    reason: str


class MappedFrom(NamedTuple):
    """The patterns that are mapped to a provision or to its subdivisions, as a table."""

    columns: list[Column]
    rows: list[list[Cell]]


def render_page(reading: Reading, links: Links, signposts: tuple[TypedLink, ...]) -> bytes:
    """Return the page of a record.

    Args:
        reading: the record.
        links: where documents are.
        signposts: the links for the head of the page.
    """
    record = reading.record
    page = view(record, {}, links, languages=reading.languages)
    return render(
        "record",
        links=links,
        signposts=signposts,
        section=record.kind,
        title=" ".join(filter(None, (page.title.text, page.code))),
        description=record.text("abstract"),
        trail=page.trail,
        structured=schema_org.describe(record, page.title.text),
        page=page,
        kind=page.kind.name.replace("-", " ").capitalize() if page.kind else "",
        explore="" if links.is_static else links.page("explore") + f"?focus={quote(record.iri.removeprefix(BASE))}",
        citation=cite(f"{page.title.text} ({page.code})" if page.code else page.title.text, page.iri),
        file=source_file(reading.graph.store, record.iri, links),
        **_body(reading, page, links),
    )


def _body(reading: Reading, page: View, links: Links) -> dict[str, Any]:
    """The sections of the page, and their anchors and titles."""
    graph, record = reading.graph, reading.record
    mapped_from = _mapped_from(graph, record, links)
    tree, size = _tree(graph, record, links) if record.kind == "framework" else ([], 0)
    groups = read_groups(graph.store, record, links, reading.languages) if record["mapping"] else []
    inbound = _inbound(reading, mapped_from is not None)
    linked = read_linked(graph.store, inbound, links, reading.languages, fragments(record))
    titles = {one.title for one in linked}
    apart = {_REFERENCES, *titles, *([_MAPPINGS] if groups else [])}
    sections = [one for one in page.sections if one.title not in apart]
    recommended = _recommended(graph, record, links)
    drawing = draw(record, reading.inbound, links)
    return {
        "sections": sections,
        "intros": {one.title: one for one in page.sections if one.title in titles},  # such as a text on all incidents
        "references": [one for one in page.sections if one.title == _REFERENCES],
        "groups": groups,
        "duties": duties(groups),
        "mapped_from": mapped_from,
        "tree": tree,
        "tree_size": size,
        "linked": linked,
        "recommended": recommended,
        "drawing": drawing,
        "contents": _contents(page, sections, groups, mapped_from, tree, linked, recommended, drawing is not None),
    }


def _inbound(reading: Reading, has_patterns: bool) -> dict[str, tuple[Link, ...]]:
    """The records that link to the record and are not shown in a section of their own."""
    found = dict(reading.inbound)
    if reading.record.kind == "framework":
        found.pop("inScheme", None)  # the tree has them
    if has_patterns:
        found["mapping"] = tuple(link for link in found.get("mapping", ()) if not _is_pattern(link))
    return {name: links for name, links in found.items() if links}


def _contents(
    page: View,
    sections: list[Section],
    groups: list[FrameworkGroup],
    mapped_from: MappedFrom | None,
    tree: list[Node],
    linked: list[Linked],
    recommended: list[Recommended],
    has_drawing: bool,
) -> list[tuple[str, str]]:
    """The anchors and titles of the sections, in their order."""
    found = [(one.anchor, one.title) for one in sections]
    if groups:
        found.append(("record-mappings", _MAPPINGS))
    if mapped_from is not None:
        found.append(("record-patterns", "Threat patterns"))
    if tree:
        found.append(("record-provisions", "Provisions"))
    found += [(one.anchor, one.title) for one in linked]
    if recommended:
        found.append(("record-recommended", "Similar patterns"))
    if has_drawing:
        found.append(("record-neighborhood", "Neighborhood"))
    found += [(one.anchor, one.title) for one in (*page.last, *(s for s in page.sections if s.title == _REFERENCES))]
    return [*found, ("record-provenance", "Provenance")]


def _is_pattern(link: Link) -> bool:
    return link.iri.startswith(KINDS["pattern"].namespace)


def _mapped_from(graph: ThreatGraph, record: Record, links: Links) -> MappedFrom | None:
    """The patterns that are mapped to a provision, each with the meaning of the link and the reason for it."""
    if record.kind != "provision":
        return None
    table = graph.run("patterns-by-provision", provision=record.iri)
    if not len(table):
        return None
    is_whole = set(map(str, table.column("target"))) == {record.iri}
    names = ["code", "label", "meaning", "meaning_label", *(() if is_whole else ("target", "target_label")), "reason"]
    places = [table.columns.index(name) for name in (*names, "pattern")]
    shown = Table([*names, "record"], [tuple(row[place] for place in places) for row in table.rows])
    return MappedFrom(*cells(shown, links))


def _recommended(graph: ThreatGraph, record: Record, links: Links) -> list[Recommended]:
    """The patterns that are most similar and not linked yet; the recommender needs the whole graph in memory."""
    if record.kind != "pattern" or not isinstance(graph.store, MemoryStore):
        return []
    try:
        found = graph.recommend(record.iri, top=_RELATED).new
    except ThreatGraphError:  # such as a retired pattern, which has no recommendations
        return []
    return [
        Recommended(Text(f"{one.label} ({one.code})" if one.code else one.label, links.to(one.iri)), one.explanation)
        for one in found
    ]


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
