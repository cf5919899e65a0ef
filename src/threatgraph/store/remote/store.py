"""A store on a server, accessed by the SPARQL 1.1 Protocol; no triples are cached locally."""

from __future__ import annotations

import io
import re
import urllib.request
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from importlib import import_module
from itertools import islice
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pyoxigraph as ox

from threatgraph import resources
from threatgraph.display import redact
from threatgraph.errors import EndpointError, InvalidFile, InvalidQuery, QueryTimeout
from threatgraph.rdf.nesting import JsonNesting, Refused
from threatgraph.rdf.ntriples import to_lines
from threatgraph.rdf.reading import Source
from threatgraph.sparql.binding import Bindings, bind_values
from threatgraph.sparql.tokens import tokens
from threatgraph.store.protocol import Answer, Dataset
from threatgraph.store.remote.dialects import MANIFEST_GRAPH, OWN_GRAPHS, Dialect, dialect_of, in_dataset
from threatgraph.store.remote.http import DEADLINE, Http, RequestTimeout, Response, check_url
from threatgraph.store.remote.parsing import form_of
from threatgraph.table import Table, to_rdflib_graph
from threatgraph.vocab import FILE_GRAPHS, PREFIXES

if TYPE_CHECKING:
    import rdflib
    from _typeshed import SupportsWrite

