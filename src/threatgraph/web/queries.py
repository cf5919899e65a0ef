"""The list of named queries, and the page of each."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode

from threatgraph.catalog import ANY, NamedQuery, Parameter, find_query
from threatgraph.display import printable
from threatgraph.errors import AmbiguousName, InvalidQuery, UnknownName
from threatgraph.export import export_table
from threatgraph.graph import ThreatGraph
from threatgraph.server.wording import as_http
from threatgraph.service import Answer, ServedGraph
from threatgraph.table import Table
from threatgraph.web.document import MEDIA_TYPES, PAGE_FORMS, Document, TypedLink, content_type, signposts
from threatgraph.web.fields import Field, options
from threatgraph.web.html import render
from threatgraph.web.links import Links
from threatgraph.web.markdown import escaped, linked
from threatgraph.web.sparql_terms import editable
from threatgraph.web.tables import cells
from threatgraph.web.view import Text

PATH = "queries"
QUERY_FORMS = ("html", "json", "csv", "md")
_MOST_ROWS = 500
"""Rows of results on a page; JSON and CSV have all."""


def render_queries(graph: ThreatGraph, form: str, links: Links) -> Document:
    """Return the list of the named queries.

    Args:
        graph: the graph.
        form: ``html`` or ``md``; the API has the JSON.
        links: where documents are.
    """
    forms = tuple(one for one in PAGE_FORMS if one != "json" or not links.is_static)
    found, queries = signposts(PATH, forms, links), list(graph.queries.values())
    if form == "html":
        trail = (Text("Home", links.page()),)
        page = render("queries", links=links, signposts=found, title="Named queries", trail=trail, queries=queries)
    else:
        lines = ["# Named queries", ""]
        for query in queries:
            lines.append(f"- {linked(Text(query.name, links.page(f'{PATH}/{query.name}')))}: {escaped(query.question)}")
        page = ("\n".join(lines) + "\n").encode()
    return Document(page, form, PATH, found)


def page(
    served: ServedGraph, name: str, values: Mapping[str, str] | None = None, form: str = "html", root: str = "/"
) -> Answer:
    """Return the page of a named query with its results, in HTML or Markdown; for a worker.

    The query runs if each parameter without a default has a value. A value that is not valid is reported on the page,
    with status 400.

    Args:
        served: the graph.
        name: the name of the query.
        values: the values of the parameters; empty ones count as not given.
        form: ``html`` or ``md``.
        root: the URL of the home page.

    Raises:
        UnknownName: if the query does not exist.
    """
    given = {key: value for key, value in (values or {}).items() if value}
    content, problem = _render(served.graph, find_query(name), given, form, Links(root), QUERY_FORMS)
    return Answer(content, content_type(form), 400 if problem else 200)


def render_query(graph: ThreatGraph, name: str, form: str, links: Links) -> bytes:
    """Return the page of a named query with the results for the defaults of its parameters, for files.

    A query with a required parameter has no results.

    Args:
        graph: the graph.
        name: the name of the query.
        form: a name from :func:`file_forms`.
        links: where documents are.
    """
    query = find_query(name)
    if form == "csv":
        return export_table(graph.run(name), "csv")
    return _render(graph, query, {}, form, links, file_forms(graph, query))[0]


def file_forms(graph: ThreatGraph, query: NamedQuery) -> tuple[str, ...]:
    """Return the forms of a named query in files: CSV if it has results for the defaults of its parameters."""
    return ("html", "md") if _run(graph, query, {})[0] is None else ("html", "csv", "md")


def _render(
    graph: ThreatGraph, query: NamedQuery, given: Mapping[str, str], form: str, links: Links, forms: tuple[str, ...]
) -> tuple[bytes, str]:
    """The page, and what is wrong with the parameters."""
    table, problem = _run(graph, query, given)
    path = f"{PATH}/{query.name}"
    query_string = f"?{urlencode(given)}" if given else ""
    urls = ((one, links.form(path, one) + query_string) for one in forms)
    found = tuple(TypedLink("alternate", url, MEDIA_TYPES[one]) for one, url in urls)
    if form == "html":
        return _html(graph, query, given, table, problem, links, found), problem
    return _markdown(query, table, problem, links), problem


def _run(graph: ThreatGraph, query: NamedQuery, given: Mapping[str, str]) -> tuple[Table | None, str]:
    """The results, or what is wrong with the parameters; neither if one is still to be given."""
    if any(one.default is None and one.name not in given for one in query.parameters):
        unknown = given.keys() - {one.name for one in query.parameters}
        if not unknown:
            return None, ""
    try:
        return graph.run(query.name, **given), ""
    except (UnknownName, AmbiguousName, InvalidQuery) as error:
        return None, as_http(str(error))


def _html(
    graph: ThreatGraph,
    query: NamedQuery,
    given: Mapping[str, str],
    table: Table | None,
    problem: str,
    links: Links,
    found: tuple[TypedLink, ...],
) -> bytes:
    columns, rows = cells(table[:_MOST_ROWS], links) if table is not None else ([], [])
    return render(
        "query",
        links=links,
        signposts=found,
        title=query.title,
        description=query.question,
        trail=(Text("Home", links.page()), Text("Queries", links.page(PATH))),
        path=f"{PATH}/{query.name}",
        query=query,
        editable=editable(query),
        fields=[] if links.is_static else [_field(graph, one, given.get(one.name, "")) for one in query.parameters],
        problem=problem,
        ran=table is not None,
        summary="" if table is None else _summary(table, links),
        columns=columns,
        rows=rows,
    )


def _field(graph: ThreatGraph, parameter: Parameter, value: str) -> Field:
    found = options(graph, parameter.type)
    default = "" if parameter.default in (None, ANY) else str(parameter.default)
    hint = {"date": "date, such as 2024-08-01", "integer": "number", "string": "text"}.get(parameter.type, "")
    return Field(
        parameter.name,
        parameter.description,
        value or (default if not found else next((o.value for o in found if o.value == default), "")),
        found,
        hint,
        required=parameter.default is None,
        empty=default or "any",
    )


def _summary(table: Table, links: Links) -> str:
    if not len(table):
        return "No results."
    hidden = len(table) - _MOST_ROWS
    whole = "CSV has" if links.is_static else "JSON and CSV have"
    most = f" The first {_MOST_ROWS:,} are shown; {whole} all." if hidden > 0 else ""
    return f"{len(table):,} result{'s' if len(table) > 1 else ''}.{most}"


def _markdown(query: NamedQuery, table: Table | None, problem: str, links: Links) -> bytes:
    lines = [f"# {escaped(query.title)}", "", escaped(query.question), ""]
    if query.parameters:
        lines += ["## Parameters", ""]
        for one in query.parameters:
            default = "required" if one.default is None else f"default: {one.default}"
            lines.append(f"- `{one.name}` ({one.type}, {escaped(default)}): {escaped(one.description)}")
        lines.append("")
    if problem:
        lines += [f"**{escaped(problem)}**", ""]
    if table is not None:
        lines += ["## Results", "", _summary(table, links), "", export_table(table[:_MOST_ROWS], "markdown").decode()]
    lines += ["## SPARQL", "", "```sparql", printable(query.sparql).rstrip().replace("```", "` ` `"), "```"]
    return ("\n".join(lines) + "\n").encode()
