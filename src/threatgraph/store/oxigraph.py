"""The base class of stores that use Oxigraph, in memory or in a directory."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any, TypeVar, cast

import pyoxigraph as ox

from threatgraph import resources
from threatgraph.errors import InvalidQuery, QueryTooLarge, ThreatGraphError
from threatgraph.rdf.nesting import DEEPEST_TRIPLE, ChunkedCheck, JsonNesting, Refused, TurtleNesting
from threatgraph.rdf.reading import LONGEST
from threatgraph.sparql.binding import Bindings, bind_values
from threatgraph.sparql.guard import refuse_unsafe
from threatgraph.sparql.names import undeclared_prefix
from threatgraph.sparql.ordering import sort_rows, split_order
from threatgraph.sparql.sorting import sorts_by_one_type
from threatgraph.sparql.tokens import may_say
from threatgraph.store.integrity import reading_intact, reading_store
from threatgraph.store.lexical_forms import LexicalForms, RestoringWriter
from threatgraph.store.protocol import Answer, Dataset
from threatgraph.table import Table, to_rdflib_graph
from threatgraph.vocab import PREFIXES

if TYPE_CHECKING:
    import rdflib
    from _typeshed import SupportsWrite

    from threatgraph.store.workers.pool import Pool

T = TypeVar("T")
ROWS, BOOLEAN, TRIPLES = b"R", b"B", b"T"
"""The kind of an answer that a worker sends."""

_READ = 4_096
"""Queries up to this many characters are scanned in negligible time, whatever they contain."""
# A syntax error of Oxigraph begins with "error at LINE:COLUMN: …".
_PLACE = r"error at (\d+):(\d+)"
# An empty reason, or a list of tokens that does not help the user.
_UNHELPFUL = r"^$|expected one of|expected (\[.*\]|[A-Z_]+)$"
_SHOWN = 120
_ANGLED = r"<[^<>\"{}|^`\\\x00-\x20]*>"


class OxigraphStore:
    """SPARQL over an Oxigraph store; subclasses fill it."""

    _forms = LexicalForms()
    """The lexical forms that files have where Oxigraph stores another form."""

    in_memory = True
    """Whether queries need no open file."""

    def __init__(self, engine: ox.Store | None = None) -> None:
        if engine is not None:  # a subclass can open it later
            self._store = engine
        self._pools: dict[bool, Pool] = {}
        """The worker pools for external queries: with the named graphs filled, and without."""

    def _with_graphs(self) -> ox.Store:
        """The Oxigraph store with all named graphs filled."""
        return self._store

    def _for(self, sparql: str) -> ox.Store:
        """The Oxigraph store, with named graphs if the query may use them."""
        return self._with_graphs() if uses_named_graphs(sparql) else self._store

    def prepare(self, stage: int) -> None:
        """Do nothing, since the store is open; see :class:`threatgraph.store.workers.protocol.WorkerStore`."""

    def in_worker(self) -> OxigraphStore:
        """The store for a worker process that was forked from this one."""
        return self

    def pool(self, *, graphs: bool) -> Pool:
        """The pool of worker processes for this store.

        Args:
            graphs: whether the workers need the named graphs.
        """
        from threatgraph.store.workers.pool import Pool  # most commands run no external query

        if graphs:
            self._with_graphs()
        if graphs not in self._pools:
            self._pools.setdefault(graphs, Pool(self))  # atomic: a lock could stay locked in a forked process
        return self._pools[graphs]

    # Internal queries are trusted, so they run in this process.

    def select(self, sparql: str, bindings: Bindings | None = None) -> Table:
        """Run an internal SELECT query; ``bindings`` replaces variables by terms before the query runs."""
        answer = self._trusted(sparql, bindings)
        if not isinstance(answer, Table):
            raise InvalidQuery("expected a SELECT query.")
        return answer

    def ask(self, sparql: str, bindings: Bindings | None = None) -> bool:
        """Run an internal ASK query."""
        return bool(self._trusted(sparql, bindings))

    def construct(self, sparql: str, bindings: Bindings | None = None) -> list[ox.Triple]:
        """Run an internal CONSTRUCT or DESCRIBE query."""
        answer = self._trusted(sparql, bindings)
        if not isinstance(answer, list):
            raise InvalidQuery("expected a CONSTRUCT or DESCRIBE query.")
        return answer

    def constructed(self, sparql: str) -> bytes:
        """Run an internal CONSTRUCT or DESCRIBE query and return the triples as they are stored, in N-Triples."""
        if not sorts_by_one_type(sparql):
            return ox.serialize(self.construct(sparql), format=ox.RdfFormat.N_TRIPLES) or b""
        kind, content = self.answer(sparql)
        if kind != TRIPLES:
            raise InvalidQuery("expected a CONSTRUCT or DESCRIBE query.")
        return content

    def _trusted(self, sparql: str, bindings: Bindings | None) -> Answer:
        if not sorts_by_one_type(sparql):
            return self.query(sparql, bindings)
        answer = _sorted(self._for(sparql), sparql, bindings)
        return self._as_written(answer) if isinstance(answer, list) else answer

    # External queries are checked and limited.

    def query(
        self,
        sparql: str,
        bindings: Bindings | None = None,
        *,
        timeout: float | None = None,
        allow_service: bool = False,
    ) -> Answer:
        """Run an external query in a worker process; see :meth:`threatgraph.store.Store.query`.

        The memory limit is :data:`threatgraph.store.workers.pool.MEMORY_LIMIT`.
        """
        text = bind_values(sparql, bindings)
        pool = self.pool(graphs=uses_named_graphs(text))
        answer = pool.query(text, timeout=timeout, allow_service=allow_service, network=allow_service)
        return self.unpacked(*answer)

    def call(self, function: str, *, what: str, timeout: float | None = None, **arguments: Any) -> Any:
        """Call a function of threatgraph on this store in a worker; see :meth:`threatgraph.store.Store.call`."""
        return self.pool(graphs=True).call(function, what=what, timeout=timeout, **arguments)

    def answer(self, sparql: str, dataset: Dataset | None = None, base: str | None = None) -> tuple[bytes, bytes]:
        """Evaluate a query in this process, which may not survive it, and serialize the answer.

        Args:
            sparql: the text of the query.
            dataset: the graphs that it sees; by default those that its text names.
            base: the IRI that relative IRIs in it are relative to; by default they are rejected.

        Returns:
            The kind of the answer, and its bytes: SPARQL Query Results JSON, or N-Triples.

        Raises:
            InvalidQuery: if the query does not parse.
            QueryTooLarge: if the answer has triple terms that are nested too deeply.
            ThreatGraphError: if the evaluation fails.
        """
        answer = _evaluate(self._for(sparql) if dataset is None else self._with_graphs(), sparql, None, dataset, base)
        try:
            if isinstance(answer, ox.QueryBoolean):
                return BOOLEAN, b"1" if answer else b""
            if isinstance(answer, ox.QueryTriples):
                return TRIPLES, _flat(answer.serialize(format=ox.RdfFormat.N_TRIPLES) or b"", b" )>>", TurtleNesting)
            return ROWS, _flat(answer.serialize(format=ox.QueryResultsFormat.JSON) or b"", b"}}", JsonNesting)
        except (OSError, RuntimeError, ValueError) as error:
            raise ThreatGraphError(f"the query failed: {error}") from error

    def unpacked(self, kind: bytes, content: bytes) -> Answer:
        """Read what :meth:`answer` returns.

        Raises:
            QueryTooLarge: if a literal is too long.
        """
        if kind == BOOLEAN:
            return bool(content)
        with suppress(MemoryError):  # drop the frames: they hold Oxigraph objects that no other thread may release
            if kind == TRIPLES:
                return self._as_written(quad.triple for quad in ox.parse(content, format=ox.RdfFormat.N_TRIPLES))
            return _unpack(ox.parse_query_results(content, format=ox.QueryResultsFormat.JSON))
        raise QueryTooLarge(
            f"the result has a literal of more than {LONGEST // 1024**2} MiB, the maximum: "
            "select a part of it, such as SUBSTR(?text, 1, 1000)."
        )

    def _as_written(self, triples: Iterable[ox.Triple]) -> list[ox.Triple]:
        return list(self.as_written(triples))

    def as_written(self, triples: Iterable[ox.Triple]) -> Iterator[ox.Triple]:
        """Restore the lexical forms of triples of the merged graph."""
        return self._forms.restore(triples, graphs_of=self._graphs_of)

    def _graphs_of(self, triple: ox.Triple) -> Iterable[str]:
        """The graphs that have a triple, for graphs that were not recorded when they were loaded."""
        return ()

    # Triples and graphs.

    def triples(self) -> Iterator[ox.Triple]:
        """All triples of the merged graph, including derived ones, with the lexical forms of the files."""
        quads = self._store.quads_for_pattern(None, None, None, ox.DefaultGraph())
        return self.as_written(quad.triple for quad in reading_intact(quads))

    def dump(self, target: SupportsWrite[bytes], graph_iri: str | None = None) -> None:
        """Write triples as lines of N-Triples; see :meth:`threatgraph.store.Store.dump`."""
        engine = self._store if graph_iri is None else self._with_graphs()
        graph = ox.DefaultGraph() if graph_iri is None else ox.NamedNode(graph_iri)
        if self._forms.subjects:
            target = RestoringWriter(target, lambda t: self._forms.restore([t], graph_iri, self._graphs_of))
        with reading_store():
            engine.dump(cast("IO[bytes]", target), format=ox.RdfFormat.N_TRIPLES, from_graph=graph)

    def graphs(self) -> list[str]:
        """The IRIs of the named graphs, sorted: one for each file, and one for derived triples."""
        found = reading_intact(self._with_graphs().named_graphs())
        return sorted(graph.value for graph in found if isinstance(graph, ox.NamedNode))

    def graph_triples(self, graph_iri: str) -> Iterator[ox.Triple]:
        """The triples of one named graph, with the lexical forms of its file."""
        quads = self._with_graphs().quads_for_pattern(None, None, None, ox.NamedNode(graph_iri))
        return self._forms.restore((quad.triple for quad in reading_intact(quads)), graph_iri)

    @property
    def rewritten(self) -> Mapping[str, Collection[ox.NamedNode | ox.BlankNode]]:
        """For each property, the subjects with a literal that Oxigraph stores in another lexical form."""
        return self._forms.subjects

    def to_rdflib(self) -> rdflib.Graph:
        """Copy the merged graph into an rdflib graph with the project's prefixes bound."""
        return to_rdflib_graph(self.triples())


