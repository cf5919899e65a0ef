"""What all views share: their parameters, the forms of their table, and the frame of their page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from pyoxigraph import Literal, NamedNode

from threatgraph.analytics.records import integer
from threatgraph.display import printable
from threatgraph.errors import InvalidQuery, UnknownName
from threatgraph.export import export_table
from threatgraph.graph import ThreatGraph
from threatgraph.rdf.terms import Term
from threatgraph.table import Table, to_text
from threatgraph.vocab import BASE, kind_of
from threatgraph.web.document import MEDIA_TYPES, VIEW_FORMS, Document, TypedLink, to_json
from threatgraph.web.fields import Field, Option, options
from threatgraph.web.html import render
from threatgraph.web.links import Links
from threatgraph.web.markdown import escaped
from threatgraph.web.view import Text

Given = Sequence[tuple[str, str]]
"""The parameters of a request, in their order."""


LIST = "views"
"""The path of the list of the views."""


class View(NamedTuple):
    """A view, apart from its HTML."""

    path: str
    title: str
    lead: str
    """What the page shows, in one or two sentences."""
    table: Table
    """The rows of the other forms."""
    given: tuple[tuple[str, str], ...] = ()
    """The parameters that are set."""
    trail: tuple[Text, ...] = ()
    """Pages between the list of views and this one."""
    forms: tuple[str, ...] = VIEW_FORMS
    links: tuple[TypedLink, ...] = ()
    """The links to the other forms, if they are elsewhere than at the path."""


class Page:
    """A view with what its template needs, which can be written in each form.

    Args:
        view: the view.
        links: where documents are.
        template: the name of the template.
        values: further variables of the template.
    """

    def __init__(self, view: View, links: Links, template: str, **values: Any) -> None:
        self.view, self._links, self._template, self._values = view, links, template, values

    def document(self, form: str) -> Document:
        """Return the page in one of its forms.

        Args:
            form: a name from the forms of the view.
        """
        view = self.view
        found = view.links or tuple(
            TypedLink("alternate", self._links.form(view.path, one) + query(view.given), MEDIA_TYPES[one])
            for one in view.forms
        )
        return Document(self._content(form, found), form, view.path, found)

    def _above(self) -> tuple[Text, ...]:
        """The list of the views, for all pages below it."""
        return () if self.view.path == LIST else (Text("Views", self._links.page(LIST)),)

    def _content(self, form: str, found: tuple[TypedLink, ...]) -> bytes:
        view, links = self.view, self._links
        if form == "csv":
            return export_table(view.table, "csv")
        if form == "json":
            return to_json({"title": view.title, "parameters": dict(view.given), "rows": view.table.to_dicts()})
        if form == "md":
            rows = _markdown(view.table) if view.table else ()
            lines = [f"# {escaped(view.title)}", "", escaped(view.lead), "", *rows]
            return ("\n".join(lines).rstrip() + "\n").encode()
        return render(
            f"views/{self._template}",
            links=links,
            signposts=found,
            title=view.title,
            description=printable(view.lead),
            trail=(Text("Home", links.page()), *self._above(), *view.trail),
            path=view.path,
            section=LIST,
            view=view,
            **self._values,
        )


def _markdown(table: Table) -> Iterator[str]:
    """The rows without spaces between columns, since texts of several sentences would make them very wide."""
    yield f"| {' | '.join(table.columns)} |"
    yield f"|{' --- |' * len(table.columns)}"
    for row in table.rows:
        yield f"| {' | '.join(escaped(' '.join(to_text(term).split())) for term in row)} |"


def query(pairs: Iterable[tuple[str, str]]) -> str:
    """Return parameters as the end of a URL; empty if there are none."""
    encoded = urlencode([pair for pair in pairs if pair[1]])
    return f"?{encoded}" if encoded else ""


def read(given: Given, names: Sequence[str]) -> dict[str, str]:
    """Read the parameters of a view; those that are empty count as absent.

    Args:
        given: the parameters of the request.
        names: the names of the parameters of the view.

    Raises:
        UnknownName: for a parameter that the view does not have.
        InvalidQuery: if a parameter is given several times.
    """
    found: dict[str, str] = {}
    for name, value in given:
        if name not in names:
            hint = f"The parameters are {', '.join(names)}." if names else "This page has no parameters."
            raise UnknownName("parameter", name, names, hint)
        if name in found:
            raise InvalidQuery(f"the parameter {name} is given several times: give it once.")
        found[name] = value.strip()
    return {name: value for name, value in found.items() if value}


def number(values: Mapping[str, str], name: str, least: int, most: int, default: int) -> int:
    """Read a parameter that is a number.

    Raises:
        InvalidQuery: if it is not a number between the least and the greatest one.
    """
    text = values.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and least <= int(text) <= most):
        raise InvalidQuery(f"{name} must be a number from {least} to {most:,}, not {text[:40]!r}.")
    return int(text)


def choice(values: Mapping[str, str], name: str, choices: Sequence[str]) -> str:
    """Read a parameter that is one of some words; empty if it is not given.

    Raises:
        UnknownName: if it is another word.
    """
    text = values.get(name, "")
    if text and text not in choices:
        raise UnknownName(f"value of {name}", text, choices, f"Choose one of {', '.join(choices)}.")
    return text


def named_record(graph: ThreatGraph, values: Mapping[str, str], name: str, kind: str) -> str:
    """Return the IRI of the record that a parameter names; empty if it is not given.

    Raises:
        UnknownName: if the graph has no such record.
        AmbiguousName: if several records have the name.
    """
    text = values.get(name, "")
    return graph.resolve(text.removeprefix(f"{kind}/"), kind) if text else ""


def record_field(graph: ThreatGraph, name: str, label: str, kind: str, iri: str, *, required: bool = False) -> Field:
    """Return a field of a form for the records of a kind, of which one may be chosen."""
    return Field(name, label, slug(iri), options(graph, kind), required=required)


def word_field(name: str, label: str, value: str, words: Mapping[str, str], *, required: bool = False) -> Field:
    """Return a field of a form for some words, each with its label."""
    return Field(name, label, value, tuple(Option(word, shown) for word, shown in words.items()), required=required)


def slug(iri: str) -> str:
    """The end of the IRI of a record, after the namespace of its kind; the IRI itself for others."""
    kind = kind_of(iri)
    return iri.removeprefix(kind.namespace) if kind else iri.removeprefix(BASE)


def to_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """Return rows of plain values as a table: a web address becomes an IRI, and an empty text an empty cell."""
    return Table(columns, [tuple(map(_term, row)) for row in rows])


def _term(value: object) -> Term | None:
    if isinstance(value, int):
        return integer(value)
    text = "" if value is None else str(value)
    if text.startswith(("http://", "https://")) and not any(letter in text for letter in ' <>"{}|\\^`\n'):
        return NamedNode(text)
    return Literal(text) if text else None


def counted(count: int, one: str, many: str = "") -> str:
    """Return a number with its noun: ``1 incident``, ``2 incidents``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
