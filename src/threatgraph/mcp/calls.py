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
from threatgraph.service import Backend

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
    if name == "run_query":
        found = await _run_query(backend, tool, arguments)
    elif name == "sparql":
        found = await _sparql(backend, tool, arguments)
    else:
        found = await backend.run(tool.function, stage=tool.stage, **arguments)
    return write_reply(found, backend.facts.version)


async def _run_query(backend: Backend, tool: Tool, arguments: dict[str, Any]) -> Rows:
    if "name" not in arguments:
        return await _rows(backend, "threatgraph.mcp.queries:list_queries", text=arguments.get("text"))
    name, params = arguments["name"], arguments.get("params", {})
    key = json.dumps([backend.facts.version, name, params], sort_keys=True)
    start = read_cursor(key, arguments.get("cursor"))
    limits = {"limit": arguments["limit"]} if "limit" in arguments else {}
    found = await _rows(backend, tool.function, name=name, params=params, start=start, **limits)
    return found._replace(query=key)


async def _sparql(backend: Backend, tool: Tool, arguments: dict[str, Any]) -> Rows:
    text = arguments.pop("query")
    key = f"{backend.facts.version} {text}"
    start = read_cursor(key, arguments.pop("cursor", None))
    seconds = backend.limits.timeout
    found: Rows = await backend.run(tool.function, query=True, text=text, seconds=seconds, start=start, **arguments)
    if not found.total:
        found = found._replace(note=" ".join(filter(None, (found.note, await _diagnosis(backend, text)))))
    return found._replace(query=key)


async def _rows(backend: Backend, function: str, **arguments: Any) -> Rows:
    found: Rows = await backend.run(function, **arguments)
    return found


async def _diagnosis(backend: Backend, text: str) -> str:
    found = ""
    with suppress(ThreatGraphError):  # the reply is complete without it
        found = await backend.run("threatgraph.mcp.queries:diagnose", query=True, timeout=_DIAGNOSIS, text=text)
    return found
