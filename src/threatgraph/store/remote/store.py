"""A store on a SPARQL 1.1 server, asked over the SPARQL 1.1 protocol; nothing of the graph is kept here."""

from __future__ import annotations

import io
import re
import urllib.request
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from threatgraph import resources
from threatgraph.errors import EndpointError, InvalidFile, InvalidQuery, QueryTimeout
from threatgraph.rdf.nesting import JsonNesting, Refused
from threatgraph.rdf.reading import Source
from threatgraph.sparql.binding import Bindings, bind_values
from threatgraph.sparql.tokens import tokens
from threatgraph.store.protocol import Answer
from threatgraph.store.remote.dialects import MANIFEST_GRAPH, OWN_GRAPHS, Dialect, dialect_of, in_dataset
from threatgraph.store.remote.http import DEADLINE, Http, RequestTimeout, check_url
from threatgraph.store.remote.http import Answer as Said
from threatgraph.store.remote.parsing import form_of
from threatgraph.table import Table, to_rdflib_graph
from threatgraph.vocab import FILE_GRAPHS, PREFIXES

if TYPE_CHECKING:
    import rdflib

PAGE = 5_000
"""Rows that are asked for at once where a whole graph comes home; Virtuoso sorts no more than 10,000."""
_RESULTS = {"application/sparql-results+json": "json", "application/json": "json"}
_TRIPLES = {
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
}
_DECLARED = re.compile(r"\bPREFIX\s+([\w\-.]*):", re.IGNORECASE)
_PREDICATES = "SELECT ?p (COUNT(*) AS ?n) {dataset} WHERE {{ ?s ?p ?o }} GROUP BY ?p"
_EVERY = "SELECT ?s ?p ?o {dataset} WHERE {{ ?s ?p ?o }}"
_PAGE = (
    "SELECT ?s ?o {dataset} WHERE {{ ?s <{p}> ?o {after} }} "
    "ORDER BY STR(?s) STR(?o) LANG(?o) DATATYPE(?o) LIMIT {limit} OFFSET {offset}"
)


