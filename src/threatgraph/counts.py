"""Counts the records, files and triples of a graph."""

from __future__ import annotations

from pyoxigraph import Literal, NamedNode

from threatgraph.store import Store
from threatgraph.table import Table
from threatgraph.vocab import KINDS, XSD, tg

_CLASSES = "SELECT ?class (COUNT(?s) AS ?n) WHERE { ?s a ?class } GROUP BY ?class"
_TRIPLES = "SELECT (COUNT(*) AS ?n) WHERE { ?s ?p ?o }"


def count_triples(store: Store) -> int:
    """Return the number of triples, including derived ones."""
    return int(str(store.select(_TRIPLES).column("n")[0]))


def count_records(store: Store) -> Table:
    """Count the records of each kind, the files and the triples of a graph.

    Returns:
        One row for each count, with the columns ``what`` and ``count``.
    """
    counts = {str(row["class"]): row["n"] for row in store.select(_CLASSES).to_dicts()}
    rows = [(kind.plural, counts.get(tg(kind.class_name), 0)) for kind in KINDS.values()]
    rows += [("files", len(store.files) or len(store.graphs())), ("triples", count_triples(store))]
    number = NamedNode(XSD + "integer")
    return Table(("what", "count"), [(Literal(what), Literal(str(count), datatype=number)) for what, count in rows])
