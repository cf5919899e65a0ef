"""``threatgraph mcp``: serve the graph to an AI agent by the Model Context Protocol, over stdio."""

from __future__ import annotations

from threatgraph.cli.options import Options, seconds
from threatgraph.cli.parser import Parser
from threatgraph.errors import ThreatGraphError
from threatgraph.service import Limits, Source

_TIMEOUT = Limits().timeout


class McpOptions(Options):
    """The options of ``threatgraph mcp``."""

    timeout: float = _TIMEOUT


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=McpOptions)
    parser.add_argument(
        "--timeout", type=seconds, metavar="SECONDS", help=f"stop a call after SECONDS (default: {_TIMEOUT:g})"
    )
    parser.add_examples(
        "threatgraph mcp", "threatgraph mcp --data my-risks.ttl", "claude mcp add tg -- threatgraph mcp"
    )
    parser.add_note("The server needs the MCP SDK: pip install 'threatgraph[mcp]'")


def execute(options: McpOptions) -> int:
    """Serve the graph until standard input ends."""
    from threatgraph.mcp.stdio import run

    run(_source(options), Limits(timeout=options.timeout))
    return 0


def _source(options: Options) -> Source:
    """The graph that the options select.

    Raises:
        ThreatGraphError: if they exclude each other.
    """
    if options.endpoint and (options.data or options.store or options.no_bundled):
        reason = "a server is queried as it is; upload files with `threatgraph load --endpoint` or `sync`."
        raise ThreatGraphError(f"--data, --store and --no-bundled cannot be used with --endpoint: {reason}")
    if options.store and (options.data or options.no_bundled):
        reason = "`threatgraph load` adds files to a store and has --no-bundled."
        raise ThreatGraphError(f"--data and --no-bundled cannot be used with --store: {reason}")
    return Source(
        options.data,
        bundled=not options.no_bundled,
        store=options.store,
        endpoint=options.endpoint,
        user=options.user,
        graph=options.default_graph,
    )
