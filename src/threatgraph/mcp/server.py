"""The server of the protocol: tools, resources, prompts and completion, over any transport."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import mcp_types as types
from mcp.server.caching import CacheHint
from mcp.server.lowlevel.server import Server
from mcp.shared.exceptions import MCPError

from threatgraph.errors import ThreatGraphError
from threatgraph.mcp import prompts, resources
from threatgraph.mcp.about import INSTRUCTIONS
from threatgraph.mcp.calls import call
from threatgraph.mcp.tools import OUTPUT_SCHEMA, TOOLS
from threatgraph.mcp.wording import for_agents
from threatgraph.service import Backend
from threatgraph.service.failures import for_clients
from threatgraph.version import VERSION

_HOUR = 3_600_000
"""Milliseconds for which a client may keep lists, which change only with the version of threatgraph."""
_LISTS: Any = {
    method: CacheHint(_HOUR, "public")
    for method in ("tools/list", "prompts/list", "resources/list", "resources/templates/list")
}


def build_server(backend: Backend, *, is_local: bool = False) -> Server[Any]:
    """Return the server for a graph.

    Args:
        backend: the served graph, with the worker modules of :data:`threatgraph.mcp.WORKER_MODULES`.
        is_local: whether the client runs on this machine for its user, who may see the details of failures.
    """
    handlers = _Handlers(backend, str if is_local else for_clients)
    return Server(
        "threatgraph",
        version=VERSION,
        title="threatgraph: a knowledge graph of AI threats",
        instructions=INSTRUCTIONS,
        cache_hints=_LISTS,
        on_list_tools=handlers.list_tools,
        on_call_tool=handlers.call_tool,
        on_list_resources=handlers.list_resources,
        on_list_resource_templates=handlers.list_templates,
        on_read_resource=handlers.read_resource,
        on_list_prompts=handlers.list_prompts,
        on_get_prompt=handlers.get_prompt,
        on_completion=handlers.complete,
    )


class _Handlers:
    """Answers requests; the first argument of each method, the context of the request, is not used."""

    def __init__(self, backend: Backend, message: Callable[[ThreatGraphError], str]) -> None:
        self._backend, self._message = backend, message

    async def list_tools(self, _: Any, __: types.PaginatedRequestParams | None) -> types.ListToolsResult:
        hints = types.ToolAnnotations(read_only_hint=True, idempotent_hint=True, open_world_hint=False)
        tools = [
            types.Tool(
                name=tool.name,
                description=tool.description,
                input_schema=tool.input_schema,
                output_schema=OUTPUT_SCHEMA,
                annotations=hints,
            )
            for tool in TOOLS.values()
        ]
        return types.ListToolsResult(tools=tools)

    async def call_tool(self, _: Any, params: types.CallToolRequestParams) -> types.CallToolResult:
        try:
            reply = await call(self._backend, params.name, params.arguments or {})
        except ThreatGraphError as error:  # the model reads it, and corrects its call
            return types.CallToolResult(content=_content(for_agents(self._message(error))), is_error=True)
        return types.CallToolResult(content=_content(reply.text), structured_content=reply.structured)

    async def list_resources(self, _: Any, __: types.PaginatedRequestParams | None) -> types.ListResourcesResult:
        found = [
            types.Resource(uri=document.uri, name=document.path, title=document.title, mime_type=document.media_type)
            for document in resources.DOCUMENTS.values()
        ]
        return types.ListResourcesResult(resources=found)

    async def list_templates(
        self, _: Any, __: types.PaginatedRequestParams | None
    ) -> types.ListResourceTemplatesResult:
        found = [
            types.ResourceTemplate(
                uri_template=document.uri, name=name, title=document.title, mime_type=document.media_type
            )
            for name, document in (("query", resources.QUERY), ("record", resources.RECORD))
        ]
        return types.ListResourceTemplatesResult(resource_templates=found)

    async def read_resource(self, _: Any, params: types.ReadResourceRequestParams) -> types.ReadResourceResult:
        try:
            text, media_type = await resources.read(self._backend, params.uri)
        except ThreatGraphError as error:
            raise _wrong(self._message(error)) from error
        content = types.TextResourceContents(uri=params.uri, mime_type=media_type, text=text)
        return types.ReadResourceResult(contents=[content])

    async def list_prompts(self, _: Any, __: types.PaginatedRequestParams | None) -> types.ListPromptsResult:
        found = [
            types.Prompt(
                name=prompt.name,
                description=prompt.description,
                arguments=[types.PromptArgument(**argument._asdict()) for argument in prompt.arguments],
            )
            for prompt in prompts.PROMPTS.values()
        ]
        return types.ListPromptsResult(prompts=found)

    async def get_prompt(self, _: Any, params: types.GetPromptRequestParams) -> types.GetPromptResult:
        try:
            text = prompts.fill(params.name, params.arguments or {})
        except ThreatGraphError as error:
            raise _wrong(str(error)) from error
        message = types.PromptMessage(role="user", content=types.TextContent(text=text))
        return types.GetPromptResult(description=prompts.PROMPTS[params.name].description, messages=[message])

    async def complete(self, _: Any, params: types.CompleteRequestParams) -> types.CompleteResult:
        found: list[str] = []
        if isinstance(params.ref, types.ResourceTemplateReference):
            given = (params.context.arguments if params.context else None) or {}
            argument = params.argument
            with suppress(ThreatGraphError):  # nothing is completed while the graph cannot be read
                found = await resources.complete(self._backend, params.ref.uri, argument.name, argument.value, given)
        return types.CompleteResult(completion=types.Completion(values=found[:100]))


def _content(text: str) -> list[types.ContentBlock]:
    return [types.TextContent(text=text)]


def _wrong(message: str) -> MCPError:
    return MCPError(code=types.INVALID_PARAMS, message=for_agents(message))