PAGE = 5_000
"""Rows per page when a complete graph is downloaded; Virtuoso sorts at most 10,000 rows."""
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
        url: the SPARQL query endpoint.
        update_url: the SPARQL Update endpoint, if different from ``url``.
        graph_store_url: the Graph Store Protocol endpoint, if the server has one.
        user: the user name; the password comes from THREATGRAPH_PASSWORD or ``~/.netrc``.
        graph: the named graph to use as the default graph; by default that of the server, or for Virtuoso
            :data:`~threatgraph.store.remote.dialects.MERGED_GRAPH`.
        deadline: time limit of a request in seconds.

    Raises:
        EndpointError: if a URL is not valid, or the password of the user is missing.
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
                    f"{graph!r} is not a valid graph IRI: use one such as https://example.org/mine."
                ) from None
        self._graph = graph

    @cached_property
    def dialect(self) -> Dialect:
        """The dialect of the server, detected once."""
        return dialect_of(self._send("ASK {}", "json").headers)

    @property
    def default_graph(self) -> str | None:
        """The named graph used as the default graph; ``None`` for the server's default graph."""
        return self._graph or self.dialect.default_graph

    @cached_property
    def files(self) -> Mapping[str, Path]:
        """The bundled file of each named graph; file names from the server are not trusted."""
        present = set(self.graphs())
        return {iri: path for iri, path in _bundled().items() if iri in present}

    @property
    def location(self) -> str:
        """The URL of the server."""
        return f"at {redact(self.url)}"

    # Internal queries.

    def select(self, sparql: str, bindings: Bindings | None = None) -> Table:
        """Run an internal SELECT query; ``bindings`` replaces variables by terms before the query runs."""
        answer = self._answer(bind_values(sparql, bindings), ox.QuerySolutions)
        if not isinstance(answer, Table):
            raise InvalidQuery("expected a SELECT query.")
        return answer

    def ask(self, sparql: str, bindings: Bindings | None = None) -> bool:
        """Run an internal ASK query."""
        return bool(self._answer(bind_values(sparql, bindings), ox.QueryBoolean))

    def construct(self, sparql: str, bindings: Bindings | None = None) -> list[ox.Triple]:
        """Run an internal CONSTRUCT or DESCRIBE query."""
        answer = self._answer(bind_values(sparql, bindings), ox.QueryTriples)
        if not isinstance(answer, list):
            raise InvalidQuery("expected a CONSTRUCT or DESCRIBE query.")
        return answer

    # External queries.

    def query(
        self,
        sparql: str,
        bindings: Bindings | None = None,
        *,
        timeout: float | None = None,
        allow_service: bool = False,
        dataset: Dataset | None = None,
    ) -> Answer:
        """Run an external query; see :meth:`threatgraph.store.Store.query`.

        The query is parsed locally first. Syntax errors are reported as for other stores; updates and ``SERVICE`` are
        rejected before anything is sent. ``dataset`` replaces the graphs that the query names.

        Raises:
            EndpointError: if the server fails or returns an invalid response.
        """
        text = bind_values(sparql, bindings)
        form = form_of(text, timeout, allow_service=allow_service)
        try:
            # One limit for all requests, including the detection of the dialect. A query that calls other servers is
            # not idempotent.
            with self._http.within(timeout):
                return self._answer(text, form, idempotent=not allow_service, dataset=dataset)
        except RequestTimeout as error:
            raise QueryTimeout(str(error)) from None

    def call(self, function: str, *, what: str, timeout: float | None = None, **arguments: Any) -> Any:
        """Call a function of threatgraph on this store, in this process, since the server evaluates the queries.

        The time limit applies to each request.
        """
        module, _, name = function.partition(":")
        return getattr(import_module(module), name)(self, **arguments)

    # Triples and graphs.

    def triples(self) -> Iterator[ox.Triple]:
        """All triples of the merged graph, in pages."""
        return self._paged("")

    def dump(self, target: SupportsWrite[bytes], graph_iri: str | None = None) -> None:
        """Write triples as lines of N-Triples; see :meth:`threatgraph.store.Store.dump`."""
        triples = self.triples() if graph_iri is None else self.graph_triples(graph_iri)
        while lines := to_lines(islice(triples, PAGE)):
            target.write(lines)

    def graphs(self) -> list[str]:
        """The IRIs of the named graphs, sorted: one for each file, and one for derived triples."""
        noted = self._every_graph(f"SELECT ?g WHERE {{ GRAPH <{MANIFEST_GRAPH}> {{ ?g dcterms:identifier ?digest }} }}")
        found = noted or self._every_graph("SELECT DISTINCT ?g WHERE { GRAPH ?g { ?s ?p ?o } }")
        own = OWN_GRAPHS | {self.default_graph}
        return sorted(
            iri for iri in found if iri not in own and not iri.startswith((MANIFEST_GRAPH, *self.dialect.system_graphs))
        )

    def _every_graph(self, sparql: str) -> list[str]:
        return [str(iri) for iri in self.manifest(sparql).column("g")]

    def manifest(self, sparql: str) -> Table:
        """Run a SELECT query over all named graphs of the server, including administrative graphs."""
        return self._table(self._send(_prologue(sparql) + sparql, "json"))

    def graph_triples(self, graph_iri: str) -> Iterator[ox.Triple]:
        """The triples of one named graph, in pages."""
        return self._paged(f"FROM {ox.NamedNode(graph_iri)}")

    #: The lexical forms of the files are unknown, since servers may normalize literals.
    rewritten: Mapping[str, Collection[ox.NamedNode | ox.BlankNode]] = MappingProxyType({})

    def as_written(self, triples: Iterable[ox.Triple]) -> Iterator[ox.Triple]:
        """Return the triples unchanged."""
        return iter(triples)

    def to_rdflib(self) -> rdflib.Graph:
        """Copy the merged graph into an rdflib graph with the project's prefixes bound."""
        return to_rdflib_graph(self.triples())

    def _paged(self, dataset: str) -> Iterator[ox.Triple]:
        """Download a graph: in one request, or by predicate; complete unless the graph changes meanwhile.

        Args:
            dataset: a FROM clause, or the empty string for the default graph.

        Raises:
            EndpointError: if the number of rows differs from the count, by truncation or a change of the graph.
        """
        counts: list[tuple[ox.NamedNode, int]] = []
        for predicate, count in self.select(_PREDICATES.format(dataset=dataset)).rows:
            if not isinstance(predicate, ox.NamedNode) or not isinstance(count, ox.Literal):
                raise EndpointError(self.url, "the server returned no count of statements per predicate.")
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
            reason = (
                f"received {came} of {wanted} statements of {of}: the graph changed, or the server truncates results."
            )
            raise EndpointError(self.url, reason)

    def _pages(self, dataset: str, predicate: ox.NamedNode) -> Iterator[tuple[Any, ...]]:
        """Each page begins at the last subject of the previous page, so that late pages are as fast as early ones."""
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

    # Requests and responses.

    def _answer(self, sparql: str, form: type, *, idempotent: bool = True, dataset: Dataset | None = None) -> Answer:
        kind = "nt" if form is ox.QueryTriples else "json"
        text = _prologue(sparql) + sparql
        response = self._send(text, kind, sparql, idempotent=idempotent, dataset=dataset)
        if form is ox.QueryTriples:
            return self._graph_of(response)
        results = self._results(response)
        return bool(results) if isinstance(results, ox.QueryBoolean) else self._table(response)

    def _send(
        self,
        text: str,
        form: str,
        dataset_of: str | None = None,
        *,
        idempotent: bool = True,
        dataset: Dataset | None = None,
    ) -> Response:
        graphs: list[tuple[str, str]] = []
        if dataset is not None:
            default, named = dataset
            graphs += [("default-graph-uri", iri) for iri in default]
            graphs += [("named-graph-uri", iri) for iri in named]
        elif dataset_of is not None and (merged := self.default_graph) and not _names_dataset(dataset_of):
            if _uses_named_graphs(dataset_of):
                text = in_dataset(text, merged, self.graphs())
            else:
                graphs.append(("default-graph-uri", merged))
        return self._http.send(_request(self.url, text, form, graphs), idempotent=idempotent)

    def _results(self, response: Response) -> ox.QuerySolutions | ox.QueryBoolean:
        if response.kind not in _RESULTS:
            raise EndpointError(response.url, _wrong_kind(response, "application/sparql-results+json"))
        try:
            JsonNesting().feed(response.content)
            return ox.parse_query_results(response.content, format=ox.QueryResultsFormat.JSON)
        except Refused as error:
            raise EndpointError(response.url, f"response rejected: {error.reason}") from None
        except (SyntaxError, ValueError) as error:
            raise EndpointError(response.url, _damaged(error)) from None

    def _table(self, response: Response) -> Table:
        solutions = self._results(response)
        if not isinstance(solutions, ox.QuerySolutions):
            raise EndpointError(response.url, "the server returned a Boolean for a SELECT query.")
        try:
            term = dialect_of(response.headers).term
            rows = [tuple(map(term, solution)) for solution in solutions]
        except MemoryError:
            raise EndpointError(
                response.url, "the result has a literal that is too long: select a part of it."
            ) from None
        except (SyntaxError, ValueError) as error:
            raise EndpointError(response.url, _damaged(error)) from None
        self._check_complete(response, len(rows))
        return Table([variable.value for variable in solutions.variables], rows)

    def _graph_of(self, response: Response) -> list[ox.Triple]:
        if response.kind not in _TRIPLES:
            raise EndpointError(response.url, _wrong_kind(response, "application/n-triples"))
        try:
            source = Source(io.BytesIO(response.content), "line", _TRIPLES[response.kind], None)
            found = [quad.triple for quad in source.quads()]
        except InvalidFile as error:
            raise EndpointError(response.url, _damaged(error)) from None
        self._check_complete(response, len(found))
        return list(dict.fromkeys(found))

    def _check_complete(self, response: Response, rows: int) -> None:
        dialect_of(response.headers).check_complete(response.url, rows, response.headers)


