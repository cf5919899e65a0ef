"""Where servers differ from the standard and from each other: all of it stands here, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode

from threatgraph.errors import EndpointError
from threatgraph.rdf.terms import Term
from threatgraph.sparql.tokens import tokens
from threatgraph.vocab import FILE_GRAPHS, XSD

MERGED_GRAPH = f"{FILE_GRAPHS}merged"
"""The graph of the merged triples on a server that has no default graph of its own."""
MANIFEST_GRAPH = f"{FILE_GRAPHS}manifest"
"""The graph that notes what `load` and `sync` have put on a server."""
STAGING_GRAPH = f"{FILE_GRAPHS}staging"
"""The graph that is filled before it takes the place of another."""
OWN_GRAPHS = frozenset({MERGED_GRAPH, MANIFEST_GRAPH, STAGING_GRAPH})
"""Graphs that are there for our own work and hold no statement that others do not hold."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """What is particular about a server."""

    name: str
    default_graph: str | None = None
    """The graph that stands for the default graph; ``None`` where the server has one."""
    system_graphs: tuple[str, ...] = ()
    """How the IRIs of the server's own graphs begin."""
    batch: int = 5_000
    """Triples that an ``INSERT DATA`` may have."""

    def term(self, term: Term | None) -> Term | None:
        """A term of an answer as other servers write it: Virtuoso's truth values are 0 and 1."""
        if self.name == "Virtuoso" and isinstance(term, Literal) and term.datatype.value == f"{XSD}boolean":
            return Literal({"0": "false", "1": "true"}.get(term.value, term.value), datatype=term.datatype)
        return term

    def check_complete(self, url: str, rows: int, headers: Mapping[str, str]) -> None:
        """See that the server has not cut an answer.

        Virtuoso cuts answers at ResultSetMaxRows (10,000 in Debian's settings) and says so in a header alone.

        Raises:
            EndpointError: where it has.
        """
        most = str(headers.get("X-SPARQL-MaxRows", ""))
        if most.isdigit() and rows >= int(most):
            reason = f"the server cuts answers at {most} rows: ask for less, or raise ResultSetMaxRows in its settings."
            raise EndpointError(url, reason)


STANDARD = Dialect("SPARQL 1.1")
VIRTUOSO = Dialect(
    "Virtuoso",
    MERGED_GRAPH,
    (
        "http://www.openlinksw.com/",
        "http://localhost:",
        "urn:activitystreams-owl:",
        "http://www.w3.org/",
        "urn:core:",
        "urn:rules.",
    ),
    200,
)


def dialect_of(headers: Mapping[str, str]) -> Dialect:
    """The dialect of a server, known by the ``Server`` header of its answers."""
    return VIRTUOSO if "virtuoso" in str(headers.get("Server", "")).lower() else STANDARD


def in_dataset(sparql: str, default: str, named: Iterable[str]) -> str:
    """The query with its dataset written into it.

    Virtuoso repeats each graph that the protocol names in a header of its answer, and Python's HTTP client refuses
    more than 100 headers; so many graphs go into the text.
    """
    found = list(tokens(sparql))
    words = [(word, position) for word, position in found if word in ("WHERE", "{")]
    if any(word == "CONSTRUCT" for word, _ in found):
        words = [(word, position) for word, position in words if word == "WHERE"] or words
    if not words:
        return sparql
    place = words[0][1]
    clauses = " ".join([f"FROM {NamedNode(default)}", *(f"FROM NAMED {NamedNode(iri)}" for iri in named)])
    return f"{sparql[:place]} {clauses} {sparql[place:]}"
