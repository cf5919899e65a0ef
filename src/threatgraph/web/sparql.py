"""The page of the SPARQL endpoint: a form, and the results of a query as a table or as Turtle."""

from __future__ import annotations

from urllib.parse import urlencode

from threatgraph.errors import InvalidQuery, QueryRefused
from threatgraph.export import export_triples
from threatgraph.server.wording import as_http
from threatgraph.service import Answer, ServedGraph
from threatgraph.service.sparql import result_of
from threatgraph.store.protocol import Answer as Result
from threatgraph.store.protocol import Dataset
from threatgraph.table import Table
from threatgraph.web.document import content_type
from threatgraph.web.html import render
from threatgraph.web.links import Links
from threatgraph.web.query_code import query_code
from threatgraph.web.sparql_terms import terms_file
from threatgraph.web.static_files import StaticFile, static_file
from threatgraph.web.tables import result_rows
from threatgraph.web.view import Text

PATH = "sparql"
_LOCAL = "http://127.0.0.1:8000/sparql"
EXAMPLE = """SELECT ?code ?label
WHERE {
  ?pattern a tg:ThreatPattern ;
    tg:severity severity:critical ;
    skos:notation ?code ;
    skos:prefLabel ?label .
}
ORDER BY ?code"""
_MOST_ROWS, _MOST_TRIPLES = 500, 2_000
"""What a page shows at most; other formats have all."""


def warm(served: ServedGraph) -> None:
    """Make a page of each kind."""
    for text in ("ASK {}", EXAMPLE, "CONSTRUCT WHERE { ?s a tg:Domain }", "SELECT {"):
        results(served, text, None, 1.0)


def editor_files() -> tuple[StaticFile, StaticFile]:
    """Return the script of the editor, and the terms that it completes."""
    return static_file("sparql-editor.js"), terms_file()


def form(served: ServedGraph, root: str = "/", endpoint: str = _LOCAL) -> Answer:
    """Return the form for queries.

    Args:
        served: the graph.
        root: the URL of the home page.
        endpoint: the URL of the endpoint, for programs.
    """
    return _page(Links(root), EXAMPLE, endpoint)


def results(
    served: ServedGraph,
    query_text: str,
    dataset: Dataset | None,
    seconds: float,
    root: str = "/",
    endpoint: str = _LOCAL,
) -> Answer:
    """Return the form with the results of a query; a query that does not parse is reported above it.

    Args:
        served: the graph.
        query_text: the text of the query.
        dataset: the graphs that it sees, if the request names them.
        seconds: the time limit, for a graph on another server.
        root: the URL of the home page.
        endpoint: the URL of the endpoint, for programs.

    Raises:
        ThreatGraphError: as :func:`threatgraph.service.sparql.result_of`, but for a query that is not valid.
    """
    links = Links(root)
    try:
        answer = result_of(served, query_text, dataset, seconds)
    except (InvalidQuery, QueryRefused) as error:
        return _page(links, query_text, endpoint, problem=as_http(str(error)))
    return _page(links, query_text, endpoint, answer=answer)


def _page(links: Links, query: str, endpoint: str, *, problem: str = "", answer: Result | None = None) -> Answer:
    table = answer if isinstance(answer, Table) else None
    rows = [] if table is None else result_rows(table[:_MOST_ROWS], links)
    turtle = ""
    if isinstance(answer, list):
        turtle = export_triples(answer[:_MOST_TRIPLES], "turtle").decode()
    formats = ("json", "csv", "tsv", "xml") if table is not None else ("turtle", "ntriples", "jsonld", "rdfxml")
    page = links.page(PATH)
    script, terms = editor_files()
    content = render(
        "sparql",
        links=links,
        title="SPARQL",
        description="Query the graph with SPARQL 1.1.",
        trail=(Text("Home", links.page()),),
        path=PATH,
        query=query,
        script=links.static(script.name),
        terms=links.static(terms.name),
        codes=query_code(query, endpoint),
        problem=problem,
        summary="" if answer is None else _summary(answer),
        columns=() if table is None else table.columns,
        rows=rows,
        turtle=turtle,
        others=[(one, f"{page}?{urlencode({'query': query, 'format': one})}") for one in formats if answer is not None],
    )
    return Answer(content, content_type("html"), 400 if problem else 200)


def _summary(answer: Result) -> str:
    if isinstance(answer, bool):
        return "Yes." if answer else "No."
    what, most = ("row", _MOST_ROWS) if isinstance(answer, Table) else ("triple", _MOST_TRIPLES)
    if not len(answer):
        return f"No {what}s."
    hidden = f" The first {most:,} are shown." if len(answer) > most else ""
    return f"{len(answer):,} {what}{'s' if len(answer) > 1 else ''}.{hidden}"