def _request(url: str, text: str, form: str, dataset: Sequence[tuple[str, str]]) -> urllib.request.Request:
    from SPARQLWrapper import INSERT, POST, SELECT, SPARQLWrapper

    wrapper = SPARQLWrapper(url, updateEndpoint=url, agent="threatgraph")
    wrapper.setMethod(POST)
    wrapper.setOnlyConneg(True)
    wrapper.setQuery(text)
    # SPARQLWrapper infers the query form from keywords, including those in strings.
    wrapper.queryType = INSERT if form == "update" else SELECT
    for name, value in dataset:
        wrapper.addParameter(name, value)
    # SPARQLWrapper builds the request; http.py sends it, with limits on time and size.
    request: urllib.request.Request = wrapper._createRequest()
    request.remove_header("Accept")
    accept = {"json": "application/sparql-results+json", "nt": "application/n-triples, text/turtle;q=0.8"}.get(
        form, "*/*"
    )
    request.add_header("Accept", accept)
    return request


def update_request(url: str, text: str) -> urllib.request.Request:
    """Build the request for a SPARQL 1.1 Update."""
    return _request(url, text, "update", [])


def _prologue(sparql: str) -> str:
    """Declare the known prefixes that a query uses without declaring them, on one line to preserve line numbers."""
    declared = set(_DECLARED.findall(sparql))
    wanted = [name for name in PREFIXES if name not in declared and f"{name}:" in sparql]
    return "".join(f"PREFIX {name}: <{PREFIXES[name]}> " for name in wanted)


def _uses_named_graphs(sparql: str) -> bool:
    return any(word == "GRAPH" for word, _ in tokens(sparql))


def _names_dataset(sparql: str) -> bool:
    return any(word == "FROM" for word, _ in tokens(sparql))


def _bundled() -> dict[str, Path]:
    root = resources.root()
    return {FILE_GRAPHS + file.relative_to(root).as_posix(): file for file in resources.bundled_files()}


def _wrong_kind(response: Response, wanted: str) -> str:
    if not response.content:
        return "empty response: check that this is the endpoint for SPARQL queries."
    kind = response.kind or "a response without media type"
    return f"the server returned {kind} instead of {wanted}: check that this is a SPARQL endpoint."


def _damaged(error: Exception) -> str:
    return f"the response is corrupt or truncated ({str(error)[:120]}): try again, or see the log of the server."
