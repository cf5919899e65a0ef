"""Label columns: the names of records beside their IRIs."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from pyoxigraph import Literal, NamedNode

from threatgraph.rdf.terms import Term
from threatgraph.store import Store
from threatgraph.table import Table, to_value

_LABELS = "SELECT ?record ?label { VALUES ?record { %s } ?record skos:prefLabel ?label }"
#: IRIs in one request: servers limit the length of a query.
_BATCH = 500


def read_labels(store: Store, iris: Iterable[str]) -> dict[str, str]:
    """Read the labels of records, by IRI. IRIs without a label are not in the result.

    Args:
        store: the store to read.
        iris: IRIs of records.
    """
    wanted = sorted(set(iris))
    labels: dict[str, str] = {}
    for start in range(0, len(wanted), _BATCH):
        values = " ".join(str(NamedNode(iri)) for iri in wanted[start : start + _BATCH])
        for record, label in store.select(_LABELS % values).rows:
            labels[str(to_value(record))] = str(to_value(label))
    return labels


def add_labels(store: Store, table: Table, columns: Collection[str]) -> Table:
    """Add a column ``<column>_label`` after each of some columns of IRIs.

    Args:
        store: the store that has the labels.
        table: the table.
        columns: the columns with IRIs of records.
    """
    labeled = [i for i, name in enumerate(table.columns) if name in columns]
    nodes = {term.value for row in table.rows for i in labeled if isinstance(term := row[i], NamedNode)}
    labels = read_labels(store, nodes)

    def widened(row: tuple[Term | None, ...]) -> tuple[Term | None, ...]:
        cells: list[Term | None] = []
        for i, term in enumerate(row):
            cells.append(term)
            if i in labeled:
                label = labels.get(term.value) if isinstance(term, NamedNode) else None
                cells.append(None if label is None else Literal(label))
        return tuple(cells)

    names = [n for i, name in enumerate(table.columns) for n in ((name, f"{name}_label") if i in labeled else (name,))]
    return Table(names, [widened(row) for row in table.rows])
