"""The view that walks through the graph: the records around a record, as a drawing and as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from threatgraph.analytics.records import named
from threatgraph.graph import ThreatGraph
from threatgraph.records import Record, exists, read_inbound, read_record
from threatgraph.vocab import BASE, KINDS, kind_of
from threatgraph.web.fields import Field
from threatgraph.web.links import Links
from threatgraph.web.neighborhood import Drawing, draw
from threatgraph.web.neighbors import Neighbor, neighbors
from threatgraph.web.view import Text, plural
from threatgraph.web.views.page import Given, Page, View, counted, number, query, read, to_table, word_field

PATH = "explore"
TITLE = "Explore the graph"
SUMMARY = "The records around a record, as a drawing and as a table. Each node leads to the records around it."
#: The kinds whose records a site has pages for, and which the page without a record lists.
KINDS_WITH_PAGES = ("domain", "pattern", "causal-factor", "group", "framework")
_DEPTHS = {"1": "direct links", "2": "links of links as well"}
_MOST, _FIRST, _MOST_BELOW = 24, 8, 2
"""Nodes for one step; for two steps, those around the record, and those around each of them."""
_MOST_ROWS = 300
"""Rows of the table; the other forms have all."""
_COLUMNS = ("relation", "direction", "label", "kind", "detail", "via", "record")


class Line(NamedTuple):
    """A row of the table."""

    name: Text
    url: str | None
    """The page of this view for the record."""
    kind: str
    relation: str
    direction: str
    via: str
    """The label of the record between, for a link of a link."""


def render(graph: ThreatGraph, path: str, links: Links, given: Given) -> Page | None:
    """Return the records around a record, or without one the records to begin with.

    Args:
        graph: the graph.
        path: empty, or the path of a record, such as ``pattern/goal-drift``.
        links: where documents are.
        given: ``focus`` instead of a path, which can be any name of a record, and ``depth``.

    Returns:
        The page, or ``None`` if the graph has no record with this path.

    Raises:
        UnknownName: for a parameter or a record that does not exist.
        AmbiguousName: if several records have the name.
        InvalidQuery: if ``depth`` is neither 1 nor 2.
    """
    values = read(given, ("focus", "depth"))
    depth = number(values, "depth", 1, 2, 1)
    if path:
        iri = BASE + path
        if path.partition("/")[0] not in KINDS or not exists(graph.store, iri):
            return None
    elif "focus" in values:
        iri = _resolve(graph, values["focus"])
    else:
        return _overview(graph, links)
    return _around(graph, iri, depth, links)


def _resolve(graph: ThreatGraph, name: str) -> str:
    """The record that an identifier or a path, such as ``pattern/goal-drift``, means."""
    path = name.removeprefix(BASE)
    if path.partition("/")[0] in KINDS and exists(graph.store, BASE + path):
        return BASE + path
    return graph.resolve(name)


def paths_with_pages(graph: ThreatGraph) -> list[str]:
    """Return the paths of the records that a site has pages for."""
    iris = [iri for kind in KINDS_WITH_PAGES for iri in named(graph.store, kind)]
    return [iri.removeprefix(BASE) for iri in iris if kind_of(iri)]


def _overview(graph: ThreatGraph, links: Links) -> Page:
    groups = []
    rows = []
    for kind in KINDS_WITH_PAGES:
        records = {iri: called for iri, called in named(graph.store, kind).items() if kind_of(iri)}
        shown = [Text(called.label, links.page(_page(iri))) for iri, called in records.items()]
        if shown:
            groups.append((plural(KINDS[kind]), shown))
        rows += [
            (kind, called.label, text.url, iri) for (iri, called), text in zip(records.items(), shown, strict=True)
        ]
    view = View(PATH, TITLE, SUMMARY, to_table(("kind", "label", "page", "record"), rows))
    fields = _fields("", 1)
    empty = "" if groups else "This graph has no records to begin with."
    return Page(view, links, "explore_form", groups=groups, fields=fields, empty=empty)


def _fields(focus: str, depth: int) -> list[Field]:
    hint = "such as PAT-AGT-003"
    return [
        Field("focus", "Code, name or IRI of a record", focus, hint=hint, required=True),
        word_field("depth", "Show", str(depth), _DEPTHS, required=True),
    ]


def _page(iri: str) -> str:
    """The path of the page of this view for a record."""
    return f"{PATH}/{iri.removeprefix(BASE)}"


def _around(graph: ThreatGraph, iri: str, depth: int, links: Links) -> Page:
    record, inbound = read_record(graph.store, iri), read_inbound(graph.store, iri)
    further: dict[str, list[Neighbor]] = {}

    def below(shown: Sequence[Neighbor]) -> Mapping[str, Sequence[Neighbor]]:
        further.update(_below(graph, record, shown))
        return further

    drawing = draw(
        record,
        inbound,
        links,
        most=_MOST if depth == 1 else _FIRST,
        below=below if depth > 1 else None,
        to=lambda other: _url(other, links, depth),
    )
    return _document(record, drawing, further, depth, links)


def _below(graph: ThreatGraph, record: Record, shown: Sequence[Neighbor]) -> dict[str, list[Neighbor]]:
    """A few neighbors of each node, which are not in the drawing yet."""
    seen = {record.iri, *(one.link.iri for one in shown)}
    found: dict[str, list[Neighbor]] = {}
    for one in shown:
        iri = one.link.iri
        if iri in found:
            continue
        around = neighbors(read_record(graph.store, iri), read_inbound(graph.store, iri))
        found[iri] = _varied([other for other in around if other.link.iri not in seen])
        seen |= {other.link.iri for other in found[iri]}
    return found


def _varied(found: Sequence[Neighbor]) -> list[Neighbor]:
    """The first neighbor of each of the first relations."""
    first: list[Neighbor] = []
    for one in found:
        if not any(one.relation == other.relation or one.link.iri == other.link.iri for other in first):
            first.append(one)
    return first[:_MOST_BELOW]


def _url(iri: str, links: Links, depth: int = 1) -> str | None:
    """The page of this view for a record; in files, the page of the record if there is none."""
    kind = kind_of(iri)
    path = iri.removeprefix(BASE)
    if kind is None or (links.is_static and not (kind.name in KINDS_WITH_PAGES and links.has(path))):
        return links.to(iri)
    return links.page(_page(iri)) + query((("depth", str(depth) if depth > 1 else ""),))


def _document(
    record: Record,
    drawing: Drawing | None,
    further: Mapping[str, Sequence[Neighbor]],
    depth: int,
    links: Links,
) -> Page:
    found = [(one, "") for one in (drawing.rows if drawing else ())]
    labels = {one.link.iri: one.link.label for one, _ in found}
    found += [(one, labels[iri]) for iri, ones in further.items() for one in ones]
    rows = [
        (one.relation, _direction(one), one.link.label, one.kind, one.detail, via, one.link.iri) for one, via in found
    ]
    name = record.label or record.code or record.iri
    around = len({one.link.iri for one, via in found if not via})
    lead = f"{counted(around, 'record')} {'is' if around == 1 else 'are'} linked with {name}."
    given = (("depth", str(depth)),) if depth > 1 else ()
    path = _page(record.iri)
    view = View(path, f"Around {name}", lead, to_table(_COLUMNS, rows), given, (Text("Explore", links.page(PATH)),))
    return Page(
        view,
        links,
        "explore",
        name=Text(name, links.to(record.iri)),
        kind=record.kind.replace("-", " "),
        kind_name=record.kind,
        iri=record.iri,
        base=BASE,
        kinds=KINDS_WITH_PAGES if links.is_static else (),
        svg=drawing.svg if drawing else "",
        hidden=drawing.hidden if drawing else 0,
        lines=[_line(one, via, links) for one, via in found[:_MOST_ROWS]],
        left_out=max(len(found) - _MOST_ROWS, 0),
        depth=depth,
        fields=[] if links.is_static else _fields(record.iri.removeprefix(BASE), depth),
    )


def _line(one: Neighbor, via: str, links: Links) -> Line:
    relation = f"{one.relation} ({one.detail})" if one.detail else one.relation
    url = _url(one.link.iri, links)
    page = links.to(one.link.iri)
    return Line(
        Text(str(one.link), page),
        None if url == page else url,
        one.kind.replace("-", " "),
        relation,
        _direction(one),
        via,
    )


def _direction(one: Neighbor) -> str:
    return "from it" if one.is_inbound else "to it"
