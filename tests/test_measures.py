"""PageRank, betweenness and the sparse matrices below them, compared with other programs and with dense arrays."""

from __future__ import annotations

import sys

import igraph
import networkx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from threatgraph import ThreatGraph, ThreatGraphWarning
from threatgraph.analytics import measures, networks
from threatgraph.recommend.texts import axes
from threatgraph.recommend.texts.axes import leading_axes
from threatgraph.sparse import SparseMatrix, SparseVector

CELLS = st.dictionaries(
    st.tuples(st.integers(0, 6), st.integers(0, 8)), st.floats(0.1, 9, allow_nan=False), max_size=30
)


def sparse(cells: dict[tuple[int, int], float]) -> tuple[SparseMatrix, np.ndarray]:
    """A matrix of 7 rows and 9 columns, sparse and dense."""
    dense = np.zeros((7, 9))
    for (row, column), value in cells.items():
        dense[row, column] = value
    rows, columns = np.nonzero(dense)
    starts = np.searchsorted(rows, np.arange(8))
    return SparseMatrix(starts, columns.astype(np.int32), dense[rows, columns], 9), dense


@given(CELLS, st.lists(st.integers(0, 6), max_size=9))
def test_a_sparse_matrix_computes_what_a_dense_one_does(cells: dict[tuple[int, int], float], chosen: list[int]) -> None:
    matrix, dense = sparse(cells)
    rows = np.array(chosen, dtype=int)
    across, down = np.arange(9) + 1.0, np.arange(7) + 1.0
    other = np.outer(across, [1, 0, -2])
    length = np.linalg.norm(dense, axis=1, keepdims=True)
    several = SparseVector(np.unique(rows), down[np.unique(rows)])
    for found, expected in (
        (matrix.to_dense(), dense),
        (matrix.take(rows).to_dense(), dense[rows]),
        (matrix.transposed().to_dense(), dense.T),
        (matrix.scaled(rows=down).to_dense(), dense * down[:, None]),
        (matrix.scaled(columns=across).to_dense(), dense * across),
        (matrix.unit_rows().to_dense(), dense / np.where(length > 0, length, 1)),
        (matrix.column_sums(), dense.sum(axis=0)),
        (matrix @ across, dense @ across),
        (matrix @ other, dense @ other),
        (matrix.sum_of_rows(several), several.to_dense(7) @ dense),
        (matrix.take(rows).inner_products(dense, rows[::-1]), (dense[rows] * dense[rows[::-1]]).sum(axis=1)),
    ):
        assert found == pytest.approx(expected)


@given(CELLS, CELLS)
def test_sparse_vectors_add_and_multiply(
    cells: dict[tuple[int, int], float], others: dict[tuple[int, int], float]
) -> None:
    (matrix, dense), (other, other_dense) = sparse(cells), sparse(others)
    added = matrix.row(0).plus(other.row(0))
    assert added.to_dense(9) == pytest.approx(dense[0] + other_dense[0])
    assert list(added.columns) == sorted(set(matrix.row(0).columns) | set(other.row(0).columns))
    assert matrix.row(0).times(other_dense[0]).to_dense(9) == pytest.approx(dense[0] * other_dense[0])


def test_a_matrix_of_ones_has_them_in_the_given_cells() -> None:
    found = SparseMatrix.from_cells([2, 0, 2], [1, 0, 0], (4, 3)).to_dense()
    assert found.tolist() == [[1, 0, 0], [0, 0, 0], [1, 1, 0], [0, 0, 0]]


@given(CELLS)
def test_axes_span_what_numpy_finds(cells: dict[tuple[int, int], float]) -> None:
    """Projections do not depend on the signs of axes, nor on the choice of axes with equal parts."""
    matrix, dense = sparse(cells)
    for one, full in ((matrix, dense), (matrix.transposed(), dense.T)):
        axes = leading_axes(one, 9)
        assert axes.T @ axes == pytest.approx(np.eye(axes.shape[1]), abs=1e-5)
        assert full @ axes @ axes.T == pytest.approx(full, abs=1e-4)
        parts = np.linalg.svd(full, compute_uv=False)[: axes.shape[1]]
        assert np.linalg.norm(full @ axes, axis=0) == pytest.approx(parts, abs=1e-5)


@settings(max_examples=40)
@given(st.integers(0, 10**6), st.integers(1, 70), st.integers(1, 70), st.integers(1, 30), st.sampled_from([0.02, 0.2]))
def test_axes_found_step_by_step_are_those_found_at_once(
    seed: int, rows: int, width: int, rank: int, share: float
) -> None:
    """Also of matrices with few axes, with empty rows, and of parts that have nothing in common."""
    draw = np.random.default_rng(seed)
    dense = (draw.random((rows, rank)) < share) @ ((draw.random((rank, width)) < share) * draw.random((rank, width)))
    down, across = np.nonzero(dense)
    starts = np.searchsorted(down, np.arange(rows + 1))
    matrix = SparseMatrix(starts, across.astype(np.int32), dense[down, across], width)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(axes, "_ALL_AT_ONCE", 0)
        patch.setattr(axes, "_STEPS", 7)
        found = leading_axes(matrix, 5)
    parts = np.linalg.svd(dense, compute_uv=False)[: found.shape[1]]
    assert np.linalg.norm(dense @ found, axis=0) == pytest.approx(parts, abs=1e-5)
    assert found.T @ found == pytest.approx(np.eye(found.shape[1]), abs=1e-5)


@pytest.mark.parametrize("name", networks.NETWORKS)
def test_igraph_and_networkx_compute_the_same(graph: ThreatGraph, name: str) -> None:
    net = networks.network(graph.store, name)
    place = {node: i for i, node in enumerate(net)}
    same = igraph.Graph(n=len(net), edges=[(place[a], place[b]) for a, b in net.edges])
    weights = [attributes.get("weight", 1) for _, _, attributes in net.edges(data=True)]
    assert list(measures.pagerank(net).values()) == pytest.approx(same.pagerank(weights=weights or None), abs=1e-8)
    assert measures.betweenness(net) == pytest.approx(networkx.betweenness_centrality(net), abs=1e-12)


def test_pagerank_of_an_empty_network_and_of_lone_nodes() -> None:
    assert measures.pagerank(networkx.Graph()) == {}
    lone: networkx.Graph[str] = networkx.Graph()
    lone.add_nodes_from("abcd")
    assert measures.pagerank(lone) == dict.fromkeys("abcd", 0.25)


def test_without_igraph_long_work_is_announced_and_the_result_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    net: networkx.Graph[str] = networkx.relabel_nodes(networkx.barbell_graph(5, 3), str)
    with_igraph = measures.betweenness(net)
    monkeypatch.setattr(measures, "find_spec", lambda name: None)
    monkeypatch.setattr(measures, "_SLOW", 10)
    with pytest.warns(ThreatGraphWarning, match=r"13 nodes takes minutes: pip install 'threatgraph\[analysis\]'"):
        assert measures.betweenness(net) == pytest.approx(with_igraph)


def test_recommendations_and_analyses_do_not_import_scipy(graph: ThreatGraph) -> None:
    graph.recommend("goal-drift", top=1)
    graph.analytics.centrality()
    loaded = {name.partition(".")[0] for name in sys.modules}
    assert "scipy" not in loaded or "sklearn" in loaded
