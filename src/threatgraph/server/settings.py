"""The settings of the HTTP server."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from threatgraph.service import Limits

BACKLOG = 1024
"""Connections that wait to be accepted."""


class Settings(NamedTuple):
    """The settings of the HTTP server; the defaults suit one machine and let nobody else in."""

    host: str = "127.0.0.1"
    """The address to listen on."""
    port: int = 8000
    allowed_hosts: Sequence[str] = ()
    """Names for the ``Host`` header besides ``localhost`` and addresses; ``*`` allows any."""
    base_url: str | None = None
    """The URL that clients use, if a proxy is in front; by default that of the request."""
    edit_url: str = ""
    """The URL of the folder in which the files of records can be edited, which pages link to; empty for none."""
    trusted_proxies: str = "127.0.0.1"
    """Addresses of proxies whose ``X-Forwarded-For`` and ``X-Forwarded-Proto`` headers are used, or ``*``."""
    limits: Limits = Limits()
    query: int = 64 * 1024
    """Bytes of a query."""
    body: int = 128 * 1024
    """Bytes of a request body."""
    headers: int = 96 * 1024
    """Bytes of the request line and the headers, which can have a query."""
    slow: float = 10.0
    """Seconds for a client to send the headers, and again for the body."""
    per_client: int = 4
    """Requests of one client that are evaluated or wait for a worker at once; more of them wait their turn."""
    cache: int = 16 * 1024**2
    """Bytes of compressed answers to keep; 0 for none."""
    metrics: bool = False
    """Whether ``/metrics`` exists."""
    access_log: bool = True
    """Whether each request is logged to standard error."""
    log_queries: bool = False
    """Whether the access log has the query strings, which can be private."""
