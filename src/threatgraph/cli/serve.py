"""``threatgraph serve``: serve the graph over HTTP."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence

from threatgraph.cli.options import EDIT_URL_HELP, Options, positive_integer, seconds, site_url
from threatgraph.cli.output import notify
from threatgraph.cli.parser import Parser
from threatgraph.errors import ThreatGraphError

_UNITS = {"": 1, "k": 1024, "m": 1024**2, "g": 1024**3}
_SIZE = r"(\d+(?:\.\d+)?)\s*([kmg]?)i?b?"
_LARGEST_PORT = 65_535
_LONGEST = 60.0


class ServeOptions(Options):
    """The options of ``threatgraph serve``."""

    host: str = "127.0.0.1"
    port: int = 8000
    allow_host: Sequence[str] = ()
    base_url: str | None = None
    edit_url: str | None = None
    trust_proxy: str = "127.0.0.1"
    workers: int = 0
    timeout: float = 10.0
    memory: int = 1024**3
    answer_size: int = 16 * 1024**2
    query_size: int = 64 * 1024
    body_size: int = 128 * 1024
    cache_size: int = 16 * 1024**2
    queue: int = 32
    per_client: int = 4
    metrics: bool = False
    no_access_log: bool = False
    log_queries: bool = False


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=ServeOptions)
    add = parser.add_argument
    add("--host", metavar="ADDRESS", help="address to listen on (default: 127.0.0.1, this machine only)")
    add("--port", type=_port, metavar="N", help="port to listen on (default: 8000; 0: any free port)")
    add("--allow-host", action="append", metavar="NAME", help="further host name of this server, or * (repeatable)")
    add("--base-url", type=site_url, metavar="URL", help="URL of this server for clients, if a proxy is in front of it")
    add("--edit-url", type=site_url, metavar="URL", help=EDIT_URL_HELP)
    add("--trust-proxy", metavar="IP", help="addresses of proxies, separated by commas (default: 127.0.0.1)")
    add(
        "--workers",
        type=positive_integer,
        metavar="N",
        help="queries to run at once (default: one per processor, at least 2)",
    )
    add(
        "--timeout",
        type=_limited_seconds,
        metavar="S",
        help="time limit of a request in seconds (default: 10, at most 60)",
    )
    add("--memory", type=_size, metavar="SIZE", help="memory limit of a query (default: 1G)")
    add("--answer-size", type=_size, metavar="SIZE", help="maximum size of an answer (default: 16M)")
    add("--query-size", type=_size, metavar="SIZE", help="maximum size of a query (default: 64k)")
    add("--body-size", type=_size, metavar="SIZE", help="maximum size of a request body (default: 128k)")
    add("--cache-size", type=_size, metavar="SIZE", help="memory for answers to repeated requests (default: 16M)")
    add("--queue", type=positive_integer, metavar="N", help="requests that may wait for a worker (default: 32)")
    add("--per-client", type=positive_integer, metavar="N", help="requests of one client to run at once (default: 4)")
    add("--metrics", action="store_true", help="publish counts and times of requests at /metrics, for Prometheus")
    add("--no-access-log", action="store_true", help="do not log requests to standard error")
    add("--log-queries", action="store_true", help="log the query strings too, which can be private")
    parser.add_examples(
        "threatgraph serve",
        "threatgraph serve --port 8080 --data my-records/",
        "threatgraph serve --endpoint http://localhost:8890/sparql",
        "threatgraph serve --allow-host graph.example.org  # behind a proxy",
    )
    parser.add_note("SIGHUP loads the data again and interrupts no request.\nSIGTERM and Ctrl-C stop the server.")


def execute(options: ServeOptions) -> int:
    """Serve the graph until the process is stopped."""
    if options.output:
        raise ThreatGraphError("--output cannot be used with serve.")
    import os

    from threatgraph.cli.source import source_of
    from threatgraph.server.run import serve
    from threatgraph.server.settings import Settings
    from threatgraph.service import Limits

    source = source_of(options)

    if options.host not in ("127.0.0.1", "::1", "localhost"):
        notify(f"threatgraph: note: {options.host} can be reached from other machines; a proxy should add TLS.")
    limits = Limits(
        timeout=options.timeout,
        memory=options.memory,
        answer=options.answer_size,
        workers=options.workers or max(2, os.cpu_count() or 1),
        waiting=options.queue,
    )
    settings = Settings(
        host=options.host,
        port=options.port,
        allowed_hosts=options.allow_host,
        base_url=options.base_url,
        edit_url=options.edit_url or "",
        trusted_proxies=options.trust_proxy,
        limits=limits,
        query=options.query_size,
        body=max(options.body_size, options.query_size),
        headers=Settings().headers + 3 * options.query_size,
        per_client=options.per_client,
        cache=options.cache_size,
        metrics=options.metrics,
        access_log=not options.no_access_log,
        log_queries=options.log_queries,
    )
    serve(source, settings)
    return 0


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > _LARGEST_PORT:
        raise argparse.ArgumentTypeError(f"must be a port number from 0 to {_LARGEST_PORT}, not {text!r}")
    return int(text)


def _limited_seconds(text: str) -> float:
    value = seconds(text)
    if value > _LONGEST:
        raise argparse.ArgumentTypeError(f"must be at most {_LONGEST:g} seconds, not {text!r}")
    return value


def _size(text: str) -> int:
    """A number of bytes, with a unit such as ``k``, ``M`` or ``GiB``, which are powers of 1,024."""
    match = re.fullmatch(_SIZE, text.strip().lower())
    if not match:
        raise argparse.ArgumentTypeError(f"must be a size such as 64k, 16M or 1G, not {text!r}")
    return int(float(match[1]) * _UNITS[match[2]])
