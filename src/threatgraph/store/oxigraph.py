"""What all stores have in common that hold their triples in an Oxigraph engine, in memory or in a directory."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, TypeVar

import pyoxigraph as ox

from threatgraph import resources
from threatgraph.errors import InvalidQuery, ThreatGraphError
from threatgraph.store.base import Answer
from threatgraph.store.binding import Bindings, bind_values
from threatgraph.store.bounded import can_bound, run_bounded
from threatgraph.store.forms import Forms
from threatgraph.store.guard import refuse_unsafe
from threatgraph.table import Table, to_rdflib_graph
from threatgraph.vocab import PREFIXES

if TYPE_CHECKING:
    import rdflib

T = TypeVar("T")

# The words by which a query speaks of named graphs.
_NAMED_GRAPHS = re.compile(r"\b(?:GRAPH|FROM)\b", re.IGNORECASE)
# How the engine begins a syntax error: "error at LINE:COLUMN: …".
_PLACE = re.compile(r"error at (\d+):(\d+)")


class OxigraphStore:
    """SPARQL over an Oxigraph engine; what fills the engine is up to those that derive from this class."""

    _forms = Forms()
    """How the files write what the engine keeps in another form."""

    def __init__(self, engine: ox.Store) -> None:
        self._store = engine

    def _with_graphs(self) -> ox.Store:
        """The engine with all named graphs filled."""
        return self._store

    def _for(self, sparql: str) -> ox.Store:
        """The engine, with what a query may ask for."""
        return self._with_graphs() if _NAMED_GRAPHS.search(sparql) else self._store

    def _for_child(self, sparql: str) -> Callable[[], ox.Store]:
        """Gives the engine in the child process that evaluates a query from outside."""
        engine = self._for(sparql)
        return lambda: engine

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
        answer = _unpack(_evaluate(self._for(sparql), sparql, bindings))
        if not isinstance(answer, list):
            raise InvalidQuery("a CONSTRUCT or DESCRIBE query was expected here.")
        return self._as_written(answer)

    # Queries from outside: refused or bounded.

    def query(
        self,
        sparql: str,
        bindings: Bindings | None = None,
        *,
        timeout: float | None = None,
        allow_service: bool = False,
    ) -> Answer:
        """Answer a query from outside, in a process of its own; see :meth:`threatgraph.store.Store.query`.

        The limit of its memory is :data:`threatgraph.store.bounded.MEMORY_LIMIT`.
        """
        refuse_unsafe(sparql, allow_service=allow_service)
        if timeout is None or not can_bound():
            answer = _unpack(_evaluate(self._for(sparql), sparql, bindings))
            return self._as_written(answer) if isinstance(answer, list) else answer
        # Parsing is quick and gives the kind of answer; evaluation is what may hang, and that runs in the child.
        form = _evaluate(ox.Store(), sparql, bindings)
        engine = self._for_child(sparql)
        packed = run_bounded(lambda: _pack(_evaluate(engine(), sparql, bindings)), timeout)
        if isinstance(form, ox.QueryTriples):
            return self._as_written([quad.triple for quad in ox.parse(packed, format=ox.RdfFormat.N_TRIPLES)])
        return _unpack(ox.parse_query_results(packed, format=ox.QueryResultsFormat.JSON))

    def _as_written(self, triples: Iterable[ox.Triple]) -> list[ox.Triple]:
        return list(self.as_written(triples))

    def as_written(self, triples: Iterable[ox.Triple]) -> Iterator[ox.Triple]:
        """Triples of the merged graph, with literals as the files write them."""
        return self._forms.restore(triples, graphs_of=self._graphs_of)

    def _graphs_of(self, triple: ox.Triple) -> Iterable[str]:
        """The graphs that have a triple, where that has not been noted as they were read."""
        return ()

    # The graph itself.

    def triples(self) -> Iterator[ox.Triple]:
        """All triples of the merged graph, the derived ones included, with literals as the files write them."""
        quads = self._store.quads_for_pattern(None, None, None, ox.DefaultGraph())
        return self.as_written(quad.triple for quad in quads)

    def graphs(self) -> list[str]:
        """The IRIs of the named graphs, sorted: one a file, and the graph of derived triples."""
        return sorted(graph.value for graph in self._with_graphs().named_graphs() if isinstance(graph, ox.NamedNode))

    def graph_triples(self, graph_iri: str) -> Iterator[ox.Triple]:
        """The triples of one named graph, with literals as its file writes them."""
        quads = self._with_graphs().quads_for_pattern(None, None, None, ox.NamedNode(graph_iri))
        return self._forms.restore((quad.triple for quad in quads), graph_iri)

    @property
    def rewritten(self) -> Mapping[str, Collection[ox.NamedNode | ox.BlankNode]]:
        """For each property, the subjects with a literal that the engine keeps in another form than the files write."""
        return self._forms.subjects

    def to_rdflib(self) -> rdflib.Graph:
        """The merged graph as an rdflib graph, with our prefixes bound; a copy, free to change."""
        return to_rdflib_graph(self.triples())


def form_of(sparql: str) -> type:
    """The kind of answer that a query gives, without asking it: the class of pyoxigraph.

    Raises:
        InvalidQuery: where the text does not parse, with the position.
    """
    return type(_evaluate(ox.Store(), sparql, None))


def derive(engine: ox.Store) -> list[ox.Triple]:
    """Derive the shortcuts by the rules in ``ontology/rules/``, into the default graph.

    Args:
        engine: holds the merged triples in its default graph.

    Returns:
        What was derived, for a named graph of its own.
    """
    derived: list[ox.Triple] = []
    for rule in sorted((resources.ontology_dir() / "rules").glob("*.rq")):
        triples = OxigraphStore(engine).construct(rule.read_text(encoding="utf-8"))
        engine.bulk_extend(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
        derived += triples
    return derived


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
    return Table(names, _all(map(tuple, solutions)))


def _all(items: Iterable[T]) -> list[T]:
    """The rows or triples of an answer; the engine may meet a damaged disk at any of them."""
    try:
        return list(items)
    except (OSError, RuntimeError) as error:
        raise ThreatGraphError(f"the query failed: {error}") from error


def _unpack(answer: ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples) -> Answer:
    if isinstance(answer, ox.QuerySolutions):
        return _table(answer)
    return bool(answer) if isinstance(answer, ox.QueryBoolean) else _all(answer)


def _pack(answer: ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples) -> bytes:
    form = ox.RdfFormat.N_TRIPLES if isinstance(answer, ox.QueryTriples) else ox.QueryResultsFormat.JSON
    return answer.serialize(format=form) or b""  # type: ignore[arg-type]
