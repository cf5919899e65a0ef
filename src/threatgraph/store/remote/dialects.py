"""Differences between SPARQL servers; all server-specific code is in this module."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pyoxigraph import Literal, NamedNode

from threatgraph.errors import EndpointError
from threatgraph.rdf.terms import Term
from threatgraph.sparql.tokens import tokens
from threatgraph.vocab import FILE_GRAPHS, XSD

MERGED_GRAPH = f"{FILE_GRAPHS}merged"
"""The graph of the merged triples on a server without a default graph."""
MANIFEST_GRAPH = f"{FILE_GRAPHS}manifest"
"""The graph that records what `load` and `sync` have uploaded."""
STAGING_GRAPH = f"{FILE_GRAPHS}staging"
"""The staging graph, which is filled and then replaces another graph."""
OWN_GRAPHS = frozenset({MERGED_GRAPH, MANIFEST_GRAPH, STAGING_GRAPH})
"""Administrative graphs, which have no statements of their own."""


@dataclass(frozen=True, slots=True)
class Dialect:
    """The properties of a server that differ from the standard."""

    name: str
    default_graph: str | None = None
    """The graph to use as the default graph; ``None`` if the server has a default graph."""
    system_graphs: tuple[str, ...] = ()
    """The prefixes of the IRIs of the server's system graphs."""
    batch: int = 5_000
    """Maximum number of triples in an ``INSERT DATA``."""

    def term(self, term: Term | None) -> Term | None:
        """Normalize a term of a result: Virtuoso writes Booleans as 0 and 1."""
        if self.name == "Virtuoso" and isinstance(term, Literal) and term.datatype.value == f"{XSD}boolean":
            return Literal({"0": "false", "1": "true"}.get(term.value, term.value), datatype=term.datatype)
        return term

    def check_complete(self, url: str, rows: int, headers: Mapping[str, str]) -> None:
        """Check that the server has not truncated a result.

        Virtuoso truncates results at ResultSetMaxRows (10,000 in Debian) and reports it only in a header.

        Raises:
            EndpointError: if it has.
        """
        most = str(headers.get("X-SPARQL-MaxRows", ""))
        if most.isdigit() and rows >= int(most):
            reason = f"the server truncates results at {most} rows: reduce the result, or raise its ResultSetMaxRows."
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
    """Detect the dialect of a server from the ``Server`` header."""
    return VIRTUOSO if "virtuoso" in str(headers.get("Server", "")).lower() else STANDARD


def in_dataset(sparql: str, default: str, named: Iterable[str]) -> str:
    """Write the dataset of a request into the query text.

    Virtuoso returns a header for each graph in the request parameters, and Python's HTTP client rejects more than 100
    headers, so a long list of graphs goes into the text.
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
