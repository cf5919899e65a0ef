"""The view of a crosswalk: provisions of a framework with those of another that correspond, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from threatgraph.analytics.crosswalk import Alignment, Crosswalks
from threatgraph.analytics.records import Named, named
from threatgraph.errors import InvalidQuery
from threatgraph.graph import ThreatGraph
from threatgraph.vocab import KINDS, shorten
from threatgraph.web.document import VIEW_FORMS
from threatgraph.web.fields import Field
from threatgraph.web.links import Links
from threatgraph.web.view import Text
from threatgraph.web.views.page import (
    Given,
    Page,
    View,
    counted,
    named_record,
    number,
    read,
    record_field,
    slug,
    to_table,
)
from threatgraph.web.views.wording import relation_words

PATH = "crosswalk"
TITLE = "Crosswalk between frameworks"
SUMMARY = (
    "The provisions of one framework beside those of another: linked by published crosswalks, or mapped to the same "
    "threat patterns."
)
_LEAD = (
    "A link that a source publishes comes first. The other provisions correspond because the same threat patterns are "
    "mapped to both; the more patterns, the closer they are."
)
FILE_FORMS = ("html", "csv", "md")
"""The forms of a crosswalk in files; JSON would be as large as all others together."""
_PAGE = 60
"""Provisions of the first framework on a page."""
_MOST, _MOST_PATTERNS = 6, 3
"""Corresponding provisions of one provision, and patterns that are named for each."""
_COLUMNS = (
    "from_code", "from_label", "to_code", "to_label", "stated", "shared_patterns", "patterns", "from", "to",
)  # fmt: skip


class Match(NamedTuple):
    """A corresponding provision, for a page."""

    provision: Text
    stated: tuple[tuple[str, Text], ...]
    """The relation of each published link, and who publishes it."""
    patterns: tuple[Text, ...]
    more: int
    """The number of further patterns."""


class Line(NamedTuple):
    """A provision with those that correspond."""

    provision: Text
    matches: tuple[Match, ...]
    more: int
    """The number of further provisions."""


def render(graph: ThreatGraph, path: str, links: Links, given: Given) -> Page | None:
    """Return the crosswalk of two frameworks, or without them the list of all crosswalks.

    Args:
        graph: the graph.
        path: empty, or the ends of the IRIs of both frameworks, and the number of a page after the first.
        links: where documents are.
        given: ``from``, ``to`` and ``page`` instead of a path.

    Returns:
        The page, or ``None`` if there is none at this path.

    Raises:
        UnknownName: for a parameter or a framework that does not exist.
        AmbiguousName: if several frameworks have the name.
        InvalidQuery: for two frameworks that are the same, and a page that does not exist.
    """
    values = read(given, ("from", "to", "page"))
    if path:
        values |= dict(zip(("from", "to", "page"), path.split("/"), strict=False))
        space, known = KINDS["framework"].namespace, named(graph.store, "framework")
        if path.count("/") not in (1, 2) or not {space + values["from"], space + values["to"]} <= known.keys():
            return None
    ends = [named_record(graph, values, name, "framework") for name in ("from", "to")]
    if not all(ends):
        return _overview(graph, links, ends)
    if ends[0] == ends[1]:
        raise InvalidQuery("from and to are the same framework: choose two different ones.")
    return _crosswalk(Reading(graph), ends[0], ends[1], links, values)


class Reading:
    """What crosswalks show, read once for all pages of a site.

    Args:
        graph: the graph.
    """

    def __init__(self, graph: ThreatGraph) -> None:
        self.graph, self.crosswalks = graph, Crosswalks(graph.store)
        frameworks = named(graph.store, "framework")
        self.useful = _useful(self.crosswalks, frameworks)
        self.names = self.crosswalks.provisions | named(graph.store, "pattern") | frameworks
        self.names |= named(graph.store, "mapping-set")

    def page(self, first: str, second: str, number: int, links: Links) -> Page:
        """Return a page of the crosswalk of two frameworks.

        Args:
            first: the end of the IRI of a framework.
            second: that of the other one.
            number: the number of the page.
            links: where documents are.
        """
        space = KINDS["framework"].namespace
        return _crosswalk(self, space + first, space + second, links, {"page": str(number)})

    def pages(self) -> Iterator[tuple[str, str, int]]:
        """Return the pages of all frameworks with provisions that patterns are mapped to, in both directions."""
        for first in self.useful:
            for second in self.useful:
                if first != second:
                    rows = len({one.source for one in self.crosswalks.align(first, second)})
                    for page in range(1, max(-(-rows // _PAGE), 1) + 1):
                        yield slug(first), slug(second), page


def _useful(crosswalks: Crosswalks, frameworks: Mapping[str, Named]) -> dict[str, Named]:
    """The frameworks that have crosswalks, and a page."""
    space, used = KINDS["framework"].namespace, crosswalks.frameworks()
    return {iri: name for iri, name in frameworks.items() if iri in used and iri.startswith(space)}


def _fields(graph: ThreatGraph, ends: Sequence[str]) -> list[Field]:
    labels = (("from", "From"), ("to", "To"))
    return [
        record_field(graph, name, label, "framework", iri, required=True)
        for (name, label), iri in zip(labels, ends, strict=True)
    ]


def _overview(graph: ThreatGraph, links: Links, ends: Sequence[str]) -> Page:
    useful = _useful(Crosswalks(graph.store), named(graph.store, "framework"))
    groups = [
        (Text(name.label, links.to(iri)), [_link(iri, other, useful[other], links) for other in useful if other != iri])
        for iri, name in useful.items()
    ]
    rows = [
        (useful[a].label, useful[b].label, links.page(f"{PATH}/{slug(a)}/{slug(b)}"), a, b)
        for a in useful
        for b in useful
        if a != b
    ]
    view = View(PATH, TITLE, SUMMARY, to_table(("from_label", "to_label", "page", "from", "to"), rows))
    empty = (
        "" if len(useful) > 1 else "A crosswalk requires two frameworks with provisions that patterns are mapped to."
    )
    fields = _fields(graph, ends)
    return Page(view, links, "crosswalks", groups=groups, fields=fields, empty=empty)


def _link(first: str, second: str, name: Named, links: Links) -> Text:
    return Text(name.label, links.page(f"{PATH}/{slug(first)}/{slug(second)}"))


def _crosswalk(reading: Reading, first: str, second: str, links: Links, values: Mapping[str, str]) -> Page:
    found, names = reading.crosswalks.align(first, second), reading.names
    groups = [(iri, list(ones)) for iri, ones in groupby(found, key=lambda one: one.source)]
    pages = max(-(-len(groups) // _PAGE), 1)
    page = number(values, "page", 1, pages, 1)
    shown = groups[(page - 1) * _PAGE :][:_PAGE]
    path = f"{PATH}/{slug(first)}/{slug(second)}"
    title = f"{names[first].label} and {names[second].label}"
    table = to_table(_COLUMNS, [_plain(one, names) for one in found])
    forms = FILE_FORMS if links.is_static else VIEW_FORMS
    view = View(path, title, _LEAD, table, (), (Text("Crosswalk", links.page(PATH)),), forms)
    stated = sum(bool(one.stated) for one in found)
    summary = (
        f"{counted(len(groups), 'provision')} of {names[first].label} "
        f"{'corresponds' if len(groups) == 1 else 'correspond'} to one or more provisions of {names[second].label}; "
        f"{counted(stated, 'link')} of {len(found):,} {'is' if stated == 1 else 'are'} published by a source."
    )
    return Page(
        view,
        links,
        "crosswalk",
        columns=(names[first].label, names[second].label),
        lines=[_line(iri, ones, names, links) for iri, ones in shown],
        summary=summary if found else "",
        other=links.page(f"{PATH}/{slug(second)}/{slug(first)}"),
        fields=[] if links.is_static else _fields(reading.graph, (first, second)),
        pages=_pager(slug(first), slug(second), page, pages, links),
        data=links.form(path, "csv"),
    )


def _pager(first: str, second: str, current: int, pages: int, links: Links) -> list[tuple[int, str, bool]]:
    """The number and URL of each page, if there are several."""
    numbers = range(1, pages + 1) if pages > 1 else ()
    return [(number, links.page(page_path(first, second, number)), number == current) for number in numbers]


def page_path(first: str, second: str, page: int) -> str:
    """Return the path of a page of a crosswalk.

    Args:
        first: the end of the IRI of a framework.
        second: that of the other one.
        page: the number of the page.
    """
    path = f"{PATH}/{first}/{second}"
    return path if page == 1 else f"{path}/{page}"


def _line(iri: str, ones: Sequence[Alignment], names: Mapping[str, Named], links: Links) -> Line:
    matches = tuple(_match(one, names, links) for one in ones[:_MOST])
    return Line(_provision(iri, names, links), matches, len(ones) - len(matches))


def _match(one: Alignment, names: Mapping[str, Named], links: Links) -> Match:
    stated = tuple(
        (relation_words(each.relation), Text(_name(each.source, names), links.to(each.source))) for each in one.stated
    )
    patterns = [Text(_name(iri, names), links.to(iri)) for iri in one.patterns]
    return Match(
        _provision(one.target, names, links),
        stated,
        tuple(patterns[:_MOST_PATTERNS]),
        max(len(patterns) - _MOST_PATTERNS, 0),
    )


def _provision(iri: str, names: Mapping[str, Named], links: Links) -> Text:
    return Text(" ".join(filter(None, (names[iri].code, names[iri].label))), links.to(iri))


def _name(iri: str, names: Mapping[str, Named]) -> str:
    return names[iri].label if iri in names else shorten(iri)


def _plain(one: Alignment, names: Mapping[str, Named]) -> tuple[object, ...]:
    first, second = names[one.source], names[one.target]
    stated = "; ".join(f"{relation_words(each.relation)} ({_name(each.source, names)})" for each in one.stated)
    shared = "; ".join(_labels(one.patterns, names))
    return (
        first.code, first.label, second.code, second.label, stated, len(one.patterns), shared, one.source, one.target,
    )  # fmt: skip


def _labels(iris: Iterable[str], names: Mapping[str, Named]) -> list[str]:
    return [_name(iri, names) for iri in iris]
