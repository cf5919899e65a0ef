"""Calls of tools: from the arguments of a client to the reply of a worker."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from threatgraph.errors import ThreatGraphError, UnknownName
from threatgraph.mcp.arguments import checked
from threatgraph.mcp.replies import Reply, Rows, read_cursor, write_reply
from threatgraph.mcp.tools import TOOLS, Tool
from threatgraph.service import GRAPHS, PLAIN, Backend
from threatgraph.store.oxigraph import uses_named_graphs

#: Seconds to find out why a query has no rows; the reply does not wait for longer.
_DIAGNOSIS = 2.0


async def call(backend: Backend, name: str, given: Mapping[str, Any]) -> Reply:
    """Call a tool.

    Args:
        backend: the served graph.
        name: the name of the tool.
        given: the arguments of the client.

    Raises:
        ThreatGraphError: for wrong arguments, and as the worker reports it.
    """
    if name not in TOOLS:
        raise UnknownName("tool", name, TOOLS, f"The tools are {', '.join(TOOLS)}.")
    tool = TOOLS[name]
    arguments = checked(tool, given)
    key = ""
    if "cursor" in tool.properties:
        cursor = arguments.pop("cursor", None)
        key = json.dumps([backend.facts.version, name, arguments | {"limit": 0}], sort_keys=True)
        arguments["start"] = read_cursor(key, cursor)
    found = await _found(backend, tool, arguments)
    return write_reply(found._replace(query=key), backend.facts.version)


async def _found(backend: Backend, tool: Tool, arguments: dict[str, Any]) -> Rows:
    function, stage = tool.function, tool.stage
    if tool.name == "sparql":
        return await _sparql(backend, arguments.pop("query"), arguments)
    if tool.name == "run_query" and "name" not in arguments:
        function = "threatgraph.mcp.queries:list_queries"
    found: Rows = await backend.run(function, stage=stage, **arguments)
    return found


async def _sparql(backend: Backend, text: str, arguments: dict[str, Any]) -> Rows:
    stage = GRAPHS if uses_named_graphs(text) else PLAIN
    arguments |= {"text": text, "seconds": backend.limits.timeout}
    found: Rows = await backend.run(TOOLS["sparql"].function, query=True, stage=stage, **arguments)
    if not found.total:
        note = " ".join(filter(None, (found.note, await _diagnosis(backend, text))))
        found = found._replace(note=note)
    return found


async def _diagnosis(backend: Backend, text: str) -> str:
    found = ""
    with suppress(ThreatGraphError):  # the reply is complete without it
        found = await backend.run("threatgraph.mcp.queries:diagnose", query=True, timeout=_DIAGNOSIS, text=text)
    return found
