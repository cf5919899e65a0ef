"""The OpenAPI 3.1 description of the server, made from the operations, the named queries and the downloads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from threatgraph.catalog import NamedQuery
from threatgraph.publishing.downloads import downloads
from threatgraph.publishing.metadata import DESCRIPTION
from threatgraph.server.negotiation import Form
from threatgraph.server.operations import ASSESSMENT, OPERATIONS, Operation, run_query
from threatgraph.server.parameters import Parameter
from threatgraph.server.schemas import schemas
from threatgraph.version import VERSION

Object = dict[str, Any]

#: The errors that each operation can report, by status.
_ERRORS: Mapping[int, str] = {
    400: "A parameter is not valid.",
    404: "Not found.",
    406: "No form of the answer is acceptable.",
    413: "The body is too large.",
    415: "The media type of the body is not supported.",
    429: "Too many requests.",
    500: "The server failed.",
    503: "The server is busy, or the time limit was exceeded.",
}
_RESULTS = (
    "application/sparql-results+json",
    "application/sparql-results+xml",
    "text/csv",
    "text/tab-separated-values",
    "text/turtle",
    "application/ld+json",
    "application/n-triples",
    "application/rdf+xml",
)
#: Paths of files, with their summary and media types.
_FILES: Mapping[str, tuple[str, Sequence[str]]] = {
    "/void.ttl": ("VoID description of the dataset", ("text/turtle",)),
    "/void.jsonld": ("VoID description of the dataset", ("application/ld+json",)),
    "/dcat.ttl": ("DCAT description of the catalog", ("text/turtle",)),
    "/dcat.jsonld": ("DCAT description of the catalog", ("application/ld+json",)),
    "/sitemap.xml": ("Sitemap with the pages of all records", ("application/xml",)),
    "/robots.txt": ("Rules for crawlers", ("text/plain",)),
    "/llms.txt": ("Overview for language models", ("text/plain",)),
    "/llms-full.txt": ("Threat patterns for language models", ("text/plain",)),
    "/feed.atom": ("Atom feed of the newest incidents", ("application/atom+xml",)),
}


def describe(
    queries: Iterable[NamedQuery], *, base_url: str, version: str, examples: Mapping[str, str] | None = None
) -> Object:
    """Describe the server.

    Args:
        queries: the named queries.
        base_url: the base URL of the server.
        version: the version of the graph.
        examples: the name of a record of each kind, for the parameters of queries.
    """
    paths: Object = {}
    for operation in (*OPERATIONS, *(run_query(query, examples) for query in queries)):
        tag = "queries" if operation.path.startswith("/queries") else "records"
        paths[operation.path] = {"get": _get(operation, tag)}
    paths[ASSESSMENT.path]["post"] = _post(ASSESSMENT)
    paths["/sparql"] = _sparql()
    exports = {f"/export/{name}": (item.format.description, (item.media_type,)) for name, item in downloads().items()}
    for path, (summary, media_types) in {**_FILES, **exports}.items():
        paths[path] = {"get": _file(path, summary, media_types)}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "threatgraph",
            "summary": "Search, recommendations, assessments and queries on a knowledge graph of AI threats",
            "description": f"{DESCRIPTION} The version of the served graph is {version}.",
            "version": VERSION,
            "license": {"name": "CC BY 4.0", "url": "https://creativecommons.org/licenses/by/4.0/"},
        },
        "servers": [{"url": base_url}],
        "tags": [
            {"name": "records", "description": "Search, recommend and assess"},
            {"name": "queries", "description": "Named queries and SPARQL"},
            {"name": "files", "description": "Descriptions, feeds and downloads"},
        ],
        "paths": paths,
        "components": {"schemas": schemas(), "responses": _error_responses()},
    }


def _get(operation: Operation, tag: str) -> Object:
    return {
        "operationId": _identifier(operation),
        "tags": [tag],
        "summary": operation.summary,
        "parameters": [_parameter(parameter) for parameter in operation.all_parameters],
        "responses": _responses(_content(operation), (400, 404, 406, 429, 500, 503)),
    }


def _post(operation: Operation) -> Object:
    """The operation with a description or profile in the body, which is neither cached nor logged."""
    text = {"schema": {"type": "string", "minLength": 1}}
    profile = {"schema": {"$ref": "#/components/schemas/Profile"}}
    given = [parameter for parameter in operation.all_parameters if parameter.name != "text"]
    form = {parameter.name: _schema(parameter) for parameter in operation.parameters}
    return {
        "operationId": f"{operation.name}-body",
        "tags": ["records"],
        "summary": f"{operation.summary}; the body is neither cached nor logged",
        "parameters": [_parameter(parameter) for parameter in given],
        "requestBody": {
            "required": True,
            "description": "A description of the system as text or Markdown, a profile as JSON, or a form.",
            "content": {
                "text/plain": text,
                "text/markdown": text,
                "application/json": profile,
                "application/x-www-form-urlencoded": {
                    "schema": {"type": "object", "properties": form, "additionalProperties": False}
                },
            },
        },
        "responses": _responses(_content(operation), (400, 406, 413, 415, 429, 500, 503)),
    }


def _sparql() -> Object:
    query = {"name": "query", "in": "query", "required": True, "schema": {"type": "string"}, "example": "ASK {}"}
    content: Object = {media_type: {} for media_type in _RESULTS}
    errors = (400, 406, 413, 415, 429, 500, 503)
    shared = {"tags": ["queries"], "responses": _responses(content, errors)}
    body = {
        "required": True,
        "content": {
            "application/sparql-query": {"schema": {"type": "string"}},
            "application/x-www-form-urlencoded": {
                "schema": {"type": "object", "required": ["query"], "properties": {"query": {"type": "string"}}}
            },
        },
    }
    return {
        "get": {"operationId": "sparql", "summary": "Run a SPARQL 1.1 query", "parameters": [query], **shared},
        "post": {"operationId": "sparql-body", "summary": "Run a SPARQL 1.1 query", "requestBody": body, **shared},
    }


def _file(path: str, summary: str, media_types: Sequence[str]) -> Object:
    return {
        "operationId": path.strip("/").replace("/", "-"),
        "tags": ["files"],
        "summary": summary,
        "responses": _responses({media_type: {} for media_type in media_types}, (429, 500, 503)),
    }


def _identifier(operation: Operation) -> str:
    return operation.path.strip("/").replace("/", "-")


def _content(operation: Operation) -> Object:
    return {
        form.media_type: {"schema": {"$ref": f"#/components/schemas/{operation.schema}"}} if _is_json(form) else {}
        for form in operation.forms
    }


def _is_json(form: Form) -> bool:
    return form.name == "json"


def _responses(content: Object, errors: Iterable[int]) -> Object:
    headers = {"ETag": {"description": "Changes whenever the answer may change.", "schema": {"type": "string"}}}
    return {
        "200": {"description": "The answer.", "headers": headers, "content": content},
        **{str(status): {"$ref": f"#/components/responses/Error{status}"} for status in errors},
    }


def _error_responses() -> Object:
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    text: Object = {"schema": {"type": "string"}}
    content = {"application/problem+json": problem, "text/plain": text, "text/html": text}
    return {
        f"Error{status}": {"description": description, "content": content} for status, description in _ERRORS.items()
    }


def _parameter(parameter: Parameter) -> Object:
    return {
        "name": parameter.name,
        "in": "query",
        "description": parameter.description,
        "required": parameter.required,
        "schema": _schema(parameter),
        **({"style": "form", "explode": True} if parameter.many else {}),
        **({"example": _example(parameter)} if parameter.example else {}),
    }


def _example(parameter: Parameter) -> object:
    return [parameter.example] if parameter.many else parameter.example


def _schema(parameter: Parameter) -> Object:
    default = {} if parameter.default is None else {"default": parameter.default}
    if parameter.range is not None:
        least, most = parameter.range
        return {"type": "integer", "minimum": least, "maximum": most, **default}
    text: Object = {"type": "string", "minLength": 1, "maxLength": parameter.longest}
    if parameter.pattern:
        text["pattern"] = parameter.pattern
    if parameter.choices:
        text = {"type": "string", "enum": list(parameter.choices)}
    return {"type": "array", "items": text} if parameter.many else {**text, **default}