def uses_named_graphs(sparql: str) -> bool:
    """Whether a query may use named graphs; a long query with one of the keywords is assumed to."""
    # The project's IRIs contain the word "graph", and tokenizing a long query is slow. So IRIs are removed first: a
    # keyword followed by a name and a group cannot be inside angle brackets without spaces and braces.
    bare = re.sub(_ANGLED, "<>", sparql).upper()
    words = [word for word in ("GRAPH", "FROM") if word in bare or "\\U" in bare]
    return bool(words) and (len(sparql) > _READ or any(may_say(sparql, word) is not None for word in words))


def derive(engine: ox.Store) -> Iterator[bytes]:
    """Apply the rules in ``ontology/rules/`` and add the derived triples to the default graph.

    Each rule sees what the rules before it derived.

    Args:
        engine: has the merged triples in its default graph.

    Returns:
        The derived triples of each rule that derives any, in N-Triples, for their named graph.
    """
    store = OxigraphStore(engine)
    for rule in sorted((resources.ontology_dir() / "rules").glob("*.rq")):
        text = rule.read_text(encoding="utf-8")
        refuse_unsafe(text)  # the rules of a checkout reach no other server either
        if derived := store.constructed(text):
            # From a stream, since Oxigraph reads bytes with several threads, in no fixed order.
            engine.bulk_load(BytesIO(derived), format=ox.RdfFormat.N_TRIPLES, lenient=True)
            yield derived


