"""``threatgraph query``: run a SPARQL query."""

from __future__ import annotations

import sys
from pathlib import Path

from threatgraph.cli.options import RESULTS, TRIPLES, Names, TableOptions, add_format, seconds, utf8
from threatgraph.cli.output import decoded, notify, open_graph, write, write_table, write_truth
from threatgraph.cli.parser import Parser
from threatgraph.errors import InvalidFile, InvalidQuery
from threatgraph.graph import DEFAULT_TIMEOUT, missing_limits
from threatgraph.table import Table


class QueryOptions(TableOptions):
    """The options of ``threatgraph query``."""

    format: str = ""
    """Empty for the default format of the kind of answer."""
    text: str | None = None
    file: str | None = None
    timeout: float = DEFAULT_TIMEOUT
    allow_service: bool = False


def add_arguments(parser: Parser) -> None:
    """Add the arguments of the command."""
    parser.set_defaults(execute=execute, options=QueryOptions)
    parser.add_argument(
        "text", metavar="SPARQL", nargs="?", type=utf8, help="the query; - reads it from standard input"
    )
    parser.add_argument("-f", "--file", metavar="FILE", help="read the query from FILE")
    parser.add_argument(
        "--timeout", type=seconds, metavar="SECONDS", help=f"stop after SECONDS (default: {DEFAULT_TIMEOUT:g})"
    )
    parser.add_argument("--allow-service", action="store_true", help="allow federated queries (SERVICE)")
    add_format(parser, RESULTS, TRIPLES, default="table; turtle for CONSTRUCT and DESCRIBE")
    parser.add_examples(
        "threatgraph query 'SELECT ?label { ?d a tg:Domain ; skos:prefLabel ?label }'",
        "threatgraph query -f question.rq --format csv -o answer.csv",
        "threatgraph query 'ASK { pattern:goal-drift a tg:ThreatPattern }'",
    )


def execute(options: QueryOptions) -> int:
    """Run a SPARQL query and write rows, a truth value or triples."""
    text = _query_text(options)
    graph = open_graph(options, quick=True)
    for limit in missing_limits():
        notify(f"threatgraph: note: this system cannot limit the {limit} of a query.")
    answer = graph.query(text, timeout=options.timeout, allow_service=options.allow_service, raw=True)
    _require_format(options.format, RESULTS if isinstance(answer, bool | Table) else TRIPLES)
    if isinstance(answer, bool):
        write_truth(answer, options)
    elif isinstance(answer, Table):
        write_table(answer, options, options.format or "table", results=True)
    else:
        write(graph.serialize(answer, options.format or "turtle"), options)
    return 0


def _require_format(form: str, registry: str) -> None:
    """Make sure that a format suits the kind of answer; no format suits all."""
    if not form:
        return
    names = list(Names(registry))
    if form not in names:
        kind = "SELECT and ASK" if registry == RESULTS else "CONSTRUCT and DESCRIBE"
        raise InvalidQuery(f"--format {form} is not available for {kind}; choose one of {', '.join(names)}.")


def _refuse_name(text: str) -> None:
    """Reject the name of a named query, which has no braces."""
    if "{" in text:
        return
    from threatgraph.catalog import is_query  # takes time to import

    if is_query(text):
        raise InvalidQuery(f"{text!r} is a named query, not SPARQL: use `threatgraph run {text}`.")


def _query_text(options: QueryOptions) -> str:
    if options.text is not None and options.file is not None:
        raise InvalidQuery("both SPARQL and --file are given; give one of them.")
    if options.text == "-":
        if sys.stdin is None:
            raise InvalidQuery("standard input is closed, so the query cannot be read.")
        return decoded(sys.stdin.buffer.read(), "standard input")
    if options.text is not None:
        _refuse_name(options.text)
        return options.text
    if options.file is None:
        raise InvalidQuery("no query; give it as SPARQL, as - for standard input, or with -f FILE.")
    try:
        return decoded(Path(options.file).read_bytes(), options.file)
    except OSError as error:
        raise InvalidFile(options.file, f"cannot be read: {error.strerror}.") from error
