"""The methods of each path, for ``OPTIONS`` and for requests with another method."""

from __future__ import annotations

from starlette.requests import Request

from threatgraph.mcp import is_installed
from threatgraph.server.problems import Problem

AGENTS = "/mcp"
"""The path of the endpoint for agents."""
_POSTED = ("/sparql", "/sparql/", "/assess")


def methods_of(path: str) -> str:
    """Return the methods of a path, as the header ``Allow`` lists them."""
    if path == AGENTS and is_installed():
        return "POST"
    return "GET, HEAD, POST, OPTIONS" if path in _POSTED else "GET, HEAD, OPTIONS"


def wrong_method(request: Request) -> Problem:
    """Return the problem of a request with a method that its path does not support."""
    allowed = methods_of(request.scope["path"])
    return Problem(405, f"this path does not support {request.method}; use {allowed}.", {"Allow": allowed})