class RemoteStore:
    """A store on a server.

    Args:
        url: the address for queries.
        update_url: the address for updates, where it is another one.
        graph_store_url: the address of the Graph Store protocol, where the server has it.
        user: name of the user; the password comes from THREATGRAPH_PASSWORD or ``~/.netrc``.
        graph: the named graph to take for the default graph; by default what the server has, or for Virtuoso
            :data:`~threatgraph.store.remote.dialects.MERGED_GRAPH`.
        deadline: seconds that any single request may take.

    Raises:
        EndpointError: where an address is none, or there is a user without password.
    """

    def __init__(
        self,
        url: str,
        *,
        update_url: str | None = None,
        graph_store_url: str | None = None,
        user: str | None = None,
        graph: str | None = None,
        deadline: float = DEADLINE,
    ) -> None:
        self.url = check_url(url)
        self.update_url = check_url(update_url or url)
        self.graph_store_url = check_url(graph_store_url) if graph_store_url else None
        self.user, self.deadline = user, deadline
        self._http = Http(url, user, deadline=deadline)
        if graph is not None:
            try:
                ox.NamedNode(graph)
            except ValueError:
                raise InvalidQuery(
                    f"{graph!r} is no IRI for a graph: write one such as https://example.org/mine."
                ) from None
        self._graph = graph

    @cached_property
    def dialect(self) -> Dialect:
        """What is particular about the server; it is asked once."""
        return dialect_of(self._send("ASK {}", "json").headers)

    @property
    def default_graph(self) -> str | None:
        """The named graph that stands for the default graph; ``None`` where the server's own does."""
        return self._graph or self.dialect.default_graph

    @cached_property
    def files(self) -> Mapping[str, Path]:
        """The bundled file behind each named graph; no other file is taken for one because a server says so."""
        return {iri: path for iri, path in _bundled().items() if iri in set(self.graphs())}

    # Queries of our own.

    def select(self, sparql: str, bindings: Bindings | None = None) -> Table:
        """The rows of a SELECT query; ``bindings`` replaces variables by terms before the query runs."""
        answer = self._answer(bind_values(sparql, bindings), ox.QuerySolutions)
        if not isinstance(answer, Table):
            raise InvalidQuery("a SELECT query was expected here.")
        return answer

    def ask(self, sparql: str, bindings: Bindings | None = None) -> bool:
        """The answer to an ASK query."""
        return bool(self._answer(bind_values(sparql, bindings), ox.QueryBoolean))

    def construct(self, sparql: str, bindings: Bindings | None = None) -> list[ox.Triple]:
        """The triples of a CONSTRUCT or DESCRIBE query."""
        answer = self._answer(bind_values(sparql, bindings), ox.QueryTriples)
        if not isinstance(answer, list):
            raise InvalidQuery("a CONSTRUCT or DESCRIBE query was expected here.")
        return answer

    # Queries from outside.

    def query(
        self,
        sparql: str,
        bindings: Bindings | None = None,
        *,
        timeout: float | None = None,
        allow_service: bool = False,
    ) -> Answer:
        """Answer a query from outside; see :meth:`threatgraph.store.Store.query`.

        It is parsed here first, so that a fault is told as everywhere else, and a text that would write or make the
        server reach elsewhere never gets there.

        Raises:
            EndpointError: where the server does not answer as it should.
        """
        text = bind_values(sparql, bindings)
        form = form_of(text, timeout, allow_service=allow_service)
        try:
            # One limit for all that it takes, such as to find out first what server it is. Where the server asks
            # others, twice is not like once.
            with self._http.within(timeout):
                return self._answer(text, form, again=not allow_service)
        except RequestTimeout as error:
            raise QueryTimeout(str(error)) from None

    def call(self, function: str, *, what: str, timeout: float | None = None, **arguments: Any) -> Any:
        """Call a function of this package on this store, in this process: the server evaluates the queries.

        The time limit is that of each request.
        """
        module, _, name = function.partition(":")
        return getattr(import_module(module), name)(self, **arguments)

    # The graph itself.

    def triples(self) -> Iterator[ox.Triple]:
        """All triples of the merged graph, page by page."""
        return self._paged("")

    def graphs(self) -> list[str]:
        """The IRIs of the named graphs, sorted: one a file, and the graph of derived triples."""
        noted = self._every_graph(f"SELECT ?g WHERE {{ GRAPH <{MANIFEST_GRAPH}> {{ ?g dcterms:identifier ?digest }} }}")
        found = noted or self._every_graph("SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }")
        own = OWN_GRAPHS | {self.default_graph}
        return sorted(
            iri for iri in found if iri not in own and not iri.startswith((MANIFEST_GRAPH, *self.dialect.system_graphs))
        )

    def _every_graph(self, sparql: str) -> list[str]:
        return [str(iri) for iri in self.manifest(sparql).column("g")]

    def manifest(self, sparql: str) -> Table:
        """The rows of a SELECT query over all named graphs of the server, those of our own work included."""
        return self._table(self._send(_prologue(sparql) + sparql, "json"))

    def graph_triples(self, graph_iri: str) -> Iterator[ox.Triple]:
        """The triples of one named graph, page by page."""
        return self._paged(f"FROM {ox.NamedNode(graph_iri)}")

    #: Servers keep literals as they like; how files write them is not known there.
    rewritten: Mapping[str, Collection[ox.NamedNode | ox.BlankNode]] = MappingProxyType({})

    def as_written(self, triples: Iterable[ox.Triple]) -> Iterator[ox.Triple]:
        """The triples as they are."""
        return iter(triples)

    def to_rdflib(self) -> rdflib.Graph:
        """The merged graph as an rdflib graph, with our prefixes bound; a copy, free to change."""
        return to_rdflib_graph(self.triples())

    def _paged(self, dataset: str) -> Iterator[ox.Triple]:
        """The triples of a graph: at once, or predicate by predicate; nothing is lost while the server's graph rests.

        Args:
            dataset: a FROM clause, or nothing for the default graph.

        Raises:
            EndpointError: where the rows are not as many as the server had counted: it cut them, or the graph changed.
        """
        counts: list[tuple[ox.NamedNode, int]] = []
        for predicate, count in self.select(_PREDICATES.format(dataset=dataset)).rows:
            if not isinstance(predicate, ox.NamedNode) or not isinstance(count, ox.Literal):
                raise EndpointError(self.url, "the server does not count the statements of each predicate.")
            counts.append((predicate, int(count.value)))
        if (wanted := sum(count for _, count in counts)) <= PAGE:
            rows = self.select(_EVERY.format(dataset=dataset)).rows
            self._require(wanted, len(rows), "the graph")
            yield from (ox.Triple(*row) for row in rows)  # type: ignore[arg-type]
            return
        for predicate, wanted in sorted(counts, key=str):
            came = 0
            for subject, value in self._pages(dataset, predicate):
                came += 1
                yield ox.Triple(subject, predicate, value)
            self._require(wanted, came, str(predicate))

    def _require(self, wanted: int, came: int, of: str) -> None:
        if came != wanted:
            reason = f"{came} of {wanted} statements of {of} came: it changed meanwhile, or the server cuts answers."
            raise EndpointError(self.url, reason)

    def _pages(self, dataset: str, predicate: ox.NamedNode) -> Iterator[tuple[Any, ...]]:
        """Pages begin at the last subject of the one before, so that a late page costs no more than the first."""
        last: str | None = None
        offset = 0
        while True:
            after = "" if last is None else f"FILTER(STR(?s) >= {ox.Literal(last)})"
            text = _PAGE.format(dataset=dataset, p=predicate.value, after=after, limit=PAGE, offset=offset)
            page: list[tuple[Any, ...]] = list(self.select(text).rows)
            yield from page
            if len(page) < PAGE:
                return
            subject = page[-1][0].value
            same = sum(1 for row in page if row[0].value == subject)
            offset = offset + same if subject == last else same
            last = subject

    # How a query goes out and its answer comes back.

    def _answer(self, sparql: str, form: type, *, again: bool = True) -> Answer:
        said = self._send(_prologue(sparql) + sparql, "nt" if form is ox.QueryTriples else "json", sparql, again=again)
        if form is ox.QueryTriples:
            return self._graph_of(said)
        results = self._results(said)
        return bool(results) if isinstance(results, ox.QueryBoolean) else self._table(said)

    def _send(self, text: str, form: str, dataset_of: str | None = None, *, again: bool = True) -> Said:
        dataset: list[tuple[str, str]] = []
        if dataset_of is not None and (merged := self.default_graph) and not _names_dataset(dataset_of):
            if _speaks_of_graphs(dataset_of):
                text = in_dataset(text, merged, self.graphs())
            else:
                dataset.append(("default-graph-uri", merged))
        return self._http.send(_request(self.url, text, form, dataset), again=again)

    def _results(self, said: Said) -> ox.QuerySolutions | ox.QueryBoolean:
        if said.kind not in _RESULTS:
            raise EndpointError(said.url, _wrong_kind(said, "application/sparql-results+json"))
        try:
            JsonNesting().feed(said.content)
            return ox.parse_query_results(said.content, format=ox.QueryResultsFormat.JSON)
        except Refused as error:
            raise EndpointError(said.url, f"the answer is refused: {error.reason}") from None
        except (SyntaxError, ValueError) as error:
            raise EndpointError(said.url, _damaged(error)) from None

    def _table(self, said: Said) -> Table:
        solutions = self._results(said)
        if not isinstance(solutions, ox.QuerySolutions):
            raise EndpointError(said.url, "the server answered a SELECT with a truth value.")
        try:
            term = dialect_of(said.headers).term
            rows = [tuple(map(term, solution)) for solution in solutions]
        except MemoryError:
            raise EndpointError(said.url, "the answer holds a text that is too long: ask for a part of it.") from None
        except (SyntaxError, ValueError) as error:
            raise EndpointError(said.url, _damaged(error)) from None
        self._check_complete(said, len(rows))
        return Table([variable.value for variable in solutions.variables], rows)

    def _graph_of(self, said: Said) -> list[ox.Triple]:
        if said.kind not in _TRIPLES:
            raise EndpointError(said.url, _wrong_kind(said, "application/n-triples"))
        try:
            source = Source(io.BytesIO(said.content), "line", _TRIPLES[said.kind], None)
            found = [quad.triple for quad in source.quads()]
        except InvalidFile as error:
            raise EndpointError(said.url, _damaged(error)) from None
        self._check_complete(said, len(found))
        return list(dict.fromkeys(found))

    def _check_complete(self, said: Said, rows: int) -> None:
        dialect_of(said.headers).check_complete(said.url, rows, said.headers)


