"""The answers of the JSON API, which workers compute from the served graph."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from threatgraph.assess.formats.html import POLICY
from threatgraph.catalog import NamedQuery, find_query, load_catalog
from threatgraph.errors import AmbiguousName, InvalidFile, InvalidQuery, UnknownName
from threatgraph.export import RESULT_FORMATS, TABLE_FORMATS
from threatgraph.server.operations import ASSESSMENT, QUERIES, RECOMMENDATIONS, SEARCH_RECORDS, Operation, run_query
from threatgraph.service import Answer, ServedGraph
from threatgraph.table import Table

Values = Mapping[str, Any]


def search(served: ServedGraph, *, form: str, version: str, values: Values) -> Answer:
    """Search the records.

    Args:
        served: the graph.
        form: the name of the form of the answer.
        version: the version of the graph.
        values: the parameters of the request.

    Raises:
        InvalidQuery: for a parameter that is not valid.
        ThreatGraphError: as :meth:`ThreatGraph.search`.
    """
    given = dict(values)
    with _parameters():
        found = served.graph.search(given.pop("q"), **given)
    if form == "json":
        return _json(SEARCH_RECORDS, {"graph_version": version, **found.to_dict()})
    return _table(SEARCH_RECORDS, form, found.to_table())


def recommend(served: ServedGraph, *, form: str, version: str, values: Values) -> Answer:
    """Recommend records; arguments and errors as in :func:`search`."""
    given = dict(values)
    if "framework" in given:
        given.setdefault("kind", "provision")
    if ("node" in given) == ("text" in given):
        raise InvalidQuery("give either node, once or several times, or text.")
    with _parameters():
        found = served.graph.recommend(given.pop("node", None), **given)
    if form == "json":
        return _json(RECOMMENDATIONS, {"graph_version": version, **found.to_dict()})
    if form in TABLE_FORMATS:
        return _table(RECOMMENDATIONS, form, found.to_table())
    return _answer(RECOMMENDATIONS, form, served.graph.serialize(found.to_triples(), form))


def assess(
    served: ServedGraph, *, form: str, version: str, values: Values, profile: Mapping[str, Any] | None = None
) -> Answer:
    """Assess a system; arguments and errors as in :func:`search`.

    Args:
        served: the graph.
        form: the name of the form of the answer.
        version: the version of the graph.
        values: the parameters of the request.
        profile: a system profile.
    """
    with _parameters():
        found = served.graph.assess(
            values.get("text"),
            profile=profile,
            patterns=values.get("pattern", ()),
            role=values.get("role"),
            frameworks=values.get("framework", ()),
            top=values.get("top", 10),
        )
    if form == "json":
        return _json(ASSESSMENT, {"graph_version": version, **found.to_dict()})
    answer = _answer(ASSESSMENT, form, found.export(form))
    # The file has its own styles in it, since people save it and send it on.
    return answer._replace(headers=(("Content-Security-Policy", POLICY),)) if form == "html" else answer


def queries(served: ServedGraph, *, form: str, version: str, values: Values) -> Answer:
    """List the named queries; arguments as in :func:`search`."""
    listed = [_described(query) for query in load_catalog().values()]
    return _json(QUERIES, {"graph_version": version, "queries": listed})


def run(served: ServedGraph, *, form: str, version: str, values: Values, name: str) -> Answer:
    """Run a named query; arguments and errors as in :func:`search`.

    Args:
        served: the graph.
        form: the name of the form of the answer.
        version: the version of the graph.
        values: the parameters of the request.
        name: the name of the query.

    Raises:
        UnknownName: if there is no such query.
    """
    query = find_query(name)
    with _parameters():
        table = served.graph.run(name, **values)
    operation = run_query(query)
    if form == "json":
        content = {
            "graph_version": version,
            "query": name,
            "question": query.question,
            "parameters": dict(values),
            "columns": list(table.columns),
            "total": len(table),
            "rows": table.to_dicts(),
        }
        return _json(operation, content)
    if form == "sparql-json":
        return _answer(operation, form, RESULT_FORMATS["json"](table, False).encode())
    return _table(operation, form, table)


@contextmanager
def _parameters() -> Iterator[None]:
    """Makes a request invalid if a parameter names something unknown: only what a path names is not found."""
    try:
        yield
    except (UnknownName, AmbiguousName, InvalidFile) as error:
        raise InvalidQuery(str(error)) from error


def _described(query: NamedQuery) -> dict[str, Any]:
    return {
        "name": query.name,
        "title": query.title,
        "question": query.question,
        "parameters": [
            {**parameter._asdict(), "required": parameter.default is None} for parameter in query.parameters
        ],
        "columns": [{"name": name, "description": text} for name, text in query.columns.items()],
    }


def _table(operation: Operation, form: str, table: Table) -> Answer:
    return _answer(operation, form, TABLE_FORMATS[form](table, False).encode())


def _json(operation: Operation, content: Mapping[str, Any]) -> Answer:
    return _answer(operation, "json", (json.dumps(content, ensure_ascii=False) + "\n").encode())


def _answer(operation: Operation, form: str, content: bytes) -> Answer:
    media_type = next(known.content_type for known in operation.forms if known.name == form)
    return Answer(content, media_type)
