"""``threatgraph mcp``: serve the graph to an AI agent by the Model Context Protocol, over stdio."""

from __future__ import annotations

from threatgraph.cli.options import Options, seconds
from threatgraph.cli.parser import Parser
from threatgraph.cli.source import source_of
from threatgraph.service import Limits

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

    run(source_of(options), Limits(timeout=options.timeout))
    return 0