def _request(url: str, text: str, form: str, dataset: Sequence[tuple[str, str]]) -> urllib.request.Request:
    from SPARQLWrapper import INSERT, POST, SELECT, SPARQLWrapper

    wrapper = SPARQLWrapper(url, updateEndpoint=url, agent="threatgraph")
    wrapper.setMethod(POST)
    wrapper.setOnlyConneg(True)
    wrapper.setQuery(text)
    # It guesses by the words of the text, those in strings included.
    wrapper.queryType = INSERT if form == "update" else SELECT
    for name, value in dataset:
        wrapper.addParameter(name, value)
    # SPARQLWrapper opens its requests without a bound on time or size: it builds them, and http.py opens them.
    request: urllib.request.Request = wrapper._createRequest()
    request.remove_header("Accept")
    accept = {"json": "application/sparql-results+json", "nt": "application/n-triples, text/turtle;q=0.8"}.get(
        form, "*/*"
    )
    request.add_header("Accept", accept)
    return request


def update_request(url: str, text: str) -> urllib.request.Request:
    """A SPARQL 1.1 update as a request."""
    return _request(url, text, "update", [])


def _prologue(sparql: str) -> str:
    """Declares the prefixes that a query uses and does not declare itself; on one line, so that positions stay."""
    declared = set(_DECLARED.findall(sparql))
    wanted = [name for name in PREFIXES if name not in declared and f"{name}:" in sparql]
    return "".join(f"PREFIX {name}: <{PREFIXES[name]}> " for name in wanted)


def _speaks_of_graphs(sparql: str) -> bool:
    return any(word == "GRAPH" for word, _ in tokens(sparql))


def _names_dataset(sparql: str) -> bool:
    return any(word == "FROM" for word, _ in tokens(sparql))


def _bundled() -> dict[str, Path]:
    root = resources.root()
    return {FILE_GRAPHS + file.relative_to(root).as_posix(): file for file in resources.bundled_files()}


def _wrong_kind(said: Said, wanted: str) -> str:
    if not said.content:
        return "the answer is empty: check that this is the address for SPARQL queries."
    kind = said.kind or "something without a media type"
    return f"the server answered with {kind} where {wanted} was asked for: check that this is a SPARQL endpoint."


def _damaged(error: Exception) -> str:
    return f"the answer is damaged or was cut off ({str(error)[:120]}): try again; the server's log may tell more."
