"""JSON Schemas of the answers of the JSON API (draft 2020-12)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from threatgraph.assess import json_schema

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_TEXTS: Schema = {"type": "array", "items": _TEXT}
_IRI: Schema = {"type": "string", "format": "iri"}
_OPTIONAL: Schema = {"type": ["string", "null"]}
_SCORE: Schema = {"type": "number", "minimum": 0}
_RANK: Schema = {"type": "integer", "minimum": 1}
_VERSION: Schema = {
    "type": "string",
    "description": "The version of threatgraph, with the beginning of a digest of the graph.",
}
_STATEMENT: Schema = {"type": "array", "items": _TEXT, "minItems": 3, "maxItems": 3}
_VALUE: Schema = {"type": ["string", "number", "boolean", "null"]}


def _object(properties: Mapping[str, Schema], description: str = "") -> Schema:
    """An object with exactly these properties."""
    return {
        "type": "object",
        **({"description": description} if description else {}),
        "required": list(properties),
        "properties": dict(properties),
        "additionalProperties": False,
    }


def _list(name: str) -> Schema:
    return {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}


_SCHEMAS: Mapping[str, Schema] = {
    "Problem": {
        "type": "object",
        "description": "What is wrong with a request, as problem details (RFC 9457).",
        "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "title": _TEXT,
            "status": {"type": "integer", "minimum": 400, "maximum": 599},
            "detail": _TEXT,
            "instance": {"type": "string", "format": "uri-reference"},
        },
    },
    "SearchResults": _object(
        {
            "graph_version": _VERSION,
            "query": _TEXT,
            "note": {**_TEXT, "description": "A corrected spelling, or why nothing was found; otherwise empty."},
            "results": _list("SearchResult"),
        }
    ),
    "SearchResult": _object(
        {
            "rank": _RANK,
            "iri": _IRI,
            "kind": _TEXT,
            "code": _OPTIONAL,
            "label": _TEXT,
            "score": {**_SCORE, "maximum": 1},
            "snippet": {**_TEXT, "description": "The passage that matches, with each match between two asterisks."},
        }
    ),
    "Recommendations": _object(
        {
            "graph_version": _VERSION,
            "for": {**_TEXTS, "description": "The IRIs of the records, or the text."},
            "kind": _TEXT,
            "basis": _TEXT,
            "note": _TEXT,
            "existingLinks": _list("ExistingLink"),
            "recommendations": _list("Recommendation"),
        }
    ),
    "ExistingLink": _object(
        {
            "iri": _IRI,
            "label": _TEXT,
            "code": _OPTIONAL,
            "meaning": _TEXT,
            "rationale": _TEXT,
            "statement": _STATEMENT,
        },
        "A curated link between the query and a record.",
    ),
    "Recommendation": _object(
        {
            "rank": _RANK,
            "iri": _IRI,
            "kind": _TEXT,
            "label": _TEXT,
            "code": _OPTIONAL,
            "score": _SCORE,
            "certainty": {"enum": ["strong", "likely", "weak"]},
            "explanation": _TEXT,
            "signals": {"type": "object", "additionalProperties": {"type": "number"}},
            "reasons": _list("Reason"),
            "curated": {"type": "array", "items": _STATEMENT},
        }
    ),
    "Reason": _object(
        {
            "signal": _TEXT,
            "contribution": {"type": "number"},
            "text": _TEXT,
            "parts": {
                "type": "array",
                "items": _object(
                    {
                        "contribution": {"type": "number"},
                        "text": _TEXT,
                        "statements": {"type": "array", "items": _STATEMENT},
                    }
                ),
            },
        }
    ),
    "NamedQueries": _object({"graph_version": _VERSION, "queries": _list("NamedQuery")}),
    "NamedQuery": _object(
        {
            "name": _TEXT,
            "title": _TEXT,
            "question": _TEXT,
            "parameters": {
                "type": "array",
                "items": _object(
                    {
                        "name": _TEXT,
                        "type": {**_TEXT, "description": "A kind of record, string, integer or date."},
                        "description": _TEXT,
                        "default": {**_OPTIONAL, "description": "any does not restrict the result."},
                        "required": {"type": "boolean"},
                    }
                ),
            },
            "columns": {"type": "array", "items": _object({"name": _TEXT, "description": _TEXT})},
        }
    ),
    "QueryResult": _object(
        {
            "graph_version": _VERSION,
            "query": _TEXT,
            "question": _TEXT,
            "parameters": {
                "type": "object",
                "additionalProperties": {"type": ["string", "integer"]},
                "description": "As given.",
            },
            "columns": _TEXTS,
            "total": {"type": "integer", "minimum": 0, "description": "The number of rows."},
            "rows": {"type": "array", "items": {"type": "object", "additionalProperties": _VALUE}},
        }
    ),
    "Profile": {
        "type": "object",
        "description": "A system profile: title, description, purpose and other texts, facts and answers to questions.",
        "properties": {"title": _TEXT, "description": {**_TEXT, "description": "What the system does, and for whom."}},
        "additionalProperties": True,
    },
}


def schemas() -> dict[str, Schema]:
    """Return the schemas of all answers by name, for the components of an OpenAPI description."""
    return {**_SCHEMAS, "Assessment": _assessment()}


def _assessment() -> Schema:
    """The schema of assessments, without an identifier of its own, so that references stay within the description."""
    schema = _within(json_schema(), "#/components/schemas/Assessment")
    return {key: value for key, value in schema.items() if key not in ("$schema", "$id")}


def _within(value: Any, start: str) -> Any:
    """A schema whose references to its definitions begin with a pointer."""
    if isinstance(value, list):
        return [_within(item, start) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: start + item.removeprefix("#") if key == "$ref" else _within(item, start) for key, item in value.items()
    }
