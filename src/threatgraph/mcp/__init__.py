"""Tools, resources and prompts for AI agents, over the Model Context Protocol (MCP).

The functions that read the graph run in workers (:mod:`threatgraph.service`) and know nothing of the protocol. The
official SDK is imported only by the modules that speak it: ``server``, ``http`` and ``stdio``.
"""

from __future__ import annotations

from importlib.util import find_spec

#: The modules whose functions run in workers; a backend that serves the tools has to import them.
WORKER_MODULES = ("threatgraph.mcp.lookups", "threatgraph.mcp.advice", "threatgraph.mcp.queries")


def is_installed() -> bool:
    """Return whether the SDK of the protocol is installed, without importing it."""
    return find_spec("mcp") is not None


def require_sdk() -> None:
    """Make sure that the SDK of the protocol is installed.

    Raises:
        ImportError: if it is not.
    """
    try:
        import mcp  # noqa: F401 - only checks that it is installed
    except ImportError as error:
        raise ImportError("the MCP SDK is not installed: pip install 'threatgraph[mcp]'") from error
