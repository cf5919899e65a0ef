"""The URLs of the server, as its clients see them."""

from __future__ import annotations

from starlette.requests import Request

from threatgraph.server.responses import server_of


def base_url(request: Request) -> str:
    """Return the URL of the home page without its last slash: the one of the settings, or that of the request."""
    return str(server_of(request).settings.base_url or request.base_url).rstrip("/")


def root(request: Request) -> str:
    """Return the path of the home page."""
    return f"{request.scope.get('root_path', '')}/"
