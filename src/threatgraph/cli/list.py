"""``threatgraph list``: list the records of a kind."""

from __future__ import annotations

from dataclasses import dataclass

from threatgraph.cli.options import TABLES, TableOptions, add_format
from threatgraph.cli.output import open_graph, write_table
from threatgraph.cli.parser import Parser
from threatgraph.errors import UnknownName
from threatgraph.vocab import KINDS, tg

_LIST = """
SELECT ?code ?label ?record
WHERE {{
  ?record a <{cls}> ; skos:prefLabel ?label .
  OPTIONAL {{ ?record skos:notation ?code }}
}}
ORDER BY STR(?code) STR(?label) STR(?record)
"""


@dataclass(frozen=True, kw_only=True)
class ListOptions(TableOptions):
    """The options of ``threatgraph list``."""

    kind: str


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=ListOptions)
    parser.add_argument("kind", metavar="KIND", help=f"one of {', '.join(KINDS)}, or its plural")
    add_format(parser, TABLES, default="table")
    parser.add_examples("threatgraph list patterns", "threatgraph list incident --format csv -o incidents.csv")


def execute(options: ListOptions) -> int:
    """List the records of a kind."""
    by_name = {kind.name: kind for kind in KINDS.values()} | {kind.plural: kind for kind in KINDS.values()}
    kind = by_name.get(options.kind.lower())
    if kind is None:
        raise UnknownName("kind", options.kind, by_name, f"The kinds are {', '.join(KINDS)}.")
    graph = open_graph(options, quick=True)
    if kind.name == "pattern":
        write_table(graph.run("patterns"), options)
    elif kind.name == "incident":
        write_table(graph.run("incidents"), options)
    else:
        write_table(graph.store.select(_LIST.format(cls=tg(kind.class_name))), options)
    return 0
