"""The commands of the command line, in the groups of the help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class Command:
    """A command.

    Args:
        name: its name.
        summary: what it does.
        aliases: other names for it.
    """

    def __init__(self, name: str, summary: str, aliases: Sequence[str] = ()) -> None:
        self.name, self.summary, self.aliases = name, summary, aliases

    @property
    def module(self) -> str:
        """The module with its arguments and its function; ``import`` is a keyword of Python."""
        return f"threatgraph.cli.{'import_' if self.name == 'import' else self.name}"


GROUPS: Mapping[str, Sequence[Command]] = {
    "explore": (
        Command("search", "Search the records by words, names and codes"),
        Command("show", "Show one record with its links"),
        Command("list", "List the records of a kind"),
        Command("stats", "Count records, files and triples"),
        Command("schema", "Explain the classes and properties"),
        Command("queries", "List the named queries, or explain one"),
        Command("run", "Run a named query"),
        Command("query", "Run a SPARQL query"),
    ),
    "analyze": (
        Command("assess", "Assess an AI system: threats, provisions and a risk register"),
        Command("recommend", "Recommend related records and explain why"),
        Command("analyze", "Run graph analytics", aliases=("analyse",)),
        Command("plot", "Draw a chart as SVG or PNG"),
    ),
    "maintain data": (
        Command("new", "Scaffold a record"),
        Command("validate", "Validate the graph or files with shapes and cross-record checks"),
        Command("format", "Format Turtle files"),
    ),
    "exchange data": (
        Command("export", "Export the graph or one record"),
        Command("diff", "Compare two states of the graph, record by record"),
        Command("release", "Write the files of a release"),
        Command("import", "Import records from a file of another project"),
        Command("load", "Load files into a store on disk or a SPARQL server"),
        Command("sync", "Upload the graph to a SPARQL server"),
    ),
    "serve": (
        Command("serve", "Serve the graph over HTTP: SPARQL, linked data and JSON"),
        Command("site", "Write a static site with the pages of all records"),
        Command("mcp", "Serve the graph to an AI agent by MCP over stdio"),
    ),
    "set up": (Command("completion", "Print a completion script for a shell"),),
}
#: Called by the scripts of ``completion``, and not listed in the help.
COMPLETE = Command("complete", "List what can follow on the command line")
EXAMPLES = (
    "threatgraph search 'AI corrigibility'",
    "threatgraph show PAT-SYS-005",
    "threatgraph run patterns-by-cause -p cause=CAUSE-009",
    "threatgraph query 'SELECT * { ?d a tg:Domain ; skos:prefLabel ?label }'",
    "threatgraph recommend --text 'chatbot leaks customer data'",
    "threatgraph assess --text 'chatbot that ranks job applicants'",
)
