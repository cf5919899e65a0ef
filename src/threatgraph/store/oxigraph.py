"""What all stores have in common that hold their triples in an Oxigraph engine, in memory or in a directory."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, TypeVar

import pyoxigraph as ox

from threatgraph import resources
from threatgraph.errors import InvalidQuery, QueryTooLarge, ThreatGraphError
from threatgraph.rdf.nesting import DEEPEST_TRIPLE, JsonNesting, Refused, TurtleNesting
from threatgraph.rdf.reading import LONGEST
from threatgraph.sparql.binding import Bindings, bind_values
from threatgraph.sparql.guard import refuse_unsafe
from threatgraph.sparql.sorting import sorts_by_one_type
from threatgraph.sparql.tokens import may_say
from threatgraph.store.integrity import unless_damaged
from threatgraph.store.lexical_forms import LexicalForms
from threatgraph.store.protocol import Answer
from threatgraph.table import Table, to_rdflib_graph
from threatgraph.vocab import PREFIXES

if TYPE_CHECKING:
    import rdflib

    from threatgraph.store.workers.pool import Pool

T = TypeVar("T")
ROWS, BOOLEAN, TRIPLES = b"R", b"B", b"T"
"""What an answer is, on its way from a worker."""

_READ = 4_096
"""Characters of a query up to which its reading here takes no time that matters, whatever it says."""
# How the engine begins a syntax error: "error at LINE:COLUMN: …".
_PLACE = re.compile(r"error at (\d+):(\d+)")
# Nothing, or one of many words that it could have read there, no more likely than the others.
_UNHELPFUL = re.compile(r"^$|expected one of|expected (\[.*\]|[A-Z_]+)$")
_SHOWN = 120
_ANGLED = re.compile(r"<[^<>\"{}|^`\\\x00-\x20]*>")


class OxigraphStore:
    """SPARQL over an Oxigraph engine; what fills the engine is up to those that derive from this class."""

    _forms = LexicalForms()
    """How the files write what the engine keeps in another form."""

    in_memory = True
    """Whether a query needs no file to be open."""

    def __init__(self, engine: ox.Store) -> None:
        self._store = engine
        self._pools: dict[bool, Pool] = {}
        """What evaluates queries from outside: with the named graphs filled, and without."""

    def _with_graphs(self) -> ox.Store:
        """The engine with all named graphs filled."""
        return self._store

    def _for(self, sparql: str) -> ox.Store:
        """The engine, with what a query may ask for."""
        return self._with_graphs() if speaks_of_graphs(sparql) else self._store

    def in_worker(self) -> OxigraphStore:
        """The same store in a worker process, which was forked from this one."""
        return self

    def pool(self, *, graphs: bool) -> Pool:
        """The worker processes over this store.

        Args:
            graphs: whether the named graphs are to be filled in it.
        """
        from threatgraph.store.workers.pool import Pool  # most commands ask no query from outside

        if graphs:
            self._with_graphs()
        if graphs not in self._pools:
            self._pools.setdefault(graphs, Pool(self))  # in one step: a lock could stay closed in a forked process
        return self._pools[graphs]

    # Queries of our own: trusted, so they run in this process.

    def select(self, sparql: str, bindings: Bindings | None = None) -> Table:
        """The rows of a SELECT query; ``bindings`` replaces variables by terms before the query runs."""
        answer = self._trusted(sparql, bindings)
        if not isinstance(answer, Table):
            raise InvalidQuery("a SELECT query was expected here.")
        return answer

    def ask(self, sparql: str, bindings: Bindings | None = None) -> bool:
        """The answer to an ASK query."""
        return bool(self._trusted(sparql, bindings))

    def construct(self, sparql: str, bindings: Bindings | None = None) -> list[ox.Triple]:
        """The triples of a CONSTRUCT or DESCRIBE query."""
        answer = self._trusted(sparql, bindings)
        if not isinstance(answer, list):
            raise InvalidQuery("a CONSTRUCT or DESCRIBE query was expected here.")
        return answer

    def _trusted(self, sparql: str, bindings: Bindings | None) -> Answer:
        if not sorts_by_one_type(sparql):
            return self.query(sparql, bindings)
        answer = _unpack(_evaluate(self._for(sparql), sparql, bindings))
        return self._as_written(answer) if isinstance(answer, list) else answer

    # Queries from outside: refused or bounded.

    def query(
        self,
        sparql: str,
        bindings: Bindings | None = None,
        *,
        timeout: float | None = None,
        allow_service: bool = False,
    ) -> Answer:
        """Answer a query from outside, in a worker process; see :meth:`threatgraph.store.Store.query`.

        The limit of its memory is :data:`threatgraph.store.workers.pool.MEMORY_LIMIT`.
        """
        text = bind_values(sparql, bindings)
        pool = self.pool(graphs=speaks_of_graphs(text))
        answer = pool.query(text, timeout=timeout, allow_service=allow_service, network=allow_service)
        return self._unpacked(*answer)

    def call(self, function: str, *, what: str, timeout: float | None = None, **arguments: Any) -> Any:
        """Call a function of this package on this store in a worker; see :meth:`threatgraph.store.Store.call`."""
        return self.pool(graphs=True).call(function, what=what, timeout=timeout, **arguments)

    def answer(self, sparql: str) -> tuple[bytes, bytes]:
        """Answer a query, for another process: the kind of the answer, and its bytes."""
        answer = _evaluate(self._for(sparql), sparql, None)
        try:
            if isinstance(answer, ox.QueryBoolean):
                return BOOLEAN, b"1" if answer else b""
            if isinstance(answer, ox.QueryTriples):
                return TRIPLES, _flat(answer.serialize(format=ox.RdfFormat.N_TRIPLES) or b"", b" )>>", TurtleNesting())
            return ROWS, _flat(answer.serialize(format=ox.QueryResultsFormat.JSON) or b"", b"}}", JsonNesting())
        except (OSError, RuntimeError, ValueError) as error:
            raise ThreatGraphError(f"the query failed: {error}") from error

    def _unpacked(self, kind: bytes, content: bytes) -> Answer:
        if kind == BOOLEAN:
            return bool(content)
        with suppress(MemoryError):  # its frames hold what no other thread may drop: none of it is kept
            if kind == TRIPLES:
                return self._as_written(quad.triple for quad in ox.parse(content, format=ox.RdfFormat.N_TRIPLES))
            return _unpack(ox.parse_query_results(content, format=ox.QueryResultsFormat.JSON))
        raise QueryTooLarge(
            f"the answer holds a literal of more than {LONGEST // 1024**2} MiB, the most that is passed on: "
            "ask for a part of it, such as SUBSTR(?text, 1, 1000)."
        )

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
        return self.as_written(quad.triple for quad in unless_damaged(quads))

    def graphs(self) -> list[str]:
        """The IRIs of the named graphs, sorted: one a file, and the graph of derived triples."""
        found = unless_damaged(self._with_graphs().named_graphs())
        return sorted(graph.value for graph in found if isinstance(graph, ox.NamedNode))

    def graph_triples(self, graph_iri: str) -> Iterator[ox.Triple]:
        """The triples of one named graph, with literals as its file writes them."""
        quads = self._with_graphs().quads_for_pattern(None, None, None, ox.NamedNode(graph_iri))
        return self._forms.restore((quad.triple for quad in unless_damaged(quads)), graph_iri)

    @property
    def rewritten(self) -> Mapping[str, Collection[ox.NamedNode | ox.BlankNode]]:
        """For each property, the subjects with a literal that the engine keeps in another form than the files write."""
        return self._forms.subjects

    def to_rdflib(self) -> rdflib.Graph:
        """The merged graph as an rdflib graph, with our prefixes bound; a copy, free to change."""
        return to_rdflib_graph(self.triples())


def speaks_of_graphs(sparql: str) -> bool:
    """Whether a query may ask for named graphs; a long one with one of the words is taken to."""
    # Our own IRIs have the word in them, and a query of many tokens takes long to read: no keyword that a name and a
    # group follow can stand within brackets that have neither spaces nor braces between them.
    bare = _ANGLED.sub("<>", sparql).upper()
    words = [word for word in ("GRAPH", "FROM") if word in bare or "\\U" in bare]
    return bool(words) and (len(sparql) > _READ or any(may_say(sparql, word) is not None for word in words))


def derive(engine: ox.Store) -> list[ox.Triple]:
    """Derive the shortcuts by the rules in ``ontology/rules/``, into the default graph.

    Args:
        engine: holds the merged triples in its default graph.

    Returns:
        What was derived, for a named graph of its own.
    """
    derived: list[ox.Triple] = []
    for rule in sorted((resources.ontology_dir() / "rules").glob("*.rq")):
        text = rule.read_text(encoding="utf-8")
        refuse_unsafe(text)  # the rules of a checkout reach no other server either
        triples = OxigraphStore(engine).construct(text)
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


def _flat(content: bytes, end: bytes, check: TurtleNesting | JsonNesting) -> bytes:
    """An answer, unless it holds triple terms so deep that a parser of it runs out of stack: not in our parent.

    Args:
        content: the answer.
        end: what ends a triple term; an answer without a long run of these needs no closer look.
        check: looks closer.
    """
    if end * (DEEPEST_TRIPLE - 10) in content:
        try:
            check.feed(content)
        except Refused:
            raise QueryTooLarge(
                f"the answer holds triple terms that are nested deeper than about {DEEPEST_TRIPLE} levels, "
                "the most that is passed on: ask for a part of them, such as OBJECT(?term)."
            ) from None
    return content


def _point_at_fault(sparql: str, message: str) -> str:
    """The engine's message, shortened, with the line that it speaks of and a mark below the column."""
    place = _PLACE.search(message)
    if not place:
        return f"the query does not parse: {message}"
    line, column = int(place[1]), int(place[2])
    text = sparql.split("\n")[line - 1 : line]
    shown = ""
    if text and text[0].strip():
        left = max(column - 1 - _SHOWN // 2, 0)  # of a line that nobody could read as a whole
        shown = f"\n  {_printable(text[0][left : left + _SHOWN])}\n  {' ' * (column - 1 - left)}^"
    reason = message[place.end() :].strip(" :")
    reason = " (a part is missing or misspelt there)" if _UNHELPFUL.search(reason) else f": {reason}"
    return f"the query does not parse at line {line}, column {column}{reason}{shown}"


def _printable(line: str) -> str:
    """A line with a space for each sign that would move the mark below it, or do other things to a terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in line)


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
