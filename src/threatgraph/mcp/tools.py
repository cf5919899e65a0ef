"""The tools: their names, arguments and what they do, as agents see them, and the functions that they call.

An agent reads all of this at the start of every conversation, so it is short, and nothing in it comes from the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from threatgraph.service import PLAIN, RECOMMEND, SEARCH

Schema = dict[str, Any]

_KINDS = ("pattern", "incident", "provision")


class Tool(NamedTuple):
    """A tool."""

    name: str
    description: str
    properties: Mapping[str, Schema]
    function: str
    """What the worker calls, as ``module:function``."""
    required: tuple[str, ...] = ()
    stage: int = PLAIN
    """The preparation that the worker needs."""

    @property
    def input_schema(self) -> Schema:
        """The JSON schema of the arguments."""
        needed = {"required": list(self.required)} if self.required else {}
        return {"type": "object", "properties": dict(self.properties)} | needed


#: The JSON schema of all replies.
OUTPUT_SCHEMA: Schema = {
    "type": "object",
    "properties": {
        "graph_version": {"type": "string"},
        "total": {"type": "integer"},
        "truncated": {"type": "boolean"},
        "next_cursor": {"type": ["string", "null"]},
        "note": {"type": "string"},
        "rows": {"type": "array", "items": {"type": "object"}},
    },
    "required": ["graph_version", "total", "truncated", "rows"],
}


def _text(description: str = "") -> Schema:
    return {"type": "string"} | ({"description": description} if description else {})


def _integer(default: int, most: int) -> Schema:
    return {"type": "integer", "default": default, "maximum": most}


def _one_of(*values: str) -> Schema:
    return {"type": "string", "enum": list(values), "default": values[0]}


def _texts(description: str = "") -> Schema:
    return {"type": "array", "items": {"type": "string"}} | ({"description": description} if description else {})


_FRAMEWORK = _text("such as eu-ai-act")
_CURSOR = _text()

TOOLS: Mapping[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool(
            "search",
            "Search the records by words, names, codes (ASI06) or citations (Art. 14). Start here.",
            {
                "text": _text(),
                "kind": _text("pattern (threat), incident, provision (law, standard), …"),
                "framework": _FRAMEWORK,
                "limit": _integer(8, 50),
            },
            "threatgraph.mcp.lookups:search",
            ("text",),
            SEARCH,
        ),
        Tool(
            "get",
            "Read one record: facts and a list of its sections. Name sections, or use detail=full, for their texts.",
            {
                "id": _text("code, slug, label, prefixed name (eu-ai-act:article-14) or IRI"),
                "kind": _text("if several records share the name"),
                "sections": _texts(),
                "detail": _one_of("summary", "full"),
            },
            "threatgraph.mcp.lookups:get",
            ("id",),
        ),
        Tool(
            "related",
            "Recommend records related to a record or text, with reasons; curated links are marked.",
            {
                "id": _text("as in get"),
                "text": _text("a description, instead of id"),
                "kind": _one_of(*_KINDS),
                "framework": _FRAMEWORK,
                "limit": _integer(5, 30),
            },
            "threatgraph.mcp.advice:related",
            (),
            RECOMMEND,
        ),
        Tool(
            "assess",
            "Assess an AI system by its description: provisions to check, threats, questions. No legal advice.",
            {
                "text": _text("what it does, for whom, with which data"),
                "role": _text("of the user: provider, deployer, …"),
                "frameworks": _texts("all by default"),
                "top": {**_integer(10, 30), "description": "number of threats"},
                "cursor": _CURSOR,
            },
            "threatgraph.mcp.advice:assess",
            ("text",),
            RECOMMEND,
        ),
        Tool(
            "run_query",
            "Run a named query. Without name, list the queries with their questions and parameters.",
            {
                "name": _text(),
                "params": {"type": "object", "description": "values by parameter; records as in get"},
                "text": _text("words to filter the list"),
                "limit": _integer(50, 200),
                "cursor": _CURSOR,
            },
            "threatgraph.mcp.queries:run_query",
        ),
        Tool(
            "schema",
            "Explain the classes, properties and prefixes for SPARQL. Read it before writing a query.",
            {"about": _text("one class or property, such as tg:Incident")},
            "threatgraph.mcp.lookups:schema",
        ),
        Tool(
            "sparql",
            "Run a SPARQL 1.1 query. The prefixes of schema need no declaration. Use ORDER BY for pages.",
            {"query": _text(), "limit": _integer(50, 200), "cursor": _CURSOR},
            "threatgraph.mcp.queries:sparql",
            ("query",),
        ),
    )
}
