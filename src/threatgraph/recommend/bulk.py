"""The nearest records of every record at once, as for finding duplicates or clusters among very many incidents."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pyoxigraph import Literal, NamedNode
from scipy import sparse
from scipy.sparse.linalg import svds

from threatgraph.errors import InvalidQuery
from threatgraph.recommend.model import Recommender
from threatgraph.recommend.signals.neighbors import SharedNeighbours
from threatgraph.recommend.texts.tfidf import unit_rows
from threatgraph.recommend.weights import weights
from threatgraph.table import Table
from threatgraph.vocab import XSD

#: Records whose candidates are sought at once: a block of them against 100,000 takes about 100 MB.
BLOCK = 256
#: Candidates of each record that are scored exactly. On bundled incidents more change less than one in a hundred.
CANDIDATES = 100
#: Numbers that stand for the neighbours of a record while candidates are sought.
_WIDTH = 48
#: Columns that are compared by their greatest value first.
_GROUP = 16


def nearest(recommender: Recommender, kind: str, top: int = 10) -> Iterator[tuple[str, list[tuple[str, float]]]]:
    """For every record of a kind the nearest others of that kind.

    Candidates are those whose topics and neighbours, as short vectors, are closest. Of each record :data:`CANDIDATES`
    are then scored by their words, names, topics, embeddings and neighbours, with the weights of :mod:`.weights`. The
    walk is left out, since it would have to set out anew from every record. No matrix of all pairs is ever made.

    Args:
        recommender: the graph's recommender.
        kind: the kind of the records.
        top: how many of the nearest.

    Yields:
        The IRI of a record, and the IRIs and scores of the nearest, the best first.
    """
    target, reading = recommender.target(kind), recommender.reading
    table = weights(kind, kind, embedded=recommender.embedded)
    shared = next(signal for signal in recommender.signals(kind) if isinstance(signal, SharedNeighbours))
    neighbours = unit_rows(shared.weighed_rows())
    sparse_parts = [
        (table.get("words", 0.0), sparse.csr_matrix(reading.words[target.positions])),
        (table.get("names", 0.0), sparse.csr_matrix(reading.labels[target.positions])),
        (table.get("neighbours", 0.0), neighbours),
    ]
    dense_parts = [(table.get("topics", 0.0), reading.topics[target.positions])]
    if reading.vectors is not None:
        dense_parts.append((table.get("embedding", 0.0), reading.vectors[target.positions]))
    short = _short(reading.topics[target.positions], table.get("topics", 0.0), neighbours, table.get("neighbours", 0.0))
    for start in range(0, len(target), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(target)))
        found = _candidates(short, rows)
        scores = _scores(rows, found, sparse_parts, dense_parts)
        for row, places, values in zip(rows.tolist(), found, scores, strict=True):
            order = np.lexsort((places, -values.round(9)))[:top]
            yield (
                target.iri(row),
                [(target.iri(int(places[spot])), float(values[spot])) for spot in order if values[spot] > 0],
            )


def nearest_table(recommender: Recommender, kind: str, top: int) -> Table:
    """What :func:`nearest` finds, as a table; errors as in :func:`threatgraph.recommend.recommend`."""
    if top < 1:
        raise InvalidQuery(f"top is {top}: ask for 1 recommendation or more.")
    decimal = NamedNode(XSD + "decimal")
    target = recommender.target(kind)
    names = {iri: Literal(recommender.corpus.name(iri)) for iri in map(target.iri, range(len(target)))}
    rows = [
        (NamedNode(iri), Literal(rank), Literal(f"{score:.3f}", datatype=decimal), names[other], NamedNode(other))
        for iri, found in nearest(recommender, kind, top)
        for rank, (other, score) in enumerate(found, 1)
    ]
    return Table(("record", "rank", "score", "label", "other"), rows)


def _short(topics: np.ndarray, topic_weight: float, neighbours: sparse.csr_matrix, weight: float) -> np.ndarray:
    """Vectors whose inner products are near the weighed sum of the two cosines."""
    parts = [topics * np.sqrt(topic_weight)]
    width = min(_WIDTH, min(neighbours.shape) - 1)
    if width > 0 and neighbours.nnz:
        _, _, axes = svds(neighbours, k=width, v0=np.ones(min(neighbours.shape)), random_state=0)
        parts.append(np.asarray(neighbours @ axes.T) * np.sqrt(weight))
    return np.hstack(parts).astype(np.float32)


def _candidates(short: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """For each of the rows the places of the nearest others.

    The best are sought among the best groups of columns, which is exact: a value among the best ``n`` stands in one of
    the ``n`` groups with the greatest values.
    """
    close = np.full((len(rows), -(-len(short) // _GROUP) * _GROUP), -np.inf, dtype=np.float32)
    np.matmul(short[rows], short.T, out=close[:, : len(short)])
    close[np.arange(len(rows)), rows] = -np.inf
    count = min(CANDIDATES, len(short) - 1)
    greatest = close.reshape(len(rows), -1, _GROUP).max(axis=2)
    groups = _best(greatest, min(count, greatest.shape[1]))
    columns = (groups[:, :, None] * _GROUP + np.arange(_GROUP)).reshape(len(rows), -1)
    chosen = _best(np.take_along_axis(close, columns, axis=1), count)
    return np.sort(np.take_along_axis(columns, chosen, axis=1), axis=1)


def _best(values: np.ndarray, count: int) -> np.ndarray:
    """The places of the greatest values of each row, in no order."""
    return np.argpartition(values, values.shape[1] - count, axis=1)[:, -count:]


def _scores(
    rows: np.ndarray,
    found: np.ndarray,
    sparse_parts: list[tuple[float, sparse.csr_matrix]],
    dense_parts: list[tuple[float, np.ndarray]],
) -> np.ndarray:
    """The exact score of each pair."""
    one, other = np.repeat(rows, found.shape[1]), found.ravel()
    total = np.zeros(len(one))
    for weight, matrix in sparse_parts:
        if weight > 0:
            total += weight * np.asarray(matrix[one].multiply(matrix[other]).sum(axis=1)).ravel()
    for weight, array in dense_parts:
        if weight > 0:
            total += weight * np.maximum(np.einsum("ij,ij->i", array[one], array[other]), 0)
    return np.asarray(total.reshape(found.shape))
