"""The page of a search: a form, and the records that were found, best first."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup, escape

from threatgraph.errors import AmbiguousName, InvalidQuery, UnknownName
from threatgraph.search.index import END, START
from threatgraph.search.results import SearchResults
from threatgraph.server.wording import as_http
from threatgraph.service import Answer, ServedGraph
from threatgraph.vocab import KINDS
from threatgraph.web.document import content_type
from threatgraph.web.fields import Field, Option, options
from threatgraph.web.html import render
from threatgraph.web.links import Links
from threatgraph.web.view import Text

PATH = "search"
_MOST = 30
#: The filters of the form, each with the kind of its values.
_FILTERS = {"framework": "framework", "severity": "severity", "sector": "sector"}
_KINDS = ("pattern", "incident", "provision", "causal-factor", "group", "framework", "domain", "glossary-term")


def page(served: ServedGraph, values: Mapping[str, str], root: str = "/") -> Answer:
    """Return the page of a search; without words, it is the form alone.

    Args:
        served: the graph.
        values: the parameters; empty ones count as not given. Those that the form does not have are ignored.
        root: the URL of the home page.
    """
    links = Links(root)
    given = {name: values[name] for name in ("q", "kind", *_FILTERS, "year") if values.get(name)}
    found, problem = None, ""
    if text := given.get("q", ""):
        filters = {name: value for name, value in given.items() if name != "q"}
        try:
            found = served.graph.search(text, top=_MOST, **filters)
        except (InvalidQuery, UnknownName, AmbiguousName) as error:
            problem = as_http(str(error))
    fields = [Field("kind", "Kind", given.get("kind", ""), tuple(Option(kind, _title(kind)) for kind in _KINDS))]
    for name, kind in _FILTERS.items():
        fields.append(Field(name, _title(name), given.get(name, ""), options(served.graph, kind)))
    fields.append(Field("year", "Year", given.get("year", ""), hint="such as 2024"))
    content = render(
        "search",
        links=links,
        title=f"Search: {text}" if text else "Search",
        trail=(Text("Home", links.page()),),
        path=PATH,
        text=text,
        fields=fields,
        problem=problem,
        results=None if found is None else _results(found, links),
        note="" if found is None else found.note,
    )
    return Answer(content, content_type("html"), 400 if problem else 200)


def _results(found: SearchResults, links: Links) -> list[tuple[Text, str, str, Markup]]:
    """For each record: its label with a link, its kind, its code, and the passage that matches."""
    return [
        (Text(one.label, links.to(one.iri)), _title(one.kind), one.code or "", _passage(one.marked)) for one in found
    ]


def _passage(marked: str) -> Markup:
    text = str(escape(marked)).replace(START, "<mark>").replace(END, "</mark>")
    return Markup(text)  # noqa: S704 - escaped, but for the marks


def _title(kind: str) -> str:
    name = KINDS[kind].name if kind in KINDS else kind
    return name.replace("-", " ").capitalize()
