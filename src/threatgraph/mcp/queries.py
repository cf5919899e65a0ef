"""What workers do for the tools that query: ``run_query`` and ``sparql``, and for the resources of named queries."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any, cast

import pyoxigraph as ox

from threatgraph.catalog import NamedQuery, find_query
from threatgraph.errors import InvalidQuery, ThreatGraphError, ThreatGraphWarning
from threatgraph.lookup import unknown_records
from threatgraph.mcp.replies import DEFAULT_SIZE, LARGEST_SIZE, Rows, clipped
from threatgraph.rdf.terms import Term
from threatgraph.service import ServedGraph
from threatgraph.sparql.guard import refuse_unsafe
from threatgraph.sparql.names import unknown_terms
from threatgraph.sparql.patterns import without_match
from threatgraph.store.oxigraph import BOOLEAN, ROWS, OxigraphStore
from threatgraph.summaries import read_summaries
from threatgraph.table import Table, to_text, to_value
from threatgraph.vocab import kind_of

#: The number of rows up to which a reply has the default size.
DEFAULT_LIMIT = 50
_LONGEST_CELL, _SHORTEST_CELL = 2_000, 60


def list_queries(
    served: ServedGraph,
    *,
    text: str | None = None,
    params: Mapping[str, Any] | None = None,
    limit: int = DEFAULT_LIMIT,
    start: int = 0,
) -> Rows:
    """List the named queries whose name or question has all words of a text."""
    if params:
        raise InvalidQuery("params require a name, that of the query.")
    words = (text or "").lower().split()
    found = [query for query in served.graph.queries.values() if all(word in _words_of(query) for word in words)]
    note = ""
    if not found:
        found, note = [*served.graph.queries.values()], f"No query has the words {text!r}. These are all queries."
    rows = [
        {"name": query.name, "question": query.question, "params": {p.name: _parameter(p) for p in query.parameters}}
        for query in found
    ]
    lines = [
        f"- {query.name}({', '.join(f'{p.name}: {_parameter(p)}' for p in query.parameters)}) {query.question}"
        for query in found
    ]
    end = start + limit
    return Rows(rows[start:end], lines[start:end], len(rows), note=note, start=start)


def _words_of(query: NamedQuery) -> str:
    return f"{query.name} {query.title} {query.question}".lower()


def _parameter(parameter: Any) -> str:
    default = "required" if parameter.default is None else f"default {parameter.default}"
    return f"{parameter.type}, {default}"


def run_query(
    served: ServedGraph,
    *,
    name: str,
    params: Mapping[str, Any] | None = None,
    text: str | None = None,
    limit: int = DEFAULT_LIMIT,
    start: int = 0,
) -> Rows:
    """Run a named query."""
    if text is not None:
        raise InvalidQuery("text filters the list of queries: leave out either name or text.")
    given = dict(params or {})
    for key, value in given.items():
        if isinstance(value, list | dict):
            raise InvalidQuery(f"the parameter {key} must be a text or a number, not {value!r:.80}.")
    table = served.graph.run(name, **given)
    return _page(served, table.columns, table.rows[start : start + limit], len(table), start, limit)


def read_queries(served: ServedGraph) -> str:
    """The named queries as text, one a line."""
    return "\n".join(list_queries(served, limit=len(served.graph.queries)).lines) + "\n"


def read_query(served: ServedGraph, *, name: str) -> str:
    """The SPARQL text of a named query, with the header that describes it."""
    return find_query(name).sparql


def complete(served: ServedGraph, *, prefix: str) -> list[str]:
    """The names of named queries that begin with a prefix."""
    return [name for name in served.graph.queries if name.startswith(prefix)]


def sparql(served: ServedGraph, *, text: str, seconds: float, limit: int = DEFAULT_LIMIT, start: int = 0) -> Rows:
    """Evaluate a SPARQL query from a client."""
    refuse_unsafe(text)
    store = served.graph.store
    mistakes = (*unknown_terms(text), *unknown_records(store, text))
    note = " ".join(map(_sentence, mistakes))
    if isinstance(store, OxigraphStore):
        kind, content = store.answer(text)
        if kind == ROWS:
            solutions = cast("ox.QuerySolutions", ox.parse_query_results(content, format=ox.QueryResultsFormat.JSON))
            columns = [variable.value for variable in solutions.variables]
            rows = [tuple(row) for row in islice(solutions, start, start + limit)]
            total = start + len(rows) + sum(1 for _ in solutions)
            return _page(served, columns, rows, total, start, limit, note)
        if kind == BOOLEAN:
            return _truth(bool(content), note)
        return _triples(content.decode().splitlines(), start, limit, note)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ThreatGraphWarning)
        answer = served.graph.query(text, timeout=seconds, raw=True)
    if isinstance(answer, Table):
        return _page(served, answer.columns, answer.rows[start : start + limit], len(answer), start, limit, note)
    if isinstance(answer, bool):
        return _truth(answer, note)
    return _triples([f"{triple} ." for triple in answer], start, limit, note)


def _sentence(text: str) -> str:
    end = "" if text.endswith((".", "?")) else "."
    return f"{text[0].upper()}{text[1:]}{end}"


def diagnose(served: ServedGraph, *, text: str) -> str:
    """Say which triple patterns of a query without rows have no match by themselves; empty if it cannot be said."""

    def has_match(ask: str) -> bool:
        refuse_unsafe(ask)
        store = served.graph.store
        if isinstance(store, OxigraphStore):
            kind, content = store.answer(ask)
            return kind != BOOLEAN or bool(content)
        return bool(served.graph.query(ask, raw=True))

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ThreatGraphWarning)
            return without_match(text, has_match)
    except ThreatGraphError:
        return ""


def _truth(value: bool, note: str) -> Rows:
    return Rows([{"boolean": value}], [str(value).lower()], 1, note=note)


def _triples(lines: Sequence[str], start: int, limit: int, note: str) -> Rows:
    shown = [clipped(line, _LONGEST_CELL) for line in lines[start : start + limit]]
    size = DEFAULT_SIZE if limit <= DEFAULT_LIMIT else LARGEST_SIZE
    return Rows([{"triple": line} for line in shown], shown, len(lines), note=note, start=start, size=size)


def _page(
    served: ServedGraph,
    columns: Sequence[str],
    rows: Sequence[tuple[Term | None, ...]],
    total: int,
    start: int,
    limit: int,
    note: str = "",
) -> Rows:
    """A page of rows, each with what is known about the first record in it."""
    if start and start >= total:
        raise InvalidQuery(f"the query has {total:,} rows, so there is no page after row {start:,}.")
    size = DEFAULT_SIZE if limit <= DEFAULT_LIMIT else LARGEST_SIZE
    longest = max(_SHORTEST_CELL, min(_LONGEST_CELL, size // (3 * max(len(columns), 1))))
    records = [next(filter(None, map(_record, row)), "") for row in rows]
    summaries = read_summaries(served.graph.store, list(dict.fromkeys(filter(None, records))))
    shown, cut = [], False
    for row, record in zip(rows, records, strict=True):
        cells = {name: _cell(term) for name, term in zip(columns, row, strict=True) if term is not None}
        short = {name: clipped(cell, longest) if isinstance(cell, str) else cell for name, cell in cells.items()}
        cut = cut or any(len(str(short[name])) < len(str(cell)) for name, cell in cells.items())
        if record:
            about = summaries[record]
            short = {"iri": record, "source": about.source, "curation_status": about.curation_status} | short
        shown.append(short)
    lines = [" | ".join(str(row.get(name, "")) for name in columns) for row in shown]
    if cut:
        note = f"{note} Long texts are cut; select a part with SUBSTR, or read the record with get.".strip()
    head = " | ".join(columns) if total else ""
    return Rows(shown, lines, total, head=head, note=note, start=start, size=size, cut=cut)


def _record(term: Term | None) -> str:
    """The IRI of a term that is a record or a part of one."""
    iri = term.value.partition("#")[0] if isinstance(term, ox.NamedNode) else ""
    return iri if kind_of(iri) else ""


def _cell(term: Term) -> object:
    return to_value(term) if isinstance(term, ox.Literal) else to_text(term)
