"""A page of the list of a kind of record, in each of its forms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from threatgraph.errors import InvalidQuery
from threatgraph.export import export_table, export_triples
from threatgraph.export.statements import summarize
from threatgraph.graph import ThreatGraph
from threatgraph.listing import list_page
from threatgraph.table import Table
from threatgraph.vocab import BASE, KINDS, Kind
from threatgraph.web.document import LIST_FORMS, RDF_FORMS, Document, TypedLink, signposts, to_json
from threatgraph.web.filters import DATES, NOT_FILTERS, SORT, read_filters
from threatgraph.web.html import render
from threatgraph.web.links import Links
from threatgraph.web.tables import Column, cells, is_label
from threatgraph.web.view import Text, plural

DEFAULT_LIMIT, MOST = 50, 1000
"""Records on a page of a list: by default, and at most."""
FILE_LIMIT = 200
"""Records on a page of a list in files, which cannot be filtered."""
_PAGING = ("page", "limit")
_SINGLE = (*_PAGING, *DATES, SORT)
"""Parameters that have one value."""
_COLLECTION = "https://schema.org/CollectionPage"
_COLUMNS = {"incident": ("occurred", "label", "severity", "code")}
"""The columns of kinds for which a narrow screen should show the name early."""
ORDERS = {"incident": "-occurred"}
"""The order of kinds whose newest records matter most; others have that of :mod:`threatgraph.listing`."""


class _Request(NamedTuple):
    """The part of a list that is wanted."""

    kind: Kind
    given: tuple[tuple[str, str], ...]
    """Filters, dates and columns as given."""
    page: int
    limit: int


class _Part(NamedTuple):
    table: Table
    total: int
    pages: int


def render_list(
    graph: ThreatGraph, kind: str, form: str, links: Links, given: Sequence[tuple[str, str]] = ()
) -> Document | None:
    """Return a page of a list, or ``None`` if the page is beyond the end.

    Args:
        graph: the graph.
        kind: the kind of the records.
        form: a name from :data:`threatgraph.web.document.LIST_FORMS`.
        links: where documents are.
        given: ``page``, ``limit``, ``since``, ``until``, ``sort``, ``columns`` and filters; names can repeat.

    Raises:
        UnknownName: for a filter, value or column that does not exist.
        AmbiguousName: if several records have the name of a value.
        InvalidQuery: for a number or date that is not valid.
    """
    wanted = _read(kind, given)
    part = _select(graph, wanted)
    if wanted.page > max(part.pages, 1):
        return None
    found = _links(wanted, part, links)
    return Document(_content(graph, wanted, part, form, links, found), form, kind, found)


def _content(
    graph: ThreatGraph, wanted: _Request, part: _Part, form: str, links: Links, found: tuple[TypedLink, ...]
) -> bytes:
    if form in RDF_FORMS:
        iris = [BASE + wanted.kind.name, *map(str, part.table.column("record"))]
        return export_triples(summarize(graph.store, iris), RDF_FORMS[form])
    return _WRITERS[form](graph, wanted, part, links, found)


def render_whole_list(graph: ThreatGraph, kind: str, form: str, links: Links, page: int = 1) -> Document | None:
    """Return the list of a kind for files: HTML in pages without filters, the other forms with all records.

    Args:
        graph: the graph.
        kind: the kind of the records.
        form: a name from :data:`threatgraph.web.document.LIST_FORMS`.
        links: where documents are.
        page: the page of the HTML.

    Returns:
        The list, or ``None`` if the page is beyond the end.
    """
    limit = FILE_LIMIT if form == "html" else max(list_page(graph.store, kind, limit=1).total, 1)
    wanted = _Request(KINDS[kind], (), page, limit)
    part = _select(graph, wanted)
    if page > max(part.pages, 1):
        return None
    found = signposts(kind, LIST_FORMS, links, types=(_COLLECTION,))
    for relation, number in (("prev", page - 1), ("next", page + 1)):
        if 1 <= number <= part.pages:
            found += (TypedLink(relation, links.page(page_path(kind, number))),)
    return Document(_content(graph, wanted, part, form, links, found), form, page_path(kind, page), found)


def page_path(kind: str, page: int) -> str:
    """Return the path of a page of a list in files; no record has it, since names of kinds have no full stop."""
    return kind if page == 1 else f"{kind}.page-{page}"


def _read(kind: str, given: Sequence[tuple[str, str]]) -> _Request:
    single = {name: value for name, value in given if name in _SINGLE and value}
    if repeated := [name for name in single if [given_name for given_name, _ in given].count(name) > 1]:
        raise InvalidQuery(f"{repeated[0]} is given several times: give it once.")
    rest = tuple((name, value) for name, value in given if name not in _PAGING and value)
    page, limit = (
        _number(name, single.get(name), default) for name, default in (("page", 1), ("limit", DEFAULT_LIMIT))
    )
    if limit > MOST:
        raise InvalidQuery(f"limit must be at most {MOST}, not {limit}.")
    return _Request(KINDS[kind], rest, page, limit)


def _number(name: str, text: str | None, default: int) -> int:
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) > 0):
        raise InvalidQuery(f"{name} must be a number from 1, not {text!r}.")
    return int(text)


def _select(graph: ThreatGraph, wanted: _Request) -> _Part:
    where: dict[str, list[str]] = {}
    for name, value in wanted.given:
        where.setdefault(name, []).append(value)
    since, until, sort = (where.pop(name, [None])[0] for name in (*DATES, SORT))
    columns = [name.strip() for text in where.pop("columns", []) for name in text.split(",") if name.strip()]
    found = list_page(
        graph.store,
        wanted.kind.name,
        where=where,
        since=since,
        until=until,
        columns=list(dict.fromkeys(columns)) or _COLUMNS.get(wanted.kind.name),
        sort=sort or ORDERS.get(wanted.kind.name),
        limit=wanted.limit,
        offset=(wanted.page - 1) * wanted.limit,
    )
    return _Part(found.table, found.total, -(-found.total // wanted.limit))


def _links(wanted: _Request, part: _Part, links: Links) -> tuple[TypedLink, ...]:
    found = signposts(wanted.kind.name, LIST_FORMS, links, types=(_COLLECTION,))
    query = _query(wanted, wanted.page)
    found = tuple(
        link._replace(url=link.url + query) if link.relation in ("describedby", "alternate") else link for link in found
    )
    for relation, page in (("prev", wanted.page - 1), ("next", wanted.page + 1)):
        if 1 <= page <= part.pages:
            found += (TypedLink(relation, links.page(wanted.kind.name) + _query(wanted, page)),)
    return found


def _query(wanted: _Request, page: int) -> str:
    pairs = list(wanted.given)
    if wanted.limit != DEFAULT_LIMIT:
        pairs.append(("limit", str(wanted.limit)))
    if page > 1:
        pairs.append(("page", str(page)))
    return f"?{urlencode(pairs)}" if pairs else ""


def _html(graph: ThreatGraph, wanted: _Request, part: _Part, links: Links, found: tuple[TypedLink, ...]) -> bytes:
    kind, pages = wanted.kind, {link.relation: link.url for link in found if link.relation in ("prev", "next")}

    def url(given: Sequence[tuple[str, str]]) -> str:
        return links.page(kind.name) + _query(wanted._replace(given=tuple(given)), 1)

    filters = None if links.is_static else read_filters(graph, kind.name, wanted.given, url)
    columns, rows = cells(part.table, links)
    return render(
        "list",
        links=links,
        signposts=found,
        title=plural(kind),
        description=_description(graph, kind),
        trail=(Text("Home", links.page()),),
        path=kind.name,
        filters=filters,
        clear=url([pair for pair in wanted.given if pair[0] in NOT_FILTERS]),
        limit=wanted.limit if wanted.limit != DEFAULT_LIMIT else None,
        summary=_summary(wanted, part),
        columns=columns if links.is_static else _sortable(wanted, part.table, columns, url),
        rows=rows,
        previous=pages.get("prev"),
        next=pages.get("next"),
    )


def _sortable(
    wanted: _Request, table: Table, titles: Sequence[Column], url: Callable[[Sequence[tuple[str, str]]], str]
) -> list[Column]:
    """The columns with links that sort by them; a click on the present order reverses it."""
    names = [name for name in table.columns if name != "record" and not is_label(name, table.columns)]
    rest = [pair for pair in wanted.given if pair[0] != SORT]
    now = dict(wanted.given).get(SORT) or ORDERS.get(wanted.kind.name, "")
    columns = []
    for name, title in zip(names, titles, strict=True):
        order = "ascending" if now == name else "descending" if now == f"-{name}" else ""
        columns.append(Column(title.title, url([*rest, (SORT, f"-{name}" if order == "ascending" else name)]), order))
    return columns


def _description(graph: ThreatGraph, kind: Kind) -> str:
    """What the ontology says of the class."""
    return graph.schema(f"tg:{kind.class_name}").comment


def _summary(wanted: _Request, part: _Part) -> str:
    if not part.total:
        return "No records match."
    first = (wanted.page - 1) * wanted.limit + 1
    return f"{first:,} to {first + len(part.table) - 1:,} of {part.total:,} records."


def _json(_: ThreatGraph, wanted: _Request, part: _Part, links: Links, found: tuple[TypedLink, ...]) -> bytes:
    pages = {link.relation: link.url for link in found if link.relation in ("prev", "next")}
    about = {"kind": wanted.kind.name, "total": part.total, "page": wanted.page, "pages": part.pages}
    return to_json({**about, "limit": wanted.limit, **pages, "records": part.table.to_dicts()})


def _csv(_: ThreatGraph, __: _Request, part: _Part, ___: Links, ____: Any) -> bytes:
    return export_table(part.table, "csv")


def _markdown(_: ThreatGraph, wanted: _Request, part: _Part, ___: Links, ____: Any) -> bytes:
    return f"# {plural(wanted.kind)}\n\n{_summary(wanted, part)}\n\n".encode() + export_table(part.table, "markdown")


_WRITERS: Mapping[str, Callable[[ThreatGraph, _Request, _Part, Links, tuple[TypedLink, ...]], bytes]] = {
    "html": _html,
    "json": _json,
    "csv": _csv,
    "md": _markdown,
}
