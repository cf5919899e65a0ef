"""The commands that ask: stats, list, queries, query, sparql."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pyoxigraph import Literal, NamedNode

from threatgraph.catalog import NamedQuery, load_catalog
from threatgraph.cli.output import open_graph, put, put_table, width, wrap
from threatgraph.errors import InvalidFile, InvalidQuery, UnknownName
from threatgraph.store.protocol import DEFAULT_TIMEOUT
from threatgraph.store.workers.sandbox import missing_limits
from threatgraph.table import Table
from threatgraph.vocab import KINDS, XSD, tg

_LIST = """
SELECT ?code ?label ?record
WHERE {{
  ?record a <{cls}> ; skos:prefLabel ?label .
  OPTIONAL {{ ?record skos:notation ?code }}
}}
ORDER BY STR(?code) STR(?label) STR(?record)
"""


def stats(arguments: argparse.Namespace) -> int:
    """Count the records of each kind, the files and the triples."""
    graph = open_graph(arguments, quick=True)
    classes = graph.store.select("SELECT ?class (COUNT(?s) AS ?n) WHERE { ?s a ?class } GROUP BY ?class").to_dicts()
    counts = {str(row["class"]): row["n"] for row in classes}
    rows = [(kind.plural, counts.get(tg(kind.class_name), 0)) for kind in KINDS.values()]
    rows += [("files", len(graph.store.files) or len(graph.store.graphs())), ("triples", len(graph))]
    number = NamedNode(XSD + "integer")
    table = Table(("what", "count"), [(Literal(what), Literal(str(count), datatype=number)) for what, count in rows])
    put_table(table, arguments)
    if getattr(graph.store, "outdated", False):
        text = "the bundled data is newer than the store: `threatgraph load` with its --store brings it up to date."
        print(f"threatgraph: note: {text}", file=sys.stderr)
    return 0


def list_records(arguments: argparse.Namespace) -> int:
    """List the records of a kind."""
    by_name = {kind.name: kind for kind in KINDS.values()} | {kind.plural: kind for kind in KINDS.values()}
    kind = by_name.get(arguments.kind.lower())
    if kind is None:
        raise UnknownName("kind", arguments.kind, by_name, f"The kinds are {', '.join(KINDS)}.")
    graph = open_graph(arguments, quick=True)
    if kind.name == "pattern":
        put_table(graph.run("patterns"), arguments)
    elif kind.name == "incident":
        put_table(graph.run("incidents"), arguments)
    else:
        put_table(graph.store.select(_LIST.format(cls=tg(kind.class_name))), arguments)
    return 0


def list_queries(arguments: argparse.Namespace) -> int:
    """List the named queries, or explain one of them."""
    catalog = load_catalog()
    if arguments.name is None:
        rows = [(Literal(query.name), Literal(query.question)) for query in catalog.values()]
        put_table(Table(("name", "question"), rows), arguments)
        return 0
    query = _named(arguments.name)
    if arguments.format == "table":
        put(_explained(query, width(arguments)), arguments)
    else:
        put_table(_header_table(query), arguments)
    return 0


def run_query(arguments: argparse.Namespace) -> int:
    """Run a named query."""
    query = _named(arguments.name)
    values: dict[str, str] = {}
    for given in arguments.param:
        name, equals, value = given.partition("=")
        if not equals:
            raise InvalidQuery(f"{given!r} is no parameter: write NAME=VALUE, such as {_example(query)}.")
        if name.strip() in values:
            raise InvalidQuery(f"the parameter {name.strip()} is given twice: give it one value.")
        values[name.strip()] = value
    put_table(open_graph(arguments, quick=True).run(query.name, **values), arguments)
    return 0


def sparql(arguments: argparse.Namespace) -> int:
    """Run a SPARQL query and write rows, a truth value or triples."""
    text = _query_text(arguments)
    graph = open_graph(arguments, quick=True)
    timeout = arguments.timeout or DEFAULT_TIMEOUT
    for limit in missing_limits():
        print(f"threatgraph: note: this system cannot limit the {limit} of a query.", file=sys.stderr)
    answer = graph.store.query(text, timeout=timeout, allow_service=arguments.allow_service)
    if isinstance(answer, bool):
        put("true\n" if answer else "false\n", arguments)
    elif isinstance(answer, Table):
        put_table(answer, arguments)
    else:
        from threatgraph.export import export_triples

        put(export_triples(answer, arguments.format or "turtle"), arguments)
    return 0


def _named(name: str) -> NamedQuery:
    catalog = load_catalog()
    if name not in catalog:
        raise UnknownName("query", name, catalog, "`threatgraph queries` lists them.")
    return catalog[name]


def _explained(query: NamedQuery, columns: int | None) -> str:
    """What a query asks, takes and gives, for people."""
    lines = [query.title, "", *wrap(query.question, columns), "", "Parameters:"]
    for parameter in query.parameters:
        default = "required" if parameter.default is None else f"default: {parameter.default}"
        text = f"{parameter.name} ({parameter.type}, {default}): {parameter.description}"
        lines += wrap(text, columns, "  ", "  ")
    if not query.parameters:
        lines.append("  none")
    lines += ["", "Columns:"]
    for name, text in query.columns.items():
        lines += wrap(f"{name}: {text}", columns, "  ", "  ")
    given = f" --param {_example(query)}" if query.parameters else ""
    return "\n".join([*lines, "", f"Run it: threatgraph query {query.name}{given}", ""])


def _header_table(query: NamedQuery) -> Table:
    """The parameters and columns of a query, for programs."""
    rows: list[tuple[Literal | None, ...]] = [
        (
            Literal("parameter"),
            Literal(parameter.name),
            Literal(parameter.type),
            None if parameter.default is None else Literal(parameter.default),
            Literal(parameter.description),
        )
        for parameter in query.parameters
    ]
    rows += [(Literal("column"), Literal(name), None, None, Literal(text)) for name, text in query.columns.items()]
    return Table(("part", "name", "type", "default", "description"), rows)


def _example(query: NamedQuery) -> str:
    first = next(iter(query.parameters), None)
    return f"{first.name}={first.default or first.type.upper()}" if first else "NAME=VALUE"


def _query_text(arguments: argparse.Namespace) -> str:
    if (arguments.text is None) == (arguments.file is None):
        raise InvalidQuery("give the query as TEXT, as - for standard input, or by -f FILE; one of these.")
    if arguments.text == "-":
        if sys.stdin is None:
            raise InvalidQuery("standard input is closed: there is no query to read.")
        return decoded(sys.stdin.buffer.read(), "standard input")
    if arguments.text is not None:
        return str(arguments.text)
    try:
        return decoded(Path(arguments.file).read_bytes(), arguments.file)
    except OSError as error:
        raise InvalidFile(arguments.file, f"cannot be read: {error.strerror}.") from error


def decoded(content: bytes, name: str) -> str:
    """The text of a query, whatever encoding the terminal is set to; a byte order mark is not part of it."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidFile(name, f"not UTF-8 (byte 0x{content[error.start]:02x}): save it as UTF-8.", line) from error
