"""``threatgraph stats``: count records, files and triples."""

from __future__ import annotations

from pyoxigraph import Literal, NamedNode

from threatgraph.cli.options import TABLES, TableOptions, add_format
from threatgraph.cli.output import notify, open_graph, write_table
from threatgraph.cli.parser import Parser
from threatgraph.table import Table
from threatgraph.vocab import KINDS, XSD, tg


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=TableOptions)
    add_format(parser, TABLES, default="table")
    parser.add_examples("threatgraph stats", "threatgraph stats --data my-records/ --format json")


def execute(options: TableOptions) -> int:
    """Count the records of each kind, the files and the triples."""
    graph = open_graph(options, quick=True)
    classes = graph.store.select("SELECT ?class (COUNT(?s) AS ?n) WHERE { ?s a ?class } GROUP BY ?class").to_dicts()
    counts = {str(row["class"]): row["n"] for row in classes}
    rows = [(kind.plural, counts.get(tg(kind.class_name), 0)) for kind in KINDS.values()]
    rows += [("files", len(graph.store.files) or len(graph.store.graphs())), ("triples", len(graph))]
    number = NamedNode(XSD + "integer")
    table = Table(("what", "count"), [(Literal(what), Literal(str(count), datatype=number)) for what, count in rows])
    write_table(table, options)
    if getattr(graph.store, "outdated", False):
        notify("threatgraph: note: the bundled data is newer than the store; update it with `threatgraph load`.")
    return 0
