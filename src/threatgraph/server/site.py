"""Facts about the site, as its clients see it."""

from __future__ import annotations

from starlette.requests import Request

from threatgraph.server.problems import Problem
from threatgraph.server.responses import server_of
from threatgraph.web.links import is_site_url


def graph_version(request: Request) -> str:
    """Return the version of the served graph."""
    return server_of(request).backend.facts.version


def base_url(request: Request) -> str:
    """Return the URL of the home page without its last slash: the one of the settings, or that of the request.

    Raises:
        Problem: if the ``Host`` header is not valid.
    """
    found = str(server_of(request).settings.base_url or request.base_url).rstrip("/")
    if not is_site_url(found):
        raise Problem(400, "the Host header is not a valid host.")
    return found


def root(request: Request) -> str:
    """Return the path of the home page."""
    return f"{request.scope.get('root_path', '')}/"
