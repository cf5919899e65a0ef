"""Pages of a site of files that differ from those of a server: search, SPARQL, assessments, and what is not found."""

from __future__ import annotations

import gzip
import json

from threatgraph.graph import ThreatGraph
from threatgraph.publishing.downloads import download, downloads
from threatgraph.search.documents import Document as Indexed
from threatgraph.search.documents import read_documents
from threatgraph.store import Store
from threatgraph.vocab import BASE, KINDS
from threatgraph.web.home import count_kinds
from threatgraph.web.html import render
from threatgraph.web.links import Links
from threatgraph.web.problems import problem
from threatgraph.web.query_code import query_code
from threatgraph.web.sparql import EXAMPLE, editor_files
from threatgraph.web.static_files import StaticFile, static_file
from threatgraph.web.view import Text

SEARCH_PATH, SPARQL_PATH, ASSESS_PATH = "search", "sparql", "assess"
INDEX_NAME, GRAPH_NAME = "search-index.json", "sparql-graph.nq.gz"
_EXAMPLE = "SELECT ?label { pattern:goal-drift skos:related/skos:prefLabel ?label }"
_LEVEL = 6
"""Of gzip: higher ones take twice the time for a hundredth of the size."""
_NAMES = ("alternatives", "keywords", "codes", "topics")
"""The columns of the search index with other names of a record."""


def render_search(graph: ThreatGraph, links: Links) -> bytes:
    """Return the page of the search, whose script searches the index.

    Args:
        graph: the graph.
        links: where documents are.
    """
    return render(
        "file_search",
        links=links,
        title="Search",
        trail=(Text("Home", links.page()),),
        index=links.root + INDEX_NAME,
        kinds=count_kinds(graph),
    )


def search_index(graph: ThreatGraph) -> bytes:
    """Return the index of the search: for each record its path, kind, code, names and text.

    Args:
        graph: the graph.
    """
    kinds = list(KINDS)
    described = [{"name": kind.name, "title": kind.name.replace("-", " ").capitalize()} for kind in KINDS.values()]
    records = [
        [one.iri.removeprefix(BASE), kinds.index(one.kind), one.code or "", one.label, _names(one), _text(one)]
        for one in read_documents(graph.store)
        if one.iri.startswith(BASE) and "#" not in one.iri
    ]
    content = {"kinds": described, "records": records}
    return (json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n").encode()


def scripts() -> tuple[StaticFile, ...]:
    """Return the files of pages that work without a server, beside those of all pages."""
    return (static_file("search.js"), *worker_files())


def worker_files() -> tuple[StaticFile, StaticFile]:
    """Return the script that evaluates queries in a browser, and its engine."""
    return static_file("sparql-worker.js"), static_file("oxigraph.wasm")


def sparql_graph(store: Store) -> bytes:
    """Return the graph for the page of SPARQL: N-Quads, compressed by gzip.

    Args:
        store: the graph.
    """
    return gzip.compress(download(store, "graph.nq"), _LEVEL, mtime=0)


def render_sparql(links: Links) -> bytes:
    """Return the page for SPARQL, which runs queries in the browser, with other ways to query the graph.

    Args:
        links: where documents are.
    """
    script, terms = editor_files()
    return render(
        "file_sparql",
        links=links,
        title="SPARQL",
        trail=(Text("Home", links.page()),),
        has_webassembly=True,
        script=links.static(script.name),
        terms=links.static(terms.name),
        query=EXAMPLE,
        codes=query_code(EXAMPLE, None),
        worker={
            "script": links.static(worker_files()[0].name),
            "engine": links.static(worker_files()[1].name),
            "graph": links.root + GRAPH_NAME,
            "index": links.root + INDEX_NAME,
        },
        example=_EXAMPLE,
        downloads=[one for one in downloads().values() if one.format.kind in ("graph", "dataset")],
    )


def render_assess(links: Links) -> bytes:
    """Return the page in place of the form for assessments, with the command that makes them.

    Args:
        links: where documents are.
    """
    return render(
        "file_assess",
        links=links,
        title="Assess a system",
        description="How to assess an AI system with threatgraph.",
        trail=(Text("Home", links.page()),),
        section=ASSESS_PATH,
    )


def render_not_found(links: Links) -> bytes:
    """Return the page that a host shows for paths that do not exist.

    Args:
        links: where documents are.
    """
    return problem(404, "This site has no page at this address.", "html", links)[0]


def _names(record: Indexed) -> str:
    known = {record.label, record.code}
    found = (record.columns.get(name, "") for name in _NAMES)
    return "; ".join(text for text in found if text and text not in known)


def _text(record: Indexed) -> str:
    return record.columns.get("text", "")
