"""What every store can do, wherever its triples are: all that the rest of the project asks of one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from pyoxigraph import BlankNode, NamedNode, Triple

from threatgraph.sparql.binding import Bindings
from threatgraph.table import Table

if TYPE_CHECKING:
    import rdflib

Answer = Table | bool | list[Triple]
DEFAULT_TIMEOUT = 30.0
"""Seconds that a query from outside may take."""
VALIDATION_TIMEOUT = 600.0
"""Seconds that validation by shapes from outside may take."""


class Store(Protocol):
    """Triples, and SPARQL over them.

    Every triple stands in the default graph, merged and free of repetition, and in the named graph of the file that it
    comes from, so that ``GRAPH ?file { … }`` tells where a statement was made.
    """

    @property
    def files(self) -> Mapping[str, Path]:
        """The file behind each named graph, where this machine has it."""

    def select(self, sparql: str, bindings: Bindings | None = None) -> Table:
        """The rows of a SELECT query of our own; ``bindings`` replaces variables by terms before the query runs."""

    def ask(self, sparql: str, bindings: Bindings | None = None) -> bool:
        """The answer to an ASK query of our own."""

    def construct(self, sparql: str, bindings: Bindings | None = None) -> list[Triple]:
        """The triples of a CONSTRUCT or DESCRIBE query of our own."""

    def query(
        self,
        sparql: str,
        bindings: Bindings | None = None,
        *,
        timeout: float | None = None,
        allow_service: bool = False,
    ) -> Answer:
        """Answer a query from outside, which is refused where it would write or reach elsewhere, and bounded in time.

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
            QueryTooLarge: where the query needs more memory than its limit.
            EngineFailed: where the query engine crashes on the query.
        """

    def call(self, function: str, *, what: str, timeout: float | None = None, **arguments: Any) -> Any:
        """Call a function of this package on this store: in a worker process, where the triples are on this machine.

        Args:
            function: ``module:function``, of which the store is the first argument.
            what: what that is, for a message, such as ``validation``.
            timeout: seconds after which it is stopped; ``None`` for no bound.
            arguments: further arguments; they and the result can be pickled.

        Raises:
            ThreatGraphError: as the function does; and as in :meth:`query`.
        """

    def triples(self) -> Iterator[Triple]:
        """All triples of the merged graph, the derived ones included, with literals as the files write them."""

    def graphs(self) -> list[str]:
        """The IRIs of the named graphs, sorted: one a file, and the graph of derived triples."""

    def graph_triples(self, graph_iri: str) -> Iterator[Triple]:
        """The triples of one named graph, with literals as its file writes them."""

    @property
    def rewritten(self) -> Mapping[str, Collection[NamedNode | BlankNode]]:
        """For each property, the subjects with a literal that queries see in another form than the files write."""

    def as_written(self, triples: Iterable[Triple]) -> Iterator[Triple]:
        """Triples of the merged graph, with literals as the files write them."""

    def to_rdflib(self) -> rdflib.Graph:
        """The merged graph as an rdflib graph, with our prefixes bound; a copy, free to change."""
