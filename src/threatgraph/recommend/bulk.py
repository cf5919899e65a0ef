"""The nearest records of every record, for finding duplicates or clusters among many incidents."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pyoxigraph import Literal, NamedNode

from threatgraph.errors import InvalidQuery
from threatgraph.recommend.model import Recommender
from threatgraph.recommend.signals.base import CandidateIndex
from threatgraph.recommend.signals.neighbors import SharedNeighbors
from threatgraph.recommend.texts.axes import leading_axes
from threatgraph.recommend.weights import learned
from threatgraph.sparse import SparseMatrix
from threatgraph.table import Table
from threatgraph.vocab import XSD

#: Records per block; a block against 100,000 records takes about 100 MB.
BLOCK = 256
#: Candidates per record that are scored exactly; on the bundled incidents, more change under 1% of the results.
CANDIDATES = 100
#: Dimensions of the approximation of shared neighbors in the candidate search.
_WIDTH = 48
#: Columns per group; groups are compared by their maximum first.
_GROUP = 16


def nearest(recommender: Recommender, kind: str, top: int = 10) -> Iterator[tuple[str, list[tuple[str, float]]]]:
    """Find the nearest records of the same kind for every record of a kind.

    Candidates are found with short vectors that approximate topics and shared neighbors. :data:`CANDIDATES` per record
    are then scored exactly by words, names, topics, embeddings and neighbors, with the weights of :mod:`.weights`. The
    random walk is left out, since it would need one walk per record. The matrix of all pairs is never computed.

    Args:
        recommender: the recommender of the graph.
        kind: the kind of the records.
        top: the maximum number of results per record.

    Yields:
        The IRI of a record, and the IRIs and scores of the nearest records, in descending order.
    """
    target, model = recommender.target(kind), recommender.vectors.model
    records = model.records
    table = learned(kind, kind, embedded=recommender.embedded).unscaled()
    shared = next(signal for signal in recommender.signals(kind) if isinstance(signal, SharedNeighbors))
    neighbors = shared.weighted_rows().unit_rows()
    sparse_parts = [
        (table.get("words", 0.0), records.words.take(target.indexes)),
        (table.get("names", 0.0), model.labels.take(target.indexes)),
        (table.get("neighbors", 0.0), neighbors),
    ]
    dense_parts = [(table.get("topics", 0.0), records.topics[target.indexes])]
    if records.vectors is not None:
        dense_parts.append((table.get("embedding", 0.0), records.vectors[target.indexes]))
    short = _short(records.topics[target.indexes], table.get("topics", 0.0), neighbors, table.get("neighbors", 0.0))
    for start in range(0, len(target), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(target)))
        found = _candidates(short, rows)
        scores = _scores(rows, found, sparse_parts, dense_parts)
        for row, others, values in zip(rows.tolist(), found, scores, strict=True):
            order = np.lexsort((others, -values.round(9)))[:top]
            yield (
                target.iri(CandidateIndex(row)),
                [(target.iri(CandidateIndex(int(others[i]))), float(values[i])) for i in order if values[i] > 0],
            )


def nearest_table(recommender: Recommender, kind: str, top: int) -> Table:
    """The results of :func:`nearest` as a table; errors as in :func:`threatgraph.recommend.recommend`."""
    if top < 1:
        raise InvalidQuery(f"top={top}: must be at least 1.")
    decimal = NamedNode(XSD + "decimal")
    target = recommender.target(kind)
    names = {iri: Literal(recommender.corpus.name(iri)) for iri in map(target.iri, target.candidates())}
    rows = [
        (NamedNode(iri), Literal(rank), Literal(f"{score:.3f}", datatype=decimal), names[other], NamedNode(other))
        for iri, found in nearest(recommender, kind, top)
        for rank, (other, score) in enumerate(found, 1)
    ]
    return Table(("record", "rank", "score", "label", "other"), rows)


def _short(topics: np.ndarray, topic_weight: float, neighbors: SparseMatrix, weight: float) -> np.ndarray:
    """Vectors whose inner products approximate the weighted sum of the two cosines."""
    parts = [topics * np.sqrt(topic_weight)]
    width = min(_WIDTH, min(neighbors.shape) - 1)
    if width > 0 and len(neighbors.values):
        parts.append(neighbors @ leading_axes(neighbors, width) * np.sqrt(weight))
    return np.hstack(parts).astype(np.float32)


def _candidates(short: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """For each row, the columns of the nearest other records.

    The search in the best groups of columns is exact: each of the ``n`` largest values is in one of the ``n`` groups
    with the largest maximum.
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
    """The columns of the largest values of each row, unordered."""
    return np.argpartition(values, values.shape[1] - count, axis=1)[:, -count:]


def _scores(
    rows: np.ndarray,
    found: np.ndarray,
    sparse_parts: list[tuple[float, SparseMatrix]],
    dense_parts: list[tuple[float, np.ndarray]],
) -> np.ndarray:
    """The exact score of each pair."""
    one, other = np.repeat(np.arange(len(rows)), found.shape[1]), found.ravel()
    total = np.zeros(len(one))
    for weight, matrix in sparse_parts:
        if weight > 0:
            mine = matrix.take(rows).to_dense()
            total += weight * matrix.take(other).inner_products(mine, one)
    for weight, array in dense_parts:
        if weight > 0:
            total += weight * np.maximum(np.einsum("ij,ij->i", array[rows[one]], array[other]), 0)
    return np.asarray(total.reshape(found.shape))