def _evaluate(
    store: ox.Store,
    sparql: str,
    bindings: Bindings | None,
    dataset: Dataset | None = None,
    base: str | None = None,
) -> ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples:
    text = bind_values(sparql, bindings)
    try:
        if dataset is None:
            return store.query(text, prefixes=PREFIXES, base_iri=base)
        default: list[ox.NamedNode | ox.BlankNode | ox.DefaultGraph] = [ox.NamedNode(iri) for iri in dataset[0]]
        named: list[ox.NamedNode | ox.BlankNode] = [ox.NamedNode(iri) for iri in dataset[1]]
        return store.query(text, prefixes=PREFIXES, base_iri=base, default_graph=default, named_graphs=named)
    except SyntaxError as error:
        message = undeclared_prefix(sparql) or _mark_error(sparql, str(error.msg))
        raise InvalidQuery(message) from error
    except (OSError, RuntimeError, ValueError) as error:
        raise ThreatGraphError(f"the query failed: {error}") from error


def _sorted(store: ox.Store, sparql: str, bindings: Bindings | None) -> Answer:
    """Evaluate a query, and sort its rows here if its order is that of texts in them."""
    unsorted, keys = split_order(sparql)
    if keys:
        answer = _evaluate(store, unsorted, bindings)
        if isinstance(answer, ox.QuerySolutions) and {name for name, _ in keys} <= set(_columns(answer)):
            table = _table(answer)
            sort_rows(table.rows, table.columns, keys)
            return table
    return _unpack(_evaluate(store, sparql, bindings))


