"""The embedded store: the whole graph in memory, in an Oxigraph store.

Every triple stands twice: once in the default graph, merged and free of repetition, which queries ask; and once in the
named graph of the file that it comes from, so that ``GRAPH ?file { … }`` tells where a statement was made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pyoxigraph as ox

from threatgraph import resources
from threatgraph.errors import InvalidQuery, ThreatGraphError
from threatgraph.store.base import Answer
from threatgraph.store.binding import Bindings, bind_values
from threatgraph.store.bounded import can_bound, run_bounded
from threatgraph.store.files import find_files, read_quads
from threatgraph.store.guard import refuse_unsafe
from threatgraph.table import Table
from threatgraph.vocab import DERIVED_GRAPH, FILE_GRAPHS, PREFIXES

if TYPE_CHECKING:
    import rdflib

# The words by which a query speaks of named graphs.
_NAMED_GRAPHS = re.compile(r"\b(?:GRAPH|FROM)\b", re.IGNORECASE)
# How the engine begins a syntax error: "error at LINE:COLUMN: …".
_PLACE = re.compile(r"error at (\d+):(\d+)")


class EmbeddedStore:
    """A store in memory. Make one with :meth:`open`."""

    def __init__(self) -> None:
        self._store = ox.Store()
        self._waiting: dict[str, bytes] = {}
        """Shipped files whose named graphs are not filled yet: most queries never ask for them."""
        self.files: dict[str, Path] = {}
        """The file behind each named graph."""

    @classmethod
    def open(cls, data: Sequence[Path] = (), *, shipped: bool = True) -> EmbeddedStore:
        """Load the shipped graph and the user's files, then derive the shortcuts.

        Args:
            data: files and folders of the user; a file that is shipped anyway is not loaded twice.
            shipped: whether to load the shipped ontology and data.

        Raises:
            InvalidFile: where a file is missing, is not RDF, or does not parse; nothing is loaded then.
        """
        store = cls()
        if shipped:
            root = resources.root()
            for file in resources.shipped_files():
                store._load_shipped(file, FILE_GRAPHS + file.relative_to(root).as_posix())
        own = find_files(data)
        known = {file.resolve() for file in store.files.values()} if own else set()
        for file in own:
            if file.resolve() not in known:
                store._load(file, file.resolve().as_uri())
        store._derive()
        return store

    def _load_shipped(self, file: Path, graph_iri: str) -> None:
        """Load a file of ours, which has no blank nodes, without a detour through Python: twice as fast."""
        try:
            content = file.read_bytes()
            self._store.load(content, format=ox.RdfFormat.TURTLE)
        except (OSError, SyntaxError):
            self._load(file, graph_iri)  # which says what is wrong, and where
        self._waiting[graph_iri] = content
        self.files[graph_iri] = file

    def _with_graphs(self) -> ox.Store:
        """The engine with all named graphs filled."""
        while self._waiting:
            graph_iri, content = self._waiting.popitem()
            self._store.load(content, format=ox.RdfFormat.TURTLE, to_graph=ox.NamedNode(graph_iri))
        return self._store

    def _for(self, sparql: str) -> ox.Store:
        """The engine, with what a query may ask for."""
        return self._with_graphs() if self._waiting and _NAMED_GRAPHS.search(sparql) else self._store

    def _load(self, file: Path, graph_iri: str) -> None:
        graph = ox.NamedNode(graph_iri)
        named: dict[ox.BlankNode, ox.NamedNode] = {}

        def name(blank: ox.BlankNode) -> ox.NamedNode:
            """A name for a blank node (RDF 1.1 Concepts, section 3.5), so that a finding or a link can point at it."""
            return named.setdefault(blank, ox.NamedNode(f"{graph_iri}#_{len(named) + 1}"))

        triples = []
        for quad in read_quads(file):
            subject = name(quad.subject) if isinstance(quad.subject, ox.BlankNode) else quad.subject
            value = name(quad.object) if isinstance(quad.object, ox.BlankNode) else quad.object
            triples.append((subject, quad.predicate, value))
        self._store.extend(ox.Quad(s, p, o, graph) for s, p, o in triples)
        self._store.extend(ox.Quad(s, p, o) for s, p, o in triples)
        self.files[graph_iri] = file

    def _derive(self) -> None:
        derived = ox.NamedNode(DERIVED_GRAPH)
        for rule in sorted((resources.ontology_dir() / "rules").glob("*.rq")):
            triples = self.construct(rule.read_text(encoding="utf-8"))
            self._store.extend(ox.Quad(t.subject, t.predicate, t.object, derived) for t in triples)
            self._store.extend(ox.Quad(t.subject, t.predicate, t.object) for t in triples)

    # Queries of our own: trusted, so they run in this process.

    def select(self, sparql: str, bindings: Bindings | None = None) -> Table:
        """The rows of a SELECT query; ``bindings`` replaces variables by terms before the query runs."""
        answer = _evaluate(self._for(sparql), sparql, bindings)
        if not isinstance(answer, ox.QuerySolutions):
            raise InvalidQuery("a SELECT query was expected here.")
        return _table(answer)

    def ask(self, sparql: str, bindings: Bindings | None = None) -> bool:
        """The answer to an ASK query."""
        return bool(_evaluate(self._for(sparql), sparql, bindings))

    def construct(self, sparql: str, bindings: Bindings | None = None) -> list[ox.Triple]:
        """The triples of a CONSTRUCT or DESCRIBE query."""
        answer = _evaluate(self._for(sparql), sparql, bindings)
        if not isinstance(answer, ox.QueryTriples):
            raise InvalidQuery("a CONSTRUCT or DESCRIBE query was expected here.")
        return list(answer)

    # Queries from outside: refused or bounded.

    def query(
        self,
        sparql: str,
        bindings: Bindings | None = None,
        *,
        timeout: float | None = None,
        allow_service: bool = False,
    ) -> Answer:
        """Answer a query from outside.

        Args:
            sparql: a SPARQL 1.1 query; the prefixes of :data:`threatgraph.vocab.PREFIXES` need not be declared.
            bindings: variables to replace by terms before the query runs.
            timeout: seconds after which the query is stopped; ``None`` for no bound.
            allow_service: permit ``SERVICE``, which reaches other servers over the network.

        Returns:
            A table for SELECT, a truth value for ASK, triples for CONSTRUCT and DESCRIBE.

        Raises:
            QueryRefused: for an update, or for ``SERVICE`` where it is not permitted.
            InvalidQuery: where the text does not parse, with the position.
            QueryTimeout: after ``timeout`` seconds.
            QueryTooLarge: where the query needs more memory than :data:`threatgraph.store.bounded.MEMORY_LIMIT`.
        """
        refuse_unsafe(sparql, allow_service=allow_service)
        if timeout is None or not can_bound():
            return _unpack(_evaluate(self._for(sparql), sparql, bindings))
        # Parsing is quick and gives the kind of answer; evaluation is what may hang, and that runs in the child.
        form = _evaluate(ox.Store(), sparql, bindings)
        engine = self._for(sparql)
        packed = run_bounded(lambda: _pack(_evaluate(engine, sparql, bindings)), timeout)
        if isinstance(form, ox.QueryTriples):
            return [quad.triple for quad in ox.parse(packed, format=ox.RdfFormat.N_TRIPLES)]
        return _unpack(ox.parse_query_results(packed, format=ox.QueryResultsFormat.JSON))

    # The graph itself.

    def triples(self) -> Iterator[ox.Triple]:
        """All triples of the merged graph, the derived ones included."""
        return (q.triple for q in self._store.quads_for_pattern(None, None, None, ox.DefaultGraph()))

    def graphs(self) -> list[str]:
        """The IRIs of the named graphs, sorted: one a file, and the graph of derived triples."""
        return sorted(graph.value for graph in self._with_graphs().named_graphs() if isinstance(graph, ox.NamedNode))

    def graph_triples(self, graph_iri: str) -> Iterator[ox.Triple]:
        """The triples of one named graph."""
        return (q.triple for q in self._with_graphs().quads_for_pattern(None, None, None, ox.NamedNode(graph_iri)))

    def to_rdflib(self) -> rdflib.Graph:
        """The merged graph as an rdflib graph, with our prefixes bound; a copy, free to change."""
        import rdflib

        from threatgraph.table import to_rdflib

        graph = rdflib.Graph(bind_namespaces="none")
        for prefix, namespace in PREFIXES.items():
            graph.bind(prefix, namespace)
        term = cache(to_rdflib)  # the same terms come again and again
        for triple in self.triples():
            graph.add((term(triple.subject), term(triple.predicate), term(triple.object)))
        return graph


def _evaluate(
    store: ox.Store, sparql: str, bindings: Bindings | None
) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
    try:
        return store.query(bind_values(sparql, bindings), prefixes=PREFIXES)
    except SyntaxError as error:
        raise InvalidQuery(_point_at_fault(sparql, str(error.msg))) from error
    except (OSError, RuntimeError, ValueError) as error:
        raise ThreatGraphError(f"the query failed: {error}") from error


def _point_at_fault(sparql: str, message: str) -> str:
    """The engine's message, shortened, with the line that it speaks of and a mark below the column."""
    place = _PLACE.search(message)
    if not place:
        return f"the query does not parse: {message}"
    line, column = int(place[1]), int(place[2])
    text = (sparql.splitlines() or [""])[line - 1 : line]
    shown = f"\n  {text[0]}\n  {' ' * (column - 1)}^" if text else ""
    reason = message[place.end() :].strip(" :")
    reason = f": {reason}" if reason and "expected one of" not in reason else " (a part is missing or misspelt there)"
    return f"the query does not parse at line {line}, column {column}{reason}{shown}"


def _table(solutions: ox.QuerySolutions) -> Table:
    names = [variable.value for variable in solutions.variables]
    return Table(names, [tuple(solution) for solution in solutions])


def _unpack(answer: ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples) -> Answer:
    if isinstance(answer, ox.QuerySolutions):
        return _table(answer)
    return bool(answer) if isinstance(answer, ox.QueryBoolean) else list(answer)


def _pack(answer: ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples) -> bytes:
    form = ox.RdfFormat.N_TRIPLES if isinstance(answer, ox.QueryTriples) else ox.QueryResultsFormat.JSON
    return answer.serialize(format=form) or b""  # type: ignore[arg-type]
