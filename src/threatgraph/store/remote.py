"""The store on a SPARQL server: the same triples in the same graphs, asked over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from threatgraph.errors import EndpointError, InvalidQuery
from threatgraph.store.base import Answer
from threatgraph.store.binding import Bindings, bind_values
from threatgraph.store.dialects import Dialect, dialect_of
from threatgraph.store.endpoint import DEFAULT_TIMEOUT, N_TRIPLES, SPARQL_JSON, Address, Endpoint
from threatgraph.store.endpoint import Answer as Sent
from threatgraph.store.guard import refuse_unsafe
from threatgraph.store.oxigraph import OxigraphStore
from threatgraph.table import Table, Term, to_rdflib_graph
from threatgraph.vocab import MANIFEST_GRAPH, PREFIXES

if TYPE_CHECKING:
    import rdflib

PAGE = 100_000
"""Triples that are asked for at once."""
_FORMS = {
    N_TRIPLES: ox.RdfFormat.N_TRIPLES,
    "text/plain": ox.RdfFormat.N_TRIPLES,
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
}
_TRIPLES = f"{N_TRIPLES}, text/turtle;q=0.5"


class RemoteStore:
    """A store on a server that speaks SPARQL 1.1; ``threatgraph sync`` fills it.

    Args:
        address: where the server is.
        graph: the named graph to ask in place of the server's default graph.

    Raises:
        EndpointError: where the server does not answer as a SPARQL server does.
    """

    def __init__(self, address: Address, graph: str | None = None) -> None:
        self.endpoint = Endpoint(address)
        first = self.endpoint.ask("ASK {}", SPARQL_JSON, timeout=30)
        _results(first, address.query)
        self.dialect: Dialect = dialect_of(first, graph)

    @property
    def files(self) -> Mapping[str, Path]:
        """None: what is on a server is in no file here."""
        return {}

    # Queries of our own.

    def select(self, sparql: str, bindings: Bindings | None = None) -> Table:
        """The rows of a SELECT query; ``bindings`` replaces variables by terms before the query runs."""
        return self._select(bind_values(sparql, bindings), DEFAULT_TIMEOUT)

    def ask(self, sparql: str, bindings: Bindings | None = None) -> bool:
        """The answer to an ASK query."""
        return self._truth(bind_values(sparql, bindings), DEFAULT_TIMEOUT)

    def construct(self, sparql: str, bindings: Bindings | None = None) -> list[ox.Triple]:
        """The triples of a CONSTRUCT or DESCRIBE query."""
        return self._construct(bind_values(sparql, bindings), DEFAULT_TIMEOUT)

    def query(
        self,
        sparql: str,
        bindings: Bindings | None = None,
        *,
        timeout: float | None = None,
        allow_service: bool = False,
    ) -> Answer:
        """Answer a query from outside; see :meth:`threatgraph.store.Store.query`.

        It is parsed here first: what is no SPARQL 1.1, such as a server's own pragmas, does not reach the server.
        """
        refuse_unsafe(sparql, allow_service=allow_service)
        bound = bind_values(sparql, bindings)
        form = self._parser.query(bound, allow_service=True)
        if isinstance(form, Table):
            return self._select(bound, timeout)
        return self._truth(bound, timeout) if isinstance(form, bool) else self._construct(bound, timeout)

    @cached_property
    def _parser(self) -> OxigraphStore:
        return OxigraphStore(ox.Store())

    # The graph itself.

    def triples(self) -> Iterator[ox.Triple]:
        """All triples of the merged graph, the derived ones included."""
        return self._all("%s")

    def graphs(self) -> list[str]:
        """The IRIs of the named graphs, sorted: those that ``sync`` has put there, or all, where it was never used."""
        noted = "GRAPH <%s> { ?graph dcterms:identifier ?digest } FILTER(!CONTAINS(STR(?graph), '#default'))"
        for where in (noted % MANIFEST_GRAPH, "GRAPH ?graph { ?s ?p ?o }"):
            if rows := self.select(f"SELECT DISTINCT ?graph WHERE {{ {where} }}").column("graph"):
                return sorted(map(str, rows))
        return []

    def graph_triples(self, graph_iri: str) -> Iterator[ox.Triple]:
        """The triples of one named graph."""
        return self._all(f"GRAPH {ox.NamedNode(graph_iri)} {{ %s }}")

    def to_rdflib(self) -> rdflib.Graph:
        """The merged graph as an rdflib graph, with our prefixes bound; a copy, free to change."""
        return to_rdflib_graph(self.triples())

    def _all(self, where: str) -> Iterator[ox.Triple]:
        """All triples of a graph, some at a time: property by property, and where it has many, subject by subject."""
        counts = self.select(
            f"SELECT ?p (COUNT(*) AS ?n) WHERE {{ {where % '?s ?p ?o'} }} GROUP BY ?p ORDER BY STR(?p)"
        ).rows
        if sum(_number(count) for _, count in counts) <= PAGE:
            yield from self._triples(where % "?s ?p ?o")
            return
        for name, count in counts:
            if _number(count) <= PAGE:
                yield from self._triples(where % f"?s {name} ?o", f"?s {name} ?o")
            else:
                yield from self._by_subject(where, str(name))

    def _triples(self, where: str, template: str = "?s ?p ?o") -> Iterator[ox.Triple]:
        rows = self.select(f"SELECT ?s ?p ?o WHERE {{ {where} {_bound(template)} }}").rows
        for subject, predicate, value in rows:
            yield ox.Triple(subject, predicate, value)  # type: ignore[arg-type]

    def _by_subject(self, where: str, name: str) -> Iterator[ox.Triple]:
        """The triples of one property in the order of their subjects, each page from where the one before ended."""
        predicate, after = ox.NamedNode(name.strip("<>")), ""
        while True:
            rows = self.select(
                f"SELECT ?s ?o WHERE {{ {where % f'?s {predicate} ?o'} FILTER(STR(?s) > {ox.Literal(after)}) }} "
                f"ORDER BY STR(?s) LIMIT {PAGE}"
            ).rows
            last = _text(rows[-1][0]) if len(rows) == PAGE else None
            for subject, value in rows:
                if _text(subject) != last:  # the last subject may have more than stands on this page
                    after = _text(subject)
                    yield ox.Triple(subject, predicate, value)  # type: ignore[arg-type]
            if last is None:
                return
            if _text(rows[0][0]) == last:
                yield from self._triples(where % f"<{last}> {predicate} ?o", f"<{last}> {predicate} ?o")
                after = last

    # What is sent.

    def _select(self, sparql: str, timeout: float | None) -> Table:
        sent = self._send(sparql, SPARQL_JSON, timeout)
        found = _results(sent, self.endpoint.address.query)
        if isinstance(found, bool):
            raise InvalidQuery("a SELECT query was expected here.")
        return self.dialect.table(found, sent)

    def _truth(self, sparql: str, timeout: float | None) -> bool:
        found = _results(self._send(sparql, SPARQL_JSON, timeout), self.endpoint.address.query)
        return found if isinstance(found, bool) else self.dialect.truth(found)

    def _construct(self, sparql: str, timeout: float | None) -> list[ox.Triple]:
        sent = self._send(sparql, _TRIPLES, timeout)
        form, url = _FORMS.get(sent.form), self.endpoint.address.query
        if form is None:
            raise _unexpected(url, sent, "triples")
        try:
            return list(dict.fromkeys(quad.triple for quad in ox.parse(sent.content, format=form, base_iri=url)))
        except SyntaxError as error:
            raise EndpointError(f"{url}: the triples of the answer do not parse ({error.msg}).") from error

    def _send(self, sparql: str, accept: str, timeout: float | None) -> Sent:
        heads = (f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items() if f"{name}:" in sparql)
        text = self.dialect.query("".join(heads) + sparql)
        return self.endpoint.ask(text, accept, default_graph=self.dialect.default_graph(text), timeout=timeout)


def _results(sent: Sent, url: str) -> Table | bool:
    """The table or truth value of an answer.

    Raises:
        EndpointError: where it is neither, or breaks off.
    """
    if sent.form not in (SPARQL_JSON, "application/json"):
        raise _unexpected(url, sent, "the result of a query")
    try:
        found = ox.parse_query_results(sent.content, format=ox.QueryResultsFormat.JSON)
        if isinstance(found, ox.QueryBoolean):
            return bool(found)
        assert isinstance(found, ox.QuerySolutions)  # noqa: S101 - there is no third
        return Table([variable.value for variable in found.variables], [tuple(solution) for solution in found])
    except (SyntaxError, ValueError) as error:
        reason = f"the answer is damaged, or breaks off ({getattr(error, 'msg', error)}): ask again."
        raise EndpointError(f"{url}: {reason}") from error


def _unexpected(url: str, sent: Sent, wanted: str) -> EndpointError:
    form = sent.form or "something without a type"
    return EndpointError(f"{url}: answered with {form}, not with {wanted}: is this the address of a SPARQL endpoint?")


def _bound(template: str) -> str:
    """Values for the parts of a template that are no variables, so that each row is a triple."""
    parts = zip(template.split(" ", 2), ("?s", "?p", "?o"), strict=True)
    return " ".join(f"VALUES {variable} {{ {part} }}" for part, variable in parts if part != variable)


def _number(term: Term | None) -> int:
    return int(term.value) if isinstance(term, ox.Literal) else 0


def _text(term: Term | None) -> str:
    return term.value if isinstance(term, (ox.NamedNode, ox.BlankNode)) else ""
