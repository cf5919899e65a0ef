"""The parts of a site of files, each with the names of its files and a function that renders them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import NamedTuple
from urllib.parse import urlsplit

from threatgraph.graph import ThreatGraph
from threatgraph.listing import list_page
from threatgraph.publishing.dcat import dcat
from threatgraph.publishing.descriptions import FORMATS
from threatgraph.publishing.downloads import download, downloads
from threatgraph.publishing.feed import feed
from threatgraph.publishing.llms import llms, llms_full
from threatgraph.publishing.pages import record_paths
from threatgraph.publishing.sitemap import robots, sitemap
from threatgraph.publishing.void import void
from threatgraph.store import Store
from threatgraph.vocab import BASE, KINDS
from threatgraph.web import about, file_pages, ontology
from threatgraph.web.document import LIST_FORMS, ONTOLOGY_FORMS, PAGE_FORMS, RDF_FORMS, RECORD_FORMS
from threatgraph.web.home import render_home
from threatgraph.web.links import Links
from threatgraph.web.lists import FILE_LIMIT, page_path, render_whole_list
from threatgraph.web.ontology import render_context, render_ontology
from threatgraph.web.queries import PATH as QUERIES
from threatgraph.web.queries import file_forms, render_queries, render_query
from threatgraph.web.reading import Reading
from threatgraph.web.records import render_record
from threatgraph.web.sparql import editor_files
from threatgraph.web.static_files import LICENSES, page_files, static_file, view_files
from threatgraph.web.views import catalog
from threatgraph.web.views.catalog import FilePage
from threatgraph.web.views.page import Page

#: The forms of documents in files. N-Triples and RDF/XML, which have the same triples as Turtle, would double the size.
FORMS = ("html", "ttl", "jsonld", "json", "csv", "md")
_SUFFIX = ".html"
_CLOSED = ("/export/",)


class Part(NamedTuple):
    """A part of a site."""

    files: Mapping[str, Callable[[], bytes]]
    """The names of its files, with slashes, each with the function that renders its content."""


class Site:
    """A site of files.

    Args:
        graph: the graph.
        base_url: the URL of the site; by default the beginning of all IRIs of threatgraph.
        edit_url: the URL of the folder in which the files of records can be edited; empty if there is none.
    """

    def __init__(self, graph: ThreatGraph, base_url: str | None, edit_url: str = "") -> None:
        self.graph, self.edit_url = graph, edit_url
        self.base_url = (base_url or BASE).rstrip("/")
        path = f"{urlsplit(self.base_url).path}/" if base_url else "./"
        self.paths = {*record_paths(graph.store), *KINDS, ontology.PATH}
        """The paths of the pages of resources; without those of records that are left out."""
        self.not_found_links = Links(path, _SUFFIX, FORMS)
        """Links of the page that a host shows at any path, which cannot be relative to it."""

        self._read: tuple[str, Reading] | None = None
        self._page: tuple[str, Page] | None = None

    def reading(self, path: str) -> Reading:
        """Return a record, which is read once if its forms are rendered one after another.

        Args:
            path: the path of the record.
        """
        if self._read is None or self._read[0] != path:
            self._read = path, Reading(self.graph, BASE + path)
        return self._read[1]

    def view(self, page: FilePage, form: str) -> bytes:
        """Return a form of a view, which is computed once if its forms are rendered one after another.

        Args:
            page: the view.
            form: one of its forms.
        """
        if self._page is None or self._page[0] != page.path:
            found = page.render(self.links(page.path))
            assert found is not None  # noqa: S101 - planned from the same graph
            self._page = page.path, found
        return self._page[1].document(form).content

    def links(self, path: str, form: str = "html") -> Links:
        """Return the links of a document, which are relative to its path.

        Args:
            path: the path of the document below the root.
            form: its form; Markdown links to Markdown.
        """
        root = "../" * path.count("/") or "./"
        if form == "md" and path:
            return Links(root, ".md", FORMS, self.paths - {ontology.PATH})  # which has no Markdown
        return Links(root, _SUFFIX, FORMS, self.paths, self.edit_url)


def records_of(site: Site) -> Iterator[Part]:
    """Return a part for each record, but not for the lists and the ontology, which are also described as resources."""
    forms = [form for form in RECORD_FORMS if form in FORMS]
    for path in sorted(site.paths):
        if path not in KINDS and path != ontology.PATH:
            yield Part({f"{path}.{form}": partial(_record, site, path, form) for form in forms})


def shared_parts(site: Site) -> list[Part]:
    """Return the parts other than records."""
    return [*_downloads(site), *_pages(site), *_queries(site), *_lists(site), *_views(site), *_machine_files(site)]


def _record(site: Site, path: str, form: str) -> bytes:
    document = render_record(site.graph, path, form, site.links(path, form), site.reading(path))
    assert document is not None  # noqa: S101 - planned from the same graph
    return document.content


def _one(name: str, function: Callable[..., bytes], *given: object, **named: object) -> Part:
    """A part of one file."""
    return Part({name: partial(function, *given, **named)})


def _pages(site: Site) -> Iterator[Part]:
    graph, top = site.graph, site.links("")
    for form in PAGE_FORMS:
        yield _one(f"index.{form}", lambda form: render_home(graph, form, site.links("", form)).content, form)
    for form in ONTOLOGY_FORMS:
        if form in FORMS:
            yield _one(f"{ontology.PATH}.{form}", lambda form: render_ontology(form, top).content, form)
    yield _one(f"{ontology.CONTEXT_PATH}.jsonld", lambda: render_context().content)
    yield _one(f"{file_pages.SEARCH_PATH}.html", file_pages.render_search, graph, top)
    yield _one(file_pages.INDEX_NAME, file_pages.search_index, graph)
    yield _one(f"{file_pages.SPARQL_PATH}.html", file_pages.render_sparql, top)
    yield _one(file_pages.GRAPH_NAME, file_pages.sparql_graph, graph.store)
    yield _one(f"{file_pages.ASSESS_PATH}.html", file_pages.render_assess, top)
    for path in about.PAGES:
        yield _one(f"{path}.html", about.render_about, path, top)
    yield _one("404.html", file_pages.render_not_found, site.not_found_links)
    for name, content in (*page_files(), *view_files(), *file_pages.scripts(), *editor_files()):
        yield _one(f"static/{name}", bytes, content)
    yield _one(f"static/{LICENSES}", bytes, static_file(LICENSES).content)


def _queries(site: Site) -> Iterator[Part]:
    graph = site.graph
    for form in ("html", "md"):
        links = site.links(QUERIES, form)
        yield _one(f"{QUERIES}.{form}", lambda form, links: render_queries(graph, form, links).content, form, links)
    for query in graph.queries.values():
        forms = file_forms(graph, query)
        yield Part({f"{QUERIES}/{query.name}.{form}": partial(_query, site, query.name, form) for form in forms})


def _query(site: Site, name: str, form: str) -> bytes:
    return render_query(site.graph, name, form, site.links(f"{QUERIES}/{name}", form))


def _lists(site: Site) -> Iterator[Part]:
    for kind in KINDS:
        for form in LIST_FORMS:
            if form in FORMS and form != "html":
                yield _one(f"{kind}.{form}", _list, site, kind, form)
        total = list_page(site.graph.store, kind, limit=1).total
        for page in range(1, max(-(-total // FILE_LIMIT), 1) + 1):
            yield _one(f"{page_path(kind, page)}.html", _list, site, kind, "html", page)


def _list(site: Site, kind: str, form: str, page: int = 1) -> bytes:
    document = render_whole_list(site.graph, kind, form, site.links(kind, form), page)
    assert document is not None  # noqa: S101 - planned from the same graph
    return document.content


def _views(site: Site) -> Iterator[Part]:
    for page in catalog.pages(site.graph):
        yield Part({f"{page.path}.{form}": partial(site.view, page, form) for form in page.forms})


def _downloads(site: Site) -> Iterator[Part]:
    for name in downloads():
        yield _one(f"export/{name}", download, site.graph.store, name)


def _machine_files(site: Site) -> Iterator[Part]:
    store, url = site.graph.store, site.base_url
    for form, name in RDF_FORMS.items():
        if form in FORMS and name in FORMATS:
            yield _one(f"void.{form}", void, store, base_url=url, format=name, has_endpoint=False)
            yield _one(f"dcat.{form}", dcat, store, base_url=url, format=name, has_services=False)
    yield _one("feed.atom", feed, store, base_url=url, suffix=_SUFFIX)
    yield _one("llms.txt", llms, store, base_url=url, has_services=False)
    yield _one("llms-full.txt", llms_full, store, base_url=url, suffix=_SUFFIX)
    yield _one("robots.txt", robots, url, closed=[urlsplit(url).path + path for path in _CLOSED])
    yield _one(".nojekyll", bytes)  # GitHub Pages would convert Markdown to HTML
    yield from _sitemaps(store, url)


def _sitemaps(store: Store, url: str) -> Iterator[Part]:
    yield _one("sitemap.xml", sitemap, store, base_url=url, suffix=_SUFFIX)
    index = sitemap(store, base_url=url, suffix=_SUFFIX)
    for part in range(1, index.count(b"<sitemap>") + 1):
        yield _one(f"sitemap-{part}.xml", sitemap, store, base_url=url, part=part, suffix=_SUFFIX)
