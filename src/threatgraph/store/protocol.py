"""The protocol that every store implements."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pyoxigraph import BlankNode, NamedNode, Triple

from threatgraph.sparql.binding import Bindings
from threatgraph.table import Table

if TYPE_CHECKING:
    import rdflib
    from _typeshed import SupportsWrite

Answer = Table | bool | list[Triple]
Dataset = tuple[tuple[str, ...], tuple[str, ...]]
"""The graphs that a query sees, instead of those that its text names (SPARQL 1.1 Protocol, section 2.1.4): the IRIs of
the graphs that form the default graph, and those of the named graphs."""
DEFAULT_TIMEOUT = 30.0
"""The default time limit of external queries, in seconds."""
VALIDATION_TIMEOUT = 600.0
"""The default time limit of validation with shapes of the user, in seconds."""


class Store(Protocol):
    """A set of triples that can be queried with SPARQL.

    Each triple is in the default graph, merged and without duplicates, and in the named graph of its file, so that
    ``GRAPH ?file { … }`` gives the source of a statement.
    """

    @property
    def files(self) -> Mapping[str, Path]:
        """The file of each named graph, if it exists on this machine."""

    @property
    def location(self) -> str:
        """Where the triples are, for people, such as ``in memory (542 files)``; this needs no query."""

    def select(self, sparql: str, bindings: Bindings | None = None) -> Table:
        """Run an internal SELECT query; ``bindings`` replaces variables by terms before the query runs."""

    def ask(self, sparql: str, bindings: Bindings | None = None) -> bool:
        """Run an internal ASK query."""

    def construct(self, sparql: str, bindings: Bindings | None = None) -> list[Triple]:
        """Run an internal CONSTRUCT or DESCRIBE query."""

    def query(
        self,
        sparql: str,
        bindings: Bindings | None = None,
        *,
        timeout: float | None = None,
        allow_service: bool = False,
    ) -> Answer:
        """Run an external query. Updates and network access are rejected, and time and memory are limited.

        Args:
            sparql: a SPARQL 1.1 query; the prefixes of :data:`threatgraph.vocab.PREFIXES` need not be declared.
            bindings: variables to replace by terms before the query runs.
            timeout: time limit in seconds; ``None`` for no limit.
            allow_service: permit ``SERVICE``, which reaches other servers over the network.

        Returns:
            A table for SELECT, a Boolean for ASK, triples for CONSTRUCT and DESCRIBE.

        Raises:
            QueryRefused: for an update, or for ``SERVICE`` if it is not permitted.
            InvalidQuery: if the query does not parse; it has the position.
            QueryTimeout: after ``timeout`` seconds.
            QueryTooLarge: if the query needs more memory than its limit.
            EngineFailed: if the query engine crashes on the query.
        """

    def call(self, function: str, *, what: str, timeout: float | None = None, **arguments: Any) -> Any:
        """Call a function of threatgraph on this store, in a worker process if the triples are on this machine.

        Args:
            function: ``module:function``; the store is its first argument.
            what: the name of the task for messages, such as ``validation``.
            timeout: time limit in seconds; ``None`` for no limit.
            arguments: further arguments; they and the result must be picklable.

        Raises:
            ThreatGraphError: as the function raises it, and as in :meth:`query`.
        """

    def triples(self) -> Iterator[Triple]:
        """All triples of the merged graph, including derived ones, with the lexical forms of the files."""

    def dump(self, target: SupportsWrite[bytes], graph_iri: str | None = None) -> None:
        """Write triples as lines of N-Triples, in any order, with the lexical forms of the files.

        Args:
            target: gets the lines in parts, which may end inside a line.
            graph_iri: a named graph; by default the merged graph, including derived triples.
        """

    def graphs(self) -> list[str]:
        """The IRIs of the named graphs, sorted: one for each file, and one for derived triples."""

    def graph_triples(self, graph_iri: str) -> Iterator[Triple]:
        """The triples of one named graph, with the lexical forms of its file."""

    @property
    def rewritten(self) -> Mapping[str, Collection[NamedNode | BlankNode]]:
        """For each property, the subjects with a literal that queries see in another form than the files have."""

    def as_written(self, triples: Iterable[Triple]) -> Iterator[Triple]:
        """Restore the lexical forms of triples of the merged graph."""

    def to_rdflib(self) -> rdflib.Graph:
        """Copy the merged graph into an rdflib graph with the project's prefixes bound."""
