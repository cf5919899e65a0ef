"""The axes of a collection of vectors along which they differ most, which latent semantic analysis needs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from threatgraph.sparse import SparseMatrix

#: Up to this many rows or columns, all axes are computed at once, in half a second.
_ALL_AT_ONCE = 1_600
#: Steps of the Lanczos method between two looks at its result, and how many for each axis come before the first one.
_STEPS, _LOOKED = 50, 3
#: Axes whose part is below this share of that of the first one are rounding errors, and so is what is left of a vector.
_LEAST = 1e-12


def leading_axes(matrix: SparseMatrix, count: int) -> np.ndarray:
    """Compute the right singular vectors with the largest singular values.

    They are computed from the eigenvectors of the product of the matrix with itself, of the smaller side (G. H. Golub
    and C. F. Van Loan, "Matrix Computations", 4th ed., section 8.6).

    Args:
        matrix: the vectors, as rows.
        count: the number of axes.

    Returns:
        The axes as columns, the first one first; fewer if the matrix has a lower rank. Their signs are arbitrary.
    """
    wide = len(matrix) <= matrix.width
    by_column = matrix.transposed()
    rows, columns = (matrix, by_column) if wide else (by_column, matrix)
    if len(rows) <= _ALL_AT_ONCE:
        squares, vectors = np.linalg.eigh(_with_itself(rows, columns))
    else:
        squares, vectors = _lanczos(lambda vector: rows @ (columns @ vector), len(rows), count)
    chosen = np.flatnonzero(squares > _LEAST * max(squares[-1], 0))[::-1][:count]
    if not wide:
        return np.asarray(vectors[:, chosen])
    return np.asarray(by_column @ (vectors[:, chosen] / np.sqrt(squares[chosen])))


def _with_itself(rows: SparseMatrix, columns: SparseMatrix) -> np.ndarray:
    """The inner product of each pair of rows, which share few columns."""
    return np.array([columns.sum_of_rows(rows.row(number)) for number in range(len(rows))])


def _lanczos(apply: Callable[[np.ndarray], np.ndarray], size: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Compute the largest eigenvalues of a symmetric matrix and their vectors, in ascending order, among others.

    C. Lanczos (1950), with full reorthogonalization (Golub and Van Loan, section 10.3.4). The start is fixed, so that
    the result is deterministic.

    Args:
        apply: multiplies the matrix with a vector.
        size: the number of rows of the matrix.
        count: the number of eigenvalues that must be exact.
    """
    basis, band = np.empty((0, size)), np.empty((0, 0))
    draw = np.random.default_rng(0)
    vector, beta = np.ones(size) / np.sqrt(size), 0.0
    for step in range(size):
        if step == len(basis):
            basis = np.concatenate((basis, np.empty((_STEPS, size))))
            band = np.pad(band, (0, _STEPS))
        basis[step] = vector
        known = basis[: step + 1]
        rest = apply(vector)
        band[step, step] = rest @ vector
        if step:
            band[step, step - 1] = band[step - 1, step] = beta
        rest = _orthogonal(rest, known)
        beta = float(np.linalg.norm(rest))
        found = step + 1
        if found == size or (found % _STEPS == 0 and found >= _LOOKED * count):
            values, parts = np.linalg.eigh(band[:found, :found])
            if found == size or beta * np.abs(parts[-1, -count:]).max() <= _LEAST * values[-1]:
                break
        if beta <= _LEAST * np.abs(band).max():  # nothing is left of this start, so another one is needed
            rest, beta = _orthogonal(draw.standard_normal(size), known), 0.0
        vector = rest / np.linalg.norm(rest)
    return values, known.T @ parts


def _orthogonal(vector: np.ndarray, known: np.ndarray) -> np.ndarray:
    """What is left of a vector without its parts along the known ones; once more, since rounding errors remain."""
    for _ in range(2):
        vector = vector - known.T @ (known @ vector)
    return vector