def _flat(content: bytes, end: bytes, check: type[ChunkedCheck]) -> bytes:
    """Check that an answer has no triple terms so deep that the parent process would run out of stack parsing it.

    Args:
        content: the answer.
        end: the end of a triple term; an answer without a long run of these is not scanned.
        check: scans the answer.
    """
    if end * (DEEPEST_TRIPLE - 10) in content:
        try:
            check().feed(content)
        except Refused:
            raise QueryTooLarge(
                f"the result has triple terms nested deeper than about {DEEPEST_TRIPLE} levels, "
                "the maximum: select a part of them, such as OBJECT(?term)."
            ) from None
    return content


def _mark_error(sparql: str, message: str) -> str:
    """Oxigraph's message, shortened, with the line of the error and a caret below the column."""
    place = re.search(_PLACE, message)
    if not place:
        return f"the query does not parse: {message}"
    line, column = int(place[1]), int(place[2])
    text = sparql.split("\n")[line - 1 : line]
    shown = ""
    if text and text[0].strip():
        left = max(column - 1 - _SHOWN // 2, 0)  # an excerpt of a very long line
        shown = f"\n  {_printable(text[0][left : left + _SHOWN])}\n  {' ' * (column - 1 - left)}^"
    reason = message[place.end() :].strip(" :")
    reason = " (missing or misspelled part)" if re.search(_UNHELPFUL, reason) else f": {reason}"
    return f"the query does not parse at line {line}, column {column}{reason}{shown}"


def _printable(line: str) -> str:
    """A line with spaces for characters that would misplace the caret or control the terminal."""
    return "".join(sign if sign.isprintable() else " " for sign in line)


def _table(solutions: ox.QuerySolutions) -> Table:
    return Table(_columns(solutions), _all(map(tuple, solutions)))


def _columns(solutions: ox.QuerySolutions) -> list[str]:
    return [variable.value for variable in solutions.variables]


def _all(items: Iterable[T]) -> list[T]:
    """Read all rows or triples of an answer; Oxigraph may find corrupt data at any of them."""
    try:
        return list(items)
    except (OSError, RuntimeError) as error:
        raise ThreatGraphError(f"the query failed: {error}") from error


def _unpack(answer: ox.QuerySolutions | ox.QueryBoolean | ox.QueryTriples) -> Answer:
    if isinstance(answer, ox.QuerySolutions):
        return _table(answer)
    return bool(answer) if isinstance(answer, ox.QueryBoolean) else _all(answer)
