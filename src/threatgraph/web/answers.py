"""Answers to HTTP requests for documents, made in the workers of a server.

Each function gets the served graph and returns an answer in the form that was chosen. What is not found is answered
here too, in the same form, with names that exist.
"""

from __future__ import annotations

from collections.abc import Sequence

from threatgraph.errors import AmbiguousName, InvalidQuery, UnknownName
from threatgraph.graph import ThreatGraph
from threatgraph.labels import read_labels
from threatgraph.records import read_record
from threatgraph.server.wording import as_http
from threatgraph.service import Answer, ServedGraph
from threatgraph.vocab import BASE, KINDS, kind_of, shorten
from threatgraph.web.document import Document
from threatgraph.web.home import render_home
from threatgraph.web.links import Links, to_uri
from threatgraph.web.lists import render_list
from threatgraph.web.ontology import render_context, render_graph, render_ontology
from threatgraph.web.problems import Near, problem
from threatgraph.web.queries import render_queries
from threatgraph.web.records import render_record
from threatgraph.web.sparql import editor_files
from threatgraph.web.static_files import page_files, view_files
from threatgraph.web.views import catalog

_MOST_NEAR = 5


def record(
    served: ServedGraph,
    path: str,
    form: str,
    root: str,
    suffix: str | None = None,
    parameters: str = "",
    edit_url: str = "",
) -> Answer:
    """Answer with a record, or redirect a code or another name to it.

    Args:
        served: the graph.
        path: the path of its IRI, or with a code or another name instead of the slug.
        form: the form.
        root: the URL of the home page.
        suffix: the form that the suffix of the request names, which a redirect keeps; ``None`` if it was negotiated.
        parameters: the query string, which a redirect keeps.
        edit_url: the URL of the folder in which files of records can be edited; empty if there is none.
    """
    links = Links(root, edit_url=edit_url)
    document = render_record(served.graph, path, form, links)
    if document is not None:
        return _answer(document)
    kind, _, name = path.partition("/")
    of = kind if kind in KINDS and name else None
    try:
        iri = served.graph.resolve(name or path, of)
    except UnknownName as error:
        return _not_found(served.graph, error, of, form, links)
    except AmbiguousName as error:
        return _problem(300, as_http(str(error)), form, links, _near(served.graph, error.candidates))
    if not iri.startswith(BASE):
        return Answer(b"", "text/plain; charset=utf-8", 303, (("Location", to_uri(iri)),))
    if of is None:
        return _problem(404, f"this server has no page {path!r}.", form, links, _near(served.graph, [iri]))
    same = name.casefold() in (_slug(iri), (read_record(served.graph.store, iri).code or "").casefold())
    return _redirect(
        301 if same else 302, links.page(iri.removeprefix(BASE)) + (f".{suffix}" if suffix else "") + parameters
    )


def records(
    served: ServedGraph,
    kind: str,
    form: str,
    root: str,
    given: Sequence[tuple[str, str]] = (),
) -> Answer:
    """Answer with a page of a list.

    Args:
        served: the graph.
        kind: the kind of the records.
        form: the form.
        root: the URL of the home page.
        given: the parameters of the request.
    """
    links = Links(root)
    try:
        document = render_list(served.graph, kind, form, links, given)
    except UnknownName as error:
        return _problem(400, as_http(str(error)), form, links, [Near(name, "") for name in error.suggestions])
    except AmbiguousName as error:
        return _problem(400, as_http(str(error)), form, links, _near(served.graph, error.candidates))
    except InvalidQuery as error:
        return _problem(400, as_http(str(error)), form, links)
    if document is None:
        return _problem(404, "the list has fewer pages.", form, links)
    return _answer(document)


def view(served: ServedGraph, path: str, form: str, root: str, given: Sequence[tuple[str, str]] = ()) -> Answer:
    """Answer with a view of the explorer; arguments as in :func:`records`, with its path."""
    links = Links(root)
    try:
        page = catalog.render(served.graph, path, links, given)
    except UnknownName as error:
        near = [iri for name in error.suggestions for iri in _called(served.graph, name, None)]
        return _problem(400, as_http(str(error)), form, links, _near(served.graph, near))
    except AmbiguousName as error:
        return _problem(400, as_http(str(error)), form, links, _near(served.graph, error.candidates))
    except InvalidQuery as error:
        return _problem(400, as_http(str(error)), form, links)
    if page is None:
        return _problem(404, f"this server has no page {path!r}.", form, links)
    return _answer(page.document(form))


def home(served: ServedGraph, form: str, root: str) -> Answer:
    """Answer with the home page."""
    return _answer(render_home(served.graph, form, Links(root)))


def queries(served: ServedGraph, form: str, root: str) -> Answer:
    """Answer with the list of the named queries."""
    return _answer(render_queries(served.graph, form, Links(root)))


def ontology(served: ServedGraph, form: str, root: str) -> Answer:
    """Answer with the ontology."""
    return _answer(render_ontology(form, Links(root)))


def context(served: ServedGraph) -> Answer:
    """Answer with the JSON-LD context."""
    return _answer(render_context())


def named_graph(served: ServedGraph, path: str, form: str, root: str) -> Answer:
    """Answer with the triples of a named graph."""
    links = Links(root)
    document = render_graph(served.graph, path, form, links)
    if document is None:
        return _problem(404, f"the graph has no named graph {BASE + path}.", form, links)
    return Answer(document.content, document.media_type)


def static_file(served: ServedGraph, name: str, root: str) -> Answer:
    """Answer with a static file, whose name changes with its content."""
    for file in (*page_files(), *view_files(), *editor_files()):
        if file.name == name:
            return Answer(file.content, file.media_type)
    return _problem(404, f"this server has no file {name!r}.", "html", Links(root))


def _answer(document: Document) -> Answer:
    typed = [
        f'<{link.url}>; rel="{link.relation}"' + (f'; type="{link.media_type}"' if link.media_type else "")
        for link in document.links
    ]
    headers = (("Link", ", ".join(typed)),) if typed else ()
    return Answer(document.content, document.media_type, headers=headers)


def _redirect(status: int, location: str) -> Answer:
    return Answer(b"", "text/plain; charset=utf-8", status, (("Location", location),))


def _not_found(graph: ThreatGraph, error: UnknownName, kind: str | None, form: str, links: Links) -> Answer:
    """What is not found, with similar names of the kind, or the records of other kinds with the name."""
    near = [iri for name in error.suggestions for iri in _called(graph, name, kind)]
    return _problem(404, as_http(str(error)), form, links, _near(graph, near or _called(graph, error.name, None)))


def _called(graph: ThreatGraph, name: str, kind: str | None) -> list[str]:
    """The records with a name."""
    try:
        return [graph.resolve(name, kind)]
    except AmbiguousName as error:
        return error.candidates
    except UnknownName:
        return []


def _near(graph: ThreatGraph, iris: Sequence[str]) -> list[Near]:
    shown = list(dict.fromkeys(iris))[:_MOST_NEAR]
    labels = read_labels(graph.store, shown)
    return [Near(shorten(iri), labels.get(iri, ""), iri) for iri in shown]


def _problem(status: int, detail: str, form: str, links: Links, near: Sequence[Near] = ()) -> Answer:
    content, media_type = problem(status, detail, form, links, near)
    return Answer(content, media_type, status)


def _slug(iri: str) -> str:
    kind = kind_of(iri)
    return iri.removeprefix(kind.namespace).casefold() if kind else ""
