"""Evaluates SPARQL queries from outside, in a worker process."""

from __future__ import annotations

from contextlib import suppress
from itertools import chain, repeat
from typing import NamedTuple

from threatgraph.errors import ThreatGraphError
from threatgraph.export import RESULT_FORMATS, TRIPLE_FORMATS, export_results, export_triples
from threatgraph.service.answer import Answer
from threatgraph.service.served import ServedGraph
from threatgraph.sparql.guard import refuse_unsafe
from threatgraph.store.oxigraph import ROWS, OxigraphStore
from threatgraph.store.protocol import Answer as Result
from threatgraph.store.protocol import Dataset
from threatgraph.store.remote.store import RemoteStore
from threatgraph.vocab import BASE

JSON = "json"
"""The name of SPARQL Query Results JSON, which Oxigraph writes itself."""


class NotAcceptable(ThreatGraphError):
    """The client accepts no form that the answer to this query can have.

    Args:
        message: what the answer is.
        has_triples: whether it is triples, and not rows or a Boolean.
    """

    def __init__(self, message: str, *, has_triples: bool) -> None:
        super().__init__(message)
        self.has_triples = has_triples


class AnswerTooLarge(ThreatGraphError):
    """The answer is larger than the server sends."""


class Written(NamedTuple):
    """A form in which an answer can be written."""

    format: str
    """Its name among the formats of :mod:`threatgraph.export`."""
    content_type: str


_WARM = (
    "ASK {}",
    "SELECT (1 AS ?x) {}",
    "CONSTRUCT { <x> <y> 0.5 } {}",
    "SELECT {",
    "ASK { unknown:x ?p ?o }",
    "CLEAR ALL",
)


def warm(served: ServedGraph) -> None:
    """Answer a query of each kind in each form, and wrong ones."""
    for text in _WARM:
        for rows, triples in zip(RESULT_FORMATS, chain(TRIPLE_FORMATS, repeat("turtle")), strict=False):
            with suppress(ThreatGraphError):
                evaluate(served, text, None, Written(rows, ""), Written(triples, ""), 1.0, 1024)


def evaluate(
    served: ServedGraph,
    query_text: str,
    dataset: Dataset | None,
    rows: Written | None,
    triples: Written | None,
    seconds: float,
    largest: int,
) -> Answer:
    """Evaluate a query, and write the answer in the form that the client accepts for this kind of query.

    Relative IRIs in the query are relative to the namespace of the records.

    Args:
        served: the graph.
        query_text: the text of the query.
        dataset: the graphs that it sees, if the request names them.
        rows: the form for SELECT and ASK; ``None`` if the client accepts none of them.
        triples: the form for CONSTRUCT and DESCRIBE; ``None`` if the client accepts none of them.
        seconds: the time limit, for a graph on another server.
        largest: the maximum size of the answer in bytes.

    Raises:
        NotAcceptable: if the answer has a kind for which the client accepts no form.
        AnswerTooLarge: if the answer is larger.
        ThreatGraphError: as :meth:`threatgraph.ThreatGraph.query`.
    """
    store = served.graph.store
    if isinstance(store, OxigraphStore):
        refuse_unsafe(query_text)
        kind, content = store.answer(query_text, dataset, BASE)
        _require_small(content, largest)
        if kind == ROWS and rows is not None and rows.format == JSON:
            return Answer(content, rows.content_type)
        result = store.unpacked(kind, content)
    else:
        result = result_of(served, query_text, dataset, seconds)
    content, form = _written(result, rows, triples)
    _require_small(content, largest)
    return Answer(content, form.content_type)


def result_of(served: ServedGraph, query_text: str, dataset: Dataset | None, seconds: float) -> Result:
    """Evaluate a query; arguments and errors as for :func:`evaluate`.

    Returns:
        A table for SELECT, a Boolean for ASK, triples for CONSTRUCT and DESCRIBE.
    """
    store = served.graph.store
    if isinstance(store, OxigraphStore):
        refuse_unsafe(query_text)
        return store.unpacked(*store.answer(query_text, dataset, BASE))
    if isinstance(store, RemoteStore):
        return store.query(query_text, timeout=seconds, dataset=dataset)
    raise TypeError(store)


def _written(answer: Result, rows: Written | None, triples: Written | None) -> tuple[bytes, Written]:
    form = triples if isinstance(answer, list) else rows
    if form is None:
        raise NotAcceptable("the request accepts no format for this answer.", has_triples=isinstance(answer, list))
    if isinstance(answer, list):
        return export_triples(answer, form.format), form
    return export_results(answer, form.format), form


def _require_small(content: bytes, largest: int) -> None:
    if len(content) > largest:
        raise AnswerTooLarge(
            f"the answer is larger than {largest / 1024**2:g} MiB, the limit of this server: add a LIMIT, or download "
            "the graph."
        )
